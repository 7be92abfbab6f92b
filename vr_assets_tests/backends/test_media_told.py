"""What the offline annotator says of several videos and images."""

import cv2
import numpy as np
import pytest

from vr_assets.backends.offline import captions
from vr_assets.backends.offline.media_told import caption
from vr_assets.backends.offline.story import Story
from vr_assets.errors import ReplyError
from vr_assets.media.image_scene import measure_image
from vr_assets.media.scene import measure_scene
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.scene import Scene
from vr_assets_tests.drawn_scenes import across, draw, film


@pytest.fixture(scope="module")
def shapes() -> ImageScene:
    """A red circle and two blue squares on white, measured."""
    image = np.full((480, 640, 3), 255, np.uint8)
    cv2.circle(image, (180, 180), 100, (0, 0, 255), -1)
    for left in (360, 500):
        cv2.rectangle(image, (left, 300), (left + 99, 399), (255, 0, 0), -1)
    return measure_image(image)


@pytest.fixture(scope="module")
def film_scenes(tmp_path_factory: pytest.TempPathFactory) -> list[Scene]:
    """Two drawn videos, measured."""
    folder = tmp_path_factory.mktemp("drawn")
    paths = [film(folder / f"{colour}.mp4", draw([across(colour, 1, 4)], 5)) for colour in ("red", "green")]
    return [measure_scene(path, duration_s=5) for path in paths]


def test_the_shapes_of_an_image_are_told(shapes: ImageScene) -> None:
    assert caption([shapes]) == "There is a red circle and two blue squares on a white ground."


def test_several_media_are_told_each_by_its_number(shapes: ImageScene, film_scenes: list[Scene]) -> None:
    first, second = film_scenes
    told = caption([first, shapes, second]).split("\n\n")
    assert told == [
        f"Video 1: {captions.caption(Story.of(first, timed=False))['caption']}",
        f"Image 1: {caption([shapes])}",
        f"Video 2: {captions.caption(Story.of(second, timed=False))['caption']}",
    ]


def test_of_an_image_without_clear_shapes_nothing_is_said(shapes: ImageScene, film_scenes: list[Scene]) -> None:
    plain = ImageScene(width_px=8, height_px=8)
    with pytest.raises(ReplyError, match="can name nothing in this image"):
        caption([plain])
    with pytest.raises(ReplyError):
        caption([shapes.model_copy(update={"busy": True})])
    video = film_scenes[0]
    assert caption([video, plain]) == f"Video 1: {captions.caption(Story.of(video, timed=False))['caption']}"

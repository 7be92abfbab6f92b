"""What is measured in one picture is what was drawn into it."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vr_assets.media.image_scene import measure_image
from vr_assets.records.image_scene import ImageScene, Region, Shape
from vr_assets.records.scene import Colour
from vr_assets_tests.drawn_pictures import picture

Image = NDArray[np.uint8]
RED = (30, 30, 205)


def ground(width: int = 640, height: int = 480, level: int = 235) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def one(image: Image) -> Region:
    scene = measure_image(image)
    assert len(scene.regions) == 1, scene
    return scene.regions[0]


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (3, 2), (64, 64), (5000, 20)], ids=str)
def test_a_picture_without_things_has_no_regions(size: tuple[int, int]) -> None:
    scene = measure_image(ground(*size))
    assert (scene.width_px, scene.height_px, scene.regions, scene.busy) == (*size, (), False)
    assert scene.grounds == (Colour.WHITE,)


@pytest.mark.parametrize(("width", "height"), [(160, 120), (640, 480), (3000, 1800), (700, 2400)])
def test_a_box_is_in_pixels_of_the_picture_whatever_its_size(width: int, height: int) -> None:
    image = ground(width, height)
    box = (width // 4, height // 3, width // 2, height // 2)
    cv2.rectangle(image, box[:2], (box[2] - 1, box[3] - 1), RED, -1)
    found = one(image)
    assert found.box == pytest.approx(box, abs=max(2, max(width, height) / 300))
    assert found.colour is Colour.RED
    assert found.area == pytest.approx((box[2] - box[0]) * (box[3] - box[1]) / width / height, rel=0.08)


@pytest.mark.parametrize("turn", [0, 15, 33, 45])
@pytest.mark.parametrize(
    ("sides", "shape"), [((130, 130), Shape.SQUARE), ((200, 100), Shape.RECTANGLE), ((300, 40), Shape.RECTANGLE)], ids=str
)
def test_a_turned_rectangle_is_one(turn: int, sides: tuple[int, int], shape: Shape) -> None:
    image = ground()
    cv2.fillPoly(image, [np.round(cv2.boxPoints(((320, 240), sides, turn))).astype(np.int32)], RED, cv2.LINE_AA)
    assert one(image).shape is shape


@pytest.mark.parametrize(("axes", "shape"), [((80, 80), Shape.CIRCLE), ((110, 60), Shape.ELLIPSE), ((84, 70), None)], ids=str)
def test_what_is_between_a_circle_and_an_ellipse_is_neither(axes: tuple[int, int], shape: Shape | None) -> None:
    image = ground()
    cv2.ellipse(image, (320, 240), axes, 20, 0, 360, RED, -1, cv2.LINE_AA)
    assert one(image).shape is shape


@pytest.mark.parametrize("corners", [5, 6])
def test_a_figure_that_has_no_name_here_is_given_none(corners: int) -> None:
    image = ground()
    angles = np.arange(corners) * 2 * np.pi / corners
    points = np.stack([320 + 120 * np.cos(angles), 240 + 120 * np.sin(angles)], axis=1)
    cv2.fillPoly(image, [points.round().astype(np.int32)], RED, cv2.LINE_AA)
    assert one(image).shape is None


def test_a_hole_is_a_region_of_its_own_and_does_not_change_the_shape_around_it() -> None:
    image = ground()
    cv2.rectangle(image, (200, 120), (439, 359), RED, -1)
    cv2.circle(image, (320, 240), 60, (200, 80, 30), -1)
    outer, inner = measure_image(image).regions
    assert (outer.shape, inner.shape) == (Shape.SQUARE, Shape.CIRCLE)
    assert (outer.alone, inner.alone) == (1.0, 0.0)


def test_an_outline_that_is_hardly_seen_is_not_clear() -> None:
    image = ground(level=60)
    cv2.circle(image, (320, 240), 90, (84, 84, 84), -1)
    faint = measure_image(image).regions
    cv2.circle(image, (320, 240), 90, RED, -1)
    assert all(region.clarity < 0.7 for region in faint)
    assert one(image).clarity > 0.95


def test_specks_are_no_regions() -> None:
    image = ground()
    for x in range(20, 620, 40):
        cv2.circle(image, (x, 240), 2, RED, -1)
    assert measure_image(image).regions == ()


def test_a_crowd_is_busy() -> None:
    image = ground()
    for place in range(70):
        x, y = 40 + place % 10 * 60, 35 + place // 10 * 65
        cv2.circle(image, (x, y), 18, RED, -1)
    scene = measure_image(image)
    assert scene.busy
    assert len(scene.regions) == 40


def test_the_same_picture_gives_the_same_record_and_the_record_reads_back() -> None:
    image = picture(3, ground="noise", overlap=True).image
    scene = measure_image(image)
    assert scene == measure_image(image.copy())
    assert ImageScene.model_validate_json(scene.to_line()) == scene

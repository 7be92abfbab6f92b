"""The clip and the image show what they are said to show, also small, and nothing that a model without eyes would guess."""

import itertools
import json
from pathlib import Path

import anyio
import cv2
import numpy as np
import pytest

from vr_assets.media.decode import frames
from vr_assets.media.drawing import jpeg
from vr_assets.media.known_clip import CLIP_S, KnownClip, KnownImage, chosen, draw_clip, draw_picture
from vr_assets.media.probe import probe_header
from vr_assets.parsing.preflight import read_sighting
from vr_assets.records.call import MediaForm
from vr_assets.records.preflight import Colour, Direction, Shape, Shown
from vr_assets.settings import BoxConvention
from vr_assets_tests.servers import seeing
from vr_assets_tests.servers.seeing import Eyes
from vr_assets_tests.servers.serving import Medium

SEEDS = [str(seed) for seed in range(200)]
EVERY = [
    Shown(colour=colour, shape=shape, direction=direction, digit=digit)
    for (colour, shape), direction, digit in zip(
        itertools.product(Colour, Shape), itertools.cycle(Direction), itertools.cycle((2, 4, 6, 9)), strict=False
    )
]


def told(media: list[Medium], shown: Shown) -> None:
    """Every single thing is told from the pixels."""
    fields = json.loads(seeing.answer("", media, Eyes(), structured=True))
    assert fields["colour"] == shown.colour
    assert fields["digit"] == str(shown.digit)
    for name in ("shape", "direction"):
        nothing_else = {"colour": shown.colour, "shape": "", "direction": "", "digit": ""}
        assert read_sighting(json.dumps(nothing_else | {name: fields[name]}), shown).right, fields


@pytest.mark.parametrize("shown", EVERY, ids=lambda shown: shown.words)
def test_the_clip_shows_it(shown: Shown) -> None:
    told([Medium("video", "video/mp4", draw_clip(shown))], shown)


@pytest.mark.parametrize("shown", EVERY, ids=lambda shown: shown.words)
def test_two_pictures_of_half_the_size_are_enough(shown: Shown) -> None:
    pictures = [draw_picture(shown, time_s) for time_s in (0.5, 2.5)]
    small = [cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for picture in pictures]
    told([Medium("image", "image/jpeg", jpeg(picture.astype(np.uint8))) for picture in small], shown)


def test_the_clip_is_as_proxies_are_and_small(tmp_path: Path) -> None:
    content = draw_clip(EVERY[0])
    (tmp_path / "known.mp4").write_bytes(content)
    header = probe_header(tmp_path / "known.mp4")
    assert (header.codec, header.width_px, header.height_px, header.duration_s) == ("h264", 448, 224, CLIP_S)
    assert len(list(frames(tmp_path / "known.mp4"))) == 36
    assert len(content) < 20_000


def test_it_is_drawn_the_same_each_time() -> None:
    first = draw_clip(EVERY[3])
    draw_clip.cache_clear()
    assert draw_clip(EVERY[3]) == first
    assert chosen("a") == chosen("a")


def test_seeds_show_every_colour_shape_direction_digit_and_place() -> None:
    drawn = [chosen(seed) for seed in SEEDS]
    assert {(shown.colour, shown.shape) for shown, _ in drawn} == set(itertools.product(Colour, Shape))
    assert {shown.direction for shown, _ in drawn} == set(Direction)
    assert len({shown.digit for shown, _ in drawn}) == 4
    assert len({box.left for _, box in drawn}) == 2
    assert all(shown.colour != box.colour for shown, box in drawn)


def test_what_a_model_without_eyes_guesses_first_is_never_shown() -> None:
    guess = json.dumps({"colour": "red", "shape": "circle", "direction": "left to right", "digit": 1})
    for seed in SEEDS:
        assert not read_sighting(guess, chosen(seed)[0]).right


def test_the_image_shows_the_box() -> None:
    _, box = chosen("b")

    async def content() -> bytes:
        return (await KnownImage(box).frames())[0].content

    image = Medium("image", "image/jpeg", anyio.run(content))
    answer = json.loads(seeing.answer("its bounding box", [image], Eyes(boxes=BoxConvention.PIXELS_XYXY), structured=True))
    assert answer["colour"] == box.colour
    expected = (box.left, box.top, box.right, box.bottom)
    assert all(abs(one - other) <= 2 for one, other in zip(answer["box"], expected, strict=True))


def test_frames_are_labelled_with_their_times_and_differ_from_the_clip_in_identity() -> None:
    clip = KnownClip(EVERY[0])
    as_frames = KnownClip(EVERY[0], MediaForm.FRAMES)
    assert clip.identity != as_frames.identity
    assert [frame.time_s for frame in anyio.run(as_frames.frames)] == [0.5, 1.5, 2.5]

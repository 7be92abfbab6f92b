"""Boxes drawn for people: where they are, told apart, with labels that can be read."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vr_assets.media.boxed import LONGEST_SIDE_PX, LabelledBox, boxed

Image = NDArray[np.uint8]


def ground(width: int, height: int, level: int = 128) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def noise(width: int, height: int) -> Image:
    return np.asarray(np.random.default_rng(0).integers(0, 256, (height, width, 3)), np.uint8)


def drawn(image: Image, *boxes: LabelledBox) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(boxed(image, boxes), np.uint8), cv2.IMREAD_COLOR), np.uint8)


def changed(image: Image, *boxes: LabelledBox) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of what is drawn."""
    apart = np.abs(drawn(image, *boxes).astype(int) - drawn(image).astype(int)).max(axis=2)
    rows, columns = np.nonzero(apart > 60)
    return rows, columns


def spread(image: Image, box: tuple[int, int, int, int]) -> float:
    left, top, right, bottom = box
    return float(np.ptp(image[top:bottom, left:right].astype(float).mean(axis=2)))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_box_is_drawn_where_it_is_on_any_ground(level: int) -> None:
    rows, columns = changed(ground(640, 480, level), LabelledBox((100, 150, 300, 350), "", 0))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == pytest.approx((100, 150, 299, 349), abs=2)


def test_a_large_picture_is_made_small_and_its_boxes_with_it() -> None:
    image = ground(4000, 3000)
    assert max(drawn(image).shape) == LONGEST_SIDE_PX
    rows, columns = changed(image, LabelledBox((1000, 1500, 2000, 2250), "", 0))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == pytest.approx((180, 270, 359, 404), abs=2)


def test_a_tiny_picture_is_enlarged_so_that_its_labels_can_be_read() -> None:
    assert max(drawn(ground(32, 24)).shape) > 300
    rows, _ = changed(ground(32, 24), LabelledBox((10, 10, 20, 20), "dot", 0))
    assert rows.size


@pytest.mark.parametrize("size", [(1, 1), (4000, 3), (3, 4000), (2, 2)], ids=str)
def test_no_picture_is_too_narrow_to_be_shown(size: tuple[int, int]) -> None:
    assert drawn(ground(*size), LabelledBox((0, 0, *size), "a thing", 0)).size


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 640, 480), (0, 0, 20, 20), (620, 0, 640, 20), (0, 460, 20, 480), (620, 460, 640, 480),
        (300, 200, 300.2, 200.2), (-90, 9, -50, 40),
    ],
    ids=str,
)  # fmt: skip
def test_a_box_at_an_edge_has_its_label_on_the_picture(box: tuple[float, float, float, float]) -> None:
    image = ground(640, 480)
    bare, _ = changed(image, LabelledBox(box, "", 0))
    labelled, _ = changed(image, LabelledBox(box, "the thing", 0))
    assert labelled.size > bare.size + 300


@pytest.mark.parametrize("count", [2, 14])
def test_labels_of_boxes_in_one_place_do_not_lie_on_each_other(count: int) -> None:
    image = ground(640, 480)
    one = changed(image, LabelledBox((250, 200, 400, 300), "label", 0))[0].size
    bare = changed(image, LabelledBox((250, 200, 400, 300), "", 0))[0].size
    many = changed(image, *(LabelledBox((250, 200, 400, 300), "label", 0) for _ in range(count)))[0].size
    assert many - bare > 0.85 * count * (one - bare) - 0.15 * one


def test_labels_of_thirty_boxes_hide_none_of_the_boxes_colours() -> None:
    chance = np.random.default_rng(5)
    corners = [(float(x), float(y)) for x, y in zip(chance.uniform(0, 500, 30), chance.uniform(0, 400, 30), strict=True)]
    image = drawn(ground(640, 480), *(LabelledBox((x, y, x + 90, y + 60), f"thing {i}", i) for i, (x, y) in enumerate(corners)))
    colours = np.unique(image.reshape(-1, 3) // 64, axis=0)
    assert len(colours) > 12


def test_expressions_are_told_apart_by_colour_and_instances_of_one_are_alike() -> None:
    image = drawn(
        ground(640, 480, 255),
        *(LabelledBox((20 + 150 * place, 100, 140 + 150 * place, 200), "", group) for place, group in enumerate((0, 0, 1, 2))),
    )
    lines = [image[150, 20 + 150 * place : 26 + 150 * place].astype(int) for place in range(4)]
    colours = [line[np.argmax(np.ptp(line, axis=1))] for line in lines]
    assert np.abs(colours[0] - colours[1]).max() < 25
    assert min(np.abs(colours[one] - colours[other]).max() for one, other in ((0, 2), (0, 3), (2, 3))) > 60


def test_the_eighth_expression_is_dashed_where_colours_begin_again() -> None:
    once, again = (drawn(ground(640, 480, 255), LabelledBox((100, 100, 500, 400), "", group)) for group in (0, 7))
    assert (once[101, 120:480] < 90).all(axis=1).mean() < 0.05
    assert 0.3 < (again[101, 120:480] < 90).all(axis=1).mean() < 0.8


@pytest.mark.parametrize("text", ["red circle", "дом", "你好", "κύκλος", "שלום"])
def test_a_label_can_be_read_in_many_scripts_on_a_busy_picture(text: str) -> None:
    image = noise(640, 480)
    with_text, without = (drawn(image, LabelledBox((200, 200, 400, 300), label, 0)) for label in (text, "?" * len(text)))
    assert (np.abs(with_text.astype(int) - without.astype(int)).max(axis=2) > 80).sum() > 60


def test_a_long_label_is_elided_and_keeps_its_score() -> None:
    image = ground(640, 480)
    long = "the small red circle that lies above the blue square on the left side of the picture"
    one, other = (drawn(image, LabelledBox((50, 200, 200, 300), long, 0, score=score)) for score in (0.25, 0.88))
    rows, columns = np.nonzero(np.abs(one.astype(int) - other.astype(int)).max(axis=2) > 60)
    assert rows.size
    assert columns.max() < 400
    assert columns.min() > 150


def test_a_label_in_two_lines_is_drawn_in_one() -> None:
    image = ground(640, 480)
    assert (
        drawn(image, LabelledBox((50, 200, 200, 300), "red\n\tcircle\x00", 0))
        == drawn(image, LabelledBox((50, 200, 200, 300), "red circle", 0))
    ).all()

"""What a model says of the known clip is judged by its content, not by its wording."""

import json

import pytest

from vr_assets.parsing.preflight import names_colour, read_sighting
from vr_assets.records.preflight import Colour, Direction, Shape, Shown

SHOWN = Shown(colour=Colour.PURPLE, shape=Shape.CROSS, direction=Direction.LEFT, digit=4)


def said(colour: str = "red", shape: str = "circle", direction: str = "right", digit: str | int = "7") -> str:
    return json.dumps({"colour": colour, "shape": shape, "direction": direction, "digit": digit})


@pytest.mark.parametrize(
    "text",
    [
        said("purple", "cross", "left", "4"),
        said("Violet", "plus sign"),
        said("magenta", direction="from right to left"),
        said("purple", direction="right-to-left"),
        said("purple", direction="from the right side to the left"),
        said("purple", direction="leftwards"),
        said("a deep purple", digit=4),
        said("purple", digit="four"),
        '{"color": "purple", "shape": "plus", "direction": "", "digit": null}',
        "COLOUR: purple\nSHAPE: cross\nDIRECTION: right\nDIGIT: 7",
        '<think>Is it red? A circle?</think>```json\n{"colour": "purple", "shape": "cross"}\n```',
    ],
)
def test_the_right_colour_and_one_thing_more_is_enough(text: str) -> None:
    found = read_sighting(text, SHOWN)
    assert (found.reads, found.right) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        said(),
        said("purple"),
        said("red", "cross", "left", "4"),
        said("blue-violet", "cross", "left", "4"),
        said("purple", "cross or circle", "from left to right", "14"),
        said("purple", "circle", "left or right", "4.5"),
        said("purple", "circle", "right", "4 or 7"),
        said("none", "none", "none", "none"),
    ],
)
def test_another_content_is_wrong_however_well_it_is_put(text: str) -> None:
    found = read_sighting(text, SHOWN)
    assert (found.reads, found.right) == (True, False)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("A purple plus sign drifts to the left past a white 4.", True),
        ("A purple circle rolls away.", False),
        ("Is it red, green, blue, yellow or purple? A cross moves to the left.", False),
        ("Please provide the video.", False),
        ("", False),
        ("<think>A purple cross moves left.", False),
    ],
)
def test_a_sentence_does_not_read_and_is_judged_by_its_words(text: str, right: bool) -> None:
    found = read_sighting(text, SHOWN)
    assert (found.reads, found.right) == (False, right)


@pytest.mark.parametrize(
    ("direction", "words"),
    [(Direction.UP, "from bottom to top"), (Direction.UP, "upward"), (Direction.DOWN, "top to bottom"), (Direction.DOWN, "down")],
)
def test_up_and_down_are_told_in_many_ways(direction: Direction, words: str) -> None:
    shown = SHOWN.model_copy(update={"direction": direction})
    assert read_sighting(said("purple", direction=words), shown).right
    assert not read_sighting(said("purple", direction=words), SHOWN).right


def test_the_colour_of_a_picture_is_named_and_no_other() -> None:
    assert names_colour('{"colour": "golden", "box": [1, 2, 3, 4]}', Colour.YELLOW)
    assert not names_colour("yellow or green", Colour.YELLOW)

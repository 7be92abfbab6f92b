"""preflight: does a model tell what it was shown? Lenient in wording, strict in content."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.errors import ReplyError
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, read_reply
from vr_assets.parsing.text import spoken
from vr_assets.records.preflight import Colour, Direction, Shape, Shown

# Words for what is drawn, and for what a model says that takes it for something else. Grounds and digits are black, grey, white.
_COLOURS: Mapping[str, str] = {
    Colour.GREEN: "green|lime|emerald",
    Colour.BLUE: "blue|azure|cobalt|navy",
    Colour.YELLOW: "yellow|gold|golden",
    Colour.PURPLE: "purple|violet|magenta|lilac",
    "other": "red|crimson|scarlet|orange|pink|cyan|turquoise|teal|brown",
}
_SHAPES: Mapping[str, str] = {
    Shape.SQUARE: "square|rectangle|rectangular|box|cube|block",
    Shape.TRIANGLE: "triangle|triangular|pyramid",
    Shape.STAR: "stars?",
    Shape.CROSS: "cross|plus|x",
    "other": "circle|circular|ball|dot|disc|disk|sphere|round|oval|ellipse|diamond|hexagon|pentagon|heart|arrow",
}
_SIDES: Mapping[str, str] = {
    Direction.LEFT: "left|leftwards?|west|westwards?",
    Direction.UP: "up|upwards?|top|upper|north",
    Direction.DOWN: "down|downwards?|bottom|lower|south",
    "right": "right|rightwards?|east|eastwards?",
}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# "from right to left", "right-to-left": what counts is where it goes.
_FROM = re.compile(r"\b(?:from\b[^.,;]*?|(?:left|right|top|bottom)[ -]*)\bto\b", re.IGNORECASE)


class SeenReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "colour": ("color",),
        "shape": ("form", "object"),
        "direction": ("movement", "motion", "moves", "direction of movement"),
        "digit": ("number", "digits"),
    }
    may_be_missing = ("shape", "direction", "digit")

    colour: Annotated[Words, Field(description="Colour of the moving shape, one word.")]
    shape: Annotated[Remark, Field(description="What the moving shape is, one word.")]
    direction: Annotated[Remark, Field(description="Where it moves: left, right, up or down.")]
    digit: Annotated[Remark, Field(description="The large digit, as a digit.")]


@dataclass(frozen=True)
class Sighting:
    """How a reply about the clip went: whether it came in the form asked for, and whether it tells what was shown."""

    reads: bool
    right: bool


def read_sighting(text: str, shown: Shown) -> Sighting:
    """Hold a reply against what was shown: the colour must be right, and one of shape, direction and digit.

    A reply that is not in the form asked for is judged by its words, where they name no second colour.
    """
    try:
        reply = read_reply(text, SeenReply)
    except ReplyError:
        words = _answer(text)
        return Sighting(reads=False, right=_is_right(words, words, words, words, shown))
    return Sighting(reads=True, right=_is_right(reply.colour, reply.shape, reply.direction, reply.digit, shown))


def names_colour(text: str, colour: Colour) -> bool:
    """Whether a reply tells this colour and no other."""
    return _only(_COLOURS, _answer(text), colour)


def _is_right(colour: str, shape: str, direction: str, digit: str, shown: Shown) -> bool:
    others = (
        _only(_SHAPES, shape, shown.shape),
        _only(_SIDES, _FROM.sub("", direction), shown.direction),
        _digits(digit) == {shown.digit},
    )
    return _only(_COLOURS, colour, shown.colour) and any(others)


def _only(words: Mapping[str, str], text: str, wanted: str) -> bool:
    return {name for name, pattern in words.items() if re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE)} == {wanted}


def _digits(text: str) -> set[int]:
    spelled = {value for value, word in enumerate(_DIGITS) if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
    return spelled | {int(found) for found in re.findall(r"(?<![\w.])\d+(?![\w.]\d|\w)", text)}


def _answer(text: str) -> str:
    """Without thinking; nothing where nothing else is."""
    try:
        return spoken(text)
    except ReplyError:
        return ""

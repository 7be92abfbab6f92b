"""Words for what was measured. Where a measurement lies near a border between two words, there is no word."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from vr_assets.parsing.clock import format_clock
from vr_assets.records.scene import Area, Colour, Side, Sides

T = TypeVar("T")

_LOW, _NEAR_LOW, _NEAR_HIGH, _HIGH = 0.34, 0.42, 0.58, 0.66
_OPPOSITE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT, Side.TOP: Side.BOTTOM, Side.BOTTOM: Side.TOP}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


class Dice:
    """Variety without chance: the same seed and question give the same choice."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def choose(self, question: str, options: Sequence[T]) -> T:
        digest = hashlib.sha256(f"{self._seed}\0{question}".encode()).digest()
        return options[int.from_bytes(digest[:8], "big") % len(options)]

    def order(self, question: str, options: Sequence[T]) -> list[T]:
        """All options, shuffled."""
        keys = [hashlib.sha256(f"{self._seed}\0{question}\0{place}".encode()).digest() for place in range(len(options))]
        return [option for _, option in sorted(zip(keys, options, strict=True), key=lambda pair: pair[0])]


def clock(time_s: float) -> str:
    return format_clock(time_s, tenths=True)


def number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def times(count: int) -> str:
    return ("never", "once", "twice")[count] if count < 3 else f"{number(count)} times"


def ordinal(place: int) -> str:
    """From 1. Beyond ten there is no word."""
    return _ORDINALS[place - 1]


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.!?' else '.'}"


def joined(sentences: Sequence[str]) -> str:
    return " ".join(sentence(text) for text in sentences if text)


def article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def opposite(side: Side) -> Side:
    return _OPPOSITE[side]


def corner_or_side(sides: Sides) -> str:
    """`left`, or `top left corner`."""
    if len(sides) == 1:
        return sides[0].value
    across, down = sorted(sides, key=lambda side: side in (Side.TOP, Side.BOTTOM))
    return f"{down} {across} corner"


def way_in(sides: Sides) -> str:
    """from the left; from the top left corner"""
    return f"from the {corner_or_side(sides)}"


def way_out(sides: Sides) -> str:
    """at the left edge; at the top left corner"""
    return f"at the {corner_or_side(sides)}{' edge' if len(sides) == 1 else ''}"


def towards(sides: Sides) -> str:
    """towards the left; towards the top left"""
    return f"towards the {corner_or_side(sides).removesuffix(' corner')}"


def moving(sides: Sides) -> tuple[str, ...]:
    """Ways to say that something moves towards an edge or a corner."""
    if sides == (Side.TOP,):
        return "moves upwards", "moves up the frame", "moves towards the top"
    if sides == (Side.BOTTOM,):
        return "moves downwards", "moves down the frame", "moves towards the bottom"
    plain = corner_or_side(sides).removesuffix(" corner")
    return f"moves towards the {plain}", f"heads towards the {plain}", f"goes towards the {plain}"


def through(side: Side) -> str:
    """The way of what heads for a side: from right to left."""
    return f"from {opposite(side)} to {side}"


def colour_word(colour: Colour | None) -> str:
    """As it stands before a noun; empty where no colour was told."""
    if colour is Colour.LIGHT:
        return "light-coloured"
    return colour.value if colour else ""


def place(x: float, y: float) -> str:
    """In which part of the frame: `in the upper left part of the frame`; empty near the borders between parts."""
    across = _third(x, "left", "middle", "right")
    down = _third(y, "upper", "middle", "lower")
    match across, down:
        case ("", "") | ("", "middle") | ("middle", ""):
            return ""
        case "middle", "middle":
            return "in the middle of the frame"
        case ("" | "middle", _):
            return f"in the {down} part of the frame"
        case _, ("" | "middle"):
            return f"in the {across} part of the frame"
        case _:
            return f"in the {down} {across} part of the frame"


def region(area: Area) -> str:
    """In which part of the frame an area lies; empty where no part holds it."""
    if 0.12 < area.x0 < 0.5 < area.x1 < 0.88 and area.y0 < 0.5 < area.y1:
        return "around the middle of the frame"
    if area.x1 - area.x0 > 0.66 or area.y1 - area.y0 > 0.9:
        return ""
    return place((area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2)


def _third(value: float, low: str, middle: str, high: str) -> str:
    if value <= _LOW:
        return low
    if value >= _HIGH:
        return high
    return middle if _NEAR_LOW <= value <= _NEAR_HIGH else ""

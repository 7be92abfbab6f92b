"""Boxes as models give them: four numbers, in an order and a unit of the model's own."""

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from vr_assets.errors import ReplyError
from vr_assets.parsing.lax_json import find_json
from vr_assets.parsing.text import spoken
from vr_assets.records.preflight import KnownBox
from vr_assets.settings import BoxConvention

Four = tuple[float, float, float, float]

_NUMBER = r"-?\d+(?:\.\d+)?"
# `[125, 625, 348, 875]`, `<box>(125,625),(348,875)</box>`, `125 625 348 875`; the 2 of `box_2d` is no number.
_RUN = re.compile(rf"(?<![\w.]){_NUMBER}(?:[\s,;()\[\]\"']+{_NUMBER})+(?![\w.]\d|\w)")
# Of the image's side: well under the distance between two conventions' numbers, well over what a model is off by.
_TOLERANCE = 0.07


def read_box(text: str) -> Four | None:
    """The one box in a reply; None where there is none, or several different ones."""
    try:
        answer = spoken(text)
    except ReplyError:
        return None
    found = {_four(re.findall(_NUMBER, run)) for run in _RUN.findall(answer)} - {None}
    found |= {box for value in find_json(answer)[0] for box in _named(value)}
    return found.pop() if len(found) == 1 else None


def convention_of(said: Four, known: KnownBox) -> BoxConvention:
    """The convention in which four numbers are the known box."""
    fitting = [convention for convention, numbers in conventions(known).items() if _fits(said, numbers, convention, known)]
    return fitting[0] if len(fitting) == 1 else BoxConvention.UNKNOWN


def conventions(known: KnownBox) -> dict[BoxConvention, Four]:
    """What a box is in each convention."""
    left, right = known.left / known.width_px, known.right / known.width_px
    top, bottom = known.top / known.height_px, known.bottom / known.height_px
    return {
        BoxConvention.PIXELS_XYXY: (known.left, known.top, known.right, known.bottom),
        BoxConvention.PIXELS_XYWH: (known.left, known.top, known.right - known.left, known.bottom - known.top),
        BoxConvention.UNIT_XYXY: (left, top, right, bottom),
        BoxConvention.THOUSAND_XYXY: (left * 1000, top * 1000, right * 1000, bottom * 1000),
        BoxConvention.THOUSAND_YXYX: (top * 1000, left * 1000, bottom * 1000, right * 1000),
    }


def _fits(said: Four, numbers: Four, convention: BoxConvention, known: KnownBox) -> bool:
    match convention:
        case BoxConvention.PIXELS_XYXY | BoxConvention.PIXELS_XYWH:
            sides = (known.width_px, known.height_px) * 2
        case BoxConvention.UNIT_XYXY:
            sides = (1, 1, 1, 1)
        case _:
            sides = (1000, 1000, 1000, 1000)
    return all(abs(one - other) <= _TOLERANCE * side for one, other, side in zip(said, numbers, sides, strict=True))


def _four(numbers: list[str]) -> Four | None:
    if len(numbers) != 4:
        return None
    first, second, third, fourth = map(float, numbers)
    return first, second, third, fourth


def _named(value: JsonValue) -> Iterator[Four]:
    """Objects of four numbers, such as `{"x1": ..., "y1": ..., "x2": ..., "y2": ...}`, in their own order."""
    if isinstance(value, Mapping):
        numbers = [str(part) for part in value.values() if isinstance(part, int | float)]
        if len(numbers) == len(value) and (box := _four(numbers)):
            yield box
        for part in value.values():
            yield from _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)

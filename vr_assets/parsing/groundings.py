"""groundings: which boxes a reply gives to which expressions, in pixels of the original image.

A box that cannot be what was meant is left out and said to be; one is put right only where nothing else can have been meant.
Numbers that do not fit the convention at all fail the whole reply: no box is better than a wrong one.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.errors import ReplyError
from vr_assets.parsing.box_units import Four, Units
from vr_assets.parsing.reply import Names, Remark, ReplyModel
from vr_assets.parsing.said_boxes import Said, SaidBox, read_said
from vr_assets.parsing.text import in_short, snippet
from vr_assets.records.image import Box, Expression, Grounded, Instance
from vr_assets.settings import BoxConvention

# Of the image's side: what a model is off by at an edge.
_BEYOND = 0.02
_LEAST_SIDE_PX = 1.0
_ARTICLE = re.compile(r"^(?:a|an|the|this|that|these|those|some)\s+")


class BoxReply(ReplyModel):
    """One box of one expression; an expression that is not in the image has one entry with an empty box."""

    other_names: ClassVar[Names] = {"number": ("index", "id"), "label": ("expression", "text"), "box_2d": ("bbox_2d", "box")}
    may_be_missing = ("score",)

    number: Annotated[Remark, Field(description="The expression's number in the list.")]
    label: Annotated[Remark, Field(description="The expression, as it stands in the list.")]
    box_2d: Annotated[list[float], Field(description="Four numbers; none where the image does not show it.")]
    score: Annotated[Remark, Field(description="How sure, from 0 to 1; empty where that cannot be said.")]


class GroundingsReply(ReplyModel):
    """What is asked for. What comes is read by `said_boxes`, which takes many forms more."""

    boxes: Annotated[list[BoxReply], Field(description="A box an entry, in the order of the list.")]


@dataclass(frozen=True)
class Groundings:
    """The expressions with their boxes, in the order asked, and what the reply names that was not asked about."""

    expressions: tuple[Expression, ...]
    unmatched: tuple[str, ...]


@dataclass
class _Found:
    boxes: list[SaidBox] = field(default_factory=list)
    is_absent: bool = False


def parse_groundings(text: str, *, expressions: Sequence[Expression], units: Units, most: int) -> Groundings:
    """The boxes of the expressions, which were numbered from 1 in this order.

    Args:
        most: instances of one expression that are kept.

    Raises:
        ReplyError: the reply does not read, names nothing that was asked about, or most of its numbers are not of the convention.
    """
    said = read_said(text)
    _check_convention(said, units)
    found, unmatched = _matched(said, expressions)
    if said and not found:
        raise ReplyError(f"names none of the expressions asked about, but {', '.join(unmatched[:3])}: {snippet(text)}")
    made = [_grounded(one, found.get(place), units, most) for place, one in enumerate(expressions)]
    return Groundings(tuple(made), tuple(unmatched))


def _matched(said: Sequence[Said], expressions: Sequence[Expression]) -> tuple[dict[int, _Found], list[str]]:
    places = _places(expressions)
    numbers = {one.number for one in said if one.number is not None}
    # Some models count from 0: then the last number is missing as well.
    first = 0 if 0 in numbers and len(expressions) not in numbers else 1
    found: dict[int, _Found] = {}
    unmatched: list[str] = []
    for one in said:
        place = _place(one, places, expressions, first=first)
        if place is None:
            unmatched.append(in_short(one.label) or (f"number {one.number}" if one.number is not None else "a box of nothing"))
            continue
        here = found.setdefault(place, _Found())
        here.boxes += one.boxes
        here.is_absent |= one.is_absent
    return found, list(dict.fromkeys(unmatched))


def _places(expressions: Sequence[Expression]) -> Mapping[str, list[int]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(expressions):
        for name in {_plain(one.text), _ARTICLE.sub("", _plain(one.text)), one.expression_id}:
            places[name].append(place)
    return places


def _place(one: Said, places: Mapping[str, list[int]], expressions: Sequence[Expression], *, first: int) -> int | None:
    """Words say better than numbers what is meant; where both are there and differ, nobody knows."""
    by_number = one.number - first if one.number is not None and 0 <= one.number - first < len(expressions) else None
    if not one.label:
        if one.number is None and len(expressions) == 1:
            return 0
        return by_number
    plain = _plain(one.label)
    named = places.get(plain) or places.get(_ARTICLE.sub("", plain)) or []
    if by_number is not None and (by_number in named or (not named and _is_part(plain, expressions[by_number]))):
        return by_number
    return named[0] if len(named) == 1 and by_number is None else None


def _is_part(plain: str, expression: Expression) -> bool:
    """Whether a label is a shortened or lengthened form of an expression: its number says which is meant."""
    text = _plain(expression.text)
    return bool(plain) and (plain in text or text in plain or _plain(expression.noun_chunk) == plain)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[\"'“”‘’`*_]", "", text)).strip(" .,:;").casefold()


def _check_convention(said: Sequence[Said], units: Units) -> None:
    boxes = [box for one in said for box in one.boxes if len(box.numbers) == 4]
    strange = [box for box in boxes if not _fits(_ordered(box, units), units)]
    large = max((max(box.numbers) for box in boxes), default=0.0)
    is_unit = units.convention is not BoxConvention.UNIT_XYXY and 0 < large <= 1
    if (strange and 2 * len(strange) > len(boxes)) or is_unit:
        shown = (strange or boxes)[0].numbers
        raise ReplyError(
            f"{list(shown)} is no box in {units.convention} ({units.words}); if the model has another convention, "
            "set grounding.box_convention (`vr-assets preflight` tells which)"
        )


def _ordered(box: SaidBox, units: Units) -> Four:
    first, second, third, fourth = box.numbers
    numbers = (first, second, third, fourth)
    return numbers if box.corners else units.in_order(numbers)


def _fits(box: Four, units: Units) -> bool:
    """Whether all corners are in the image, or nearly."""
    across, down = units.scale
    return all(-_BEYOND * side <= value <= (1 + _BEYOND) * side for value, side in zip(box, (across, down) * 2, strict=True))


def _grounded(expression: Expression, found: _Found | None, units: Units, most: int) -> Expression:
    if found is None:
        return expression.model_copy(update={"grounded": Grounded.UNANSWERED})
    instances: dict[str, Instance] = {}
    flags: list[str] = []
    for box in found.boxes:
        made = _instance(expression, box, units)
        if isinstance(made, str):
            flags.append(made)
        elif made.bbox_id in instances:
            flags.append(f"the same box again: {list(made.bbox)}")
        else:
            instances[made.bbox_id] = made
    kept = list(instances.values())[:most]
    if len(instances) > most:
        flags.append(f"{len(instances)} boxes; the first {most} are kept (grounding.max_instances)")
    if any(_score(box.score) is None and box.score not in (None, "", []) for box in found.boxes):
        flags.append("a score that is no number from 0 to 1 is left out")
    grounded = Grounded.FOUND if kept else Grounded.UNUSABLE if found.boxes else Grounded.ABSENT
    update = {"grounded": grounded, "instances": tuple(kept), "flags": (*expression.flags, *dict.fromkeys(flags))}
    return expression.model_copy(update=update)


def _instance(expression: Expression, box: SaidBox, units: Units) -> Instance | str:
    """The box in pixels, or why it is none."""
    shown = [f"{number:g}" for number in box.numbers]
    said = f"[{', '.join(shown)}]"
    if len(box.numbers) != 4:
        return f"a box needs four numbers: {said}"
    ordered = _ordered(box, units)
    if not _fits(ordered, units):
        return f"outside the image: {said} ({units.convention})"
    repaired = []
    left, top, right, bottom = ordered
    if right < left or bottom < top:
        if not _is_surely_swapped(box, units):
            return f"corners out of order: {said} ({units.convention})"
        left, right = sorted((left, right))
        top, bottom = sorted((top, bottom))
        repaired.append("corners were out of order")
    across, down = units.scale
    inside = (max(0.0, left), max(0.0, top), min(across, right), min(down, bottom))
    if inside != (left, top, right, bottom):
        repaired.append("was a little beyond the image's edge")
    pixels = units.to_pixels(inside)
    if pixels[2] - pixels[0] < _LEAST_SIDE_PX or pixels[3] - pixels[1] < _LEAST_SIDE_PX:
        return f"has no area: {said} ({units.convention})"
    bbox_id = _id(expression.expression_id, pixels)
    return Instance(bbox_id=bbox_id, bbox=pixels, score=_score(box.score), repaired="; ".join(repaired))


def _is_surely_swapped(box: SaidBox, units: Units) -> bool:
    """Whether numbers out of order can only be corners: as a corner and a size they would leave the image."""
    if box.corners:
        return True
    if units.convention is BoxConvention.PIXELS_XYWH:
        return False
    first, second, third, fourth = box.numbers
    left, top, across, down = units.in_order((first, second, third, fourth))
    whole_width, whole_height = units.scale
    return left + across > (1 + _BEYOND) * whole_width or top + down > (1 + _BEYOND) * whole_height


def _score(said: object) -> float | None:
    """A score from 0 to 1; percent only where it is written as such."""
    if isinstance(said, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)\s*", said)
        if not found:
            return None
        said = float(found[1]) / (100 if found[2] else 1)
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return float(said) if 0 <= said <= 1 else None


def _id(expression_id: str, box: Box) -> str:
    return hashlib.sha256(f"{expression_id}\0{box}".encode()).hexdigest()[:16]

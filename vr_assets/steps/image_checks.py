"""Whether rows of images are good data, rule by rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from vr_assets.records.image import Box, ExpressedImage, Expression, Grounded, GroundedImage
from vr_assets.settings import CheckSettings, Status

Told = ExpressedImage | GroundedImage
# Two boxes of one expression that share more than this are one thing told twice.
_NEARLY_THE_SAME = 0.9
_SLACK_PX = 0.01


@dataclass(frozen=True)
class Verdict:
    """What a rule found: `breaches` in words, a few of them, and how many of how many."""

    passed: bool
    count: int
    total: int
    breaches: tuple[str, ...]


def spans_match_text(rows: Sequence[Told], _: CheckSettings) -> Verdict:
    """`cleaned_caption[start:end] == text` for every expression with a span."""
    return _verdict(
        (f"{row.image_id}: {one.text!r} is not what stands at {list(one.char_span)}", one.char_span and _at(row, one) != one.text)
        for row, one in _expressions(rows)
        if one.char_span
    )


def ids_unique(rows: Sequence[Told], _: CheckSettings) -> Verdict:
    """No image, expression or box id comes twice in a batch."""
    ids = [row.image_id for row in rows]
    ids += [one.expression_id for _, one in _expressions(rows)]
    ids += [box.bbox_id for _, one in _expressions(rows) for box in one.instances]
    return _verdict((f"{name} is there {ids.count(name)} times", ids.count(name) > 1) for name in dict.fromkeys(ids))


def boxes_inside(rows: Sequence[Told], _: CheckSettings) -> Verdict:
    """Every box is inside its image and has an area."""
    return _verdict(
        (f"{row.image_id}: {list(box.bbox)} in {row.width} x {row.height}", not _is_inside(box.bbox, row.width, row.height))
        for row, one in _expressions(rows)
        for box in one.instances
    )


def expressions_accounted_for(rows: Sequence[Told], _: CheckSettings) -> Verdict:
    """Every expression has boxes, or the model said that the image does not show it."""
    return _verdict(
        (
            f"{row.image_id}: {one.text!r} is {one.grounded.replace('_', ' ')}",
            one.grounded not in (Grounded.FOUND, Grounded.ABSENT),
        )
        for row, one in _expressions(rows)
    )


def near_duplicate_boxes(rows: Sequence[Told], _: CheckSettings) -> Verdict:
    """No two boxes of one expression are nearly the same."""
    return _verdict(
        (f"{row.image_id}: {one.text!r}: {list(a.bbox)} and {list(b.bbox)}", overlap(a.bbox, b.bbox) > _NEARLY_THE_SAME)
        for row, one in _expressions(rows)
        for a, b in combinations(one.instances, 2)
    )


def ungrounded_share(rows: Sequence[Told], settings: CheckSettings) -> Verdict:
    """Not more than `checks.max_ungrounded_share` of the expressions are without a box."""
    found = _verdict((f"{row.image_id}: {one.text!r}", not one.instances) for row, one in _expressions(rows))
    return Verdict(found.count <= settings.max_ungrounded_share * found.total, found.count, found.total, found.breaches)


Rule = Callable[[Sequence[Told], CheckSettings], Verdict]

OF_EXPRESSIONS: Mapping[str, Rule] = {"spans_match_text": spans_match_text, "ids_unique": ids_unique}
OF_GROUNDINGS: Mapping[str, Rule] = {
    **OF_EXPRESSIONS,
    "boxes_inside": boxes_inside,
    "expressions_accounted_for": expressions_accounted_for,
    "near_duplicate_boxes": near_duplicate_boxes,
    "ungrounded_share": ungrounded_share,
}
CERTAIN = frozenset({"spans_match_text", "ids_unique", "boxes_inside"})
"""Rules that never fail on what this package writes: a breach is an error, of the others a warning."""


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, wide) * max(0.0, high)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common) if areas > common else 0.0


def _expressions(rows: Sequence[Told]) -> Iterator[tuple[Told, Expression]]:
    return ((row, one) for row in rows if row.status is Status.OK for one in row.expressions)


def _at(row: Told, one: Expression) -> str:
    return row.cleaned_caption[slice(*one.char_span)] if one.char_span else ""


def _is_inside(box: Box, width: int | None, height: int | None) -> bool:
    left, top, right, bottom = box
    inside = left >= 0 and top >= 0 and right <= (width or 0) + _SLACK_PX and bottom <= (height or 0) + _SLACK_PX
    return inside and left < right and top < bottom


def _verdict(found: Iterator[tuple[str, object]]) -> Verdict:
    tried = list(found)
    broken = [said for said, is_broken in tried if is_broken]
    return Verdict(not broken, len(broken), len(tried), tuple(broken[:5]))

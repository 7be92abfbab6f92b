"""Whether expressions stand in their captions, and boxes in their images."""

from collections.abc import Iterator
from itertools import combinations

from vr_assets.records.image import Box, ExpressedImage, Expression, Grounded, GroundedImage
from vr_assets.settings import Asset, Settings
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look, judge

Told = ExpressedImage | GroundedImage
# Two boxes of one expression that share more than this are one thing told twice.
_NEARLY_THE_SAME = 0.9
_SLACK_PX = 0.01


def spans_match_text(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """`cleaned_caption[start:end] == text` for every expression with a span."""
    tried = (
        (row.image_id, f"{one.text!r} is not what stands at {list(one.char_span)}" if _at(row, one) != one.text else "")
        for row, one in _expressions(rows, asset)
        if one.char_span
    )
    return judge(tried, "expressions", "have a span that holds another text")


def boxes_inside(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """Every box is inside its image and has an area."""
    tried = (
        (row.image_id, "" if _is_inside(box.bbox, row.width, row.height) else f"{list(box.bbox)} in {row.width} x {row.height}")
        for row, one in _expressions(rows, asset)
        for box in one.instances
    )
    return judge(tried, "boxes", "are outside their image or without an area")


def expressions_accounted_for(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """Every expression has boxes, or the model said that the image does not show it."""
    known = (Grounded.FOUND, Grounded.ABSENT)
    tried = (
        (row.image_id, "" if one.grounded in known else f"{one.text!r} is {one.grounded.replace('_', ' ')}")
        for row, one in _expressions(rows, asset)
    )
    return judge(tried, "expressions", "had nothing usable said of them")


def near_duplicate_boxes(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """No two boxes of one expression are nearly the same."""
    tried = (
        (
            row.image_id,
            f"{one.text!r}: {list(a.bbox)} and {list(b.bbox)}" if overlap(a.bbox, b.bbox) > _NEARLY_THE_SAME else "",
        )
        for row, one in _expressions(rows, asset)
        for a, b in combinations(one.instances, 2)
    )
    return judge(tried, "pairs of boxes", "are nearly the same")


def ungrounded_share(rows: BatchRows, asset: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_ungrounded_share` of the expressions are without a box."""
    tried = ((row.image_id, "" if one.instances else f"{one.text!r} has no box") for row, one in _expressions(rows, asset))
    limit = settings.checks.max_ungrounded_share
    return judge(tried, "expressions", "have no box", limit=limit, setting="checks.max_ungrounded_share")


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, wide) * max(0.0, high)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common) if areas > common else 0.0


def _expressions(rows: BatchRows, asset: Asset) -> Iterator[tuple[Told, Expression]]:
    told: list[ExpressedImage] | list[GroundedImage]
    told = rows.ok(ExpressedImage) if asset is Asset.EXPRESSIONS else rows.ok(GroundedImage)
    return ((row, one) for row in told for one in row.expressions)


def _at(row: Told, one: Expression) -> str:
    return row.cleaned_caption[slice(*one.char_span)] if one.char_span else ""


def _is_inside(box: Box, width: int | None, height: int | None) -> bool:
    left, top, right, bottom = box
    inside = left >= 0 and top >= 0 and right <= (width or 0) + _SLACK_PX and bottom <= (height or 0) + _SLACK_PX
    return inside and left < right and top < bottom

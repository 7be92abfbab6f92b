"""Lines of TAO's image step files, read as rows of ours by the parsers that read answers."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from vr_assets.errors import ReplyError
from vr_assets.parsing.box_units import Units
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.groundings import parse_groundings
from vr_assets.records.image import ExpressedImage, GroundedImage, ImageRow, RawImage
from vr_assets.settings import Asset, BoxConvention, Status, Task
from vr_assets.steps.expressions import placed
from vr_assets.steps.intake import Problem
from vr_assets.steps.stage import next_row
from vr_assets.steps.tao_results import Line
from vr_assets.steps.tao_videos import checked, imported_from, text_of

# Their run writes it where the model gave none.
_INVENTED_SCORE = 0.9

_Json = Mapping[str, JsonValue]


def read_image_lines(
    row: RawImage, lines: Mapping[Asset, Sequence[Line]], *, most: int
) -> tuple[dict[Asset, ImageRow], list[Problem]]:
    """What all lines about one image and caption give, as for videos. Boxes stand for the expressions of their own line.

    Args:
        most: instances of one expression that are kept.
    """
    rows: dict[Asset, ImageRow] = {}
    problems: list[Problem] = []
    grounded: list[tuple[ExpressedImage, GroundedImage]] = []
    for line in lines.get(Asset.GROUNDINGS, ()):
        try:
            expressed = _expressed(row, line)
            grounded.append((expressed, _grounded(row, line, expressed, most)))
        except ReplyError as error:
            problems.append(Problem(line.place, f"{error}; {Asset.GROUNDINGS} is asked as usual"))
    if grounded:
        rows[Asset.EXPRESSIONS], rows[Asset.GROUNDINGS] = grounded[-1]
        return rows, problems
    for line in lines.get(Asset.EXPRESSIONS, ()):
        try:
            rows[Asset.EXPRESSIONS] = _expressed(row, line)
        except ReplyError as error:
            problems.append(Problem(line.place, f"{error}; {Asset.EXPRESSIONS} is asked as usual"))
    return rows, problems


def _expressed(row: RawImage, line: Line) -> ExpressedImage:
    checked(line)
    told = [{"text": one.get("text"), "noun_chunk": _words(one.get("noun_chunk"))} for one in _expressions(line)]
    reply: dict[str, object] = {"cleaned_caption": text_of(line.fields, "cleaned_caption"), "expressions": told}
    read = parse_expressions(json.dumps(reply))
    return next_row(
        ExpressedImage,
        row,
        status=Status.OK,
        pipeline_steps=(Asset.EXPRESSIONS.value,),
        provenance=imported_from(line, Task.EXPRESSIONS),
        cleaned_caption=read.cleaned_caption,
        expressions=tuple(placed(read.phrases, read.cleaned_caption, image_id=row.image_id)),
    )


def _grounded(row: RawImage, line: Line, expressed: ExpressedImage, most: int) -> GroundedImage:
    size = _size(row, line)
    told = _expressions(line)
    # A phrase that was said twice is one expression here: then its number says nothing.
    numbered = len(told) == len(expressed.expressions)
    boxes = [
        {"label": one.get("text"), "box_2d": box.get("bbox"), "score": _score(box.get("score"))}
        | ({"number": number} if numbered else {})
        for number, one in enumerate(told, 1)
        for box in _instances(one)
    ]
    units = Units(BoxConvention.ORIGINAL_XYXY, size, size)
    read = parse_groundings(json.dumps({"boxes": boxes}), expressions=expressed.expressions, units=units, most=most)
    return next_row(
        GroundedImage,
        row,
        status=Status.OK,
        pipeline_steps=(Asset.EXPRESSIONS.value, Asset.GROUNDINGS.value),
        provenance=imported_from(line, Task.EXPRESSIONS, Task.GROUNDINGS),
        cleaned_caption=expressed.cleaned_caption,
        expressions=read.expressions,
        box_convention=units.convention,
        unmatched=read.unmatched,
    )


def _size(row: RawImage, line: Line) -> tuple[int, int]:
    """The image's own size. Raises ReplyError: the boxes were made for another."""
    assert row.width and row.height, f"{row.image}: an ok row without a size"
    told = line.fields.get("width", row.width), line.fields.get("height", row.height)
    if told != (row.width, row.height):
        raise ReplyError(f"its boxes are of an image of {told[0]} x {told[1]}, and this one has {row.width} x {row.height}")
    return row.width, row.height


def _expressions(line: Line) -> list[_Json]:
    told = line.fields.get("expressions")
    if not isinstance(told, list):
        raise ReplyError("expressions is no list")
    return [one for one in told if isinstance(one, dict)]


def _instances(expression: _Json) -> list[_Json]:
    told = expression.get("instances")
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _score(told: JsonValue) -> JsonValue:
    return None if told == _INVENTED_SCORE else told


def _words(told: JsonValue) -> str:
    return told if isinstance(told, str) else ""

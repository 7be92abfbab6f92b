"""groundings: a box for each thing that an expression names, in pixels of the original image."""

from collections.abc import Sequence
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.journal import Asked
from vr_assets.media.images import Picture
from vr_assets.parsing.box_units import Units, convention_of_model, tells_as
from vr_assets.parsing.groundings import parse_groundings
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Evidence, Request
from vr_assets.records.image import ExpressedImage, Expression, GroundedImage
from vr_assets.settings import Asset, BoxConvention, Status, Task
from vr_assets.steps.expressions import shown_image
from vr_assets.steps.stage import Stage, blocked, failures, next_row, why


async def ground_images(rows: Sequence[ExpressedImage], stage: Stage) -> list[GroundedImage]:
    """One call an image and caption; more where its expressions are more than `grounding.expressions_per_call`."""
    return await stage.each(rows, GroundedImage, lambda row: ground_image(stage, row))


async def ground_image(stage: Stage, row: ExpressedImage) -> GroundedImage:
    stopped = blocked(GroundedImage, row, Asset.EXPRESSIONS)
    if stopped:
        return stopped
    imported = imported_boxes(stage, row)
    if imported:
        return imported
    settings, shown = stage.settings.grounding, shown_image(stage, row)
    units = Units(_convention(stage), shown.sent, (shown.media.width_px, shown.media.height_px))
    parts = [
        row.expressions[at : at + settings.expressions_per_call]
        for at in range(0, len(row.expressions), settings.expressions_per_call)
    ]
    requests = [_request(stage, row, shown, units, part) for part in parts]
    outcomes = await batch.together(
        [
            partial(stage.vlm.ask, request, partial(parse_groundings, expressions=part, units=units, most=settings.max_instances))
            for request, part in zip(requests, parts, strict=True)
        ]
    )
    names = [f"expressions {_range(part, row.expressions)}" if len(parts) > 1 else "boxes" for part in parts]
    failed = failures(names, outcomes)
    read = [outcome.value for outcome in outcomes if not isinstance(outcome, Failed)]
    grounded = {one.expression_id: one for found in read for one in found.expressions}
    return next_row(
        GroundedImage,
        row,
        # Boxes of some expressions alone would say that the others are nowhere. The answers are kept, and not paid for again.
        status=Status.FAILED if failed else Status.OK,
        reason=why(failed),
        failures=failed,
        pipeline_steps=(*row.pipeline_steps, *(() if failed else (Asset.GROUNDINGS.value,))),
        provenance=(*row.provenance, *([stage.vlm.provenance(requests[0], *_keys(outcomes))] if read else [])),
        cleaned_caption=row.cleaned_caption,
        expressions=tuple(grounded.get(one.expression_id, one) for one in row.expressions),
        box_convention=units.convention,
        unmatched=tuple(dict.fromkeys(name for found in read for name in found.unmatched)),
    )


def imported_boxes(stage: Stage, row: ExpressedImage) -> GroundedImage | None:
    """Imported boxes, where they are of the very expressions that the row has."""
    steps = (*row.pipeline_steps, Asset.GROUNDINGS.value)
    found = stage.imported(GroundedImage, row, pipeline_steps=steps)
    ids = [one.expression_id for one in row.expressions]
    same = found is not None and found.cleaned_caption == row.cleaned_caption
    return found if found and same and [one.expression_id for one in found.expressions] == ids else None


def _convention(stage: Stage) -> BoxConvention:
    """As set; else by the model's name, or, where that tells nothing sure, as a trial found."""
    if stage.settings.grounding.box_convention is not BoxConvention.UNKNOWN:
        return stage.settings.grounding.box_convention
    model, tried = stage.vlm.boxes(Task.GROUNDINGS)
    by_name, is_sure = convention_of_model(model)
    return by_name if is_sure or tried is None or tells_as(by_name, tried) else tried


def _request(stage: Stage, row: ExpressedImage, shown: Picture, units: Units, part: Sequence[Expression]) -> Request:
    values = {
        "caption": row.cleaned_caption,
        "expressions": "\n".join(f"{number}. {one.text}" for number, one in enumerate(part, 1)),
        "box": units.words,
        "most": str(stage.settings.grounding.max_instances),
    }
    return Request(
        Task.GROUNDINGS,
        stage.prompts.render(Asset.GROUNDINGS, "groundings", values),
        Evidence(image_caption=row.cleaned_caption, expressions=tuple(part)),
        shown,
        media=(shown,),
        reply_schema=reply_schema(Task.GROUNDINGS),
    )


def _range(part: Sequence[Expression], among: Sequence[Expression]) -> str:
    first = among.index(part[0]) + 1
    return f"{first} - {first + len(part) - 1}"


def _keys(outcomes: Sequence[object]) -> list[str]:
    return [outcome.answer.key for outcome in outcomes if isinstance(outcome, Asked)]

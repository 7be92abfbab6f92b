"""filtered_videos: is there anything to see in a video, does it suit the domain, and does it show an anomaly?"""

from collections.abc import Mapping, Sequence
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import ReplyError
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Evidence, Media, Request
from vr_assets.records.row import Provenance
from vr_assets.records.video import FilteredVideo, NearDuplicate, RawVideo, Screening
from vr_assets.settings import Asset, LeftOut, Mode, NearDuplicates, Status, Task
from vr_assets.steps.evidence import evidence, whole
from vr_assets.steps.measured import left_out, too_long
from vr_assets.steps.near_duplicates import measure_all, near_duplicates
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage, blocked, failures, next_row, why

_PARSERS = {
    Task.SCREENING: parse_screening,
    Task.SUITABLE: parse_suitable,
    Task.ANOMALY_OR_NORMAL: parse_anomaly_or_normal,
}


async def filter_videos(raw: Sequence[RawVideo], stage: Stage) -> list[FilteredVideo]:
    """Ask the two filter questions: in one call where replies are structured, else in two; none that settings answer, and none
    about a video that shows nothing or, with one_of_each, nearly the same as an earlier one.
    """
    wanted, found = stage.settings.filter.near_duplicates, dict[int, NearDuplicate]()
    if wanted is NearDuplicates.ONE_OF_EACH:
        await measure_all(raw, stage)
        found = await near_duplicates(raw, stage)
    rows = await stage.each(
        raw, FilteredVideo, lambda row: _filter(stage, row, found.get(id(row))), through=lambda _, row: Seen(filtered=row)
    )
    if wanted is NearDuplicates.MARK:
        found = await near_duplicates(raw, stage)
    return [
        made.model_copy(update={"near_duplicate_of": found[id(row)]}) if id(row) in found else made
        for row, made in zip(raw, rows, strict=True)
    ]


async def _filter(stage: Stage, row: RawVideo, first: NearDuplicate | None) -> FilteredVideo:
    stopped = blocked(FilteredVideo, row, Asset.RAW_VIDEOS)
    if stopped:
        return stopped
    media, facts, subject = await whole(stage.media, row)
    measured = {"media": media, "quality": facts.quality, "media_remarks": facts.remarks}
    unasked = too_long(row, media, stage.settings.videos) or left_out(facts.quality, stage.settings.filter)
    if unasked:
        cause, reason = unasked
        return next_row(FilteredVideo, row, **measured, status=Status.FILTERED_OUT, reason=reason, left_out_for=cause)
    if first:
        reason = f"near-duplicate of {first.video} in batch {first.batch} (filter.near_duplicates = one_of_each)"
        return next_row(FilteredVideo, row, **measured, status=Status.SKIPPED, reason=reason)
    known = evidence(media, subject, row)
    tasks = [Task.SUITABLE] * stage.settings.filter.enabled + [Task.ANOMALY_OR_NORMAL] * (not row.labelled)
    imported = _imported(stage, row, tasks)
    open_tasks = [task for task in tasks if task not in imported]
    answers = [*imported.values(), *await _ask(stage, open_tasks, subject, known)]
    outcomes = [answer if isinstance(answer, Failed) else answer[0] for answer in answers]
    failed = failures([*imported, *open_tasks], outcomes)
    if any(failure.what == Task.SUITABLE for failure in failed):
        return next_row(FilteredVideo, row, **measured, status=Status.FAILED, reason=why(failed))
    told = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
    suited = next((one for one in told if one.is_valid is not None), Screening())
    labelled = next((one for one in told if one.mode is not None), Screening())
    provenance = {source.prompt: source for answer in answers if not isinstance(answer, Failed) for source in [answer[1]]}
    return next_row(
        FilteredVideo,
        row,
        **measured,
        mode=row.mode if row.labelled else labelled.mode or Mode.UNKNOWN,
        status=Status.FILTERED_OUT if suited.is_valid is False else Status.OK,
        reason=f"unsuitable: {suited.validity_words}" if suited.is_valid is False else "",
        left_out_for=LeftOut.UNSUITABLE if suited.is_valid is False else None,
        failures=failed,
        provenance=tuple(provenance.values()),
        is_valid=suited.is_valid,
        validity_words=suited.validity_words,
        mode_words=labelled.mode_words,
    )


def _imported(stage: Stage, row: RawVideo, tasks: Sequence[Task]) -> Mapping[Task, tuple[Screening, Provenance]]:
    """Those of the questions that are answered already, by another system."""
    found = stage.imports.get(row.item_id)
    known: dict[Task, Screening] = {}
    if isinstance(found, FilteredVideo) and found.is_valid is not None:
        known[Task.SUITABLE] = Screening(is_valid=found.is_valid, validity_words=found.validity_words)
    if isinstance(found, FilteredVideo) and found.mode is not Mode.UNKNOWN:
        known[Task.ANOMALY_OR_NORMAL] = Screening(mode=found.mode, mode_words=found.mode_words)
    return {task: (known[task], found.provenance[0]) for task in tasks if found and task in known}


async def _ask(
    stage: Stage, tasks: Sequence[Task], subject: Media, known: Evidence
) -> Sequence[tuple[Screening, Provenance] | Failed]:
    """An outcome for each task. Both tasks go in one call first; if that reply does not read, each is asked by itself."""

    async def ask(task: Task) -> tuple[Screening, Provenance]:
        prompt = stage.prompts.render(Asset.FILTERED_VIDEOS, task, {})
        request = Request(task, prompt, known, subject, media=(subject,), reply_schema=reply_schema(task))
        asked = await stage.vlm.ask(request, _PARSERS[task])
        return asked.value, stage.vlm.provenance(request)

    if len(tasks) == 2 and stage.vlm.structured(Task.SCREENING):
        try:
            both = await ask(Task.SCREENING)
        except ReplyError:
            pass
        else:
            return [both, both]
    return await batch.together([partial(ask, task) for task in tasks])

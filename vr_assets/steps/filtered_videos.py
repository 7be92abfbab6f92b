"""filtered_videos: does a video suit the domain, and does it show an anomaly?"""

from collections.abc import Sequence
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import ReplyError
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Evidence, Media, Request
from vr_assets.records.row import Provenance, VideoMedia
from vr_assets.records.video import FilteredVideo, RawVideo, Screening
from vr_assets.settings import Asset, Mode, Settings, Status, Task
from vr_assets.steps.evidence import evidence, whole
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage, blocked, failures, next_row, why

# Headers are often a fraction of a second off.
_SLACK_S = 1.0

_PARSERS = {
    Task.SCREENING: parse_screening,
    Task.SUITABLE: parse_suitable,
    Task.ANOMALY_OR_NORMAL: parse_anomaly_or_normal,
}


async def filter_videos(raw: Sequence[RawVideo], stage: Stage) -> list[FilteredVideo]:
    """Ask the two filter questions: in one call where replies are structured, else in two; none that settings answer."""
    return await stage.each(raw, FilteredVideo, partial(_filter, stage), through=lambda _, row: Seen(filtered=row))


async def _filter(stage: Stage, row: RawVideo) -> FilteredVideo:
    stopped = blocked(FilteredVideo, row, Asset.RAW_VIDEOS)
    if stopped:
        return stopped
    media, facts, subject = await whole(stage.media, row)
    measured = {"media": media, "quality": facts.quality, "media_remarks": facts.remarks}
    too_long = _too_long(row, media, stage.settings)
    if too_long:
        return next_row(FilteredVideo, row, **measured, status=Status.FILTERED_OUT, reason=too_long)
    known = evidence(media, subject, row)
    tasks = [Task.SUITABLE] * stage.settings.filter.enabled + [Task.ANOMALY_OR_NORMAL] * (not row.labelled)
    answers = await _ask(stage, tasks, subject, known)
    outcomes = [answer if isinstance(answer, Failed) else answer[0] for answer in answers]
    failed = failures(tasks, outcomes)
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
        failures=failed,
        provenance=tuple(provenance.values()),
        is_valid=suited.is_valid,
        validity_words=suited.validity_words,
        mode_words=labelled.mode_words,
    )


def _too_long(row: RawVideo, media: VideoMedia, settings: Settings) -> str:
    """Why a video is not asked about although its header passed; empty when it is not too long."""
    limit_s = settings.videos.max_video_length_sec
    if row.media is None or media.part_start_s is not None or media.duration_s <= limit_s + _SLACK_S:
        return ""
    return (
        f"{media.duration_s:.1f} s decode, over videos.max_video_length_sec = {limit_s:g}, although its header says "
        f"{row.media.duration_s:.1f} s; raise it, or copy the file to mend its header and ingest it again"
    )


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

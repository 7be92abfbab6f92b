"""captions: the whole video told twice, as one narrative and as timed events.

A long video's events are asked of frames, or (`long_video.long_video_input`) of windows: one call each, so a window that fails
loses itself only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import ReplyError
from vr_assets.media.spans import plan_windows
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.records.call import Media, MediaForm, Request
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import Failure, VideoMedia
from vr_assets.records.video import CaptionedVideo, DenseCaption, FilteredVideo, RawVideo
from vr_assets.settings import Asset, LongVideoInput, Status, Task
from vr_assets.steps.evidence import clock, evidence, length, prompt_mode, whole
from vr_assets.steps.given import given
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage, blocked, failures, next_row, why


async def caption_videos(raw: Sequence[RawVideo], filtered: Sequence[FilteredVideo] | None, stage: Stage) -> list[CaptionedVideo]:
    """Caption every video that the filter let through; without a filter stage every readable one."""
    upstream = Asset.RAW_VIDEOS if filtered is None else Asset.FILTERED_VIDEOS
    rows: Sequence[RawVideo | FilteredVideo] = raw if filtered is None else filtered
    return await stage.each(
        rows, CaptionedVideo, lambda row: caption_video(stage, row, upstream), through=lambda _, row: Seen(captions=row)
    )


async def caption_video(stage: Stage, row: RawVideo | FilteredVideo, upstream: Asset = Asset.FILTERED_VIDEOS) -> CaptionedVideo:
    stopped = blocked(CaptionedVideo, row, upstream)
    if stopped:
        return stopped
    media, facts, subject = await whole(stage.media, row)
    imported = stage.imported(CaptionedVideo, row, media=media)
    if imported:
        return imported
    known = evidence(media, subject, row)

    told_before = given(row, media, stage.prompts)

    def request(task: Task, name: str, shown: Media) -> Request:
        values = {"duration": length(shown.span), "timeline": told_before.timeline_text(shown.span), **told_before.label_values()}
        prompt = stage.prompts.render(Asset.CAPTIONS, f"{name}.{prompt_mode(row.mode)}", values)
        return Request(task, prompt, replace(known, span=shown.span), subject, media=(shown,), reply_schema=reply_schema(task))

    # The narrative tells no times and must hold together: it is asked of the whole, however that is shown.
    asked_global = request(Task.GLOBAL_CAPTION, "global", subject)
    asked_dense = [request(Task.DENSE_CAPTION, "dense", shown) for shown in _windows(stage, media, facts, subject)]
    told, timed = await batch.both(
        partial(stage.vlm.ask, asked_global, parse_global_caption), partial(_timeline, stage, asked_dense)
    )
    failed = failures([Task.GLOBAL_CAPTION, Task.DENSE_CAPTION], [told, timed])
    if isinstance(told, Failed) or isinstance(timed, Failed):
        return next_row(CaptionedVideo, row, media=media, status=Status.FAILED, reason=why(failed), failures=failed)
    return next_row(
        CaptionedVideo,
        row,
        media=media,
        status=Status.OK,
        failures=timed.failures,
        provenance=(stage.vlm.provenance(asked_global), stage.vlm.provenance(asked_dense[0], *timed.keys)),
        global_caption=told.value,
        dense_caption=timed.caption.text,
        events=timed.caption.events,
    )


def _windows(stage: Stage, media: VideoMedia, facts: VideoFacts, subject: Media) -> Sequence[Media]:
    """What the timed events are asked of: the whole, or clips that a long video is cut into, each on a clock of its own."""
    settings = stage.settings.long_video
    if subject.form is MediaForm.VIDEO or settings.long_video_input is LongVideoInput.FRAMES:
        return [subject]
    spans = plan_windows(facts, settings.long_video_threshold_sec)
    return [stage.media.watch(media, facts, span, own_clock=True) for span in spans]


@dataclass(frozen=True)
class _Timeline:
    """Timed events on the video's clock, the windows without any, and the journal keys of the others."""

    caption: DenseCaption
    failures: tuple[Failure, ...]
    keys: tuple[str, ...]


async def _timeline(stage: Stage, asked: Sequence[Request]) -> _Timeline:
    """The events of all windows. Raises ReplyError: none could be had."""
    spans = [request.evidence.span for request in asked]

    def read(span: Span) -> Callable[[str], DenseCaption]:
        return partial(parse_dense_caption, within=span, zero_s=span.start_s)

    outcomes = await batch.together([partial(stage.vlm.ask, one, read(span)) for one, span in zip(asked, spans, strict=True)])
    windows = [f"{clock(span.start_s)} - {clock(span.end_s)}" for span in spans]
    failed = failures([f"{Task.DENSE_CAPTION} {window}" for window in windows], outcomes)
    told = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
    if not told:
        raise ReplyError(failed[0].reason if len(failed) == 1 else why(failed))
    texts = [
        # Else those who read only the text would take it that nothing happens there.
        f"[{window}] What happens here is not known." if isinstance(outcome, Failed) else outcome.value.text
        for window, outcome in zip(windows, outcomes, strict=True)
    ]
    events = tuple(event for outcome in told for event in outcome.value.events)
    return _Timeline(DenseCaption(text="\n".join(texts), events=events), failed, tuple(outcome.answer.key for outcome in told))

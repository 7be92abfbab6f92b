"""captions: the whole video told twice, as one narrative and as timed events."""

from collections.abc import Sequence
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Request
from vr_assets.records.video import CaptionedVideo, FilteredVideo, RawVideo
from vr_assets.settings import Asset, Status, Task
from vr_assets.steps.evidence import evidence, length, prompt_mode, whole
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
    media, _, subject = await whole(stage.media, row)
    known = evidence(media, subject, row)

    def request(task: Task, name: str) -> Request:
        prompt = stage.prompts.render(Asset.CAPTIONS, f"{name}.{prompt_mode(row.mode)}", {"duration": length(media)})
        return Request(task, prompt, known, subject, media=(subject,), reply_schema=reply_schema(task))

    asked_global, asked_dense = request(Task.GLOBAL_CAPTION, "global"), request(Task.DENSE_CAPTION, "dense")
    told, timed = await batch.both(
        partial(stage.vlm.ask, asked_global, parse_global_caption),
        partial(stage.vlm.ask, asked_dense, partial(parse_dense_caption, within=subject.span)),
    )
    failed = failures([Task.GLOBAL_CAPTION, Task.DENSE_CAPTION], [told, timed])
    if isinstance(told, Failed) or isinstance(timed, Failed):
        return next_row(CaptionedVideo, row, media=media, status=Status.FAILED, reason=why(failed), failures=failed)
    return next_row(
        CaptionedVideo,
        row,
        media=media,
        status=Status.OK,
        provenance=(stage.vlm.provenance(asked_global), stage.vlm.provenance(asked_dense)),
        global_caption=told.value,
        dense_caption=timed.value.text,
        events=timed.value.events,
    )

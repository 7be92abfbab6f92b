"""chunk_captions: each stretch of a video told by itself."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.media.spans import plan_chunks
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.records.call import Request
from vr_assets.records.video import CaptionedVideo, ChunkCaption, ChunkCaptionedVideo
from vr_assets.settings import Asset, Status, Task
from vr_assets.steps.evidence import clock, evidence, prompt_mode, whole
from vr_assets.steps.given import given
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage, blocked, failures, next_row, why


async def caption_chunks(captions: Sequence[CaptionedVideo], stage: Stage) -> list[ChunkCaptionedVideo]:
    """One call a chunk. A chunk that fails loses itself only."""
    return await stage.each(
        captions,
        ChunkCaptionedVideo,
        partial(caption_chunks_of, stage),
        through=lambda row, chunked: Seen(captions=row, chunks=chunked),
    )


async def caption_chunks_of(stage: Stage, row: CaptionedVideo) -> ChunkCaptionedVideo:
    stopped = blocked(ChunkCaptionedVideo, row, Asset.CAPTIONS) or stage.imported(ChunkCaptionedVideo, row)
    if stopped:
        return stopped
    media, facts, subject = await whole(stage.media, row)
    known = evidence(media, subject, row)
    settings = stage.settings.chunks
    label = given(row, media, stage.prompts).label_values()

    def request(span: Span) -> Request:
        shown = stage.media.watch(media, facts, span)
        values = {"start": clock(shown.span.start_s), "end": clock(shown.span.end_s), "duration": clock(shown.span.duration_s)}
        prompt = stage.prompts.render(Asset.CHUNK_CAPTIONS, f"chunk.{prompt_mode(row.mode)}", {**values, **label})
        seen = replace(known, span=shown.span)
        return Request(Task.CHUNK_CAPTION, prompt, seen, subject, media=(shown,), reply_schema=reply_schema(Task.CHUNK_CAPTION))

    requests = [request(span) for span in plan_chunks(facts, settings.chunk_duration_options, settings.max_chunks)]
    outcomes = await batch.together([partial(stage.vlm.ask, one, parse_chunk_caption) for one in requests])
    failed = failures([f"chunk {index}" for index in range(len(requests))], outcomes)
    chunks = tuple(
        ChunkCaption(
            chunk_index=index,
            timestamp_start=one.media[0].span.start_s,
            timestamp_end=one.media[0].span.end_s,
            caption=outcome.value,
        )
        for index, (one, outcome) in enumerate(zip(requests, outcomes, strict=True))
        if not isinstance(outcome, Failed)
    )
    if not chunks:
        return next_row(ChunkCaptionedVideo, row, status=Status.FAILED, reason=why(failed), failures=failed)
    keys = [outcome.answer.key for outcome in outcomes if not isinstance(outcome, Failed)]
    return next_row(
        ChunkCaptionedVideo,
        row,
        status=Status.OK,
        failures=failed,
        provenance=(stage.vlm.provenance(requests[0], *keys),),
        chunk_captions=chunks,
    )

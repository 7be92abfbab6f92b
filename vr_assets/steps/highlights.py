"""highlights: the incident itself, found in the text and then looked at closely."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vr_assets.media.spans import highlight_span
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Request
from vr_assets.records.video import CaptionedVideo, ChunkCaptionedVideo, HighlightChunk, HighlightedVideo
from vr_assets.settings import Asset, Mode, Status, Task
from vr_assets.steps.evidence import captions_text, chunks_text, clock, evidence, length, whole
from vr_assets.steps.given import given
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage, blocked, next_row

# The reason of a row that is skipped because there is no incident to look at: it blocks nothing.
NORMAL = "normal"


async def caption_highlights(
    captions: Sequence[CaptionedVideo], chunks: Sequence[ChunkCaptionedVideo], stage: Stage
) -> list[HighlightedVideo]:
    """For each anomaly: which second (text only), then that moment in close detail (from the source)."""
    seen = {id(chunked): Seen(captions=captioned, chunks=chunked) for captioned, chunked in zip(captions, chunks, strict=True)}
    return await stage.each(
        chunks,
        HighlightedVideo,
        lambda row: caption_highlight(stage, seen[id(row)]),
        through=lambda row, highlighted: seen[id(row)].after(highlighted),
    )


async def caption_highlight(stage: Stage, seen: Seen) -> HighlightedVideo:
    captioned, row = seen.captioned, seen.chunked
    stopped = blocked(HighlightedVideo, row, Asset.CHUNK_CAPTIONS)
    if stopped:
        return stopped
    if row.mode is not Mode.ANOMALY:
        return next_row(HighlightedVideo, row, status=Status.SKIPPED, reason=NORMAL)
    imported = stage.imported(HighlightedVideo, row)
    if imported:
        return imported
    media, facts, subject = await whole(stage.media, row)
    known = replace(evidence(media, subject, row, captioned), chunks=row.chunk_captions)

    told_before = given(row, media, stage.prompts)

    values = {
        "captions": captions_text(captioned),
        "chunks": chunks_text(row.chunk_captions),
        "duration": length(media),
        "timeline": told_before.timeline_text(subject.span),
    }
    prompt = stage.prompts.render(Asset.HIGHLIGHTS, "moment", values)
    when = Request(Task.MOMENT, prompt, known, subject, reply_schema=reply_schema(Task.MOMENT))
    moment_s = (await stage.llm.ask(when, partial(parse_moment, within=subject.span))).value

    settings = stage.settings.highlights
    span = highlight_span(moment_s, facts, settings.highlight_before_sec, settings.highlight_after_sec)
    shown = stage.media.watch(media, facts, span, detail=True)
    values = {
        "moment": clock(moment_s),
        "start": clock(shown.span.start_s),
        "end": clock(shown.span.end_s),
        "duration": clock(shown.span.duration_s),
        **told_before.label_values(),
    }
    prompt = stage.prompts.render(Asset.HIGHLIGHTS, "clip", values)
    close = replace(known, span=shown.span, moment_s=moment_s)
    schema = reply_schema(Task.CLIP_CAPTION)
    look = Request(Task.CLIP_CAPTION, prompt, close, subject, media=(shown,), reply_schema=schema)
    caption = (await stage.vlm.ask(look, parse_clip_caption)).value
    return next_row(
        HighlightedVideo,
        row,
        status=Status.OK,
        provenance=(stage.llm.provenance(when), stage.vlm.provenance(look)),
        highlight_chunk=HighlightChunk(
            anomaly_timestamp_sec=moment_s,
            timestamp_start=shown.span.start_s,
            timestamp_end=shown.span.end_s,
            caption=caption,
        ),
    )

"""descriptions: one structured account of a video, from all that was seen of it."""

from collections.abc import Sequence
from dataclasses import replace

from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Request
from vr_assets.records.video import CaptionedVideo, ChunkCaptionedVideo, DescribedVideo, HighlightedVideo
from vr_assets.settings import Asset, Status, Task
from vr_assets.steps.evidence import chunks_text, evidence, highlight_text, length, prompt_mode, stopped, whole
from vr_assets.steps.given import given
from vr_assets.steps.seen import Seen, gather
from vr_assets.steps.stage import Stage, next_row

# Stands before what was noted of a video, so that whoever reads only the description knows it, whatever the model wrote.
HOLDS = "Noted by people or a tracker; where the times above differ, these hold:"


async def describe_videos(
    captions: Sequence[CaptionedVideo],
    chunks: Sequence[ChunkCaptionedVideo],
    highlights: Sequence[HighlightedVideo] | None,
    stage: Stage,
) -> list[DescribedVideo]:
    """One text-only call a video."""
    seen = gather(captions, chunks, highlights)
    return await stage.each(
        captions,
        DescribedVideo,
        lambda row: describe_video(stage, seen[id(row)]),
        through=lambda row, described: seen[id(row)].after(described),
    )


async def describe_video(stage: Stage, seen: Seen) -> DescribedVideo:
    row = seen.captioned
    blocked = stopped(seen, DescribedVideo) or stage.imported(DescribedVideo, row)
    if blocked:
        return blocked
    media, _, subject = await whole(stage.media, row)
    told_before = given(row, media, stage.prompts)
    timeline = told_before.timeline_text(subject.span)
    values = {
        **told_before.label_values(),
        "timeline": timeline,
        "duration": length(media),
        "global_caption": row.global_caption,
        "dense_caption": row.dense_caption,
        "chunks": chunks_text(seen.chunked.chunk_captions),
        "highlight": highlight_text(seen.highlight),
    }
    name = f"description.{prompt_mode(row.mode)}"
    prompt = stage.prompts.render(Asset.DESCRIPTIONS, name, values)
    known = replace(
        evidence(media, subject, row, row),
        chunks=seen.chunked.chunk_captions,
        highlight=seen.highlight,
        moment_s=seen.highlight.anomaly_timestamp_sec if seen.highlight else None,
    )
    request = Request(Task.DESCRIPTION, prompt, known, subject, reply_schema=reply_schema(Task.DESCRIPTION))
    asked = await stage.llm.ask(request, parse_description)
    return next_row(
        DescribedVideo,
        row,
        status=Status.OK,
        provenance=(stage.llm.provenance(request),),
        detailed_description=f"{asked.value}\n\n{HOLDS}\n{timeline}" if timeline else asked.value,
        prompt_key=f"{prompt_mode(row.mode)}_{Task.DESCRIPTION}",
    )

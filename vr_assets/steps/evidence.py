"""What earlier stages wrote, as a prompt states it and as the offline annotator reads it."""

from collections.abc import Sequence
from typing import TypeVar

from vr_assets.media.library import MediaLibrary
from vr_assets.parsing.clock import format_clock
from vr_assets.records.base import Span
from vr_assets.records.call import Evidence, Media
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import Row, VideoMedia, VideoRow
from vr_assets.records.video import CaptionedVideo, ChunkCaption, HighlightChunk
from vr_assets.settings import Asset, Mode
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import blocked

R = TypeVar("R", bound=Row)


def clock(seconds: float) -> str:
    """A moment as prompts state it, to a tenth of a second."""
    return format_clock(seconds, tenths=True)


# Under this length prompts, answers and task files tell times to a tenth of a second.
_TENTHS_UNDER_S = 10.0


def length(shown: VideoMedia | Span) -> str:
    """How long a video, or a stretch of one, is, as prompts state it. Its form decides the form of all times asked for."""
    return format_clock(shown.duration_s, tenths=shown.duration_s < _TENTHS_UNDER_S)


def chunks_text(chunks: Sequence[ChunkCaption]) -> str:
    """Chunk captions, one paragraph each, headed by their times."""
    return "\n\n".join(f"[{clock(chunk.timestamp_start)} - {clock(chunk.timestamp_end)}] {chunk.caption}" for chunk in chunks)


def captions_text(captioned: CaptionedVideo) -> str:
    return f"{captioned.global_caption}\n\n{captioned.dense_caption}"


def highlight_text(highlight: HighlightChunk | None) -> str:
    if highlight is None:
        return ""
    window = f"{clock(highlight.timestamp_start)} - {clock(highlight.timestamp_end)}"
    return f"[{window}, the incident at {clock(highlight.anomaly_timestamp_sec)}] {highlight.caption}"


def prompt_mode(mode: Mode) -> Mode:
    """The mode whose prompts a video is annotated with: a video that could not be labelled uses the normal ones."""
    return Mode.NORMAL if mode is Mode.UNKNOWN else mode


def media_of(row: VideoRow) -> VideoMedia:
    """The media of a row that nothing blocked."""
    assert row.media is not None, f"{row.video}: an ok row without media"
    return row.media


async def whole(library: MediaLibrary, row: VideoRow) -> tuple[VideoMedia, VideoFacts, Media]:
    """A video as a whole: its media as measured, its facts, and the handle to show it by.

    Raises:
        MediaError: the video cannot be decoded.
    """
    media = media_of(row)
    facts = await library.facts(media)
    measured = media.model_copy(update={"duration_s": facts.duration_s, "fps": facts.fps, "offset_s": facts.offset_s})
    return measured, facts, library.watch(measured, facts)


def evidence(media: VideoMedia, subject: Media, row: VideoRow, captioned: CaptionedVideo | None = None) -> Evidence:
    """Evidence about a whole video; steps add what they have with `dataclasses.replace`."""
    if captioned is None:
        return Evidence(duration_s=media.duration_s, span=subject.span, mode=row.mode)
    return Evidence(
        duration_s=media.duration_s,
        span=subject.span,
        mode=row.mode,
        global_caption=captioned.global_caption,
        dense_caption=captioned.dense_caption,
        events=captioned.events,
    )


def stopped(seen: Seen, kind: type[R]) -> R | None:
    """The next stage's row when an upstream stage stopped this video. A normal video's highlights stop nothing."""
    stages: tuple[tuple[Row | None, Asset], ...] = (
        (seen.captions, Asset.CAPTIONS),
        (seen.chunks, Asset.CHUNK_CAPTIONS),
        (seen.incident, Asset.HIGHLIGHTS),
        (seen.descriptions, Asset.DESCRIPTIONS),
    )
    rows = (blocked(kind, row, asset) for row, asset in stages if row is not None)
    return next((row for row in rows if row is not None), None)

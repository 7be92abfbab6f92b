"""Whether what is told of a video lies inside it, in order, and without holes."""

import re
from collections.abc import Iterator, Sequence

from vr_assets.errors import ReplyError
from vr_assets.parsing.clock import SLACK_S, check_clocks
from vr_assets.records.base import Span
from vr_assets.records.row import VideoRow
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    Event,
    HighlightChunk,
    HighlightedVideo,
    SpanItem,
)
from vr_assets.settings import Asset, Settings
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.items import Asked, items_of
from vr_assets.steps.checks.rule import Look, Tried, judge, mostly
from vr_assets.steps.descriptions import HOLDS

# Cuts start and end at frames, so that what follows one another may be a frame or two apart.
_HOLE_S = 0.5
_PARTS = 3
# A word that tells something; shorter ones are in every text.
_TELLING = re.compile(r"[^\W\d_]{4,}")
_TIME = re.compile(r"\d+(?::\d\d)*(?:\.\d+)?")


def event_times(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the videos have no events, one outside the video, or one out of order."""
    tried = ((row.video_id, _in_order(row.events, _length_s(row))) for row in rows.ok(CaptionedVideo))
    return mostly(tried, "videos", "have no events, or some outside or out of order", settings)


def _in_order(events: Sequence[Event], length_s: float) -> str:
    if not events:
        return "no events"
    before_s = 0.0
    for event in events:
        span = f"the event at {event.start_s:g} - {event.end_s:g} s"
        if fault := _outside(event.start_s, event.end_s, length_s):
            return f"{span} {fault}"
        if event.start_s < before_s:
            return f"{span} comes after one that starts at {before_s:g} s"
        before_s = event.start_s
    return ""


def chunk_coverage(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the videos have a stretch that no chunk tells of, or a chunk outside."""
    tried = ((row.video_id, _coverage(row)) for row in rows.ok(ChunkCaptionedVideo))
    return mostly(tried, "videos", "have a stretch that no chunk tells of", settings)


def _coverage(row: ChunkCaptionedVideo) -> str:
    reached_s, length_s = 0.0, _length_s(row)
    for chunk in sorted(row.chunk_captions, key=lambda chunk: chunk.timestamp_start):
        if fault := _outside(chunk.timestamp_start, chunk.timestamp_end, length_s):
            return f"chunk {chunk.chunk_index} {fault}"
        if chunk.timestamp_start > reached_s + _HOLE_S:
            return _hole(row, reached_s, chunk.timestamp_start)
        reached_s = max(reached_s, chunk.timestamp_end)
    return _hole(row, reached_s, length_s) if length_s > reached_s + _HOLE_S else ""


def _hole(row: ChunkCaptionedVideo, start_s: float, end_s: float) -> str:
    because = f" ({row.failures[0].what}: {row.failures[0].reason})" if row.failures else ""
    return f"nothing is told of {start_s:g} - {end_s:g} s{because}"


def highlight_times(rows: BatchRows, _: Asset, __: Settings) -> Look:
    """Every highlight is a stretch inside its video, and its moment lies in it."""
    tried = (
        (row.video_id, _moment(row.highlight_chunk, _length_s(row)) if row.highlight_chunk else "no highlight")
        for row in rows.ok(HighlightedVideo)
    )
    return judge(tried, "highlights", "are missing or outside")


def _moment(lit: HighlightChunk, length_s: float) -> str:
    if fault := _outside(lit.timestamp_start, lit.timestamp_end, length_s):
        return f"the highlight at {lit.timestamp_start:g} - {lit.timestamp_end:g} s {fault}"
    if not lit.timestamp_start - SLACK_S <= lit.anomaly_timestamp_sec <= lit.timestamp_end + SLACK_S:
        return f"its moment, {lit.anomaly_timestamp_sec:g} s, is not in {lit.timestamp_start:g} - {lit.timestamp_end:g} s"
    return ""


def highlight_agrees(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the highlights lie where no chunk tells of anything, or share no word with the
    captions of the chunks that they lie in.
    """
    chunked = {row.video_id: row for row in rows.ok(ChunkCaptionedVideo)}
    tried = (
        (row.video_id, _agrees(row.highlight_chunk, chunked[row.video_id]))
        for row in rows.ok(HighlightedVideo)
        if row.highlight_chunk and row.video_id in chunked
    )
    return mostly(tried, "highlights", "do not go with their chunks", settings)


def _agrees(lit: HighlightChunk, row: ChunkCaptionedVideo) -> str:
    around = [
        chunk
        for chunk in row.chunk_captions
        if chunk.timestamp_start < lit.timestamp_end and chunk.timestamp_end > lit.timestamp_start
    ]
    if not any(chunk.timestamp_start <= lit.anomaly_timestamp_sec <= chunk.timestamp_end + SLACK_S for chunk in around):
        return f"no chunk tells of its moment, {lit.anomaly_timestamp_sec:g} s"
    told = {word for chunk in around for word in _telling(chunk.caption)}
    own = _telling(lit.caption)
    if own and told and own.isdisjoint(told):
        return f"none of its words is in the captions of its chunks ({', '.join(str(chunk.chunk_index) for chunk in around)})"
    return ""


def _telling(text: str) -> set[str]:
    return set(_TELLING.findall(text.casefold()))


def description_parts(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the descriptions lack one of their three parts, or times in the events."""
    tried = ((row.video_id, _parts(row.detailed_description)) for row in rows.ok(DescribedVideo))
    return mostly(tried, "descriptions", "lack a part, or times", settings)


def _parts(text: str) -> str:
    parts = [part for part in text.partition(f"\n\n{HOLDS}")[0].split("\n\n") if part.strip()]
    if len(parts) < _PARTS:
        return f"{len(parts)} parts in place of {_PARTS}: scene, events, analysis"
    return "" if re.search(r"\d", " ".join(parts[1:-1])) else "its events have no times"


def times_inside(rows: BatchRows, asset: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the texts name a time outside the video, or a stretch that runs backwards."""
    tried = _described(rows) if asset is Asset.DESCRIPTIONS else _asked(rows)
    return mostly(tried, "texts", "name times outside the video", settings)


def _described(rows: BatchRows) -> Iterator[Tried]:
    return ((row.video_id, _clocks(row.detailed_description, _length_s(row))) for row in rows.ok(DescribedVideo))


def _asked(rows: BatchRows) -> Iterator[Tried]:
    return ((asked.subject, _item_times(asked)) for asked in items_of(rows))


def _item_times(asked: Asked) -> str:
    length_s = _length_s(asked.row)
    if isinstance(asked.item, SpanItem) and (fault := _outside(asked.item.span.start_s, asked.item.span.end_s, length_s)):
        return f"its answer, {asked.item.span.start_s:g} - {asked.item.span.end_s:g} s, {fault}"
    for what, text in asked.texts.items():
        if fault := _clocks(text, length_s):
            return f"{what}: {fault}"
    return ""


def _clocks(text: str, length_s: float) -> str:
    # Reading times properly takes 0.1 ms a text, and nearly all texts name small numbers in order.
    numbers = [_seconds(found) for found in _TIME.findall(text)]
    if numbers == sorted(numbers) and (not numbers or numbers[-1] <= length_s):
        return ""
    try:
        check_clocks(text, within=Span(start_s=0.0, end_s=length_s))
    except ReplyError as error:
        return str(error)
    return ""


def _seconds(clock: str) -> float:
    return sum(float(part) * 60.0**power for power, part in enumerate(reversed(clock.split(":"))))


def _outside(start_s: float, end_s: float, length_s: float) -> str:
    if end_s <= start_s:
        return "ends before it starts"
    return "" if start_s >= 0 and end_s <= length_s + SLACK_S else f"is outside the video, which is {length_s:g} s long"


def _length_s(row: VideoRow) -> float:
    assert row.media is not None, f"{row.video}: an ok row without media"
    return row.media.duration_s

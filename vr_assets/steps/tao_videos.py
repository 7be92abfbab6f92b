"""Lines of TAO's video step files, read as rows of ours by the parsers that read answers."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from pydantic import JsonValue

from vr_assets.errors import ReplyError
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.choices import read_verdict, read_yes_no
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.clock import parse_clock
from vr_assets.parsing.highlights import parse_clip_caption
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.text import clean, snippet
from vr_assets.records.base import Span
from vr_assets.records.row import IMPORTED, Failure, Provenance, VideoRow
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaption,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightChunk,
    HighlightedVideo,
    QaSet,
    QaVideo,
    RawVideo,
)
from vr_assets.settings import Asset, Mode, QaType, Status, Task
from vr_assets.steps.evidence import clock, media_of, prompt_mode
from vr_assets.steps.intake import Problem
from vr_assets.steps.parts import HEADER_SLACK_S
from vr_assets.steps.stage import next_row
from vr_assets.steps.tao_results import Line

# Their runs keep a verdict without its reason.
_WITHOUT_WORDS = "imported, without words"
_GAP_S = 1.0


def imported_from(line: Line, *tasks: str) -> tuple[Provenance, ...]:
    """The provenance of a row that a line was read as."""
    return tuple(
        Provenance(task=task, backend=IMPORTED, model=IMPORTED, domain="", prompt=line.place, prompt_hash="", keys=())
        for task in tasks
    )


def checked(line: Line) -> None:
    """Raises ReplyError: the run noted an error in place of what was asked."""
    if line.fields.get("error"):
        raise ReplyError(f"an error in place of an answer: {snippet(str(line.fields['error']))}")


def text_of(fields: Mapping[str, JsonValue], name: str) -> str:
    """Raises ReplyError: it is no text, or an empty one."""
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ReplyError(f"{name} is no text" if value else f"{name} is missing")
    return value


def read_video_lines(row: RawVideo, lines: Mapping[Asset, Sequence[Line]]) -> tuple[dict[Asset, VideoRow], list[Problem]]:
    """What all lines about one video give: a row for each stage of which one reads, and why others do not.

    Of several lines of a stage the last that reads stands. Without a line of the filter the label is that of any other line.
    """
    rows: dict[Asset, VideoRow] = {}
    problems: list[Problem] = []
    for asset, of_stage in lines.items():
        if asset is Asset.QA:
            made = _qa(row, of_stage, problems)
            rows |= {asset: made} if made else {}
            continue
        for line in reversed(of_stage):
            try:
                _check_length(row, line)
                read = _READERS[asset](row, line)
            except ReplyError as error:
                problems.append(Problem(line.place, f"{error}; {asset} is asked as usual"))
                continue
            rows |= {asset: read} if read else {}
            break
    if not lines.get(Asset.FILTERED_VIDEOS):
        labelled = (_labelled(row, line) for of_stage in lines.values() for line in of_stage)
        found = next((one for one in labelled if one), None)
        rows |= {Asset.FILTERED_VIDEOS: found} if found else {}
    return rows, problems


def _check_length(row: RawVideo, line: Line) -> None:
    checked(line)
    said, is_s = line.fields.get("video_length"), media_of(row).duration_s
    if isinstance(said, int | float) and abs(said - is_s) > HEADER_SLACK_S:
        raise ReplyError(f"about a video of {said:.1f} s, and this one has {is_s:.1f} s: another file of that name")


def _whole(row: RawVideo) -> Span:
    return Span(start_s=0.0, end_s=media_of(row).duration_s)


def _labelled(row: RawVideo, line: Line) -> FilteredVideo | None:
    mode = line.fields.get("mode")
    if mode not in (Mode.ANOMALY, Mode.NORMAL):
        return None
    source = imported_from(line, Task.ANOMALY_OR_NORMAL)
    return next_row(FilteredVideo, row, status=Status.OK, provenance=source, mode=Mode(str(mode)), mode_words=_WITHOUT_WORDS)


def _filtered(row: RawVideo, line: Line) -> FilteredVideo:
    said, mode = line.fields.get("is_valid"), line.fields.get("mode")
    is_valid = read_yes_no(said, suitability=True) == "Yes" if isinstance(said, str) else said
    if not isinstance(is_valid, bool):
        raise ReplyError(f"is_valid is {said!r}, neither true nor false")
    labelled = read_verdict(mode) if isinstance(mode, str) and mode not in ("", Mode.UNKNOWN) else Mode.UNKNOWN
    return next_row(
        FilteredVideo,
        row,
        status=Status.OK,
        provenance=imported_from(line, Task.SCREENING),
        mode=labelled,
        is_valid=is_valid,
        validity_words=_WITHOUT_WORDS,
        mode_words="" if labelled is Mode.UNKNOWN else _WITHOUT_WORDS,
    )


def _captions(row: RawVideo, line: Line) -> CaptionedVideo:
    told = parse_global_caption(text_of(line.fields, "global_caption"))
    dense = parse_dense_caption(text_of(line.fields, "dense_caption"), within=_whole(row))
    return next_row(
        CaptionedVideo,
        row,
        status=Status.OK,
        provenance=imported_from(line, Task.GLOBAL_CAPTION, Task.DENSE_CAPTION),
        global_caption=told,
        dense_caption=dense.text,
        events=dense.events,
    )


def _chunks(row: RawVideo, line: Line) -> ChunkCaptionedVideo:
    told = line.fields.get("chunk_captions")
    if not isinstance(told, list) or not told:
        raise ReplyError("chunk_captions is no list of chunks")
    chunks = sorted((_chunk(one, place, _whole(row)) for place, one in enumerate(told)), key=lambda one: one.timestamp_start)
    return next_row(
        ChunkCaptionedVideo,
        row,
        status=Status.OK,
        failures=tuple(_gaps(chunks, _whole(row))),
        provenance=imported_from(line, Task.CHUNK_CAPTION),
        chunk_captions=tuple(chunks),
    )


def _chunk(told: JsonValue, place: int, within: Span) -> ChunkCaption:
    if not isinstance(told, dict):
        raise ReplyError(f"chunk {place} is no object")
    index = told.get("chunk_index", place)
    span = _span(told, within)
    return ChunkCaption(
        chunk_index=index if isinstance(index, int) else place,
        timestamp_start=span.start_s,
        timestamp_end=span.end_s,
        caption=parse_chunk_caption(text_of(told, "caption")),
    )


def _gaps(chunks: Sequence[ChunkCaption], within: Span) -> list[Failure]:
    """What of the video no chunk covers, as a run names chunks that failed."""
    edges = [(0.0, 0.0), *((one.timestamp_start, one.timestamp_end) for one in chunks), (within.end_s, within.end_s)]
    return [
        Failure(what=f"chunk {clock(before[1])} - {clock(after[0])}", reason="not among what was imported")
        for before, after in pairwise(edges)
        if after[0] - before[1] > _GAP_S
    ]


def _highlight(row: RawVideo, line: Line) -> HighlightedVideo | None:
    """None where the run noted that there is none."""
    told, within = line.fields.get("highlight_chunk"), _whole(row)
    if not told:
        return None
    if not isinstance(told, dict):
        raise ReplyError("highlight_chunk is no object")
    span, moment_s = _span(told, within), _moment(told.get("anomaly_timestamp_sec"), within, "anomaly_timestamp_sec")
    if not span.holds(moment_s, slack_s=_GAP_S):
        raise ReplyError(f"the moment, {clock(moment_s)}, is not in its clip, {clock(span.start_s)} - {clock(span.end_s)}")
    chunk = HighlightChunk(
        anomaly_timestamp_sec=moment_s,
        timestamp_start=span.start_s,
        timestamp_end=span.end_s,
        caption=parse_clip_caption(text_of(told, "caption")),
    )
    source = imported_from(line, Task.MOMENT, Task.CLIP_CAPTION)
    return next_row(HighlightedVideo, row, status=Status.OK, provenance=source, highlight_chunk=chunk)


def _description(row: RawVideo, line: Line) -> DescribedVideo:
    text = clean(text_of(line.fields, "detailed_description"))
    check_told(text, "a description")
    key = line.fields.get("prompt_key")
    return next_row(
        DescribedVideo,
        row,
        status=Status.OK,
        provenance=imported_from(line, Task.DESCRIPTION),
        detailed_description=text,
        prompt_key=key if isinstance(key, str) else f"{prompt_mode(row.mode)}_{Task.DESCRIPTION}",
    )


def _qa(row: RawVideo, lines: Sequence[Line], problems: list[Problem]) -> QaVideo | None:
    """The types of which a line reads, each by itself: the others are asked."""
    sets: dict[QaType, tuple[QaSet, Provenance]] = {}
    for line in reversed(lines):
        try:
            _check_length(row, line)
            key = text_of(line.fields, "prompt_key")
            qa_type = _qa_type(key)
            if qa_type not in sets:
                reply = text_of(line.fields, "qa_output")
                items = parse_qa(reply, qa_type=qa_type, within=_whole(row))
                made = QaSet(qa_type=qa_type, prompt_key=key, items=items, raw_reply=reply)
                (source,) = imported_from(line, qa_type)
                sets[qa_type] = made, source
        except ReplyError as error:
            problems.append(Problem(line.place, f"{error}; asked as usual"))
    if not sets:
        return None
    in_order = [sets[qa_type] for qa_type in QaType if qa_type in sets]
    return next_row(
        QaVideo,
        row,
        status=Status.OK,
        provenance=tuple(source for _, source in in_order),
        qa=tuple(made for made, _ in in_order),
    )


def _qa_type(key: str) -> QaType:
    name = key.removeprefix(f"{Mode.ANOMALY}_").removeprefix(f"{Mode.NORMAL}_")
    try:
        return QaType(name)
    except ValueError:
        raise ReplyError(f"prompt_key {key!r} is of no QA type; there are {', '.join(QaType)}") from None


def _span(told: Mapping[str, JsonValue], within: Span) -> Span:
    start_s, end_s = (_moment(told.get(name), within, name) for name in ("timestamp_start", "timestamp_end"))
    if end_s <= start_s:
        raise ReplyError(f"ends at {end_s:g} s, not after its start at {start_s:g} s")
    return Span(start_s=start_s, end_s=end_s)


def _moment(told: JsonValue, within: Span, name: str) -> float:
    """Seconds, or a clock reading. Up to a second beyond the video is the other system's rounding, and read as its end."""
    if isinstance(told, str):
        return parse_clock(told, within=within)
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise ReplyError(f"{name} is no time")
    if not within.holds(told, slack_s=HEADER_SLACK_S):
        raise ReplyError(f"{name} {told:g} s is outside the video, which has {within.end_s:.1f} s")
    return min(max(float(told), 0.0), within.end_s)


_READERS: Mapping[Asset, Callable[[RawVideo, Line], VideoRow | None]] = {
    Asset.FILTERED_VIDEOS: _filtered,
    Asset.CAPTIONS: _captions,
    Asset.CHUNK_CAPTIONS: _chunks,
    Asset.HIGHLIGHTS: _highlight,
    Asset.DESCRIPTIONS: _description,
}

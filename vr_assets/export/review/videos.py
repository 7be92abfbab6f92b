"""The page of a batch of videos."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TypeVar

from vr_assets.export.review.gathering import Opinions, OwnRows, Page, Rows, made_with, page_of, stages_of
from vr_assets.export.review.shown import Details, Moment, Question, Subject
from vr_assets.records.base import format_clock
from vr_assets.records.edits import texts_of
from vr_assets.records.review import Pictures, fingerprint, item_id
from vr_assets.records.row import Row, VideoRow
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightedVideo,
    McqItem,
    QaItem,
    QaVideo,
    SpanItem,
    YesNoItem,
)
from vr_assets.settings import Asset, QaType

R = TypeVar("R", bound=Row)


def video_page(rows: Rows, pictures: Sequence[Pictures], opinions: Opinions) -> Page:
    """The videos of a batch in the manifest's order. `pictures` are in that order too."""

    def names(row: Row) -> tuple[str, str]:
        assert isinstance(row, VideoRow)
        return row.video_id, row.video

    return page_of(rows, pictures, opinions, names=names, details_of=_details)


def _details(key: str, found: OwnRows, pictures: Pictures) -> Details:
    rows = [(asset, row) for asset, row in found if isinstance(row, VideoRow)]
    by_asset = dict(rows)
    last = rows[-1][1]
    captions = _row(by_asset, Asset.CAPTIONS, CaptionedVideo)
    chunks = _row(by_asset, Asset.CHUNK_CAPTIONS, ChunkCaptionedVideo)
    highlights = _row(by_asset, Asset.HIGHLIGHTS, HighlightedVideo)
    descriptions = _row(by_asset, Asset.DESCRIPTIONS, DescribedVideo)
    qa = _row(by_asset, Asset.QA, QaVideo)
    highlight = highlights.highlight_chunk if highlights else None
    told = {"As one story": captions.global_caption, "As events": captions.dense_caption} if captions else {}
    return Details(
        key=key,
        name=PurePath(last.video).name,
        pictures=pictures,
        subject=Subject(id=last.video_id, of=fingerprint(_judged(rows))),
        facts=tuple(_facts(rows)),
        stages=stages_of(rows),
        duration_s=last.media.duration_s if last.media else 0.0,
        captions=tuple((title, text) for title, text in told.items() if text),
        events=tuple(
            Moment(start_s=one.start_s, end_s=one.end_s, text=one.text) for one in (captions.events if captions else ())
        ),
        chunks=tuple(
            Moment(start_s=one.timestamp_start, end_s=one.timestamp_end, text=one.caption)
            for one in (chunks.chunk_captions if chunks else ())
        ),
        highlight=Moment(start_s=highlight.timestamp_start, end_s=highlight.timestamp_end, text=highlight.caption)
        if highlight
        else None,
        highlight_s=highlight.anomaly_timestamp_sec if highlight else None,
        description=descriptions.detailed_description if descriptions else "",
        questions=tuple(_questions(qa)) if qa else (),
    )


def _row(rows: dict[Asset, VideoRow], asset: Asset, kind: type[R]) -> R | None:
    row = rows.get(asset)
    return row if isinstance(row, kind) else None


def _judged(rows: Sequence[tuple[Asset, VideoRow]]) -> VideoRow:
    """The row that stands for the video as a whole: that of its questions, or the last before there are any."""
    return dict(rows).get(Asset.QA, rows[-1][1])


def _questions(row: QaVideo) -> Iterator[Question]:
    for found in row.qa:
        for position, item in enumerate(found.items):
            yield _question(item_id(row.video_id, found.qa_type, position), found.qa_type, item)


def _question(subject: str, qa_type: QaType, item: QaItem) -> Question:
    options = {one.letter: one.text for one in item.options} if isinstance(item, McqItem) else {}
    explained = item.explanation if isinstance(item, McqItem | YesNoItem) else ""
    if isinstance(item, SpanItem):
        answer = f"{format_clock(item.span.start_s, tenths=True)} - {format_clock(item.span.end_s, tenths=True)}"
    else:
        answer = f"{item.answer}) {options.get(item.answer, '')}" if options else item.answer
    return Question(
        subject=Subject(id=subject, of=fingerprint(item), fields=texts_of(item)),
        qa_type=qa_type,
        question=item.question,
        answer=answer,
        options=tuple(options.items()),
        right=item.answer if isinstance(item, McqItem) else "",
        explanation=explained,
        reasoning=item.reasoning,
        span=(item.span.start_s, item.span.end_s) if isinstance(item, SpanItem) else None,
    )


def _facts(rows: Sequence[tuple[Asset, VideoRow]]) -> Iterator[tuple[str, str]]:
    last = rows[-1][1]
    yield "File", last.video
    yield "Id", last.video_id
    yield "Shows", last.mode
    if media := last.media:
        yield "Picture", f"{media.width_px} x {media.height_px}, {media.fps:g} frames a second, {media.codec}"
        yield "Length", f"{media.duration_s:.1f} s"
        if media.part_start_s is not None and media.part_end_s is not None:
            yield "Part", f"{media.part_start_s:g} - {media.part_end_s:g} s of the recording"
    for _, row in rows:
        if isinstance(row, FilteredVideo):
            if row.mode_words:
                yield "Said of its kind", row.mode_words
            if row.validity_words:
                yield "Said of whether it suits", row.validity_words
            if row.near_duplicate_of:
                yield "Nearly the same as", f"{row.near_duplicate_of.video} ({row.near_duplicate_of.batch})"
            for remark in row.media_remarks:
                yield "File remark", remark
    yield from made_with(rows)

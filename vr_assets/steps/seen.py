"""The rows of one video, as far as its stages are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from vr_assets.records.row import Row
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightChunk,
    HighlightedVideo,
)
from vr_assets.settings import Status


@dataclass(frozen=True)
class Seen:
    """What the stages so far wrote about one video. A stage that was left out, or is still to come, is None."""

    filtered: FilteredVideo | None = None
    captions: CaptionedVideo | None = None
    chunks: ChunkCaptionedVideo | None = None
    highlights: HighlightedVideo | None = None
    descriptions: DescribedVideo | None = None

    def after(self, row: Row) -> Self:
        """The same with the row of a further stage."""
        match row:
            case FilteredVideo():
                return replace(self, filtered=row)
            case CaptionedVideo():
                return replace(self, captions=row)
            case ChunkCaptionedVideo():
                return replace(self, chunks=row)
            case HighlightedVideo():
                return replace(self, highlights=row)
            case DescribedVideo():
                return replace(self, descriptions=row)
            case _:
                return self

    @property
    def captioned(self) -> CaptionedVideo:
        """Its captions, where a stage runs that comes after them."""
        assert self.captions is not None
        return self.captions

    @property
    def chunked(self) -> ChunkCaptionedVideo:
        """Its chunk captions, where a stage runs that comes after them."""
        assert self.chunks is not None
        return self.chunks

    @property
    def incident(self) -> HighlightedVideo | None:
        """The highlights row, unless it says that there is no incident to look at."""
        row = self.highlights
        return None if row is None or (row.status is Status.SKIPPED and row.blocked_by is None) else row

    @property
    def highlight(self) -> HighlightChunk | None:
        return self.highlights.highlight_chunk if self.highlights else None

    @property
    def description(self) -> str:
        return self.descriptions.detailed_description if self.descriptions else ""


def gather(
    captions: Sequence[CaptionedVideo],
    chunks: Sequence[ChunkCaptionedVideo],
    highlights: Sequence[HighlightedVideo] | None = None,
    descriptions: Sequence[DescribedVideo] | None = None,
) -> dict[int, Seen]:
    """Each video's rows, by the identity of its captions row: two rows of a batch may share a video id."""
    none: list[None] = [None] * len(captions)
    rows = zip(captions, chunks, highlights or none, descriptions or none, strict=True)
    return {id(row[0]): Seen(None, *row) for row in rows}

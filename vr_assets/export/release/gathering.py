"""What the stages wrote about the batches of a data set, read from the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vr_assets.errors import ReleaseError
from vr_assets.records.batch import Batch
from vr_assets.records.image import GroundedImage
from vr_assets.records.review import Decision, Finding, Mark
from vr_assets.records.row import Provenance, VideoRow
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightedVideo,
    QaVideo,
)
from vr_assets.settings import Asset, Graph, Settings
from vr_assets.storage import Store


@dataclass(frozen=True)
class VideoRows:
    """One video's rows; None for a stage that was left out."""

    qa: QaVideo
    filtered: FilteredVideo | None
    captions: CaptionedVideo | None
    chunks: ChunkCaptionedVideo | None
    highlights: HighlightedVideo | None
    descriptions: DescribedVideo | None

    @property
    def all(self) -> tuple[VideoRow, ...]:
        rows = (self.filtered, self.captions, self.chunks, self.highlights, self.descriptions, self.qa)
        return tuple(row for row in rows if row is not None)

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """Of all its rows, each once."""
        return tuple(dict.fromkeys(source for row in self.all for source in row.provenance))


@dataclass(frozen=True)
class BatchRows:
    """A batch, and what checks and reviewers say of it."""

    batch: Batch
    settings: Settings
    videos: tuple[VideoRows, ...] = ()
    images: tuple[GroundedImage, ...] = ()
    decisions: tuple[Decision, ...] = ()
    marks: tuple[Mark, ...] = ()
    findings: tuple[Finding, ...] = ()


def gather(
    store: Store,
    names: Sequence[str],
    *,
    settings_of: Callable[[Batch], Settings],
    findings_of: Callable[[Batch, Settings], Sequence[Finding]],
) -> list[BatchRows]:
    """The batches, the oldest first whatever the order of their names: what is added later changes nothing of what was there.

    Raises:
        ReleaseError: a batch has nothing that can be released.
        StorageError: there is no such batch, or its rows cannot be read.
    """
    batches = sorted((store.read_batch(name) for name in dict.fromkeys(names)), key=lambda batch: (batch.created, batch.name))
    return [_read(store, batch, settings_of(batch), findings_of) for batch in batches]


def _read(
    store: Store, batch: Batch, settings: Settings, findings_of: Callable[[Batch, Settings], Sequence[Finding]]
) -> BatchRows:
    if batch.graph is Graph.CONVERSATIONS:
        place = store.address(store.batch_folder(batch.name) / "conversations" / "sharegpt.json")
        raise ReleaseError(f"batch {batch.name!r} holds conversations, which are training data as they are: {place}")
    found = BatchRows(
        batch,
        settings,
        decisions=tuple(store.read_decisions(batch.name)),
        marks=tuple(store.read_marks(batch.name)),
        findings=tuple(findings_of(batch, settings)),
    )
    if batch.graph is Graph.IMAGES:
        images = store.read_rows(batch.name, Asset.GROUNDINGS, GroundedImage)
        if images is None:
            raise ReleaseError(_not_made(batch, Asset.GROUNDINGS))
        return replace(found, images=tuple(images))
    return replace(found, videos=tuple(_videos(store, batch)))


def _videos(store: Store, batch: Batch) -> list[VideoRows]:
    name = batch.name
    qa = store.read_rows(name, Asset.QA, QaVideo)
    if qa is None:
        raise ReleaseError(_not_made(batch, Asset.QA))
    none: list[None] = [None] * len(qa)
    stages = (
        qa,
        store.read_rows(name, Asset.FILTERED_VIDEOS, FilteredVideo) or none,
        store.read_rows(name, Asset.CAPTIONS, CaptionedVideo) or none,
        store.read_rows(name, Asset.CHUNK_CAPTIONS, ChunkCaptionedVideo) or none,
        store.read_rows(name, Asset.HIGHLIGHTS, HighlightedVideo) or none,
        store.read_rows(name, Asset.DESCRIPTIONS, DescribedVideo) or none,
    )
    return [VideoRows(*rows) for rows in zip(*stages, strict=True)]


def _not_made(batch: Batch, asset: Asset) -> str:
    return f"{asset} was not made for batch {batch.name!r}; make it first: `vr-assets run --batch {batch.name}`"

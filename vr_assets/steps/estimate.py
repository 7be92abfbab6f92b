"""What a run would ask and cost, before anything is spent: the steps themselves, over the journal and stand-ins."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from vr_assets.backends.prices import Prices
from vr_assets.errors import StorageError
from vr_assets.records.batch import ConversationEntry, ImageEntry
from vr_assets.records.image import ExpressedImage, RawImage
from vr_assets.records.row import Row
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightedVideo,
    QaVideo,
    RawVideo,
)
from vr_assets.settings import Asset, Graph, Settings
from vr_assets.steps.asking import ASKS
from vr_assets.steps.captions import caption_videos
from vr_assets.steps.chunk_captions import caption_chunks
from vr_assets.steps.descriptions import describe_videos
from vr_assets.steps.evidence_checks import check_evidence
from vr_assets.steps.expressions import express_images
from vr_assets.steps.filtered_videos import filter_videos
from vr_assets.steps.foreseeing import Call, Notes, foreseeing
from vr_assets.steps.groundings import ground_images
from vr_assets.steps.highlights import caption_highlights
from vr_assets.steps.qa import ask_questions
from vr_assets.steps.raw_images import read_images
from vr_assets.steps.raw_videos import read_videos
from vr_assets.steps.stage import Stage
from vr_assets.steps.video_captions import caption_conversations
from vr_assets.storage import Store

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class StageEstimate:
    """What one stage would ask. A sum is None where one of its parts is not known.

    `at_once` calls are in flight at a time.
    """

    asset: Asset
    answered: int
    calls: tuple[Call, ...]
    at_once: int

    @property
    def certain(self) -> int:
        """Calls that are made whatever the answers before them say."""
        return sum(call.is_certain for call in self.calls)

    @property
    def input_tokens(self) -> float | None:
        return _sum(call.input_tokens for call in self.calls)

    @property
    def output_tokens(self) -> float:
        return sum(call.output_tokens for call in self.calls)

    @property
    def usd(self) -> float | None:
        return _sum(call.usd for call in self.calls)

    @property
    def most_usd(self) -> float | None:
        """With every answer at its output limit, and one attempt a call."""
        return _sum(call.most_usd for call in self.calls)

    @property
    def seconds(self) -> float:
        """Of calls alone; media are made beside them."""
        seconds = [call.seconds for call in self.calls]
        return max(sum(seconds) / self.at_once, *seconds, sum(call.pause_s for call in self.calls)) if seconds else 0.0


@dataclass(frozen=True)
class Estimate:
    """What a run of one batch would ask. `items` says how many it has, `unmeasured` how many of them are counted by what their
    headers say.
    """

    batch: str
    graph: Graph
    items: int
    unmeasured: int
    stages: tuple[StageEstimate, ...]

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(call for stage in self.stages for call in stage.calls)

    @property
    def usd(self) -> float | None:
        return _sum(stage.usd for stage in self.stages)

    @property
    def most_usd(self) -> float | None:
        return _sum(stage.most_usd for stage in self.stages)


async def estimate(
    batch: str, assets: Sequence[Asset], settings: Settings, store: Store, *, environ: Mapping[str, str], prices: Prices
) -> Estimate:
    """Go through stages of a batch as a run would, asking nobody.

    Rows of stages that are not among `assets` are taken as they were published, as a run takes them.

    Raises:
        StorageError: there is no such batch, or a stage that is not among `assets` and is needed was never made.
        PromptError: the prompt domain cannot be used.
        StageError: no request of a stage could succeed.
    """
    return await _Outlook(batch, tuple(assets), settings, store, environ, prices).made()


class _Outlook:
    def __init__(
        self,
        batch: str,
        assets: tuple[Asset, ...],
        settings: Settings,
        store: Store,
        environ: Mapping[str, str],
        prices: Prices,
    ) -> None:
        self._batch = batch
        self._assets = assets
        self._settings = settings
        self._store = store
        self._environ = environ
        self._prices = prices
        self._labels: set[str] = set()
        self._unmeasured: set[str] = set()
        self._stages: list[StageEstimate] = []
        self._ways = {
            Graph.VIDEOS: self._go_through,
            Graph.IMAGES: self._go_through_images,
            Graph.CONVERSATIONS: self._go_through_conversations,
        }

    async def made(self) -> Estimate:
        graph = self._store.read_batch(self._batch).graph
        asked = [asset for asset in self._assets if ASKS[asset] and asset in graph.every_asset]
        if asked:
            await self._ways[graph](asked[-1])
        count = self._store.count_entries(self._batch)
        return Estimate(self._batch, graph, count, len(self._unmeasured), tuple(self._stages))

    async def _go_through_conversations(self, last: Asset) -> None:
        entries = self._store.read_entries(self._batch, ConversationEntry)
        await self._made(last, lambda stage: caption_conversations(entries, stage))

    async def _go_through_images(self, last: Asset) -> None:
        entries = self._store.read_entries(self._batch, ImageEntry)
        raw = await self._rows(Asset.RAW_IMAGES, RawImage, lambda stage: read_images(entries, stage))
        expressed = await self._rows(
            Asset.EXPRESSIONS, ExpressedImage, lambda stage: express_images(self._needed(raw, Asset.RAW_IMAGES), stage)
        )
        if last is Asset.GROUNDINGS:
            told = self._needed(expressed, Asset.EXPRESSIONS)
            await self._made(Asset.GROUNDINGS, lambda stage: ground_images(told, stage))

    async def _go_through(self, last: Asset) -> None:
        manifest = self._store.read_manifest(self._batch)
        raw = await self._rows(Asset.RAW_VIDEOS, RawVideo, lambda stage: read_videos(manifest, stage))
        filtered = await self._rows(
            Asset.FILTERED_VIDEOS, FilteredVideo, lambda stage: filter_videos(self._needed(raw, Asset.RAW_VIDEOS), stage)
        )
        captions = await self._rows(
            Asset.CAPTIONS, CaptionedVideo, lambda stage: caption_videos(self._needed(raw, Asset.RAW_VIDEOS), filtered, stage)
        )
        if last in (Asset.FILTERED_VIDEOS, Asset.CAPTIONS):
            return
        told = self._needed(captions, Asset.CAPTIONS)
        chunks = self._needed(
            await self._rows(Asset.CHUNK_CAPTIONS, ChunkCaptionedVideo, lambda stage: caption_chunks(told, stage)),
            Asset.CHUNK_CAPTIONS,
        )
        highlights = await self._rows(Asset.HIGHLIGHTS, HighlightedVideo, lambda stage: caption_highlights(told, chunks, stage))
        descriptions = await self._rows(
            Asset.DESCRIPTIONS, DescribedVideo, lambda stage: describe_videos(told, chunks, highlights, stage)
        )
        if last not in (Asset.QA, Asset.EVIDENCE):
            return
        qa = await self._rows(Asset.QA, QaVideo, lambda stage: ask_questions(told, chunks, highlights, descriptions, stage))
        if last is Asset.EVIDENCE:
            items = self._needed(qa, Asset.QA)
            await self._made(Asset.EVIDENCE, lambda stage: check_evidence(told, chunks, highlights, descriptions, items, stage))

    async def _rows(self, asset: Asset, kind: type[R], work: Callable[[Stage], Awaitable[list[R]]]) -> list[R] | None:
        if asset in self._assets:
            return await self._made(asset, work)
        return self._store.read_rows(self._batch, asset, kind)

    async def _made(self, asset: Asset, work: Callable[[Stage], Awaitable[list[R]]]) -> list[R]:
        notes = Notes(
            self._labels,
            self._unmeasured,
            made_up=any(stage.calls for stage in self._stages),
            goes_on=asset is Asset.QA and Asset.EVIDENCE in self._assets,
        )
        opened = foreseeing(
            asset,
            self._settings,
            self._store,
            batch=self._batch,
            environ=self._environ,
            prices=self._prices,
            notes=notes,
        )
        async with opened as stage:
            rows = await work(stage)
        if ASKS[asset]:
            at_once = self._settings.calls.max_workers
            self._stages.append(StageEstimate(asset, notes.answered, tuple(notes.calls), at_once))
        return rows

    def _needed(self, rows: list[R] | None, asset: Asset) -> list[R]:
        if rows is None:
            raise StorageError(
                f"{asset} was not made for batch {self._batch!r} and is not among the stages to estimate; "
                f"select it too: --select '+{self._assets[0]}'"
            )
        return rows


def _sum(values: Iterable[float | None]) -> float | None:
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total

"""Working ahead: later stages' questions about videos that are through, asked while slower videos hold a stage up.

A stage ends with its slowest video, and until then most of an endpoint's places would be empty. What is asked ahead is journaled
like anything else, so the stage whose turn it is then finds its answers there; nothing is published ahead of its turn.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from anyio.abc import TaskGroup

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import StageError
from vr_assets.records.row import Row
from vr_assets.records.video import CaptionedVideo
from vr_assets.settings import Asset, Graph, Status
from vr_assets.steps.captions import caption_video
from vr_assets.steps.chunk_captions import caption_chunks_of
from vr_assets.steps.descriptions import describe_video
from vr_assets.steps.highlights import caption_highlight
from vr_assets.steps.qa import ask_about
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage, goes_on, next_row

logger = logging.getLogger(__name__)


async def _caption(stage: Stage, seen: Seen) -> Row:
    assert seen.filtered is not None
    return await caption_video(stage, seen.filtered)


async def _chunks(stage: Stage, seen: Seen) -> Row:
    return await caption_chunks_of(stage, seen.captioned)


_WORK: Mapping[Asset, Callable[[Stage, Seen], Awaitable[Row]]] = {
    Asset.CAPTIONS: _caption,
    Asset.CHUNK_CAPTIONS: _chunks,
    Asset.HIGHLIGHTS: caption_highlight,
    Asset.DESCRIPTIONS: describe_video,
    Asset.QA: ask_about,
}


class Ahead:
    """Starts later stages on the videos of a run.

    Args:
        assets: what the run materializes. Only stages that follow one another without a gap are worked ahead: behind a gap a
            stage reads rows that this run does not make.
        stage: the stage of an asset, if it is worth working ahead.
        group: where the work runs.
    """

    def __init__(self, assets: Sequence[Asset], stage: Callable[[Asset], Stage | None], group: TaskGroup) -> None:
        self._assets = frozenset(assets)
        self._stage = stage
        self._group = group
        self._stopped = False

    def through(self, asset: Asset, seen: Seen) -> None:
        """A video is through a stage: go on with it."""
        if not self._stopped and self._following(asset):
            self._group.start_soon(self._go_on, asset, seen)
            if asset is Asset.FILTERED_VIDEOS and self._following(Asset.CAPTIONS):
                self._group.start_soon(self._ask_about_chunks, seen)

    async def _ask_about_chunks(self, seen: Seen) -> None:
        """What is asked about chunks does not depend on what the captions say, so nobody has to wait for them."""
        assert seen.filtered is not None
        stage = self._stage(Asset.CHUNK_CAPTIONS)
        if stage is not None:
            to_be_captioned = next_row(CaptionedVideo, seen.filtered, status=Status.OK)
            await self._row(_WORK[Asset.CHUNK_CAPTIONS], stage, seen.after(to_be_captioned))

    async def _go_on(self, asset: Asset, seen: Seen) -> None:
        while (following := self._following(asset)) and not self._stopped:
            stage = self._stage(following)
            if stage is None:
                return
            row = await self._row(_WORK[following], stage, seen)
            if row is None or not goes_on(row):
                return
            asset, seen = following, seen.after(row)

    async def _row(self, work: Callable[[Stage, Seen], Awaitable[Row]], stage: Stage, seen: Seen) -> Row | None:
        try:
            row = await batch.attempt(lambda: work(stage, seen))
        except StageError as error:
            # It is said when the stage's turn comes; until then the present stage goes on.
            logger.debug("%s: not worked ahead (%s)", stage.asset, error)
            self._stopped = True
            return None
        return None if isinstance(row, Failed) else row

    def _following(self, asset: Asset) -> Asset | None:
        order = Graph.of(asset).assets
        following = order[order.index(asset) + 1]
        return following if following in _WORK and following in self._assets else None

"""Which videos of a batch show nearly the same as an earlier one, there or in the batches before."""

from collections.abc import Sequence

import anyio.to_thread

from vr_assets import batch
from vr_assets.media.near_duplicates import Signed
from vr_assets.records.media import VideoFacts
from vr_assets.records.video import NearDuplicate, RawVideo
from vr_assets.settings import Status
from vr_assets.steps.evidence import media_of
from vr_assets.steps.measured import left_out
from vr_assets.steps.stage import Stage


async def measure_all(raw: Sequence[RawVideo], stage: Stage) -> None:
    """Measures every readable video. One that cannot be measured says so when its own turn comes."""

    async def measure(row: RawVideo) -> VideoFacts:
        return await stage.media.facts(media_of(row))

    readable = [row for row in raw if row.status is Status.OK]
    await batch.run(readable, measure, at_once=stage.settings.calls.videos_at_once)


async def near_duplicates(raw: Sequence[RawVideo], stage: Stage) -> dict[int, NearDuplicate]:
    """The first of its group for each video that is not the first itself, by the identity of its row.

    Takes part what was measured and is not left out for it: a copy of a video that is left out stands for the group.

    Raises:
        StorageError: the index of signatures cannot be used.
    """
    signed = await anyio.to_thread.run_sync(lambda: [_signed(row, stage) for row in raw])
    firsts = await stage.media.near_duplicates(stage.batch, signed)
    return {id(row): first for row, first in zip(raw, firsts, strict=True) if first}


def _signed(row: RawVideo, stage: Stage) -> Signed:
    facts = stage.media.known_facts(media_of(row)) if row.status is Status.OK else None
    if facts is None or facts.quality is None or left_out(facts.quality, stage.settings.filter):
        return Signed(video_id=row.video_id, video=row.video, picture_hash="", signature="")
    return Signed(video_id=row.video_id, video=row.video, picture_hash=facts.quality.picture_hash, signature=facts.signature)

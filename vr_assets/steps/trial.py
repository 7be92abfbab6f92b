"""One video through to a stage, outside any batch: what a run would send, or a run of it.

Answers come from the same journal and go there, so that a batch never pays for them again.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError

from vr_assets.backends.leases import shared_book
from vr_assets.backends.prices import Prices
from vr_assets.prompts import Prompts
from vr_assets.records.batch import ManifestRow
from vr_assets.records.row import VideoRow
from vr_assets.records.trial import Exchange, Trial
from vr_assets.settings import Asset, FilterSettings, Graph, NearDuplicates, Settings
from vr_assets.steps.asking import ASKS
from vr_assets.steps.captions import caption_videos
from vr_assets.steps.chunk_captions import caption_chunks
from vr_assets.steps.descriptions import describe_videos
from vr_assets.steps.filtered_videos import filter_videos
from vr_assets.steps.foreseeing import Notes, foreseeing
from vr_assets.steps.highlights import caption_highlights
from vr_assets.steps.qa import ask_questions
from vr_assets.steps.raw_videos import read_videos
from vr_assets.steps.recording import recording
from vr_assets.steps.session import Run, Session
from vr_assets.steps.stage import Stage, check_backends
from vr_assets.storage import Store, write_atomically

R = TypeVar("R", bound=VideoRow)

TRIED = tuple(asset for asset in Graph.VIDEOS.assets if ASKS[asset])
"""The stages a video can be taken through to."""

# What a trial costs is booked here. No batch can have this name.
_BOOKED_AS = "(try)"
_KEPT = 20


class _Carry(Protocol):
    async def __call__(self, asset: Asset, work: Callable[[Stage], Awaitable[list[R]]]) -> list[R]: ...


async def try_out(
    entry: ManifestRow,
    last: Asset,
    settings: Settings,
    store: Store,
    *,
    prompts: Prompts,
    shared: Path | None,
    environ: Mapping[str, str],
    now: datetime,
) -> Trial:
    """Take a video through the stages up to `last`, as a run would.

    Args:
        shared: the folder that all runs on this machine share.

    Raises:
        StageError: nothing can succeed.
        PromptError: a prompt cannot be rendered.
    """
    written: list[Exchange] = []
    alone = _alone(settings)
    check_backends(TRIED[: TRIED.index(last) + 1], alone, store, environ=environ)
    run = Run(
        id=f"try-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}",
        batch=_BOOKED_AS,
        shared=shared,
        leases=shared and shared_book(shared, environ),
    )
    async with Session(alone, store, run, environ=environ) as session:

        async def carry(asset: Asset, work: Callable[[Stage], Awaitable[list[R]]]) -> list[R]:
            result = await session.carry_out(asset, lambda stage: work(recording(stage, written, prompts)))
            return list(result.rows)

        row = await _go_through(entry, last, carry)
    return Trial(
        video_id=row.video_id,
        video=row.video,
        domain=prompts.domain,
        asset=last,
        outcome=f"{row.status}: {row.reason}" if row.reason else str(row.status),
        at=now.isoformat(),
        exchanges=_in_order(written),
    )


async def foresee(
    entry: ManifestRow, last: Asset, settings: Settings, store: Store, *, prompts: Prompts, environ: Mapping[str, str]
) -> tuple[Exchange, ...]:
    """What a run would send about a video up to `last`, asking nobody.

    Where an earlier stage was not run yet, what it would have written is made up. An exchange without a reply was never asked.
    """
    written: list[Exchange] = []
    alone, prices = _alone(settings), Prices.load(settings.budget.prices_file)
    labels, unmeasured = set[str](), set[str]()

    async def carry(asset: Asset, work: Callable[[Stage], Awaitable[list[R]]]) -> list[R]:
        notes = Notes(labels, unmeasured)
        opened = foreseeing(asset, alone, store, batch=_BOOKED_AS, environ=environ, prices=prices, notes=notes)
        async with opened as stage:
            return await work(recording(stage, written, prompts))

    await _go_through(entry, last, carry)
    return _in_order(written)


async def _go_through(entry: ManifestRow, last: Asset, carry: _Carry) -> VideoRow:
    raw = await carry(Asset.RAW_VIDEOS, lambda stage: read_videos([entry], stage))
    filtered = await carry(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))
    if last is Asset.FILTERED_VIDEOS:
        return filtered[0]
    captions = await carry(Asset.CAPTIONS, lambda stage: caption_videos(raw, filtered, stage))
    if last is Asset.CAPTIONS:
        return captions[0]
    chunks = await carry(Asset.CHUNK_CAPTIONS, lambda stage: caption_chunks(captions, stage))
    if last is Asset.CHUNK_CAPTIONS:
        return chunks[0]
    highlights = await carry(Asset.HIGHLIGHTS, lambda stage: caption_highlights(captions, chunks, stage))
    if last is Asset.HIGHLIGHTS:
        return highlights[0]
    descriptions = await carry(Asset.DESCRIPTIONS, lambda stage: describe_videos(captions, chunks, highlights, stage))
    if last is Asset.DESCRIPTIONS:
        return descriptions[0]
    return (await carry(Asset.QA, lambda stage: ask_questions(captions, chunks, highlights, descriptions, stage)))[0]


def _alone(settings: Settings) -> Settings:
    """Settings under which a video is not compared with those of batches, nor remembered among them."""
    kept: FilterSettings = settings.filter.model_copy(update={"near_duplicates": NearDuplicates.KEEP})
    return settings.model_copy(update={"filter": kept})


def _in_order(written: list[Exchange]) -> tuple[Exchange, ...]:
    order = list(Asset)
    return tuple(sorted(written, key=lambda one: (order.index(one.asset), one.span.start_s, one.task)))


class Trials:
    """Former trials, newest last, one file for a video and stage."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / "tries"

    def previous(self, trial: Trial) -> Trial | None:
        """The last one kept of the same video and stage; None where there is none, or another version wrote it."""
        kept = self._lines(trial.video_id, trial.asset)
        try:
            return Trial.model_validate_json(kept[-1]) if kept else None
        except ValidationError:
            return None

    def keep(self, trial: Trial) -> None:
        """Raises StorageError: the disk is full."""
        kept = [*self._lines(trial.video_id, trial.asset), trial.to_line()][-_KEPT:]
        write_atomically(self._path(trial.video_id, trial.asset), "".join(f"{line}\n" for line in kept).encode())

    def _lines(self, video_id: str, asset: Asset) -> list[str]:
        path = self._path(video_id, asset)
        return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []

    def _path(self, video_id: str, asset: Asset) -> Path:
        return self._folder / f"{video_id}.{asset}.jsonl"

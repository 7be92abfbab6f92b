"""What a step works with: settings, prompts, media, the two models, and the loop that keeps a row for every video."""

import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from vr_assets import batch
from vr_assets.backends.journaled import Asker, Counts
from vr_assets.backends.limits import Limiter
from vr_assets.backends.make import make_backend
from vr_assets.backends.retrying import Retrying
from vr_assets.batch import Failed
from vr_assets.journal import Epochs, Journal
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.prompts import Prompts
from vr_assets.records.row import Failure, Row
from vr_assets.settings import Asset, ModelSettings, Settings, Status
from vr_assets.storage import Store

R = TypeVar("R", bound=Row)
S = TypeVar("S", bound=Row)

# The models that a stage may ask, by setting.
ASKS: Mapping[Asset, tuple[str, ...]] = {
    Asset.RAW_VIDEOS: (),
    Asset.FILTERED_VIDEOS: ("vlm",),
    Asset.CAPTIONS: ("vlm",),
    Asset.CHUNK_CAPTIONS: ("vlm",),
    Asset.HIGHLIGHTS: ("llm", "vlm"),
    Asset.DESCRIPTIONS: ("llm",),
    Asset.QA: ("llm",),
    Asset.TASK_FILES: (),
}


@dataclass(frozen=True)
class Progress:
    """How far a stage is. `done` and `total` count videos, `reused` and `asked` answers."""

    asset: Asset
    done: int
    total: int
    failed: int
    reused: int
    asked: int


@dataclass(frozen=True)
class StageResult(Generic[R]):
    """A finished stage."""

    rows: tuple[R, ...]
    counts: Counts
    seconds: float


@dataclass(frozen=True)
class Stage:
    """One stage of one batch while it runs."""

    asset: Asset
    settings: Settings
    prompts: Prompts
    media: MediaLibrary
    vlm: Asker
    llm: Asker
    counts: Counts
    on_progress: Callable[[Progress], None] = field(default=lambda progress: None)

    async def each(self, rows: Sequence[S], kind: type[R], work: Callable[[S], Awaitable[R]]) -> list[R]:
        """A row of `kind` for every upstream row: its work's, or one that says what failed.

        Raises:
            StageError: nothing in this stage can succeed.
        """
        done = failed = 0

        def count(outcome: R | Failed) -> None:
            nonlocal done, failed
            done += 1
            failed += isinstance(outcome, Failed) or outcome.status is Status.FAILED
            self.report(done, len(rows), failed)

        outcomes = await batch.run(rows, work, at_once=self.settings.calls.videos_at_once, on_done=count)
        return [
            next_row(kind, row, status=Status.FAILED, reason=outcome.reason) if isinstance(outcome, Failed) else outcome
            for row, outcome in zip(rows, outcomes, strict=True)
        ]

    def report(self, done: int, total: int, failed: int) -> None:
        self.on_progress(Progress(self.asset, done, total, failed, self.counts.reused, self.counts.asked))


def next_row(kind: type[R], row: Row, **own: Any) -> R:
    """A row of the next stage for the same video."""
    carried = {"mode": row.mode, "media": row.media, **own}
    return kind(video_id=row.video_id, video=row.video, fields=row.fields, **carried)


def blocked(kind: type[R], row: Row, asset: Asset) -> R | None:
    """The next stage's row for a video that an upstream stage stopped; None when nothing stopped it."""
    if row.status is Status.OK:
        return None
    if row.blocked_by is not None:
        return next_row(kind, row, status=Status.SKIPPED, reason=row.reason, blocked_by=row.blocked_by)
    said = row.status.replace("_", " ")
    return next_row(kind, row, status=Status.SKIPPED, reason=f"{said} at {asset}: {row.reason}", blocked_by=asset)


def failures(names: Sequence[str], outcomes: Sequence[object]) -> tuple[Failure, ...]:
    """The failures among the outcomes of the named parts."""
    pairs = zip(names, outcomes, strict=True)
    return tuple(Failure(what=name, reason=outcome.reason) for name, outcome in pairs if isinstance(outcome, Failed))


def why(failed: Sequence[Failure]) -> str:
    """The reason of a row of which nothing usable is left."""
    return "; ".join(f"{failure.what}: {failure.reason}" for failure in failed)


def load_prompts(settings: Settings) -> Prompts:
    """The domain that the settings name. Raises PromptError."""
    overlay = Path(settings.prompts.prompts_dir) if settings.prompts.prompts_dir else None
    return Prompts.load(settings.prompts.prompts_module, overlay=overlay)


def check_backends(assets: Sequence[Asset], settings: Settings, store: Store, *, environ: Mapping[str, str]) -> None:
    """Stop a run before its first row when a stage of it cannot ask its model and has no answers to read again.

    Raises:
        StageError: says what to set.
    """
    for asset in assets:
        if any(store.journal_folder(asset).glob("*.jsonl")) or not _may_ask(asset, settings):
            continue
        for role in ASKS[asset]:
            make_backend(_model_settings(settings, role), environ=environ, role=role).check_ready()


def _may_ask(asset: Asset, settings: Settings) -> bool:
    if asset is Asset.FILTERED_VIDEOS:
        return settings.filter.enabled or settings.mode == "auto"
    return True


def _model_settings(settings: Settings, role: str) -> ModelSettings:
    return settings.vlm if role == "vlm" else settings.llm


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_stage(
    asset: Asset,
    settings: Settings,
    store: Store,
    *,
    environ: Mapping[str, str],
    epochs: Epochs,
    on_progress: Callable[[Progress], None],
    now: Callable[[], datetime] = _now,
) -> AsyncIterator[Stage]:
    """Everything a stage needs, let go of at the end, also after an interrupt."""
    counts = Counts()
    part = f"{now():%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"
    journal = Journal(store.journal_folder(asset), part=part, max_answers=settings.calls.max_answers, epochs=epochs)
    workers = Workers(settings.media)
    backends: dict[str, Retrying] = {}
    limiters: dict[str, Limiter] = {}
    try:
        for role in ("vlm", "llm"):
            backend = make_backend(_model_settings(settings, role), environ=environ, role=role)
            limiter = limiters.setdefault(backend.endpoint, Limiter(backend.endpoint, settings.calls.max_workers))
            backends[role] = Retrying(backend, calls=settings.calls, limiter=limiter)
        yield Stage(
            asset=asset,
            settings=settings,
            prompts=load_prompts(settings),
            media=MediaLibrary(store.media_folder, settings.media, settings.long_video, workers),
            vlm=Asker(backends["vlm"], journal, counts=counts, now=now),
            llm=Asker(backends["llm"], journal, counts=counts, now=now),
            counts=counts,
            on_progress=on_progress,
        )
    finally:
        for made in backends.values():
            await made.aclose()
        workers.close()
        journal.close()


def run_stage(
    asset: Asset,
    work: Callable[[Stage], Awaitable[Sequence[R]]],
    settings: Settings,
    store: Store,
    *,
    environ: Mapping[str, str],
    epochs: Epochs | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> StageResult[R]:
    """Run a stage to its end. The loop runs in its own thread; an interrupt of the calling thread cancels it.

    Raises:
        StageError: nothing in this stage can succeed.
        PromptError: the domain's prompts cannot be used.
    """
    started = time.monotonic()

    async def main() -> tuple[tuple[R, ...], Counts]:
        opened = open_stage(asset, settings, store, environ=environ, epochs=epochs or Epochs(), on_progress=on_progress)
        async with opened as stage:
            return tuple(await work(stage)), stage.counts

    rows, counts = batch.drive(main)
    return StageResult(rows, counts, time.monotonic() - started)

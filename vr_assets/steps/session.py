"""What the stages of one run share: endpoints with their pace, budget and uploads, media processes, journals."""

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import anyio

from vr_assets.backends.base import Backend
from vr_assets.backends.budget import Budget
from vr_assets.backends.calling import Caller, UnderWay
from vr_assets.backends.counts import Counts
from vr_assets.backends.journaled import Asker
from vr_assets.backends.known import Known
from vr_assets.backends.lease_books import Where
from vr_assets.backends.limits import Gate, Limiter
from vr_assets.backends.make import make_backend
from vr_assets.backends.preflight import Preflight
from vr_assets.backends.prices import Prices
from vr_assets.backends.purse import Purse
from vr_assets.backends.spending import exchange
from vr_assets.journal import Epochs, Journal
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.row import Row
from vr_assets.settings import Asset, BackendName, ModelSettings, Settings
from vr_assets.steps.ahead import Ahead
from vr_assets.steps.asking import endpoints_of
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Progress, Stage, StageResult, imports_of, load_prompts
from vr_assets.storage import Store

R = TypeVar("R", bound=Row)

# Media that are made and wait, beyond those in flight: the next calls are ready when places come free.
_READY_TO_GO = 8


def _now() -> datetime:
    return datetime.now(UTC)


def _nobody(progress: Progress) -> None:
    """Reports to nobody."""


def _no_epochs(asset: Asset) -> Epochs:
    return Epochs()


@dataclass(frozen=True)
class Run:
    """Which run this is.

    `assets` are those it materializes; `epochs` says from when on answers count, asset by asset; `shared` is the folder that all
    runs on this machine share, None for none; `leases` is where places at endpoints are written down.
    """

    id: str = ""
    batch: str = ""
    assets: Sequence[Asset] = ()
    epochs: Callable[[Asset], Epochs] = _no_epochs
    shared: Path | None = None
    leases: Where = None


class Session:
    """Everything that outlives a stage of a run. An async context manager; used from the event loop in which it is entered.

    Args:
        environ: where keys are read from.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        run: Run,
        *,
        environ: Mapping[str, str],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.settings = settings
        self._store = store
        self._run = run
        self._environ = environ
        self._now = now
        self._part = f"{now():%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"
        self._exit = AsyncExitStack()
        self._under_way = UnderWay()
        self._gate = Gate(2 * settings.calls.max_workers + _READY_TO_GO)
        self._workers = Workers(settings.media)
        self._media = MediaLibrary.of(store, settings, self._workers)
        self._prompts = load_prompts(settings)
        self._stages: dict[Asset, Stage] = {}
        self._journals: list[Journal] = []
        self._uploads = store.uploads()
        self._backends: dict[ModelSettings, Backend] = {}
        self._callers: dict[str, Caller] = {}
        self._limiters: dict[str, Limiter] = {}
        self.abandoned = False
        """Set it before the end to end calls in flight at once, in place of waiting for them and keeping their answers."""

    async def __aenter__(self) -> Self:
        budget, shared, mirror = self.settings.budget, self._run.shared, self._store.mirror
        async with AsyncExitStack() as opening:
            opening.callback(self._workers.close)
            self._known = Known(shared / "known.sqlite" if shared else None)
            opening.callback(self._known.close)
            self._prices = Prices.load(budget.prices_file)
            if mirror:
                await asyncio.to_thread(exchange, self._store.spending_file, mirror, give=False)
            self._budget = Budget(
                self._store.spending_file,
                batch=self._run.batch,
                run=self._run.id,
                run_usd=budget.run_usd,
                batch_usd=budget.batch_usd,
            )
            opening.push_async_callback(self._tell_spending)
            opening.callback(self._budget.close)
            opening.push_async_callback(self._let_go)
            group = await opening.enter_async_context(anyio.create_task_group())
            # Calls in flight are no part of the group: they are seen through when it is cancelled.
            opening.callback(group.cancel_scope.cancel)
            self._ahead = Ahead(self._run.assets, self._worth_working_ahead, group)
            self._exit = opening.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.abandoned = self.abandoned or error is not None
        await self._exit.aclose()

    async def carry_out(
        self, asset: Asset, work: Callable[[Stage], Awaitable[Sequence[R]]], *, on_progress: Callable[[Progress], None] = _nobody
    ) -> StageResult[R]:
        """One stage from its first row to its last.

        Raises:
            StageError: nothing in this stage can succeed.
        """
        started = time.monotonic()
        stage = replace(self.stage(asset), on_progress=on_progress, on_through=self._through)
        rows = tuple(await work(stage))
        return StageResult(rows, stage.counts, time.monotonic() - started)

    @property
    def media(self) -> MediaLibrary:
        """What all stages make of videos and images."""
        return self._media

    def stage(self, asset: Asset) -> Stage:
        """A stage, opened when it is first asked for."""
        if asset not in self._stages:
            calls, counts, batch = self.settings.calls, Counts(), self._run.batch
            epochs = self._run.epochs(asset)
            if epochs.forced:
                self._store.set_imported_aside(batch, asset)
            journal = Journal(
                self._store.journal_folder(asset),
                part=self._part,
                max_answers=calls.max_answers,
                output_cap=calls.max_output_cap,
                epochs=epochs,
                uploads=self._uploads,
            )
            self._journals.append(journal)

            def asker(role: str) -> Asker:
                return Asker(
                    lambda task: self.caller(self.settings.endpoint_for(asset, task, role)),
                    journal,
                    asset=asset,
                    counts=counts,
                    calls=calls,
                    now=self._now,
                    run=self._run.id,
                    batch=batch,
                )

            self._stages[asset] = Stage(
                asset=asset,
                settings=self.settings,
                prompts=self._prompts,
                media=self._media,
                vlm=asker("vlm"),
                llm=asker("llm"),
                counts=counts,
                batch=batch,
                imports=imports_of(batch, asset, self._store),
            )
        return self._stages[asset]

    def caller(self, name: str) -> Caller:
        """The endpoint of that name."""
        if name not in self._callers:
            backend, calls, model = self._backend(name), self.settings.calls, self.settings.model(name)
            section, is_paid = self.settings.section(name), backend.output_limit > 0
            resolution = model.gemini.media_resolution if model.backend is BackendName.GEMINI else None
            preflight = Preflight(
                backend,
                settings=model,
                known=self._known,
                endpoint_name=section,
                now=self._now,
                remade=lambda other: self._made(other, section),
            )
            self._callers[name] = Caller(
                backend,
                calls=calls,
                limiter=self._limiter(backend.endpoint),
                gate=self._gate,
                under_way=self._under_way,
                purse=Purse(self._prices, self._budget, model=backend.model, resolution=resolution) if is_paid else None,
                preflight=preflight if calls.preflight else None,
                settle=self._uploads.settle if self._uploads else None,
            )
        return self._callers[name]

    def _backend(self, name: str) -> Backend:
        """Endpoints that are set alike are one, with one client, one server, one set of uploads."""
        model = self.settings.model(name)
        if model not in self._backends:
            self._backends[model] = self._made(model, self.settings.section(name))
        return self._backends[model]

    def _made(self, model: ModelSettings, section: str) -> Backend:
        return make_backend(model, environ=self._environ, role=section, known=self._known, servers=self._run.shared)

    def _limiter(self, endpoint: str) -> Limiter:
        if endpoint not in self._limiters:
            same = [model for model, backend in self._backends.items() if backend.endpoint == endpoint]
            self._limiters[endpoint] = Limiter(
                endpoint,
                self.settings.calls.max_workers,
                state=self._run.leases,
                run=self._run.id,
                requests_per_minute=_strictest(model.requests_per_minute for model in same),
                tokens_per_minute=_strictest(model.tokens_per_minute for model in same),
            )
        return self._limiters[endpoint]

    def _through(self, asset: Asset, seen: Seen) -> None:
        # A stage that finds all its answers waits for nobody.
        if self.settings.calls.run_ahead and self.stage(asset).counts.asked:
            self._ahead.through(asset, seen)

    def _worth_working_ahead(self, asset: Asset) -> Stage | None:
        """None for a stage of the offline annotator: it has no endpoint to keep busy."""
        offline = any(self._backend(name).output_limit == 0 for name in endpoints_of(asset, self.settings))
        return None if offline else self.stage(asset)

    async def _tell_spending(self) -> None:
        if self._store.mirror:
            await asyncio.to_thread(exchange, self._store.spending_file, self._store.mirror, give=True)

    async def _let_go(self) -> None:
        if self.abandoned:
            await self._under_way.abandon()
        await self._under_way.finish()
        for backend in self._backends.values():
            await backend.aclose()
        for limiter in self._limiters.values():
            limiter.close()
        for journal in self._journals:
            journal.close()
        if self._uploads is not None:
            await asyncio.to_thread(self._uploads.close)


def _strictest(limits: Iterable[float]) -> float:
    """The lowest limit of those that are set; 0 for none."""
    return min((limit for limit in limits if limit), default=0.0)

"""The session of a run: what its stages share, in an event loop of its own, until the run ends."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

import dagster as dg
from anyio.from_thread import start_blocking_portal

from vr_assets import batch
from vr_assets.media.library import MediaLibrary
from vr_assets.records.row import Row
from vr_assets.settings import Asset
from vr_assets.steps.session import Session
from vr_assets.steps.stage import Progress, Stage, StageResult

R = TypeVar("R", bound=Row)
T = TypeVar("T")


class RunSession:
    """A session, entered. The event loop's thread works on between two stages: calls that were sent go on, and so does what is
    worked ahead.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        with ExitStack() as opening:
            self._portal = opening.enter_context(start_blocking_portal())
            opening.enter_context(self._portal.wrap_async_context_manager(session))
            self._exit = opening.pop_all()

    def carry_out(
        self,
        asset: Asset,
        work: Callable[[Stage], Awaitable[Sequence[R]]],
        *,
        on_progress: Callable[[Progress], None],
    ) -> StageResult[R]:
        """Run a stage to its end. An interrupt of the calling thread ends it, and all calls in flight with it.

        Raises:
            StageError: nothing in this stage can succeed.
        """
        try:
            return batch.drive(self._portal, lambda: self._session.carry_out(asset, work, on_progress=on_progress))
        except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
            self._session.abandoned = True
            raise

    def with_media(self, work: Callable[[MediaLibrary], Awaitable[T]]) -> T:
        """Carry out what asks no model. Interrupts as for `carry_out`."""
        try:
            return batch.drive(self._portal, lambda: work(self._session.media))
        except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
            self._session.abandoned = True
            raise

    def close(self) -> None:
        """Let go of everything. Calls in flight are waited for and kept, except after an interrupt."""
        self._exit.close()

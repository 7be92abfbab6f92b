"""How far a stage is, told to whoever started the run in this process, else to the run's log."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from vr_assets.steps.stage import Progress

logger = logging.getLogger(__name__)

Listener = Callable[[Progress], None]

# A line in the run's log each half minute: an event costs about 20 ms.
LOG_INTERVAL_S = 30.0

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have the stages that run inside report here."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def current_listener() -> Listener:
    """The listener of the run that this is called from, or one that logs."""
    return _listener.get() or _Logged()


class _Logged:
    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._last < LOG_INTERVAL_S:
            return
        self._last = time.monotonic()
        logger.info(
            "%s: %d of %d videos, %d failed; %d answers reused, %d asked",
            progress.asset,
            progress.done,
            progress.total,
            progress.failed,
            progress.reused,
            progress.asked,
        )

"""Whose turn it is in the media processes: cuts, which a call waits for now, before whole videos, which calls will be about."""

import asyncio
import heapq
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_WHOLE_VIDEOS: set[object] = set()


def takes_long(fn: Callable[P, T]) -> Callable[P, T]:
    """Marks work on a whole video: in the media processes all other work goes before it."""
    _WHOLE_VIDEOS.add(fn)
    return fn


class Turns:
    """So many places; who waits is served by the kind of work, then in order of asking. For any threads and event loops."""

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._numbers = itertools.count()
        self._waiting: list[tuple[bool, int, Future[None]]] = []

    @asynccontextmanager
    async def turn(self, fn: object) -> AsyncIterator[None]:
        """A place for this work, as long as the block lasts."""
        turn: Future[None] = Future()
        with self._lock:
            heapq.heappush(self._waiting, (fn in _WHOLE_VIDEOS, next(self._numbers), turn))
        self._serve()
        try:
            await asyncio.wrap_future(turn)
            yield
        finally:
            # One that can still be cancelled was never given a place.
            if not turn.cancel():
                with self._lock:
                    self._free += 1
                self._serve()

    def _serve(self) -> None:
        with self._lock:
            while self._free and self._waiting:
                *_, turn = heapq.heappop(self._waiting)
                if turn.set_running_or_notify_cancel():
                    self._free -= 1
                    turn.set_result(None)

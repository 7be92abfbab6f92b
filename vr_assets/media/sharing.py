"""Work that several callers want at the same moment is done once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Shared:
    """Joins calls with equal keys while the first of them runs. Remembers nothing afterwards."""

    def __init__(self) -> None:
        self._running: dict[Hashable, _Run] = {}

    async def once(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, or of the same work under way. The work is cancelled when nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        place = (id(loop), key)
        run = self._running.get(place)
        if run is None:
            run = self._running[place] = _Run(asyncio.ensure_future(_awaited(work)))
            run.task.add_done_callback(lambda task: self._forget(place, task))
        run.waiting += 1
        try:
            result: T = await asyncio.shield(run.task)
            return result
        finally:
            run.waiting -= 1
            if not run.waiting and not run.task.done():
                self._forget(place, run.task)
                run.task.cancel()

    def _forget(self, place: Hashable, task: "asyncio.Task[Any]") -> None:
        if place in self._running and self._running[place].task is task:
            del self._running[place]
        if task.done() and not task.cancelled():
            # Marks the error as seen: when all who waited were cancelled, nobody else looks.
            task.exception()


class _Run:
    def __init__(self, task: "asyncio.Task[Any]") -> None:
        self.task = task
        self.waiting = 0


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()

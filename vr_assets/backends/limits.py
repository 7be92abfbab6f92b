"""stub"""

import heapq
import itertools
from pathlib import Path

import anyio

from vr_assets.errors import Cause


class Place:
    def __init__(self, gate: "Gate") -> None:
        self._gate: Gate | None = gate

    def answered(self, *, tokens: int | None = None, pause_s: float = 0.0) -> None: ...
    def failed(self, cause: Cause, *, retry_after_s: float | None = None) -> None: ...
    def release(self) -> None:
        if self._gate:
            gate, self._gate = self._gate, None
            gate.give()


class Gate:
    def __init__(self, capacity: int) -> None:
        self._free = capacity
        self._capacity = capacity
        self._waiting: list[tuple[int, int, anyio.Event]] = []
        self._order = itertools.count()
        self.highest = 0

    @property
    def in_flight(self) -> int:
        return self._capacity - self._free

    async def acquire(self, *, priority: int = 0, tokens: int = 0) -> Place:
        while not self._free:
            event = anyio.Event()
            heapq.heappush(self._waiting, (priority, next(self._order), event))
            await event.wait()
        self._free -= 1
        self.highest = max(self.highest, self.in_flight)
        return Place(self)

    def give(self) -> None:
        self._free += 1
        if self._waiting:
            heapq.heappop(self._waiting)[2].set()


class Limiter(Gate):
    def __init__(
        self,
        endpoint: str,
        ceiling: int,
        *,
        state: Path | None = None,
        run: str = "",
        requests_per_minute: float = 0.0,
        tokens_per_minute: float = 0.0,
    ) -> None:
        super().__init__(ceiling)

    def close(self) -> None: ...

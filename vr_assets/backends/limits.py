"""How many calls may be in flight to one endpoint, and when the next may start."""

import heapq
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from vr_assets.backends.lease_books import Where
from vr_assets.backends.leases import Leases, Turn, may_take
from vr_assets.backends.pace import Call, Terms
from vr_assets.errors import Cause

# At least so often a waiting run says that it still waits.
SAY_S = 0.5
# A rate's next call is kept so long for the run that was not served for longest.
TURN_S = 0.1


@dataclass(order=True)
class _Ticket:
    """One who waits. Lower priority numbers first, then order of asking."""

    priority: int
    number: int
    tokens: int = field(compare=False)
    woken: anyio.Event = field(compare=False)


class Place:
    """One call's right to be in flight. The first of its methods to be called gives it back; the others then do nothing."""

    def __init__(self, limiter: "Limiter", call: Call) -> None:
        self._limiter = limiter
        self._call = call
        self._open = True

    def answered(self, *, tokens: int | None = None, pause_s: float = 0.0) -> None:
        """`tokens`: what the call cost, where known. `pause_s`: no call may start for so long, the endpoint says."""
        self._finish(
            lambda turn, now, terms: turn.pace.answered(
                self._call, now, terms, in_flight=turn.in_flight, tokens=tokens, pause_s=pause_s
            )
        )

    def failed(self, cause: Cause, *, retry_after_s: float | None = None) -> None:
        """There was no answer. `retry_after_s`: the wait that the endpoint asks for; no call starts before."""
        self._finish(lambda turn, now, terms: turn.pace.failed(self._call, cause, now, terms, retry_after_s=retry_after_s))

    def release(self) -> None:
        """Whatever happened says nothing about the endpoint."""
        self._finish(lambda turn, now, terms: None)

    def _finish(self, tell: Callable[[Turn, float, Terms], None]) -> None:
        if self._open:
            self._open = False
            self._limiter._finish(tell)


class Limiter:
    """Calls to one endpoint: as many at a time, and as often, as it takes; the ceiling is for all runs that share `state`.

    It belongs to the event loop in which it is first used. Several for one endpoint and state share its places.

    Args:
        endpoint: what shares one ceiling.
        ceiling: most calls at a time, at least 1.
        state: the file that runs on this machine share, or the database that machines share; None: this limiter alone.
        run: limiters of one run count as one where runs share places; empty: those of one process do.
        requests_per_minute: most calls that start in any minute; 0: as the endpoint lets.
        tokens_per_minute: most tokens in any minute; 0: as the endpoint lets.
        now: seconds since 1970.
    """

    def __init__(
        self,
        endpoint: str,
        ceiling: int,
        *,
        state: Where = None,
        run: str = "",
        requests_per_minute: float = 0.0,
        tokens_per_minute: float = 0.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._terms = Terms(ceiling, requests_per_minute, tokens_per_minute)
        self._leases = Leases(endpoint, state, run=run)
        self._now = now
        self._numbers = itertools.count()
        self._queue: list[_Ticket] = []
        self._closed = False
        self.in_flight = 0
        self.highest = 0

    @property
    def limit(self) -> int:
        """How many calls may be in flight now, over all runs."""
        with self._leases.turn(self._now(), held=self.in_flight, waiting=len(self._queue)) as turn:
            return turn.pace.places(self._terms)

    async def acquire(self, *, priority: int = 0, tokens: int = 0) -> Place:
        """Wait for a place. Lower priority numbers first, then order of asking; between runs, each its share.

        Args:
            tokens: about how many the call will cost, for `tokens_per_minute`.

        Raises:
            StorageError: what is shared cannot be used.
        """
        await anyio.lowlevel.checkpoint_if_cancelled()
        ticket = _Ticket(priority, next(self._numbers), tokens, anyio.Event())
        heapq.heappush(self._queue, ticket)
        try:
            while True:
                found = self._try(ticket) if self._queue[0] is ticket else math.inf
                if isinstance(found, Place):
                    return found
                with anyio.move_on_after(found):
                    await ticket.woken.wait()
                ticket.woken = anyio.Event()
        finally:
            self._queue.remove(ticket)
            heapq.heapify(self._queue)
            self._wake()

    def close(self) -> None:
        """Give back everything. Places that are still out then count for nothing."""
        if not self._closed:
            self._closed = True
            self._leases.close()

    def _try(self, ticket: _Ticket) -> Place | float:
        """A place, or the seconds after which to look again."""
        with self._leases.turn(self._now(), held=self.in_flight, waiting=len(self._queue)) as turn:
            now = turn.now
            if not may_take(turn.run, turn.others, turn.pace.places(self._terms)):
                # Places that other runs hold come back without a word: they are looked for.
                return self._leases.look_again_s if turn.contended else SAY_S
            due_in_s = turn.pace.due_in_s(now, self._terms) + (TURN_S if turn.waits_longer else 0.0)
            if due_in_s > 0:
                return min(due_in_s, SAY_S)
            call = turn.pace.start(now, self._terms, tokens=ticket.tokens)
            turn.mine.held += 1
            turn.mine.waiting -= 1
            turn.mine.served = now
        self.in_flight += 1
        self.highest = max(self.highest, self.in_flight)
        return Place(self, call)

    def _finish(self, tell: Callable[[Turn, float, Terms], None]) -> None:
        try:
            if not self._closed:
                with self._leases.turn(self._now(), held=self.in_flight, waiting=len(self._queue)) as turn:
                    tell(turn, turn.now, self._terms)
                    turn.mine.held -= 1
        finally:
            self.in_flight -= 1
            self._wake()

    def _wake(self) -> None:
        if self._queue:
            self._queue[0].woken.set()


class Gate:
    """A bound on what is done at a time in one event loop. Lower priority numbers first, then order of asking."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._numbers = itertools.count()
        self._queue: list[_Ticket] = []

    async def acquire(self, priority: int = 0) -> None:
        await anyio.lowlevel.checkpoint_if_cancelled()
        if self._free and not self._queue:
            self._free -= 1
            return
        ticket = _Ticket(priority, next(self._numbers), 0, anyio.Event())
        heapq.heappush(self._queue, ticket)
        got_it = False
        try:
            await ticket.woken.wait()
            got_it = True
        finally:
            if not got_it and ticket.woken.is_set():
                self.release()
            elif not got_it:
                self._queue.remove(ticket)
                heapq.heapify(self._queue)

    def release(self) -> None:
        """Give a place to who waits first, or back."""
        if self._queue:
            heapq.heappop(self._queue).woken.set()
        else:
            self._free += 1

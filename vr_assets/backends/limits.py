"""How many calls may be in flight to one endpoint."""

from types import TracebackType

import anyio


class Limiter:
    """A ceiling on calls in flight, first come, first served. Share one among all backends of an endpoint.

    It belongs to the event loop in which it is first used.

    Args:
        ceiling: most calls at a time, at least 1.
    """

    def __init__(self, ceiling: int) -> None:
        self._tokens = anyio.CapacityLimiter(ceiling)

    @property
    def in_flight(self) -> int:
        return self._tokens.borrowed_tokens

    async def __aenter__(self) -> None:
        await self._tokens.acquire()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._tokens.release()

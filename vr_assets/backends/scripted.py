"""A backend that answers from a script, for tests of everything above backends. It looks at nothing and writes no data."""

import json
from collections.abc import Callable, Iterable

import anyio
import anyio.lowlevel

from vr_assets.errors import StageError, VrAssetsError
from vr_assets.records.call import Finish, Reply, Request

Line = str | Reply | VrAssetsError


class ScriptedBackend:
    """Answers by a function of the request, or from a list in order of asking. A text is a whole reply; an error is raised.

    Args:
        script: the function or the answers. A list that has run out raises StageError.
        temperature: part of the identity, as a real backend's sampling is.

    Attributes:
        requests: what was asked, in order.
        in_flight: calls that are being answered now.
        most_in_flight: the most there were at once.
    """

    name = "scripted"

    def __init__(
        self,
        script: Callable[[Request], Line] | Iterable[Line],
        *,
        model: str = "script",
        endpoint: str = "scripted",
        structured: bool = True,
        temperature: float = 0.0,
        output_limit: int = 4096,
        ready: StageError | None = None,
    ) -> None:
        self.model = model
        self.endpoint = endpoint
        self.structured = structured
        self.requests: list[Request] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = False
        self._script = script if callable(script) else None
        self._lines = iter(()) if callable(script) else iter(script)
        self._temperature = temperature
        self._ready = ready
        self._gate: anyio.Event | None = None
        self.output_limit = output_limit
        self._asked = anyio.Event()

    def identity(self, request: Request) -> str:
        return json.dumps({"model": self.model, "temperature": self._temperature}, sort_keys=True)

    def check_ready(self) -> None:
        """Raises the error given as `ready`."""
        if self._ready is not None:
            raise self._ready

    def hold(self) -> None:
        """From now on calls stay open until `release`."""
        self._gate = anyio.Event()

    def release(self) -> None:
        """Answer the calls that are held, and later ones at once."""
        if self._gate is not None:
            self._gate.set()
        self._gate = None

    async def until_asked(self, count: int) -> None:
        """Wait until `count` requests have come in."""
        while len(self.requests) < count:
            await self._asked.wait()

    async def prepare(self, request: Request) -> Request:
        """Nothing is looked at, so nothing is made."""
        return request

    async def generate(self, request: Request) -> Reply:
        self.requests.append(request)
        self._asked.set()
        self._asked = anyio.Event()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self._gate is not None:
                await self._gate.wait()
            else:
                await anyio.lowlevel.checkpoint()
            return _reply(self._script(request) if self._script is not None else self._next(request))
        finally:
            self.in_flight -= 1

    def plainer(self) -> bool:
        """Its style is fixed."""
        return False

    async def aclose(self) -> None:
        self.closed = True

    def _next(self, request: Request) -> Line:
        try:
            return next(self._lines)
        except StopIteration:
            raise StageError(f"the script has no answer left for {request.task}") from None


def _reply(line: Line) -> Reply:
    if isinstance(line, VrAssetsError):
        raise line
    return line if isinstance(line, Reply) else Reply(text=line, finish=Finish.STOP)

from collections.abc import Awaitable, Callable
from datetime import datetime

from vr_assets.backends.base import Backend
from vr_assets.backends.known import Known
from vr_assets.records.call import Reply, Request


class Preflight:
    def __init__(self, backend: Backend, *, known: Known | None, endpoint_name: str, now: Callable[[], datetime]) -> None: ...
    async def ensure(self, request: Request, ask: Callable[[Request], Awaitable[Reply]]) -> None: ...

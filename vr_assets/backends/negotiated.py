"""What an OpenAI-compatible endpoint takes for one model: as earlier runs left it, and as the calls of this one find it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio
from pydantic import ValidationError

from vr_assets.backends.known import Known
from vr_assets.backends.openai_dialect import Dialect
from vr_assets.records.call import Request
from vr_assets.settings import ReplyFormat

# Servers are updated: what one refused longer ago is tried again.
KEPT = timedelta(days=30)


class Negotiated:
    """The dialect for one endpoint, model and `reply_format`.

    Args:
        known: None: found out anew in each run.
        now: the time in UTC.
    """

    def __init__(
        self, endpoint: str, model: str, *, reply_format: ReplyFormat, known: Known | None, now: Callable[[], datetime]
    ) -> None:
        self._endpoint = endpoint
        self._what = f"dialect of {model}, reply_format {reply_format}"
        self._known = known
        self._now = now
        self.style_fixed = reply_format is not ReplyFormat.AUTO
        remembered = self._remembered()
        self.dialect = remembered or (Dialect(style=reply_format) if self.style_fixed else Dialect())
        self._settled = remembered is not None
        self._scout: anyio.Event | None = None
        self._heard = True

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """As long as the dialect is unknown, the first call goes alone and the others wait until it is back, however it went:
        otherwise each of them would be refused for the same thing. Calls that could not tell go at once.
        """
        if self._settled or not self._would_settle(request):
            yield
        elif self._scout is not None:
            await self._scout.wait()
            yield
        else:
            self._scout = scout = anyio.Event()
            try:
                yield
            finally:
                self._scout = None
                scout.set()

    def found(self, request: Request, *, before: Dialect, after: Dialect) -> None:
        """Take note of a call that began in one dialect and was answered in another, or in the same."""
        learned = self.dialect.learned(before=before, after=after)
        settled = self._settled or self._would_settle(request)
        news = learned != self.dialect or settled != self._settled
        self.dialect, self._settled = learned, settled
        self._heard = self._heard or after.style is self.dialect.style
        if news:
            self._keep()

    def plainer(self) -> bool:
        """See `Backend.plainer`. What was asked in the style before and comes back only now steps down no second time."""
        if self.style_fixed:
            return False
        if not self._heard:
            return True
        stepped = self.dialect.stepped_down()
        if stepped is None:
            return False
        self.dialect, self._heard = stepped, False
        self._keep()
        return True

    def _would_settle(self, request: Request) -> bool:
        return bool(request.reply_schema) or self.dialect.style is ReplyFormat.LAYOUT

    def _remembered(self) -> Dialect | None:
        if self._known is None:
            return None
        line = self._known.get(self._endpoint, self._what, not_before=(self._now() - KEPT).isoformat())
        try:
            return Dialect.model_validate_json(line) if line else None
        except ValidationError:
            # Of another version.
            return None

    def _keep(self) -> None:
        if self._known is not None:
            self._known.put(self._endpoint, self._what, self.dialect.to_line(), at=self._now().isoformat())

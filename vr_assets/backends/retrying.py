"""Any backend, asked again while another attempt may help."""

import logging
import random
from collections.abc import Awaitable, Callable

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from vr_assets.backends.base import Backend
from vr_assets.backends.limits import Limiter
from vr_assets.errors import TransientError
from vr_assets.records.call import Reply, Request
from vr_assets.settings import CallSettings

logger = logging.getLogger(__name__)

# The widest first pause, in seconds; it doubles with each attempt.
FIRST_WAIT_S = 1.0
# An endpoint that asks for a longer pause is not asked again in this run: a call that sleeps longer looks like a hang, and one
# that is repeated sooner than asked is refused again. The row fails, and a later run picks it up.
LONGEST_ASKED_WAIT_S = 600.0


class Retrying:
    """A backend whose transient errors are tried again, at most `calls.max_attempts` attempts in all.

    The pause before attempt n+1 is drawn from [0, min(max_retry_wait_s, 2**(n-1) s)], "full jitter":
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. A pause that the endpoint asks for comes on top,
    up to 10 minutes whatever max_retry_wait_s says, so that the calls it turned away do not come back all at once.
    A call holds a place of the limiter while it is in flight, none while it sleeps.

    Args:
        sleep: takes seconds.
        jitter: the source of the draws.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        calls: CallSettings,
        limiter: Limiter,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: random.Random | None = None,
    ) -> None:
        self._backend = backend
        self._calls = calls
        self._limiter = limiter
        self._sleep = sleep
        self._jitter = jitter or random.Random()

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def model(self) -> str:
        return self._backend.model

    @property
    def endpoint(self) -> str:
        return self._backend.endpoint

    @property
    def structured(self) -> bool:
        return self._backend.structured

    def identity(self, request: Request) -> str:
        return self._backend.identity(request)

    def check_ready(self) -> None:
        self._backend.check_ready()

    @property
    def output_limit(self) -> int:
        return self._backend.output_limit

    async def prepare(self, request: Request) -> Request:
        return await self._backend.prepare(request)

    async def generate(self, request: Request) -> Reply:
        """The first answer.

        Raises:
            TransientError: no attempt gave one; says how many were made, and why the last one did not.
        """
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._calls.max_attempts),
            retry=retry_if_exception(_worth_another),
            wait=self._wait_s,
            sleep=self._sleep,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return await attempts(self._attempt, request)
        except TransientError as error:
            made = attempts.statistics["attempt_number"]
            raise TransientError(
                f"no answer after {made} attempt{'s' if made > 1 else ''}: {error}{_asked(error)}",
                retry_after_s=error.retry_after_s,
            ) from error

    def plainer(self) -> bool:
        return self._backend.plainer()

    async def aclose(self) -> None:
        await self._backend.aclose()

    async def _attempt(self, request: Request) -> Reply:
        place = await self._limiter.acquire()
        try:
            reply = await self._backend.generate(request)
            place.answered()
            return reply
        except TransientError as error:
            place.failed(error.cause, retry_after_s=error.retry_after_s)
            raise
        finally:
            place.release()

    def _wait_s(self, state: RetryCallState) -> float:
        error = _error(state)
        asked_s = (error.retry_after_s or 0.0) if isinstance(error, TransientError) else 0.0
        widest_s = min(self._calls.max_retry_wait_s, FIRST_WAIT_S * 2.0 ** (state.attempt_number - 1))
        return asked_s + self._jitter.uniform(0.0, widest_s)

    def _tell(self, state: RetryCallState) -> None:
        logger.info(
            "attempt %d of %d gave no answer, the next in %.1f s: %s",
            state.attempt_number,
            self._calls.max_attempts,
            state.upcoming_sleep,
            _error(state),
        )


def _worth_another(error: BaseException) -> bool:
    return isinstance(error, TransientError) and (error.retry_after_s or 0.0) <= LONGEST_ASKED_WAIT_S


def _asked(error: TransientError) -> str:
    asked_s = error.retry_after_s or 0.0
    return f" (it asks to wait {asked_s:.0f} s)" if asked_s > LONGEST_ASKED_WAIT_S else ""


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None

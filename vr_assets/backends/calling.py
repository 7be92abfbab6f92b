"""One endpoint as the steps reach it: at its pace, within the budget, asked again while another attempt may help."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from vr_assets.backends.base import Backend
from vr_assets.backends.counts import Counts
from vr_assets.backends.limits import Gate, Limiter, Place
from vr_assets.backends.preflight import Preflight
from vr_assets.backends.preflight_checks import Ask
from vr_assets.backends.purse import Payment, Purse
from vr_assets.errors import Cause, StageError, TransientError, VrAssetsError
from vr_assets.records.call import Finish, Reply, Request
from vr_assets.settings import BoxConvention, CallSettings

logger = logging.getLogger(__name__)
T = TypeVar("T")

# The widest first pause, in seconds; it doubles with each attempt.
FIRST_WAIT_S = 1.0
# An endpoint that asks for a longer pause is not asked again in this run: a call that sleeps longer looks like a hang, and one
# that is repeated sooner than asked is refused again. The row fails, and a later run picks it up.
LONGEST_ASKED_WAIT_S = 600.0
# What comes again and again is no accident: these are charged for, or burn quota, each time.
MOST_ATTEMPTS = {Cause.ERRATIC: 3, Cause.EMPTY: 3}
# The endpoint may have worked, and charged, although no answer arrived.
_MAYBE_CHARGED = frozenset({Cause.DROPPED, Cause.TIMED_OUT, Cause.NOT_AN_ANSWER})


@dataclass(frozen=True)
class About:
    """What a call is for: in the trace, and for the order in which waiting calls go (lower `priority` first)."""

    key: str
    stage: str
    priority: int = 0


@dataclass(frozen=True)
class Sent:
    """An attempt that was answered. `seconds` are its own; `output_limit` is the limit it was asked under, in tokens."""

    reply: Reply
    seconds: float
    cost_usd: float | None
    output_limit: int


class UnderWay:
    """Calls that were sent. They end, and are kept, also when nobody waits for them any more: they are paid for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def see_through(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which goes on when the caller is cancelled."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait until all have ended; each has its endpoint's timeout."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def abandon(self) -> None:
        """End them now."""
        for task in self._tasks:
            task.cancel()
        await self.finish()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Marks the error as seen: when the caller was cancelled, nobody else looks.
            task.exception()


class Caller:
    """Makes the calls to one endpoint.

    The pause before attempt n+1 is drawn from [0, min(max_retry_wait_s, 2**(n-1) s)], "full jitter":
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. A pause that the endpoint asks for comes on top,
    up to 10 minutes whatever max_retry_wait_s says, so that the calls it turned away do not come back all at once.
    A call holds a place of the limiter while it is in flight, none while its media are made or while it sleeps.

    Args:
        gate: bounds the requests whose media are made and wait.
        settle: returns when what was kept is safe; until then an answered call holds its place. None: it is safe at once.
        sleep: takes seconds.
        jitter: the source of the draws.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        calls: CallSettings,
        limiter: Limiter,
        gate: Gate,
        under_way: UnderWay,
        purse: Purse | None = None,
        preflight: Preflight | None = None,
        settle: Callable[[], Awaitable[None]] | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: random.Random | None = None,
    ) -> None:
        self.backend = backend
        self._calls = calls
        self._limiter = limiter
        self._gate = gate
        self._under_way = under_way
        self._purse = purse
        self._preflight = preflight
        self._settle = settle
        self._sleep = sleep
        self._jitter = jitter or random.Random()
        self._stopped: StageError | None = None

    async def call(self, request: Request, about: About, counts: Counts, keep: Callable[[Sent], T]) -> T:
        """What `keep` makes of the answer. `keep` is called as soon as there is one, also when the caller is cancelled meanwhile.

        Raises:
            TransientError: no attempt gave an answer; says how many were made, and why the last one did not.
            RefusedError: the endpoint refuses this request for good.
            ReplyError, MediaError: as the backend says.
            StageError: no request can succeed; said at once from then on.
        """
        try:
            if self._stopped is not None:
                raise self._stopped
            self.backend.check_ready()
            if self._preflight is not None:
                tried = self._trying(about, counts)
                await self._preflight.ensure(request, tried(self.backend), ask_with=tried)
            return await self._asked(request, about, counts, keep)
        except StageError as error:
            self._stopped = error
            raise

    def boxes(self) -> BoxConvention | None:
        """How a trial of the endpoint found that its model gives boxes; None where there was none, or it told nothing."""
        return self._preflight.boxes() if self._preflight else None

    def _trying(self, about: About, counts: Counts) -> Callable[[Backend], Ask]:
        """How a backend of this endpoint is tried: as any call is made, but without a preflight of its own."""

        def tried(backend: Backend) -> Ask:
            caller = self._for(backend)
            return lambda request: caller._asked(request, about, counts, lambda sent: sent.reply)

        return tried

    def _for(self, backend: Backend) -> "Caller":
        return Caller(
            backend,
            calls=self._calls,
            limiter=self._limiter,
            gate=self._gate,
            under_way=self._under_way,
            purse=self._purse,
            settle=self._settle,
            sleep=self._sleep,
            jitter=self._jitter,
        )

    async def _asked(self, request: Request, about: About, counts: Counts, keep: Callable[[Sent], T]) -> T:
        if not request.media:
            return await self._repeated(request, about, counts, keep)
        await self._gate.acquire(about.priority)
        try:
            return await self._repeated(request, about, counts, keep)
        finally:
            self._gate.release()

    async def _repeated(self, request: Request, about: About, counts: Counts, keep: Callable[[Sent], T]) -> T:
        attempts = _Attempts(self, request, about, counts, keep)
        retrying = AsyncRetrying(
            stop=attempts.enough,
            retry=retry_if_exception(_worth_another),
            wait=self._wait_s,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return await retrying(attempts.next)
        except _EmptyError as error:
            # Kept as the answer it is, so that it counts against max_answers.
            return keep(error.sent)
        except TransientError as error:
            made = attempts.made
            raise TransientError(
                f"no answer after {made} attempt{'s' if made > 1 else ''}: {error}{_asked_pause(error)}",
                retry_after_s=error.retry_after_s,
                cause=error.cause,
            ) from error

    async def attempt(self, request: Request, number: int, about: About, counts: Counts, keep: Callable[[Sent], T]) -> T:
        """One attempt at a prepared request."""
        tokens = self._purse.tokens(request) if self._purse else 0
        place = await self._limiter.acquire(priority=about.priority, tokens=tokens)
        payment = None
        try:
            payment = await self._purse.reserve(request, self._output_limit(request)) if self._purse else None
        finally:
            if payment is None and self._purse:
                place.release()
        return await self._under_way.see_through(self._sent(request, number, about, counts, keep, place, payment))

    async def _sent(
        self,
        request: Request,
        number: int,
        about: About,
        counts: Counts,
        keep: Callable[[Sent], T],
        place: Place,
        payment: Payment | None,
    ) -> T:
        started = time.monotonic()
        status = "gave up"
        counts.attempts += 1
        counts.most_in_flight = max(counts.most_in_flight, self._limiter.in_flight)
        reply: Reply | None = None
        charged = True
        try:
            reply = await self.backend.generate(request)
            status = str(reply.finish)
            sent = Sent(reply, time.monotonic() - started, self._cost(reply), self._output_limit(request))
            counts.seconds.append(sent.seconds)
            counts.paid[request.subject.name].add(reply.usage, sent.cost_usd)
            try:
                if _is_empty(reply):
                    raise _EmptyError(sent)
                kept = keep(sent)
                if self._settle:
                    await self._settle()
                return kept
            finally:
                place.answered(tokens=_tokens(reply), pause_s=reply.pause_s)
        except TransientError as error:
            status = str(error.cause)
            counts.causes[error.cause] += 1
            charged = error.cause in _MAYBE_CHARGED
            if error.cause is not Cause.EMPTY:
                place.failed(error.cause, retry_after_s=error.retry_after_s)
            raise
        except VrAssetsError as error:
            status, charged = type(error).__name__, False
            raise
        finally:
            place.release()
            if payment and reply is not None:
                payment.settle(reply.usage)
            elif payment and charged:
                payment.settle(None)
            elif payment:
                payment.release()
            logger.debug(
                "call %s stage=%s video=%s attempt=%d status=%s seconds=%.3f tokens=%s/%s",
                about.key[:16],
                about.stage,
                request.subject.name,
                number,
                status,
                time.monotonic() - started,
                reply.usage.input_tokens if reply else None,
                reply.usage.output_tokens if reply else None,
            )

    def _cost(self, reply: Reply) -> float | None:
        """0 for the offline annotator, which has no purse."""
        return self._purse.cost(reply.usage) if self._purse else 0.0

    def _output_limit(self, request: Request) -> int:
        return request.output_tokens or self.backend.output_limit

    def _wait_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = (error.retry_after_s or 0.0) if isinstance(error, TransientError) else 0.0
        widest_s = min(self._calls.max_retry_wait_s, FIRST_WAIT_S * 2.0 ** (state.attempt_number - 1))
        return asked_s + self._jitter.uniform(0.0, widest_s)

    @property
    def most_attempts(self) -> int:
        return self._calls.max_attempts


class _Attempts:
    """The attempts at one request."""

    def __init__(self, caller: Caller, request: Request, about: About, counts: Counts, keep: Callable[[Sent], Any]) -> None:
        self._caller = caller
        self._request = request
        self._about = about
        self._counts = counts
        self._keep = keep
        self._causes: Counter[Cause] = Counter()
        self.made = 0

    async def next(self) -> Any:
        self.made += 1
        # Again before each attempt: what is made stays made, but a server may have died, or an upload been forgotten.
        self._request = await self._caller.backend.prepare(self._request)
        return await self._caller.attempt(self._request, self.made, self._about, self._counts, self._keep)

    def enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError):
            self._causes[error.cause] += 1
            if self._causes[error.cause] >= MOST_ATTEMPTS.get(error.cause, self._caller.most_attempts):
                return True
        return self.made >= self._caller.most_attempts


class _EmptyError(TransientError):
    """An answer without a word in it."""

    def __init__(self, sent: Sent) -> None:
        super().__init__("it answered without a word", cause=Cause.EMPTY)
        self.sent = sent


def _is_empty(reply: Reply) -> bool:
    return reply.finish is Finish.STOP and not reply.text.strip() and not reply.thinking


def _tokens(reply: Reply) -> int | None:
    counted = [count for count in (reply.usage.input_tokens, reply.usage.output_tokens) if count is not None]
    return sum(counted) if counted else None


def _worth_another(error: BaseException) -> bool:
    return isinstance(error, TransientError) and (error.retry_after_s or 0.0) <= LONGEST_ASKED_WAIT_S


def _asked_pause(error: TransientError) -> str:
    asked_s = error.retry_after_s or 0.0
    return f" (it asks to wait {asked_s:.0f} s)" if asked_s > LONGEST_ASKED_WAIT_S else ""

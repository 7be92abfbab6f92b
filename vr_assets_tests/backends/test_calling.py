"""Calls to one endpoint: which are made again, when, how many are in flight, and what is kept of them."""

import logging
import random
from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.lowlevel
import pytest

from vr_assets.backends.base import Backend
from vr_assets.backends.calling import About, Caller, Sent, UnderWay
from vr_assets.backends.counts import Counts, Paid
from vr_assets.backends.limits import Gate, Limiter
from vr_assets.backends.openai import OpenAIBackend
from vr_assets.backends.scripted import Line, ScriptedBackend
from vr_assets.errors import Cause, MediaError, RefusedError, StageError, TransientError, VrAssetsError
from vr_assets.records.call import Finish, Reply, Request, Usage
from vr_assets.settings import CallSettings, OpenAISettings, Task
from vr_assets_tests.backends.asked import VIDEO, request
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Fault, serve

pytestmark = pytest.mark.anyio
ABOUT = About("0123456789abcdef0123", "captions")
EMPTY = Reply(text="", finish=Finish.STOP)


class Sleeps:
    """A clock that only remembers, and what the limiter's use was while asleep."""

    def __init__(self, limiter: Limiter | None = None) -> None:
        self.seconds: list[float] = []
        self.in_flight: list[int] = []
        self._limiter = limiter

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self._limiter is not None:
            self.in_flight.append(self._limiter.in_flight)


class Widest(random.Random):
    """Draws the upper end."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Narrowest(random.Random):
    """Draws the lower end."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Calls:
    """A caller, what it counted and what it kept."""

    def __init__(
        self,
        backend: Backend,
        *,
        sleep: Sleeps | None = None,
        limiter: Limiter | None = None,
        jitter: random.Random | None = None,
        settle: Callable[[], Awaitable[None]] | None = None,
        **calls: float,
    ) -> None:
        self.sleep = sleep or Sleeps()
        self.counts = Counts()
        self.kept: list[Sent] = []
        self.under_way = UnderWay()
        self.limiter = limiter or Limiter("scripted", 4)
        self.caller = Caller(
            backend,
            calls=CallSettings.model_validate(calls),
            limiter=self.limiter,
            gate=Gate(8),
            under_way=self.under_way,
            settle=settle,
            sleep=self.sleep,
            jitter=jitter,
        )

    async def answer(self, asked: Request | None = None) -> str:
        def keep(sent: Sent) -> str:
            self.kept.append(sent)
            return sent.reply.text

        return await self.caller.call(asked or request(), ABOUT, self.counts, keep)


def calls(*script: Line, **given: object) -> tuple[Calls, ScriptedBackend]:
    backend = ScriptedBackend(script)
    return Calls(backend, **given), backend  # type: ignore[arg-type]


def busy(retry_after_s: float | None = None, cause: Cause = Cause.SERVER_ERROR) -> TransientError:
    return TransientError("busy", retry_after_s=retry_after_s, cause=cause)


async def test_a_busy_endpoint_is_asked_again_until_it_answers() -> None:
    asking, backend = calls(busy(cause=Cause.RATE_LIMITED), busy(), "at last")
    assert await asking.answer() == "at last"
    assert len(backend.requests) == asking.counts.attempts == 3
    assert asking.counts.causes == {Cause.RATE_LIMITED: 1, Cause.SERVER_ERROR: 1}
    assert len(asking.counts.seconds) == 1


@pytest.mark.parametrize("attempts", [1, 4])
async def test_it_gives_up_after_exactly_max_attempts_and_says_how_many(attempts: int) -> None:
    asking, backend = calls(*[busy(0.03)] * 9, max_attempts=attempts)
    with pytest.raises(TransientError, match=rf"no answer after {attempts} attempts?: busy") as caught:
        await asking.answer()
    assert len(backend.requests) == attempts
    assert len(asking.sleep.seconds) == attempts - 1
    assert (caught.value.retry_after_s, caught.value.cause) == (0.03, Cause.SERVER_ERROR)


@pytest.mark.parametrize(
    "error", [RefusedError("no"), StageError("no"), MediaError("no")], ids=lambda error: type(error).__name__
)
async def test_14_what_another_attempt_cannot_mend_is_not_tried_again(error: VrAssetsError) -> None:
    asking, backend = calls(error, "never")
    with pytest.raises(type(error)) as caught:
        await asking.answer()
    assert caught.value is error
    assert (len(backend.requests), asking.sleep.seconds) == (1, [])


async def test_after_a_refused_key_no_call_is_made_any_more() -> None:
    asking, backend = calls(StageError("refused key"), "never")
    for _ in range(3):
        with pytest.raises(StageError, match="refused key"):
            await asking.answer()
    assert len(backend.requests) == 1


async def test_a_refusal_that_comes_at_random_is_tried_three_times_and_no_more() -> None:
    asking, backend = calls(*[busy(cause=Cause.ERRATIC)] * 9, max_attempts=9)
    with pytest.raises(TransientError, match="after 3 attempts"):
        await asking.answer()
    assert len(backend.requests) == 3


async def test_an_answer_without_a_word_is_asked_again_and_is_kept_in_the_end() -> None:
    asking, backend = calls(EMPTY, "words")
    assert await asking.answer() == "words"
    asking, backend = calls(*[EMPTY] * 9)
    assert await asking.answer() == ""
    assert (len(backend.requests), len(asking.kept)) == (3, 1)
    assert asking.counts.causes == {Cause.EMPTY: 3}


async def test_what_only_thought_and_what_was_cut_is_an_answer() -> None:
    thought, cut = EMPTY.model_copy(update={"thinking": "hm"}), Reply(text="", finish=Finish.LENGTH)
    for reply in (thought, cut):
        asking, backend = calls(reply, "never")
        assert await asking.answer() == ""
        assert len(backend.requests) == 1


async def test_pauses_double_up_to_the_longest() -> None:
    asking, _ = calls(*[busy()] * 5, "x", jitter=Widest(), max_attempts=6, max_retry_wait_s=6)
    await asking.answer()
    assert asking.sleep.seconds == [1.0, 2.0, 4.0, 6.0, 6.0]


async def test_pauses_are_drawn_from_zero_up_so_that_calls_spread() -> None:
    asking, _ = calls(*[busy()] * 5, "x", jitter=random.Random(1), max_attempts=6)
    await asking.answer()
    assert all(0 <= seconds <= 2**turn for turn, seconds in enumerate(asking.sleep.seconds))
    assert len(set(asking.sleep.seconds)) == 5


async def test_the_pause_that_is_asked_for_is_kept_even_beyond_the_own_longest_and_calls_come_back_apart() -> None:
    asking, _ = calls(busy(0.09, Cause.DROPPED), busy(0.0), "x", jitter=Widest(), max_retry_wait_s=0.05)
    await asking.answer()
    assert asking.sleep.seconds == pytest.approx([0.14, 0.05])


async def test_an_endpoint_that_asks_for_an_hour_is_not_waited_for() -> None:
    asking, backend = calls(busy(3600.0), "x")
    with pytest.raises(TransientError, match=r"after 1 attempt: busy \(it asks to wait 3600 s\)"):
        await asking.answer()
    assert (len(backend.requests), asking.sleep.seconds) == (1, [])


async def test_a_sleeping_retry_holds_no_place() -> None:
    limiter = Limiter("scripted", 1)
    asking, _ = calls(busy(cause=Cause.SERVER_ERROR), "x", limiter=limiter, sleep=Sleeps(limiter))
    await asking.answer()
    assert asking.sleep.in_flight == [0]
    assert limiter.in_flight == 0


async def test_an_answer_holds_its_place_until_it_is_safe() -> None:
    limiter, at_settling = Limiter("scripted", 1), []

    async def settle() -> None:
        at_settling.append((limiter.in_flight, len(asking.kept)))

    asking, _ = calls(busy(), "x", limiter=limiter, settle=settle)
    await asking.answer()
    # Not for the attempt that had no answer.
    assert at_settling == [(1, 1)]
    assert limiter.in_flight == 0


async def test_15_no_more_calls_are_in_flight_than_the_ceiling_also_over_two_backends() -> None:
    limiter = Limiter("scripted", 3)
    backends = [ScriptedBackend(lambda asked: "x") for _ in range(2)]
    both = [Calls(backend, limiter=limiter) for backend in backends]
    for backend in backends:
        backend.hold()
    in_flight = []
    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(both[number % 2].answer)
        while sum(len(backend.requests) for backend in backends) < 3:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        in_flight.append(sum(backend.in_flight for backend in backends))
        for backend in backends:
            backend.release()
    assert in_flight == [3]
    assert sum(len(backend.requests) for backend in backends) == 12


async def test_an_answer_under_way_is_kept_when_nobody_waits_for_it_any_more() -> None:
    asking, backend = calls("paid for")
    backend.hold()
    async with anyio.create_task_group() as group:
        group.start_soon(asking.answer)
        await backend.until_asked(1)
        group.cancel_scope.cancel()
    backend.release()
    await asking.under_way.finish()
    assert [sent.reply.text for sent in asking.kept] == ["paid for"]
    assert asking.limiter.in_flight == 0


async def test_calls_under_way_are_given_up_when_told_to() -> None:
    asking, backend = calls("never")
    backend.hold()
    async with anyio.create_task_group() as group:
        group.start_soon(asking.answer)
        await backend.until_asked(1)
        group.cancel_scope.cancel()
    await asking.under_way.abandon()
    assert (asking.kept, asking.limiter.in_flight, backend.in_flight) == ([], 0, 0)


async def test_media_are_made_before_a_place_is_taken() -> None:
    limiter = Limiter("scripted", 1)

    class Prepares(ScriptedBackend):
        in_flight_while_prepared: Sequence[int] = ()

        async def prepare(self, request: Request) -> Request:
            self.in_flight_while_prepared = [*self.in_flight_while_prepared, limiter.in_flight]
            return request

    backend = Prepares([busy(cause=Cause.DROPPED), busy(cause=Cause.DROPPED), "x"])
    await Calls(backend, limiter=limiter).answer(request(Task.GLOBAL_CAPTION, VIDEO))
    assert backend.in_flight_while_prepared == [0, 0, 0]


async def test_each_attempt_leaves_a_line_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "vr_assets")
    answer = Reply(text="x", finish=Finish.STOP, usage=Usage(input_tokens=12, output_tokens=3))
    asking, _ = calls(busy(cause=Cause.RATE_LIMITED), answer)
    await asking.answer()
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(" seconds=")[0] for line in lines] == [
        "call 0123456789abcdef stage=captions video=asked.mp4 attempt=1 status=rate_limited",
        "call 0123456789abcdef stage=captions video=asked.mp4 attempt=2 status=stop",
    ]
    assert lines[1].endswith("tokens=12/3")


async def test_a_storm_of_429s_ends_in_answers() -> None:
    storm = {1: Fault(429, {"Retry-After": "0.2"}), 2: Fault(429, {"Retry-After": "0.5"}), 3: Fault(drop=True)}
    with serve(DIALECT, Behaviour(faults=storm)) as server:
        backend = OpenAIBackend(OpenAISettings(base_url=server.url, model_name="m"), environ={})
        asking = Calls(backend, jitter=Narrowest())
        assert await asking.answer()
        await backend.aclose()
    assert [served.status for served in server.served] == [429, 429, 200, 200]
    assert asking.sleep.seconds == [0.2, 0.5, 0.0]


async def test_what_is_paid_is_counted_by_video() -> None:
    used = Usage(input_tokens=12, output_tokens=3)
    asking, _ = calls(Reply(text="", finish=Finish.STOP, usage=used), Reply(text="x", finish=Finish.STOP, usage=used))
    await asking.answer()
    # An answer without a word is charged for too.
    assert asking.counts.paid == {"asked.mp4": Paid(input_tokens=24, output_tokens=6)}
    assert asking.counts.paid_in_all == Paid(input_tokens=24, output_tokens=6)

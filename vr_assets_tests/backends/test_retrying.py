import random
import time

import anyio
import pytest

from vr_assets.backends.limits import Limiter
from vr_assets.backends.openai import OpenAIBackend
from vr_assets.backends.retrying import Retrying
from vr_assets.backends.scripted import Line, ScriptedBackend
from vr_assets.errors import MediaError, RefusedError, StageError, TransientError, VrAssetsError
from vr_assets.settings import CallSettings, OpenAISettings
from vr_assets_tests.backends.asked import request
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Fault, serve

pytestmark = pytest.mark.anyio


class Sleeps:
    """A clock that moves only while asleep, and what the limiter's use was then."""

    def __init__(self, limiter: Limiter | None = None) -> None:
        self.seconds: list[float] = []
        self.in_flight: list[int] = []
        self._limiter = limiter
        self._now = time.time()

    def now(self) -> float:
        return self._now

    async def __call__(self, seconds: float) -> None:
        self._now += seconds
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


def busy(retry_after_s: float | None = None) -> TransientError:
    return TransientError("busy", retry_after_s=retry_after_s)


def retrying(
    *script: Line, sleep: Sleeps, limiter: Limiter | None = None, jitter: random.Random | None = None, **calls: float
) -> tuple[Retrying, ScriptedBackend]:
    backend = ScriptedBackend(script)
    settings = CallSettings.model_validate(calls)
    return Retrying(
        backend, calls=settings, limiter=limiter or Limiter("e", 4, now=sleep.now), sleep=sleep, jitter=jitter
    ), backend


async def test_a_busy_endpoint_is_asked_again_until_it_answers() -> None:
    asking, backend = retrying(busy(), busy(), "at last", sleep=Sleeps())
    assert (await asking.generate(request())).text == "at last"
    assert len(backend.requests) == 3


@pytest.mark.parametrize("attempts", [1, 4])
async def test_it_gives_up_after_exactly_max_attempts_and_says_how_many(attempts: int) -> None:
    sleep = Sleeps()
    asking, backend = retrying(*[busy(3.0)] * 9, sleep=sleep, max_attempts=attempts)
    with pytest.raises(TransientError, match=rf"no answer after {attempts} attempts?: busy") as caught:
        await asking.generate(request())
    assert len(backend.requests) == attempts
    assert len(sleep.seconds) == attempts - 1
    assert caught.value.retry_after_s == 3.0


@pytest.mark.parametrize(
    "error", [RefusedError("no"), StageError("no"), MediaError("no")], ids=lambda error: type(error).__name__
)
async def test_14_what_another_attempt_cannot_mend_is_not_tried_again(error: VrAssetsError) -> None:
    sleep = Sleeps()
    asking, backend = retrying(error, "never", sleep=sleep)
    with pytest.raises(type(error)) as caught:
        await asking.generate(request())
    assert caught.value is error
    assert (len(backend.requests), sleep.seconds) == (1, [])


async def test_pauses_double_up_to_the_longest() -> None:
    sleep = Sleeps()
    asking, _ = retrying(*[busy()] * 5, "x", sleep=sleep, jitter=Widest(), max_attempts=6, max_retry_wait_s=6)
    await asking.generate(request())
    assert sleep.seconds == [1.0, 2.0, 4.0, 6.0, 6.0]


async def test_pauses_are_drawn_from_zero_up_so_that_calls_spread() -> None:
    sleep = Sleeps()
    asking, _ = retrying(*[busy()] * 5, "x", sleep=sleep, jitter=random.Random(1), max_attempts=6)
    await asking.generate(request())
    assert all(0 <= seconds <= 2**turn for turn, seconds in enumerate(sleep.seconds))
    assert len(set(sleep.seconds)) == 5


async def test_the_pause_that_is_asked_for_is_kept_even_beyond_the_own_longest() -> None:
    sleep = Sleeps()
    asking, _ = retrying(busy(90.0), busy(0.0), "x", sleep=sleep, jitter=Narrowest(), max_retry_wait_s=5)
    await asking.generate(request())
    assert sleep.seconds == [90.0, 0.0]


async def test_calls_turned_away_together_come_back_apart() -> None:
    sleep = Sleeps()
    asking, _ = retrying(busy(30.0), "x", sleep=sleep, jitter=Widest())
    await asking.generate(request())
    assert sleep.seconds == [31.0]


async def test_an_endpoint_that_asks_for_an_hour_is_not_waited_for() -> None:
    sleep = Sleeps()
    asking, backend = retrying(busy(3600.0), "x", sleep=sleep)
    with pytest.raises(TransientError, match=r"after 1 attempt: busy \(it asks to wait 3600 s\)"):
        await asking.generate(request())
    assert (len(backend.requests), sleep.seconds) == (1, [])


async def test_a_sleeping_retry_holds_no_place() -> None:
    limiter = Limiter("e", 1)
    sleep = Sleeps(limiter)
    asking, _ = retrying(busy(), "x", sleep=sleep, limiter=limiter)
    await asking.generate(request())
    assert sleep.in_flight == [0]
    assert limiter.in_flight == 0


async def test_15_no_more_calls_are_in_flight_than_the_ceiling_also_over_two_backends() -> None:
    limiter = Limiter("e", 3)
    backends = [ScriptedBackend(lambda asked: "x") for _ in range(2)]
    for backend in backends:
        backend.hold()
    in_flight = []
    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(Retrying(backends[number % 2], calls=CallSettings(), limiter=limiter).generate, request())
        while sum(len(backend.requests) for backend in backends) < 3:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        in_flight.append(sum(backend.in_flight for backend in backends))
        for backend in backends:
            backend.release()
    assert in_flight == [3]
    assert sum(len(backend.requests) for backend in backends) == 12


async def test_places_are_given_in_order_of_asking() -> None:
    limiter, order = Limiter("e", 1), list[int]()

    async def call(number: int) -> None:
        place = await limiter.acquire()
        order.append(number)
        await anyio.lowlevel.checkpoint()
        place.release()

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(call, number)
    assert order == list(range(8))


async def test_a_place_comes_back_when_its_call_is_cancelled() -> None:
    limiter, backend = Limiter("e", 1), ScriptedBackend(lambda asked: "x")
    backend.hold()
    asking = Retrying(backend, calls=CallSettings(), limiter=limiter)
    async with anyio.create_task_group() as group:
        group.start_soon(asking.generate, request())
        await backend.until_asked(1)
        group.cancel_scope.cancel()
    assert limiter.in_flight == 0


async def test_it_is_the_backend_in_everything_else() -> None:
    not_ready = StageError("no key")
    backend = ScriptedBackend([], model="m", endpoint="http://e", structured=False, ready=not_ready)
    asking = Retrying(backend, calls=CallSettings(), limiter=Limiter("e", 1))
    assert (asking.name, asking.model, asking.endpoint, asking.structured) == ("scripted", "m", "http://e", False)
    assert asking.identity(request()) == backend.identity(request())
    with pytest.raises(StageError, match="no key"):
        asking.check_ready()
    await asking.aclose()
    assert backend.closed


async def test_a_storm_of_429s_ends_in_answers() -> None:
    sleep = Sleeps()
    storm = {1: Fault(429, {"Retry-After": "2"}), 2: Fault(429, {"Retry-After": "5"}), 3: Fault(drop=True)}
    with serve(DIALECT, Behaviour(faults=storm)) as server:
        backend = OpenAIBackend(OpenAISettings(base_url=server.url, model_name="m"), environ={})
        asking = Retrying(backend, calls=CallSettings(), limiter=Limiter("e", 2, now=sleep.now), sleep=sleep, jitter=Narrowest())
        assert (await asking.generate(request())).text
        await asking.aclose()
    assert [served.status for served in server.served] == [429, 429, 200, 200]
    assert sleep.seconds == [2.0, 5.0, 0.0]

"""Several addresses of one endpoint share its calls, and a broken one rests."""

import socket
from collections import Counter

import anyio
import pytest

from vr_assets.backends.replicas import Replicas
from vr_assets.errors import CallError, Cause, RefusedError, SettingsError, StageError, TransientError
from vr_assets_tests.backends.asked import request
from vr_assets_tests.backends.compatible import backend, made
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Fault, serve


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Call:
    """A call under way."""

    def __init__(self, replicas: Replicas) -> None:
        self._context = replicas.call()
        self.url = self._context.__enter__()

    def ends(self, error: CallError | None = None) -> str:
        self._context.__exit__(type(error) if error else None, error, None)
        return self.url

    def falls(self, cause: Cause = Cause.DROPPED) -> str:
        return self.ends(TransientError("no", cause=cause))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replicas(clock: Clock) -> Replicas:
    return Replicas(["a", "b"], clock=clock)


def answered(replicas: Replicas, count: int = 1) -> list[str]:
    """The addresses of calls, one after another, that are answered."""
    return [Call(replicas).ends() for _ in range(count)]


def under_way(replicas: Replicas, count: int) -> list[str]:
    """The addresses of calls that begin before any of them ends."""
    calls = [Call(replicas) for _ in range(count)]
    return [call.url for call in calls]


def test_calls_go_to_the_least_loaded(replicas: Replicas) -> None:
    calls = [Call(replicas) for _ in range(6)]
    assert Counter(call.url for call in calls) == {"a": 3, "b": 3}
    for call in calls:
        if call.url == "b":
            call.ends()
    assert under_way(replicas, 3) == ["b", "b", "b"]


def test_calls_one_after_another_take_turns(replicas: Replicas) -> None:
    assert answered(replicas, 4) == ["a", "b", "a", "b"]


@pytest.mark.parametrize("cause", [Cause.DROPPED, Cause.TIMED_OUT, Cause.SERVER_ERROR, Cause.NOT_AN_ANSWER])
def test_a_broken_one_rests_and_returns(replicas: Replicas, clock: Clock, cause: Cause) -> None:
    assert Call(replicas).falls(cause) == "a"
    clock.now_s += 4.9
    assert answered(replicas, 3) == ["b", "b", "b"]
    clock.now_s += 0.2
    assert answered(replicas, 2) == ["a", "b"]


@pytest.mark.parametrize("cause", [Cause.RATE_LIMITED, Cause.ERRATIC])
def test_one_that_is_well_and_says_no_does_not_rest(replicas: Replicas, cause: Cause) -> None:
    assert Call(replicas).falls(cause) == "a"
    assert Call(replicas).ends(RefusedError("no")) == "b"
    assert answered(replicas, 2) == ["a", "b"]


def test_it_rests_twice_as_long_each_time_up_to_five_minutes(replicas: Replicas, clock: Clock) -> None:
    call, rests_s = Call(replicas), []
    for _ in range(8):
        assert call.falls() == "a"
        began_s = clock.now_s
        while (call := Call(replicas)).url != "a":
            call.ends()
            clock.now_s += 2.5
        rests_s.append(clock.now_s - began_s)
    assert rests_s == [5, 10, 20, 40, 80, 160, 300, 300]


def test_an_answer_makes_the_next_rest_short_again(replicas: Replicas, clock: Clock) -> None:
    for rest_s in (5, 10):
        assert Call(replicas).falls() == "a"
        assert answered(replicas) == ["b"]
        clock.now_s += rest_s
    assert answered(replicas) == ["a"]
    assert answered(replicas) == ["b"]
    assert Call(replicas).falls() == "a"
    clock.now_s += 5
    assert answered(replicas, 2) == ["b", "a"]


def test_others_follow_only_when_the_trial_is_answered(replicas: Replicas, clock: Clock) -> None:
    Call(replicas).falls()
    answered(replicas)
    clock.now_s += 5
    calls = [Call(replicas) for _ in range(5)]
    assert [call.url for call in calls] == ["a", "b", "b", "b", "b"]
    calls[0].ends()
    assert under_way(replicas, 3) == ["a", "a", "a"]


def test_calls_that_fall_together_are_one_fall(replicas: Replicas, clock: Clock) -> None:
    calls = [Call(replicas) for _ in range(16)]
    for call in calls:
        if call.url == "a":
            call.falls()
        else:
            call.ends()
    clock.now_s += 5
    assert answered(replicas) == ["a"]


def test_an_answer_ends_the_rest(replicas: Replicas) -> None:
    calls = [Call(replicas) for _ in range(4)]
    assert calls[0].falls(Cause.SERVER_ERROR) == calls[2].ends() == "a"
    assert Call(replicas).url == "a"


def test_with_all_resting_the_first_that_is_due_is_called(replicas: Replicas, clock: Clock) -> None:
    Call(replicas).falls()
    clock.now_s += 1
    assert Call(replicas).falls() == "b"
    assert under_way(replicas, 4) == ["a", "a", "a", "a"]


def test_with_all_on_trial_calls_are_spread(replicas: Replicas, clock: Clock) -> None:
    assert Call(replicas).falls() == "a"
    clock.now_s += 1
    assert Call(replicas).falls() == "b"
    clock.now_s += 7
    assert sorted(under_way(replicas, 6)) == ["a", "a", "a", "b", "b", "b"]


@pytest.mark.anyio
async def test_calls_at_once_are_spread_over_the_replicas() -> None:
    with serve(DIALECT, Behaviour(delay_s=0.05)) as first, serve(DIALECT, Behaviour(delay_s=0.05)) as second:
        asking = backend(base_urls=(first.url, f"{second.url}/v1/chat/completions"))
        # The first call goes alone: it finds out what the endpoint takes.
        await asking.generate(request())
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(asking.generate, request())
        await asking.aclose()
        assert sorted([len(first.served), len(second.served)]) == [4, 5]


@pytest.mark.anyio
async def test_the_attempt_after_a_failure_goes_elsewhere() -> None:
    with serve(DIALECT, Behaviour(always=Fault(status=503))) as ill, serve(DIALECT) as well:
        asking = backend(base_urls=(ill.url, well.url))
        with pytest.raises(TransientError, match=ill.url):
            await asking.generate(request())
        for _ in range(3):
            await asking.generate(request())
        await asking.aclose()
        assert (len(ill.served), len(well.served)) == (1, 3)


@pytest.mark.anyio
async def test_a_replica_that_is_not_there_is_gone_round() -> None:
    with socket.socket() as held, serve(DIALECT) as well:
        held.bind(("127.0.0.1", 0))
        asking = backend(base_urls=(f"http://127.0.0.1:{held.getsockname()[1]}", well.url))
        with pytest.raises(TransientError):
            await asking.generate(request())
        await asking.generate(request())
        await asking.generate(request())
        await asking.aclose()
        assert len(well.served) == 2


@pytest.mark.anyio
async def test_what_stops_the_stage_names_the_replica_and_the_settings_of_its_endpoint() -> None:
    with serve(DIALECT, Behaviour(always=Fault(status=404))) as server:
        asking = made({"base_urls": (server.url,)}, role="endpoints.big")
        with pytest.raises(StageError) as caught:
            await asking.generate(request())
        await asking.aclose()
    said = str(caught.value)
    assert f"{server.url}/v1" in said
    assert "VR_ENDPOINTS__BIG__OPENAI__BASE_URLS" in said and "VR_ENDPOINTS__BIG__OPENAI__MODEL_NAME" in said


def test_the_endpoint_is_all_its_addresses_whatever_their_order() -> None:
    one, other = (
        backend(base_urls=("http://b:1", "http://me:secret@a")),
        backend(base_urls=("http://a/v1", "http://b:1/", "http://a")),
    )
    assert one.endpoint == "http://a/v1,http://b:1/v1"
    assert other.endpoint == one.endpoint


def test_an_address_among_several_that_is_none_is_told_before_the_first_call() -> None:
    with pytest.raises(StageError, match=r"vlm\.openai\.base_urls.*is no http.*localhost:8000"):
        backend(base_urls=("http://a", "localhost:8000")).check_ready()


def test_one_address_and_several_at_once_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"llm\.openai\.base_url .*llm\.openai\.base_urls .*keep"):
        made({"base_url": "http://a", "base_urls": ("http://b",)}, role="llm")

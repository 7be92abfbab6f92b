"""Places at an endpoint: within a process, and over several."""

import itertools
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.limits import Gate, Limiter, Place
from vr_assets.errors import Cause

pytestmark = pytest.mark.anyio

CEILING = 4


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000_000_000.0

    def __call__(self) -> float:
        return self.seconds


async def several(limiter: Limiter, count: int) -> list[Place]:
    return [await limiter.acquire() for _ in range(count)]


async def test_no_more_are_in_flight_than_the_ceiling() -> None:
    limiter, places = Limiter("e", 3), list[Place]()

    async def call() -> None:
        places.append(await limiter.acquire())

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        assert (len(places), limiter.in_flight, limiter.highest) == (3, 3, 3)
        for place in list(places):
            place.answered()
    assert (len(places), limiter.in_flight, limiter.highest) == (5, 2, 3)


async def in_order(acquire: Callable[[int], object], release: Callable[[], None], priorities: list[int]) -> list[int]:
    """The order in which those get a place who asked for it with these priorities, one after the other, while there was none."""
    order: list[int] = []

    async def ask(number: int, priority: int) -> None:
        await acquire(priority)  # type: ignore[misc]
        order.append(number)
        release()

    async with anyio.create_task_group() as group:
        for number, priority in enumerate(priorities):
            group.start_soon(ask, number, priority)
            await anyio.wait_all_tasks_blocked()
        release()
    return order


async def test_lower_priority_numbers_come_first_then_the_order_of_asking() -> None:
    limiter = Limiter("e", 1)
    held = await several(limiter, 1)

    async def acquire(priority: int) -> None:
        held.append(await limiter.acquire(priority=priority))

    assert await in_order(acquire, lambda: held.pop().release(), [2, 1, 1, 0]) == [3, 1, 2, 0]


async def test_a_gate_lets_lower_priority_numbers_first_too() -> None:
    gate = Gate(1)
    await gate.acquire()
    assert await in_order(gate.acquire, gate.release, [2, 1, 1, 0]) == [3, 1, 2, 0]


@pytest.mark.parametrize("handed_over", [False, True])
async def test_who_is_cancelled_at_a_gate_leaves_its_place_to_others(handed_over: bool) -> None:
    gate = Gate(1)
    await gate.acquire()

    async def pass_through() -> None:
        await gate.acquire()
        gate.release()

    async with anyio.create_task_group() as group:
        group.start_soon(pass_through)
        await anyio.wait_all_tasks_blocked()
        if handed_over:
            gate.release()
        group.cancel_scope.cancel()
    if not handed_over:
        gate.release()
    with anyio.fail_after(5):
        await gate.acquire()


async def test_who_is_cancelled_while_waiting_leaves_nothing_behind() -> None:
    limiter = Limiter("e", 1)
    [held] = await several(limiter, 1)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(limiter.acquire)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    held.release()
    assert limiter.in_flight == 0
    with anyio.fail_after(5):
        await limiter.acquire()


async def test_who_waits_behind_one_that_is_cancelled_comes_next() -> None:
    limiter, first, got = Limiter("e", 1), anyio.CancelScope(), list[Place]()
    [held] = await several(limiter, 1)

    async def impatient() -> None:
        with first:
            await limiter.acquire()

    async def patient() -> None:
        got.append(await limiter.acquire())

    async with anyio.create_task_group() as group:
        group.start_soon(impatient)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(patient)
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        held.release()
    assert (len(got), limiter.in_flight) == (1, 1)


async def test_a_place_comes_back_once_whatever_is_called() -> None:
    limiter = Limiter("e", 8)
    place, _ = await several(limiter, 2)
    place.answered(tokens=3)
    place.failed(Cause.RATE_LIMITED)
    place.release()
    assert (limiter.in_flight, limiter.limit) == (1, 8)


async def test_refusals_halve_what_is_allowed() -> None:
    limiter = Limiter("e", 8)
    for place in await several(limiter, 4):
        place.failed(Cause.RATE_LIMITED)
    assert limiter.limit == 4


async def test_nobody_starts_before_the_pause_that_an_endpoint_asks_for_is_over() -> None:
    clock = Clock()
    limiter, got = Limiter("e", 8, now=clock), list[Place]()
    [place] = await several(limiter, 1)
    place.failed(Cause.SERVER_ERROR, retry_after_s=30.0)

    async def call() -> None:
        got.append(await limiter.acquire())

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        clock.seconds += 29
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        assert got == []
        clock.seconds += 2
    assert len(got) == 2


async def test_requests_a_minute_are_kept() -> None:
    clock = Clock()
    limiter = Limiter("e", 8, requests_per_minute=60, now=clock)
    got = list[Place]()
    with anyio.move_on_after(0.1):
        while True:
            got.append(await limiter.acquire())
            got[-1].answered()
    assert len(got) == 1
    clock.seconds += 2
    with anyio.fail_after(5):
        await limiter.acquire()


async def test_limiters_that_share_a_file_share_the_ceiling_and_the_pauses(tmp_path: Path) -> None:
    clock, state = Clock(), tmp_path / "limits.sqlite"
    vlm, llm = (Limiter("e", 2, state=state, now=clock) for _ in range(2))
    place, _ = await vlm.acquire(), await llm.acquire()
    with anyio.move_on_after(0.2) as late:
        await llm.acquire()
    assert late.cancelled_caught
    place.answered(pause_s=60.0)
    with anyio.move_on_after(0.2) as late:
        await llm.acquire()
    assert late.cancelled_caught
    clock.seconds += 61
    with anyio.fail_after(5):
        await llm.acquire()


async def test_a_closed_limiter_gives_back_what_it_holds(tmp_path: Path) -> None:
    state = tmp_path / "limits.sqlite"
    first, second = (Limiter("e", 1, state=state) for _ in range(2))
    place = await first.acquire()
    first.close()
    with anyio.fail_after(5):
        await second.acquire()
    place.answered()
    assert (first.in_flight, second.in_flight) == (0, 1)


# A run of its own: it writes down when each of its calls starts and ends, for as long as its standard input is open.
_RUN = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    import anyio
    from vr_assets.backends.limits import Limiter

    folder, name, workers, ceiling, hold_s = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:5]), float(sys.argv[5])
    log = open(folder / f"{name}.log", "a", buffering=1)

    async def worker(limiter):
        while True:
            place = await limiter.acquire()
            log.write(f"{time.monotonic_ns()} 1\\n")
            try:
                await anyio.sleep(hold_s)
            finally:
                log.write(f"{time.monotonic_ns()} -1\\n")
                place.release()

    async def main():
        limiter = Limiter("e", ceiling, state=folder / "limits.sqlite", run=name)
        async with anyio.create_task_group() as group:
            for _ in range(workers):
                group.start_soon(worker, limiter)
            await anyio.to_thread.run_sync(sys.stdin.read)
            group.cancel_scope.cancel()
        limiter.close()

    anyio.run(main)
    """
)


@contextmanager
def running(
    folder: Path, name: str, *, workers: int = 8, ceiling: int = CEILING, hold_s: float = 0.02
) -> Iterator[subprocess.Popen[str]]:
    arguments = [str(folder), name, str(workers), str(ceiling), str(hold_s)]
    process = subprocess.Popen([sys.executable, "-c", _RUN, *arguments], stdin=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL)


def calls(folder: Path, name: str) -> list[tuple[int, int]]:
    """(when, +1 or -1) of each start and end of a call."""
    path = folder / f"{name}.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(int(when), int(change)) for when, change in (line.split() for line in lines)]


def made(folder: Path, name: str, since: int = 0) -> int:
    return sum(change > 0 and when >= since for when, change in calls(folder, name))


def most_at_once(folder: Path, *names: str) -> int:
    changes = sorted(itertools.chain.from_iterable(calls(folder, name) for name in names))
    return max(itertools.accumulate(change for _, change in changes))


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not true():  # noqa: ASYNC110 - what other processes do sets no event
            await anyio.sleep(0.02)


async def test_three_runs_never_have_more_in_flight_than_the_ceiling_and_none_starves(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    with (
        running(tmp_path, "a", workers=20, hold_s=0.2),
        running(tmp_path, "b", hold_s=0.2),
        running(tmp_path, "c", workers=4, hold_s=0.2),
    ):
        await until(lambda: all(made(tmp_path, name) for name in names))
        begin = time.monotonic_ns()
        await until(lambda: sum(made(tmp_path, name, begin) for name in names) >= 90)
    assert most_at_once(tmp_path, *names) == CEILING
    assert min(made(tmp_path, name, begin) for name in names) >= 15


async def test_the_places_of_a_killed_run_come_back(tmp_path: Path) -> None:
    with running(tmp_path, "killed", hold_s=600.0) as killed:
        await until(lambda: made(tmp_path, "killed") == CEILING)
        with running(tmp_path, "waiting"):
            await anyio.sleep(0.3)
            assert made(tmp_path, "waiting") == 0
            killed.send_signal(signal.SIGKILL)
            await until(lambda: made(tmp_path, "waiting") >= 20)


async def test_a_pilot_is_served_though_a_backfill_wants_everything(tmp_path: Path) -> None:
    with running(tmp_path, "backfill", workers=50, hold_s=0.3):
        await until(lambda: made(tmp_path, "backfill") >= CEILING)
        before = made(tmp_path, "backfill")
        pilot = Limiter("e", CEILING, state=tmp_path / "limits.sqlite", run="pilot")
        for _ in range(5):
            place = await pilot.acquire()
            place.release()
        pilot.close()
        # In order of asking, 46 calls of the backfill would have come before the pilot's first.
        assert made(tmp_path, "backfill") - before < 20

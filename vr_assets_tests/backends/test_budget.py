"""A budget is never exceeded, by however many processes, however they end; and it stops nobody who has room."""

import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from vr_assets.backends.budget import Budget
from vr_assets.backends.spending import Spending, spent
from vr_assets.errors import BudgetError, StageError, StorageError


def budget(path: Path | None, *, run: str = "one", batch: str = "cams", run_usd: float = 0.0, batch_usd: float = 0.0) -> Budget:
    return Budget(path, batch=batch, run=run, run_usd=run_usd, batch_usd=batch_usd)


def in_a_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(20):
            await work()

    anyio.run(bounded)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spending.sqlite"


def spender(file: Path, run: str, calls: int, most: float, paid: str, limit: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "vr_assets_tests.backends.spender", str(file), run, *map(str, (calls, most, paid, limit))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_a_call_cost_takes_the_place_of_what_it_might_have(file: Path) -> None:
    async def work() -> None:
        own = budget(file, run_usd=1.0)
        held = await own.reserve(0.6)
        assert spent(file, batch="cams") == Spending(reserved_usd=0.6)
        held.settle(0.1)
        (await own.reserve(0.9)).settle(0.2)
        assert spent(file, batch="cams", run="one") == Spending(usd=0.3, calls=2)

    in_a_loop(work)


def test_a_call_that_was_not_charged_for_leaves_no_trace(file: Path) -> None:
    async def work() -> None:
        own = budget(file, run_usd=1.0)
        (await own.reserve(1.0)).release()
        (await own.reserve(1.0)).release()
        assert spent(file, batch="cams") == Spending()

    in_a_loop(work)


def test_a_call_of_unknown_cost_counts_with_all_that_was_set_aside(file: Path) -> None:
    async def work() -> None:
        own = budget(file, run_usd=1.0)
        (await own.reserve(0.4)).settle(None)
        with await own.reserve(0.3):
            pass
        assert spent(file, batch="cams") == Spending(usd=0.7, calls=2, unpriced=2)
        with pytest.raises(BudgetError):
            await own.reserve(0.4)

    in_a_loop(work)


def test_a_reservation_ends_once(file: Path) -> None:
    async def work() -> None:
        held = await budget(file).reserve(0.4)
        held.settle(0.1)
        held.settle(0.2)
        held.release()
        assert spent(file, batch="cams") == Spending(usd=0.1, calls=1)

    in_a_loop(work)


def test_what_does_not_fit_stops_the_stage_and_says_what_to_do(file: Path) -> None:
    async def work() -> None:
        own = budget(file, run_usd=5.0)
        (await own.reserve(4.99)).settle(4.98)
        with pytest.raises(StageError) as told:
            await own.reserve(0.03)
        assert all(
            part in str(told.value)
            for part in (
                "4.9800 USD",
                "budget.run_usd = 5",
                "up to 0.0300",
                "--set budget.run_usd=10",
                "VR_BUDGET__RUN_USD",
                "twice",
            )
        ), str(told.value)

    in_a_loop(work)


def test_a_batch_limit_counts_all_runs_of_the_batch_and_those_made_without_a_limit(file: Path) -> None:
    async def work() -> None:
        (await budget(file, run="one").reserve(0.0)).settle(0.9)
        (await budget(file, batch="cams_2", run="one").reserve(0.0)).settle(5.0)
        later = budget(file, run="two", run_usd=1.0, batch_usd=1.0)
        (await later.reserve(0.1)).release()
        with pytest.raises(BudgetError, match=r"the batch's budget .* 0.9000 USD of budget.batch_usd = 1 "):
            await later.reserve(0.11)

    in_a_loop(work)


def test_names_of_batches_and_runs_are_not_patterns(file: Path) -> None:
    async def work() -> None:
        (await budget(file, batch="camsX2").reserve(0.0)).settle(1.0)
        assert spent(file, batch="cams_2") == Spending()
        assert spent(file, batch="%") == Spending()

    in_a_loop(work)


def test_one_that_waits_goes_on_when_a_call_was_cheaper_than_it_might_have_been(file: Path) -> None:
    async def work() -> None:
        own, got = budget(file, run_usd=1.0), anyio.Event()
        first = await own.reserve(0.8)

        async def second() -> None:
            (await own.reserve(0.5)).settle(0.5)
            got.set()

        async with anyio.create_task_group() as group:
            group.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            assert not got.is_set()
            first.settle(0.2)
        assert got.is_set()

    in_a_loop(work)


def test_one_that_waits_is_stopped_when_the_calls_under_way_leave_too_little(file: Path) -> None:
    async def work() -> None:
        own, stopped = budget(file, run_usd=1.0), anyio.Event()
        first = await own.reserve(0.8)

        async def second() -> None:
            with pytest.raises(BudgetError):
                await own.reserve(0.5)
            stopped.set()

        async with anyio.create_task_group() as group:
            group.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            first.settle(None)
        assert stopped.is_set()

    in_a_loop(work)


def test_small_calls_do_not_overtake_a_large_one_that_waits(file: Path) -> None:
    async def work() -> None:
        own, order = budget(file, run_usd=1.0), list[str]()
        first = await own.reserve(0.7)

        async def call(name: str, usd: float) -> None:
            held = await own.reserve(usd)
            order.append(name)
            held.release()

        async with anyio.create_task_group() as group:
            for name, usd in (("large", 0.9), ("small", 0.1)):
                group.start_soon(call, name, usd)
                await anyio.wait_all_tasks_blocked()
            assert order == []
            first.release()
        assert order == ["large", "small"]

    in_a_loop(work)


def test_a_cancelled_wait_lets_the_next_one_through(file: Path) -> None:
    async def work() -> None:
        own = budget(file, run_usd=1.0)
        first = await own.reserve(0.7)
        with anyio.move_on_after(0.05):
            await own.reserve(0.9)
        (await own.reserve(0.3)).release()
        first.release()

    in_a_loop(work)


def test_a_run_of_another_process_that_waits_goes_on_when_this_one_is_done(file: Path) -> None:
    async def work() -> None:
        own = budget(file, batch_usd=1.0)
        held = await own.reserve(0.8)
        with spender(file, "other", 1, 0.5, "0.5", 1.0) as other:
            await anyio.sleep(1.0)
            assert other.poll() is None
            held.settle(0.1)
            said, _ = await anyio.to_thread.run_sync(other.communicate)
        assert said.split() == ["held", "paid"]

    in_a_loop(work)


def test_several_processes_together_never_exceed_the_limit_and_use_all_of_it(file: Path) -> None:
    limit, most, paid = 1.0, 0.05, 0.02
    runs = [spender(file, f"run{number}", 100, most, str(paid), limit) for number in range(4)]
    highest = 0.0
    while any(run.poll() is None for run in runs):
        now = spent(file, batch="cams") if file.is_file() else Spending()
        highest = max(highest, now.usd + now.reserved_usd)
    said = [run.communicate()[0].split() for run in runs]
    assert all(lines[-1] == "stopped" for lines in said)
    assert most < highest <= limit + 1e-9
    calls = sum(lines.count("paid") for lines in said)
    left = spent(file, batch="cams")
    assert left.calls - left.unpriced == calls
    # What was cancelled while it was under way counts as it might have cost at most.
    assert left.usd == pytest.approx(calls * paid + left.unpriced * most)
    assert limit - most < left.usd <= limit


def test_what_a_killed_process_had_set_aside_is_spent(file: Path) -> None:
    async def work() -> None:
        with spender(file, "dies", 2, 0.3, "never", 1.0) as dying:
            assert dying.stdout is not None
            assert [dying.stdout.readline().strip() for _ in range(2)] == ["held", "held"]
            assert spent(file, batch="cams") == Spending(reserved_usd=0.6)
            dying.kill()
            dying.wait()
        own = budget(file, run="lives", batch_usd=1.0)
        with pytest.raises(BudgetError, match=r"0\.6000 USD of budget\.batch_usd = 1 "):
            await own.reserve(0.41)
        (await own.reserve(0.4)).release()
        assert spent(file, batch="cams", run="dies") == Spending(usd=0.6, calls=2, unpriced=2)

    in_a_loop(work)


def test_a_run_that_was_taken_for_dead_is_counted_right_when_it_settles(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        own = budget(file, batch_usd=1.0)
        held = await own.reserve(0.6)
        with monkeypatch.context() as elsewhere:
            # A process in another container has another number there, or none.
            elsewhere.setattr("vr_assets.backends.owners.Owner.alive", property(lambda owner: False))
            (await budget(file, run="two", batch_usd=1.0).reserve(0.1)).release()
        held.settle(0.2)
        assert spent(file, batch="cams") == Spending(usd=0.2, calls=1)

    in_a_loop(work)


def test_what_is_still_set_aside_at_the_end_counts_as_spent(file: Path) -> None:
    async def work() -> None:
        own = budget(file)
        await own.reserve(0.4)
        own.close()
        assert spent(file, batch="cams") == Spending(usd=0.4, calls=1, unpriced=1)

    in_a_loop(work)


def test_many_small_amounts_add_up_to_the_limit_exactly() -> None:
    async def work() -> None:
        own = budget(None, run_usd=0.3)
        for _ in range(3):
            (await own.reserve(0.1)).settle(0.1)
        with pytest.raises(BudgetError):
            await own.reserve(1e-9)

    in_a_loop(work)


def test_without_a_limit_nothing_is_refused_and_everything_is_written_down(file: Path) -> None:
    async def work() -> None:
        own = budget(file)
        assert not own.limited and budget(file, batch_usd=1.0).limited
        (await own.reserve(0.0)).settle(1000.0)
        (await own.reserve(0.0)).settle(None)
        assert spent(file, batch="cams") == Spending(usd=1000.0, calls=2, unpriced=1)

    in_a_loop(work)


def test_a_file_that_is_no_record_is_named(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("not a database, but some text that is long enough to be taken for a header of one " * 20)
    with pytest.raises(StorageError, match=r"spending\.sqlite"):
        budget(file)
    with pytest.raises(StorageError, match=r"spending\.sqlite"):
        spent(file, batch="cams")


def test_nothing_spent_yet_is_nothing_and_makes_no_file(file: Path) -> None:
    assert spent(file, batch="cams") == Spending()
    assert not file.parent.exists()


def test_who_only_looks_counts_what_a_killed_process_had_set_aside_too(file: Path) -> None:
    with spender(file, "dies", 1, 0.3, "never", 1.0) as dying:
        assert dying.stdout is not None
        assert dying.stdout.readline().strip() == "held"
        dying.kill()
        dying.wait()
    assert spent(file, batch="cams") == Spending(usd=0.3, calls=1, unpriced=1)

"""The loop: bounded, ordered, an outcome for every item, and an interrupt that ends it."""

import signal
import subprocess
import sys
import textwrap

import anyio
import anyio.lowlevel
import pytest

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import MediaError, StageError


def test_outcomes_keep_the_items_order_whatever_finishes_first() -> None:
    async def work(item: int) -> int:
        for _ in range(10 - item):
            await anyio.lowlevel.checkpoint()
        return item * 2

    async def main() -> list[int | Failed]:
        return await batch.run(range(10), work, at_once=4)

    assert anyio.run(main) == [item * 2 for item in range(10)]


def test_no_more_items_are_in_work_than_allowed_and_all_places_are_used() -> None:
    now = most = 0

    async def work(item: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        now -= 1

    async def main() -> None:
        await batch.run(range(20), work, at_once=3)

    anyio.run(main)
    assert most == 3


@pytest.mark.parametrize("error", [MediaError("broken file"), KeyError("a bug")], ids=["expected", "unexpected"])
def test_one_failure_is_an_outcome_and_stops_nothing(error: Exception) -> None:
    async def work(item: int) -> int:
        if item == 1:
            raise error
        return item

    async def main() -> list[int | Failed]:
        return await batch.run(range(3), work, at_once=3)

    first, second, third = anyio.run(main)
    assert (first, third) == (0, 2)
    assert isinstance(second, Failed) and str(error) in second.reason


def test_a_stage_error_deep_inside_ends_everything_at_once_as_itself() -> None:
    reached_the_end = False

    async def part(item: int) -> None:
        nonlocal reached_the_end
        if item == 1:
            raise StageError("no key")
        await anyio.sleep(60)
        reached_the_end = True

    async def work(item: int) -> None:
        await batch.together([lambda: part(item)])

    async def main() -> None:
        await batch.run(range(3), work, at_once=3)

    with pytest.raises(StageError, match="no key"):
        anyio.run(main)
    assert not reached_the_end


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_interrupt_of_the_waiting_thread_cancels_the_loop_and_its_finally_runs(sent: signal.Signals) -> None:
    program = """
        import signal, sys, anyio
        from anyio.from_thread import start_blocking_portal
        from vr_assets import batch

        class Interrupted(BaseException): pass
        def interrupt(number, frame): raise Interrupted
        signal.signal(signal.SIGTERM, interrupt); signal.signal(signal.SIGINT, interrupt)

        async def main():
            try:
                print("busy", flush=True)
                await anyio.sleep(600)
            finally:
                print("let go", flush=True)
        try:
            with start_blocking_portal() as portal:
                batch.drive(portal, main)
        except Interrupted:
            print("interrupted"); sys.exit(3)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        process.send_signal(sent)
        said, _ = process.communicate(timeout=60)
    assert (said, process.returncode) == ("let go\ninterrupted\n", 3)

"""Cuts that a call waits for do not wait behind whole videos."""

import asyncio

from vr_assets.media.turns import Turns, takes_long


@takes_long
def whole() -> None: ...


def cut() -> None: ...


def served(*asked: object, places: int = 1) -> list[object]:
    """In which order work is served that is asked for while all places are taken."""

    async def main() -> list[object]:
        turns, order = Turns(places), list[object]()
        hold, gone = asyncio.Event(), asyncio.Event()

        async def occupy() -> None:
            async with turns.turn(cut):
                hold.set()
                await gone.wait()

        async def one(number: int, fn: object) -> None:
            async with turns.turn(fn):
                order.append((number, fn))
                await asyncio.sleep(0)

        busy = [asyncio.create_task(occupy()) for _ in range(places)]
        await hold.wait()
        tasks = [asyncio.create_task(one(number, fn)) for number, fn in enumerate(asked)]
        await asyncio.sleep(0.01)
        gone.set()
        await asyncio.gather(*busy, *tasks)
        return order

    return asyncio.run(main())


def test_cuts_go_before_whole_videos_and_each_kind_in_order() -> None:
    assert served(whole, whole, cut, whole, cut) == [(2, cut), (4, cut), (0, whole), (1, whole), (3, whole)]


def test_who_is_cancelled_while_it_waits_takes_no_place() -> None:
    async def main() -> None:
        turns = Turns(1)

        async def one(done: asyncio.Event, gone: asyncio.Event) -> None:
            async with turns.turn(cut):
                done.set()
                await gone.wait()

        first, gone, never, last = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(one(first, gone))
        await first.wait()
        waiting = asyncio.create_task(one(never, gone))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        gone.set()
        await holder
        await asyncio.wait_for(one(last, gone), timeout=30)
        assert last.is_set() and not never.is_set()

    asyncio.run(main())


def test_who_is_cancelled_at_work_gives_its_place_back() -> None:
    async def main() -> None:
        turns, started = Turns(1), asyncio.Event()

        async def forever() -> None:
            async with turns.turn(whole):
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(forever())
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(30), turns.turn(whole):
            pass

    asyncio.run(main())

"""Work wanted by several at once is done once."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from vr_assets.media.sharing import Shared

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(main)


class Work:
    """Counts how often it was begun; ends when it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = False
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.begun


async def begin(*coroutines: Coroutine[Any, Any, T]) -> list["asyncio.Task[T]"]:
    tasks = [asyncio.create_task(one) for one in coroutines]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_equal_keys_share_and_others_do_not() -> None:
    async def main() -> tuple[list[int], int, int]:
        shared, work, other = Shared(), Work(), Work()
        tasks = await begin(*(shared.once("a", work) for _ in range(5)), shared.once("b", other))
        work.go.set()
        other.go.set()
        return await asyncio.gather(*tasks), work.begun, other.begun

    assert run(main()) == ([1] * 6, 1, 1)


def test_nothing_is_remembered_afterwards() -> None:
    async def main() -> list[int]:
        shared, work = Shared(), Work()
        work.go.set()
        return [await shared.once("a", work) for _ in range(3)]

    assert run(main()) == [1, 2, 3]


def test_an_error_reaches_all_who_wait() -> None:
    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def main() -> list[object]:
        shared = Shared()
        return list(await asyncio.gather(*(shared.once("a", fail) for _ in range(3)), return_exceptions=True))

    assert [str(error) for error in run(main())] == ["broken"] * 3


def test_one_who_is_cancelled_does_not_take_the_others_along() -> None:
    async def main() -> int:
        shared, work = Shared(), Work()
        first, second = await begin(shared.once("a", work), shared.once("a", work))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        work.go.set()
        return await second

    assert run(main()) == 1


def test_work_that_nobody_waits_for_is_cancelled_and_may_begin_again() -> None:
    async def main() -> tuple[bool, int]:
        shared, work = Shared(), Work()
        (only,) = await begin(shared.once("a", work))
        only.cancel()
        with pytest.raises(asyncio.CancelledError):
            await only
        work.go.set()
        return work.cancelled, await shared.once("a", work)

    assert run(main()) == (True, 2)

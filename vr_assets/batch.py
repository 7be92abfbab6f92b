"""One step over many items: bounded, in order, each failure its own."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import anyio
from anyio.from_thread import BlockingPortal

from vr_assets.errors import StageError, VrAssetsError

logger = logging.getLogger(__name__)
I = TypeVar("I")  # noqa: E741
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Failed:
    """What kept one piece of work from its result, in words a person can act on."""

    reason: str


async def attempt(work: Callable[[], Awaitable[T]]) -> T | Failed:
    """A result, or why there is none. The package's one place that catches everything.

    Raises:
        StageError: nothing else can succeed either.
    """
    try:
        return await work()
    except StageError:
        raise
    except VrAssetsError as error:
        return Failed(str(error))
    except Exception as error:
        logger.error("unexpected %s", type(error).__name__, exc_info=error)
        return Failed(f"internal error, please report it: {type(error).__name__}: {error}")


async def run(
    items: Sequence[I],
    work: Callable[[I], Awaitable[T]],
    *,
    at_once: int,
    on_done: Callable[[T | Failed], None] = lambda outcome: None,
) -> list[T | Failed]:
    """Work on all items, at most `at_once` in work; one outcome an item, in the items' order.

    Raises:
        StageError: the first one raised; everything else in work is cancelled.
    """
    outcomes: dict[int, T | Failed] = {}
    places = anyio.Semaphore(at_once)

    async def one(position: int, item: I) -> None:
        try:
            outcomes[position] = await attempt(lambda: work(item))
            on_done(outcomes[position])
        finally:
            places.release()

    try:
        async with anyio.create_task_group() as group:
            for position, item in enumerate(items):
                await places.acquire()
                group.start_soon(one, position, item)
    except* StageError as stopped:
        raise _first(stopped) from None
    return [outcomes[position] for position in range(len(items))]


async def together(works: Sequence[Callable[[], Awaitable[T]]]) -> list[T | Failed]:
    """All at once (the endpoint's ceiling bounds them); one outcome a work, in order."""
    return await run(works, lambda work: work(), at_once=max(1, len(works)))


async def both(first: Callable[[], Awaitable[T]], second: Callable[[], Awaitable[U]]) -> tuple[T | Failed, U | Failed]:
    """Two different pieces of work at once, each failure its own."""
    outcomes = await together(cast(Sequence[Callable[[], Awaitable[T | U]]], [first, second]))
    return cast(tuple[T | Failed, U | Failed], tuple(outcomes))


def drive(portal: BlockingPortal, main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` in the portal's event loop, in another thread, while this thread waits: so an interrupt reaches this one.

    `asyncio.run` would hand the interrupt to whichever task is running and go on. `main` is cancelled with the wait.
    """
    future = portal.start_task_soon(main)
    try:
        return future.result()
    finally:
        future.cancel()


def _first(group: BaseExceptionGroup[StageError]) -> StageError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, StageError)
    return error

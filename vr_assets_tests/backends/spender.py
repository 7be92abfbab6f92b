"""A run that spends, as a process of its own: `python -m vr_assets_tests.backends.spender FILE RUN CALLS MOST PAID BATCH_USD`.

Prints a line for each reservation it gets (`held`), for each that it settles (`paid`), and `stopped` when the budget is spent.
PAID is what a call turns out to cost, or `never`: then the process hangs with what it holds.
"""

import sys
from pathlib import Path

import anyio
import anyio.lowlevel

from vr_assets.backends.budget import Budget
from vr_assets.errors import BudgetError


async def spend(file: Path, run: str, calls: int, *, most_usd: float, paid: str, batch_usd: float) -> None:
    """Four calls at a time, as many in all."""
    budget = Budget(file, batch="cams", run=run, run_usd=0.0, batch_usd=batch_usd)
    places = anyio.Semaphore(4)

    async def call() -> None:
        async with places:
            with await budget.reserve(most_usd) as held:
                print("held", flush=True)
                if paid == "never":
                    await anyio.sleep_forever()
                await anyio.lowlevel.checkpoint()
                held.settle(float(paid))
                print("paid", flush=True)

    try:
        async with anyio.create_task_group() as group:
            for _ in range(calls):
                group.start_soon(call)
    except* BudgetError:
        print("stopped", flush=True)
    budget.close()


if __name__ == "__main__":
    _, path, name, count, most, cost, limit = sys.argv
    anyio.run(lambda: spend(Path(path), name, int(count), most_usd=float(most), paid=cost, batch_usd=float(limit)))

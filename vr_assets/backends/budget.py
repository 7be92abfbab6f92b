"""What runs and batches may cost: set aside before a call is sent, settled when it is answered, shared by all processes."""

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio

from vr_assets.backends.owners import Owner
from vr_assets.backends.spending import NANO, Held, SpendingFile, nano_usd
from vr_assets.errors import BudgetError
from vr_assets.settings import environment_name

logger = logging.getLogger(__name__)

# How often a reservation that waits looks whether other processes' calls were cheaper than they might have been.
_LOOK_AGAIN_S = 0.2


class Reservation:
    """An amount that is set aside for one call, until one of its two ends; ending it again changes nothing.

    At the end of a `with` block that gave it none it counts as spent.
    """

    def __init__(self, budget: "Budget", held: Held) -> None:
        self._budget = budget
        self._held = held

    def settle(self, usd: float | None) -> None:
        """The call was charged for. None: nobody said how much, and all that was set aside counts as spent."""
        self._budget.end(self._held, self._held.nano if usd is None else nano_usd(usd), unpriced=usd is None)

    def release(self) -> None:
        """The call was not charged for."""
        self._budget.end(self._held, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.settle(None)


@dataclass(frozen=True)
class _Limit:
    """`nano` is 0 where there is none. `run` is None for the limit of a whole batch."""

    setting: str
    nano: int
    run: str | None


class Budget:
    """The limits of one run, and of its batch over all runs. What is spent and set aside together never exceeds them.

    Everything is written down also where no limit is set, so that one which is set later counts what was spent before.
    Belongs to the event loop in which it is first used.

    Args:
        path: a SQLite file that all runs share; None: kept in memory.
        run_usd, batch_usd: the limits; 0 for none.

    Raises:
        StorageError: the file cannot be opened.
    """

    def __init__(self, path: Path | None, *, batch: str, run: str, run_usd: float, batch_usd: float) -> None:
        self._batch, self._run = batch, run
        self._limits = [
            _Limit("budget.run_usd", nano_usd(run_usd), run),
            _Limit("budget.batch_usd", nano_usd(batch_usd), None),
        ]
        self._me = Owner.me()
        self._under_way: dict[str, Held] = {}
        self._turn = anyio.Lock()
        self._ended = anyio.Event()
        self._file = SpendingFile(path)

    @property
    def limited(self) -> bool:
        """Whether there is a limit, so that what calls may cost has to be known."""
        return any(limit.nano for limit in self._limits)

    async def reserve(self, usd: float) -> Reservation:
        """Set aside the most that a call can cost. Waits while calls under way may leave enough by costing less than they might.

        Callers are served in the order in which they came. One that waits must hold no other reservation.

        Raises:
            BudgetError: it does not fit, whatever the calls under way cost.
        """
        nano = nano_usd(usd)
        async with self._turn:
            waits = False
            while (held := self._held(nano)) is None:
                if not waits:
                    logger.info("the budget has no room for another %.4f USD before calls under way are paid: waiting", usd)
                waits = True
                with anyio.move_on_after(_LOOK_AGAIN_S):
                    await self._ended.wait()
        return Reservation(self, held)

    def end(self, held: Held, nano: int | None, *, unpriced: bool = False) -> None:
        """End a reservation: `nano` was spent, or None where the call was not charged for."""
        if self._under_way.pop(held.name, None) is None:
            return
        with self._file.transaction():
            if not self._file.let_go(held.name):
                # Somebody who cannot see this process took it for dead, and counted the reservation as spent.
                self._file.add(held.batch, held.run, -held.nano, calls=-1, unpriced=-1)
            if nano is not None:
                self._file.add(held.batch, held.run, nano, unpriced=int(unpriced))
        self._ended.set()
        self._ended = anyio.Event()

    def close(self) -> None:
        """Let go of the file. What is still set aside counts as spent."""
        for held in list(self._under_way.values()):
            self.end(held, held.nano, unpriced=True)
        self._file.close()

    def _held(self, nano: int) -> Held | None:
        with self._file.transaction():
            self._file.count_lost()
            # Each is asked, also after one that has no room now: another may have none ever.
            fits = [self._fits(limit, nano) for limit in self._limits if limit.nano]
            if not all(fits):
                return None
            held = Held(secrets.token_hex(8), self._batch, self._run, nano, self._me)
            self._file.hold(held)
        self._under_way[held.name] = held
        return held

    def _fits(self, limit: _Limit, nano: int) -> bool:
        paid, _, _ = self._file.paid(self._batch, limit.run)
        if paid + nano > limit.nano:
            raise BudgetError(_told(limit, paid, nano))
        return paid + sum(held.nano for held in self._file.held(self._batch, limit.run)) + nano <= limit.nano


def _told(limit: _Limit, paid: int, nano: int) -> str:
    which = "run" if limit.run is not None else "batch"
    higher = max(f"{2 * limit.nano / NANO:g}", f"{(paid + 2 * nano) / NANO:.3g}", key=float)
    return (
        f"the {which}'s budget does not reach for another call: {paid / NANO:.4f} USD of {limit.setting} = "
        f"{limit.nano / NANO:g} are spent, and the next call may cost up to {nano / NANO:.4f} USD. What was answered is kept. "
        f"The same command with a higher limit (--set {limit.setting}={higher}, or {environment_name(limit.setting)}) goes on "
        "from there without paying anything twice."
    )

"""Who holds places at an endpoint, and its pace, over all runs that share a book: a file of this machine, or a database.

A book has one row for each holder and one for each endpoint. A holder writes how many places it holds, not what changed, so that
a book that was lost is whole again after everyone's next turn.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from vr_assets.backends.lease_books import Book, Database, Endpoint, Page, Share, Where
from vr_assets.backends.lease_file import PATIENCE_S, FileBook, look_into_file
from vr_assets.backends.owners import Owner
from vr_assets.backends.pace import Pace

LEASES = "leases.sqlite"
"""The file's name, in the folder that all runs on a machine share."""

DATABASE_URL = "DAGSTER_PG_URL"
"""The environment variable that names the database of Dagster's instance, in which leases lie too."""

# A waiting run says so at each look; one that has not for so long waits no more, or cannot take a place that is kept for it.
WAITING_S = 1.5


def shared_book(folder: Path, environ: Mapping[str, str]) -> Path | Database:
    """Where leases lie: in the database that the environment names, else in the folder that runs on this machine share."""
    url = environ.get(DATABASE_URL)
    return Database(url) if url else folder / LEASES


def may_take(mine: Share, others: Sequence[Share], places: int) -> bool:
    """Whether a run may take one of the free places, or must leave them to others.

    Runs share alike: each gets what it wants up to a level at which all places are taken. A run below that level comes first;
    of several, the one that was not served for longest. What nobody below its level wants is anyone's.
    """
    free = places - mine.held - sum(other.held for other in others)
    level = _level([mine.wanted, *(other.wanted for other in others)], places)
    below = mine.held < level
    first = (other for other in others if not below or other.served < mine.served)
    kept = sum(max(0, min(other.waiting, level - other.held)) for other in first)
    return free > kept


def _level(wanted: Sequence[int], places: int) -> int:
    """The least n for which all places are taken when nobody has more than n; the highest wish where they are not."""
    left, level = places, 0
    for rank, wish in enumerate(sorted(wanted)):
        sharing = len(wanted) - rank
        if (wish - level) * sharing >= left:
            return level + -(-left // sharing)
        left -= (wish - level) * sharing
        level = wish
    return level


def endpoints_in_use(where: Where) -> list[Endpoint]:
    """Endpoints that runs which are alive hold places of, by name. Changes nothing; a book that cannot be read tells of none."""
    if isinstance(where, Database):
        from vr_assets.backends.lease_database import look_into_database

        found = look_into_database(where)
    else:
        found = look_into_file(where) if where else []
    paces = {one.endpoint: _pace(one.pace, time.time()) for one in found if one.pace is not None}
    return [
        Endpoint(
            name=name,
            runs=len({one.run for one in found if one.endpoint == name}),
            in_flight=sum(one.held for one in found if one.endpoint == name),
            waiting=sum(one.waiting for one in found if one.endpoint == name),
            limit=int(paces[name].limit) if name in paces else 0,
        )
        for name in dict.fromkeys(one.endpoint for one in found)
    ]


class Turn:
    """The endpoint while nobody else changes it. What is set in `pace` and `mine` is kept at the end.

    `now` is the time that all go by. `mine` is this holder's, `run` its run's (`beside`: without this holder), `others` are the
    other runs'.
    """

    def __init__(self, now: float, pace: Pace, mine: Share, beside: Share, others: tuple[Share, ...]) -> None:
        self.now = now
        self.pace = pace
        self.mine = mine
        self._beside = beside
        self.others = others

    @property
    def in_flight(self) -> int:
        return self.mine.held + self._beside.held + sum(other.held for other in self.others)

    @property
    def contended(self) -> bool:
        """Whether a place may come free without this process."""
        return self.in_flight > self.mine.held or any(other.waiting for other in self.others)

    @property
    def run(self) -> Share:
        beside = self._beside
        return Share(beside.held + self.mine.held, beside.waiting + self.mine.waiting, max(beside.served, self.mine.served))

    @property
    def waits_longer(self) -> bool:
        """Whether another run wants a call, and had its last one before this run had its own."""
        return any(other.waiting and other.served < self.run.served for other in self.others)


class Leases:
    """The places and the pace of one endpoint, as one holder sees them.

    Args:
        where: what the runs that share the endpoint's ceiling share; None: this process alone, in memory.
        run: holders of one run share its part; empty: each process is a run.
        patience_s: how long another program may hold the book.
    """

    def __init__(self, endpoint: str, where: Where, *, run: str = "", patience_s: float = PATIENCE_S) -> None:
        owner = Owner.me()
        holder = secrets.token_hex(8)
        # A process id is one machine's.
        self._run = run or (holder if isinstance(where, Database) else f"{owner.pid}.{owner.started}")
        self._served = 0.0
        self._book: Book
        if isinstance(where, Database):
            from vr_assets.backends.lease_database import DatabaseBook

            self._book = DatabaseBook(endpoint, where, holder=holder, run=self._run, patience_s=patience_s)
        else:
            self._book = FileBook(endpoint, where, holder=holder, run=self._run, patience_s=patience_s)

    @property
    def look_again_s(self) -> float:
        """How soon who waits may look whether another process gave a place back."""
        return self._book.look_again_s

    @contextmanager
    def turn(self, now: float, *, held: int, waiting: int) -> Iterator[Turn]:
        """The endpoint for one change, with `held` and `waiting` as this holder's.

        Args:
            now: by this machine's clock; a database goes by its own, see `Turn.now`.

        Raises:
            StorageError: the book cannot be used.
        """
        with self._book.page(now) as page:
            turn = self._turn(page, Share(held, waiting, self._served))
            yield turn
            page.pace, page.mine = turn.pace.model_dump_json(), turn.mine
            self._served = turn.mine.served

    def close(self) -> None:
        """Give back all."""
        self._book.close()

    def _turn(self, page: Page, mine: Share) -> Turn:
        shares: dict[str, Share] = defaultdict(Share)
        for one in page.others:
            share = shares[one.run]
            share.held += one.held
            share.waiting += one.waiting if abs(page.now - one.seen) < WAITING_S else 0
            share.served = max(share.served, one.served)
        beside = shares.pop(self._run, Share())
        return Turn(page.now, _pace(page.pace, page.now), mine, beside, tuple(shares.values()))


def _pace(written: str | None, now: float) -> Pace:
    try:
        pace = Pace.model_validate_json(written) if written else Pace()
    except ValidationError:
        # Written by another version.
        return Pace()
    return Pace() if pace.forgotten(now) else pace

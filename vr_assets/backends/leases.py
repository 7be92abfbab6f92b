"""Who holds places at an endpoint, and its pace, over all runs on this machine.

One row for each holder and one for each endpoint in a SQLite file. A holder writes how many places it holds, not what changed,
so that a file that was lost is whole again after everyone's next turn. Nothing in it must survive a power cut, hence no syncs:
a turn takes about 0.1 ms, and is taken on the event loop.
"""

import logging
import secrets
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from vr_assets.backends.owners import Owner
from vr_assets.backends.pace import Pace
from vr_assets.errors import StorageError

logger = logging.getLogger(__name__)

LEASES = "leases.sqlite"
"""The file's name, in the folder that all runs on a machine share."""

# A waiting run says so at each look; one that has not for so long waits no more, or cannot take a place that is kept for it.
WAITING_S = 1.5
# Whether the others are alive is asked no oftener: 0.05 ms each.
ALIVE_EVERY_S = 1.0
PATIENCE_S = 10.0
_SPIN_S = 0.0002

_SCHEMA = """
CREATE TABLE IF NOT EXISTS paces (endpoint TEXT PRIMARY KEY, pace TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holders (
    endpoint TEXT, holder TEXT, run TEXT, pid INTEGER, started REAL, held INTEGER, waiting INTEGER, seen REAL, served REAL,
    PRIMARY KEY (endpoint, holder)
) WITHOUT ROWID
"""


@dataclass
class Share:
    """What a run has of an endpoint. `served`: when it was last given a place."""

    held: int = 0
    waiting: int = 0
    served: float = 0.0

    @property
    def wanted(self) -> int:
        return self.held + self.waiting


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


@dataclass(frozen=True)
class Endpoint:
    """What runs on this machine hold of an endpoint now. `limit` is how many calls it was found to take at a time."""

    name: str
    runs: int
    in_flight: int
    waiting: int
    limit: int


def endpoints_in_use(path: Path) -> list[Endpoint]:
    """Endpoints that runs which are alive hold places of, by name. Changes nothing; a file that cannot be read tells of none."""
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            rows = file.execute("SELECT endpoint, run, pid, started, held, waiting FROM holders ORDER BY endpoint").fetchall()
            paces = {endpoint: _pace((pace,), time.time()) for endpoint, pace in file.execute("SELECT endpoint, pace FROM paces")}
    except sqlite3.Error:
        return []
    alive = [row for row in rows if Owner(row[2], row[3]).alive]
    return [
        Endpoint(
            name=name,
            runs=len({row[1] for row in alive if row[0] == name}),
            in_flight=sum(row[4] for row in alive if row[0] == name),
            waiting=sum(row[5] for row in alive if row[0] == name),
            limit=int(paces[name].limit) if name in paces else 0,
        )
        for name in dict.fromkeys(row[0] for row in alive)
    ]


class Turn:
    """The endpoint while nobody else changes it. What is set in `pace` and `mine` is kept at the end.

    `mine` is this holder's, `run` its run's (`beside`: without this holder), `others` are the other runs'.
    """

    def __init__(self, pace: Pace, mine: Share, beside: Share, others: tuple[Share, ...]) -> None:
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
        path: a SQLite file that runs on this machine share; None: this process alone, in memory.
        run: holders of one run share its part; empty: each process is a run.
        patience_s: how long another program may hold the file.
    """

    def __init__(self, endpoint: str, path: Path | None, *, run: str = "", patience_s: float = PATIENCE_S) -> None:
        self._endpoint = endpoint
        self._path = path
        self._patience_s = patience_s
        self._owner = Owner.me()
        self._run = run or f"{self._owner.pid}.{self._owner.started}"
        self._holder = secrets.token_hex(8)
        self._served = 0.0
        self._looked_at = -ALIVE_EVERY_S
        self._inode = 0
        self._file = self._open()

    @contextmanager
    def turn(self, now: float, *, held: int, waiting: int) -> Iterator[Turn]:
        """The endpoint for one change, with `held` and `waiting` as this holder's.

        Raises:
            StorageError: the file cannot be used.
        """
        try:
            turn = self._begin(now, Share(held, waiting, self._served))
            yield turn
            self._write(turn, now)
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error(error) from error
        finally:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")

    def close(self) -> None:
        """Give back all."""
        try:
            self._lock()
            self._file.execute("DELETE FROM holders WHERE endpoint = ? AND holder = ?", (self._endpoint, self._holder))
            self._file.execute("COMMIT")
        except sqlite3.Error:
            # The row of a process that is gone gives nothing away, and ends with it.
            logger.warning("%s: places at %s come back when this process ends", self._path, self._endpoint)
        finally:
            self._file.close()

    def _read(self, now: float, mine: Share) -> Turn:
        row = self._file.execute("SELECT pace FROM paces WHERE endpoint = ?", (self._endpoint,)).fetchone()
        found = self._file.execute(
            "SELECT holder, run, pid, started, held, waiting, seen, served FROM holders WHERE endpoint = ? AND holder != ?",
            (self._endpoint, self._holder),
        ).fetchall()
        if found and not 0 <= now - self._looked_at < ALIVE_EVERY_S:
            self._looked_at = now
            dead = [row[0] for row in found if not Owner(row[2], row[3]).alive]
            self._file.executemany("DELETE FROM holders WHERE holder = ?", [(holder,) for holder in dead])
            found = [row for row in found if row[0] not in dead]
        shares: dict[str, Share] = defaultdict(Share)
        for _, run, _, _, its_held, its_waiting, seen, served in found:
            share = shares[run]
            share.held += its_held
            share.waiting += its_waiting if abs(now - seen) < WAITING_S else 0
            share.served = max(share.served, served)
        beside = shares.pop(self._run, Share())
        return Turn(_pace(row, now), mine, beside, tuple(shares.values()))

    def _write(self, turn: Turn, now: float) -> None:
        mine = turn.mine
        self._served = mine.served
        self._file.execute("INSERT OR REPLACE INTO paces VALUES (?, ?)", (self._endpoint, turn.pace.model_dump_json()))
        owner = (self._endpoint, self._holder, self._run, self._owner.pid, self._owner.started)
        self._file.execute(
            "INSERT OR REPLACE INTO holders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*owner, mine.held, mine.waiting, now, mine.served),
        )

    def _begin(self, now: float, mine: Share) -> Turn:
        if not self._same_file():
            self._reopen()
        try:
            self._lock()
            return self._read(now, mine)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # Another run may have made it anew meanwhile.
            self._reopen()
            self._lock()
            return self._read(now, mine)

    def _lock(self) -> None:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                self._file.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                # Others are done in 0.1 ms; SQLite's own waiting sleeps ten times as long.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_SPIN_S)

    def _same_file(self) -> bool:
        try:
            return self._path is None or self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def _reopen(self) -> None:
        file = self._open()
        self._file.close()
        self._file = file

    def _open(self) -> sqlite3.Connection:
        """Raises StorageError: the file cannot be used, nor made anew."""
        try:
            try:
                return self._opened()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                logger.warning("%s is broken (%s): made anew", self._path, error)
                self._delete()
                return self._opened()
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as unless_opened:
            place = self._path or ":memory:"
            file = sqlite3.connect(place, timeout=self._patience_s, isolation_level=None, check_same_thread=False)
            unless_opened.callback(file.close)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = OFF")
            for statement in _SCHEMA.split(";"):
                file.execute(statement)
            file.execute("PRAGMA busy_timeout = 0")
            self._inode = self._path.stat().st_ino if self._path is not None else 0
            unless_opened.pop_all()
        return file

    def _delete(self) -> None:
        if self._path is not None:
            for end in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    def _error(self, error: Exception) -> StorageError:
        return StorageError(f"{self._path}: cannot be used ({error}); end the program that holds it, or delete the file")


def _pace(row: tuple[str] | None, now: float) -> Pace:
    try:
        pace = Pace.model_validate_json(row[0]) if row else Pace()
    except ValidationError:
        # Written by another version.
        return Pace()
    return Pace() if pace.forgotten(now) else pace

"""The record of what was spent and of what is set aside, in a file that all processes share. It cannot be made again.

Amounts are whole billionths of a USD, so that sums are exact.
"""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from vr_assets.backends.owners import Owner
from vr_assets.errors import StorageError
from vr_assets.mirror import Mirror

NANO = 1_000_000_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (
    batch TEXT, run TEXT, nano INTEGER NOT NULL, calls INTEGER NOT NULL, unpriced INTEGER NOT NULL, PRIMARY KEY (batch, run)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reserved (id TEXT PRIMARY KEY, batch TEXT, run TEXT, nano INTEGER NOT NULL, pid INTEGER, started REAL)
"""


def nano_usd(usd: float) -> int:
    """Billionths, rounded up."""
    return math.ceil(round(usd * NANO, 3))


@dataclass(frozen=True)
class Spending:
    """What was spent, in USD, over so many calls.

    `unpriced` of them have no known cost: nobody told the price or the tokens, or the answer was lost on the way. They are in
    `usd` with the most they can have cost, as far as that was known. `reserved_usd` is the most that calls under way may add.
    """

    usd: float = 0.0
    calls: int = 0
    unpriced: int = 0
    reserved_usd: float = 0.0


@dataclass(frozen=True)
class Held:
    """An amount that a process has set aside for a call."""

    name: str
    batch: str
    run: str
    nano: int
    owner: Owner


def spent(path: Path, *, batch: str, run: str | None = None) -> Spending:
    """What a batch, or one run of it, has cost so far. What a process that died had set aside counts as spent.

    Raises:
        StorageError: the file cannot be read.
    """
    if not path.is_file():
        return Spending()
    record = SpendingFile(path)
    try:
        with record.transaction():
            record.count_lost()
            nano, calls, unpriced = record.paid(batch, run)
            held = sum(one.nano for one in record.held(batch, run))
    finally:
        record.close()
    return Spending(nano / NANO, calls, unpriced, held / NANO)


def exchange(path: Path, mirror: Mirror, *, give: bool) -> None:
    """Take what other machines wrote down into the file, and with `give` put it all where they find it.

    A run belongs to one machine, so that of two figures for it the higher is the later one.

    Raises:
        StorageError: the bucket or the file cannot be read or written.
    """
    with TemporaryDirectory(prefix="vr-assets-") as folder:
        other = Path(folder) / path.name
        key = path.relative_to(mirror.root).as_posix()
        if mirror.bucket.fetch(key, other):
            record = SpendingFile(path)
            try:
                record.merge(other)
            finally:
                record.close()
        if give and path.is_file():
            other.unlink(missing_ok=True)
            with closing(sqlite3.connect(path)) as ours, closing(sqlite3.connect(other)) as copy:
                ours.backup(copy)
            mirror.bucket.put(key, other)


class SpendingFile:
    """The file. All but `close` is called within a transaction.

    Args:
        path: None: kept in memory.

    Raises:
        StorageError: the file cannot be opened.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        with self._told():
            self._file = _open(path)

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What happens within is one: no other process sees or does anything in between. Raises StorageError."""
        with self._told():
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._file.execute("COMMIT")
            finally:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")

    def paid(self, batch: str, run: str | None) -> tuple[int, int, int]:
        """What was spent, over how many calls, and how many of those have no known cost."""
        query = "SELECT SUM(nano), SUM(calls), SUM(unpriced) FROM spent WHERE batch = ?1 AND ?2 IN (run, '')"
        nano, calls, unpriced = self._file.execute(query, (batch, run or "")).fetchone()
        return nano or 0, calls or 0, unpriced or 0

    def held(self, batch: str | None = None, run: str | None = None) -> list[Held]:
        """What is set aside, by dead processes too; None: for all."""
        query = "SELECT id, batch, run, nano, pid, started FROM reserved WHERE ?1 IN (batch, '') AND ?2 IN (run, '')"
        rows = self._file.execute(query, (batch or "", run or "")).fetchall()
        return [Held(name, of_batch, of_run, nano, Owner(pid, started)) for name, of_batch, of_run, nano, pid, started in rows]

    def add(self, batch: str, run: str, nano: int, *, calls: int = 1, unpriced: int = 0) -> None:
        """Add to what was spent."""
        self._file.execute(
            "INSERT INTO spent VALUES (?, ?, ?, ?, ?) ON CONFLICT (batch, run) DO UPDATE SET "
            "nano = nano + excluded.nano, calls = calls + excluded.calls, unpriced = unpriced + excluded.unpriced",
            (batch, run, nano, calls, unpriced),
        )

    def merge(self, other: Path) -> None:
        """Take in what another file knows of runs. In no transaction of the caller's."""
        with closing(sqlite3.connect(other)) as theirs:
            rows = theirs.execute("SELECT batch, run, nano, calls, unpriced FROM spent").fetchall()
        with self.transaction():
            self._file.executemany(
                "INSERT INTO spent VALUES (?, ?, ?, ?, ?) ON CONFLICT (batch, run) DO UPDATE SET nano = excluded.nano, "
                "calls = excluded.calls, unpriced = excluded.unpriced WHERE excluded.calls > calls",
                rows,
            )

    def hold(self, held: Held) -> None:
        row = (held.name, held.batch, held.run, held.nano, held.owner.pid, held.owner.started)
        self._file.execute("INSERT INTO reserved VALUES (?, ?, ?, ?, ?, ?)", row)

    def let_go(self, name: str) -> bool:
        """Whether it was still set aside."""
        return self._file.execute("DELETE FROM reserved WHERE id = ?", (name,)).rowcount > 0

    def count_lost(self) -> None:
        """What dead processes had set aside is spent: their calls may have been answered."""
        for lost in _of_the_dead(self.held()):
            self.add(lost.batch, lost.run, lost.nano, unpriced=1)
            self.let_go(lost.name)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            cure = "check the disk and its free space"
            raise StorageError(f"{self._path}: what was spent cannot be written down ({error}); {cure}") from error


def _of_the_dead(held: Sequence[Held]) -> list[Held]:
    dead = {owner for owner in {one.owner for one in held} if not owner.alive}
    return [one for one in held if one.owner in dead]


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


# SQLite waits for others by itself, but not where it begins to keep a log.
@retry(retry=retry_if_exception(_is_busy), wait=wait_random(0.01, 0.1), stop=stop_after_delay(60), reraise=True)
def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(path or ":memory:", timeout=60, isolation_level=None, check_same_thread=False)
    # With a log a commit takes 0.1 ms. A crash of the process loses nothing then, a power cut at most the last seconds.
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = NORMAL")
    for statement in _SCHEMA.split(";"):
        file.execute(statement)
    return file

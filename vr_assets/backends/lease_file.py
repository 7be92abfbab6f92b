"""The book of one machine: a SQLite file.

Nothing in it must survive a power cut, hence no syncs: a turn takes about 0.1 ms, and is taken on the event loop.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from vr_assets.backends.lease_books import Holding, Looked, Page, Share
from vr_assets.backends.owners import Owner
from vr_assets.errors import StorageError

logger = logging.getLogger(__name__)

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


def look_into_file(path: Path) -> list[Looked]:
    """What holders who are alive wrote down, by endpoint; nothing where the file cannot be read."""
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            rows = file.execute(
                "SELECT endpoint, run, held, waiting, pace, pid, started FROM holders LEFT JOIN paces USING (endpoint) "
                "ORDER BY endpoint"
            ).fetchall()
    except sqlite3.Error:
        return []
    return [Looked(*row[:5]) for row in rows if Owner(row[5], row[6]).alive]


class FileBook:
    """One endpoint's pages in the file; `path` None: in memory."""

    look_again_s = 0.05

    def __init__(self, endpoint: str, path: Path | None, *, holder: str, run: str, patience_s: float) -> None:
        self._endpoint = endpoint
        self._path = path
        self._holder = holder
        self._run = run
        self._patience_s = patience_s
        self._owner = Owner.me()
        self._looked_at = -ALIVE_EVERY_S
        self._inode = 0
        self._file = self._open()

    @contextmanager
    def page(self, now: float) -> Iterator[Page]:
        try:
            page = self._begin(now)
            yield page
            self._write(page)
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error(error) from error
        finally:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")

    def close(self) -> None:
        try:
            self._lock()
            self._file.execute("DELETE FROM holders WHERE endpoint = ? AND holder = ?", (self._endpoint, self._holder))
            self._file.execute("COMMIT")
        except sqlite3.Error:
            # The row of a process that is gone gives nothing away, and ends with it.
            logger.warning("%s: places at %s come back when this process ends", self._path, self._endpoint)
        finally:
            self._file.close()

    def _read(self, now: float) -> Page:
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
        return Page(now, row[0] if row else None, [Holding(row[1], *row[4:]) for row in found], Share())

    def _write(self, page: Page) -> None:
        mine = page.mine
        self._file.execute("INSERT OR REPLACE INTO paces VALUES (?, ?)", (self._endpoint, page.pace))
        owner = (self._endpoint, self._holder, self._run, self._owner.pid, self._owner.started)
        self._file.execute(
            "INSERT OR REPLACE INTO holders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*owner, mine.held, mine.waiting, page.now, mine.served),
        )

    def _begin(self, now: float) -> Page:
        if not self._same_file():
            self._reopen()
        try:
            self._lock()
            return self._read(now)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # Another run may have made it anew meanwhile.
            self._reopen()
            self._lock()
            return self._read(now)

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

"""What was dropped and what became of it: one SQLite file beside the batches, which every look reads and writes.

A file is known by path, size and time of change. One whose size or time changed after it was taken is another file.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vr_assets.media.memo import index

_SCHEMA = """
create table if not exists files (
    path text primary key, size_bytes integer, mtime_ns integer, since_s real, taken integer, again integer, batch text
) without rowid;
create table if not exists batches (name text primary key, launched integer) without rowid
"""


@dataclass(frozen=True)
class Waiting:
    """A file that no batch has taken. It has been as it is since `since_s` (seconds since 1970); `again`: its place held another
    one that was taken.
    """

    path: str
    since_s: float
    again: bool


class DropBook:
    """Remembers between looks, and over a crash in the middle of one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def see(self, files: Mapping[str, tuple[int, int]], now_s: float) -> tuple[list[Waiting], list[str]]:
        """What waits among the files that are there now, sorted by path, and what waited and is gone.

        Args:
            files: size in bytes and time of change in nanoseconds (of objects, what their ETag says), by path.

        Raises:
            StorageError: the book cannot be written.
        """
        with self._turn() as book:
            book.execute("create temp table there (path text primary key, size_bytes integer, mtime_ns integer) without rowid")
            book.executemany("insert into there values (?, ?, ?)", ((path, *state) for path, state in files.items()))
            gone = book.execute("select path from files where not taken and path not in (select path from there)").fetchall()
            book.executemany("delete from files where path = ?", gone)
            book.execute(
                "update files set size_bytes = there.size_bytes, mtime_ns = there.mtime_ns, since_s = ?, again = again or taken, "
                "taken = 0, batch = null from there where there.path = files.path "
                "and (there.size_bytes, there.mtime_ns) != (files.size_bytes, files.mtime_ns)",
                (now_s,),
            )
            book.execute("insert or ignore into files select path, size_bytes, mtime_ns, ?, 0, 0, null from there", (now_s,))
            waiting = book.execute("select path, since_s, again from files where not taken order by path").fetchall()
            book.execute("drop table there")
        return [Waiting(path, since_s, bool(again)) for path, since_s, again in waiting], [path for (path,) in gone]

    def plan(self, batches: Mapping[str, Sequence[str]]) -> None:
        """Batches that are about to be registered, and the files that are taken with them."""
        with self._turn() as book:
            book.executemany("insert or ignore into batches values (?, 0)", [(name,) for name in batches])
            planned = [(name, path) for name, paths in batches.items() for path in paths]
            book.executemany("update files set batch = ? where path = ?", planned)

    def keep_plans(self, registered: Collection[str]) -> None:
        """After a crash: what was registered is taken, what was not is planned anew."""
        with self._turn() as book:
            for (name,) in book.execute("select distinct batch from files where not taken and batch is not null").fetchall():
                kept = "taken = 1, again = 0" if name in registered else "batch = null"
                book.execute(f"update files set {kept} where batch = ?", (name,))
            for (name,) in book.execute("select name from batches where not launched").fetchall():
                if name not in registered:
                    book.execute("delete from batches where name = ?", (name,))

    def took(self, paths: Sequence[str]) -> None:
        """Files that are in a batch, or can never be."""
        with self._turn() as book:
            book.executemany("update files set taken = 1, again = 0 where path = ?", [(path,) for path in paths])

    def to_launch(self) -> list[str]:
        """Batches of which no run is known."""
        with self._turn() as book:
            return [name for (name,) in book.execute("select name from batches where not launched order by name")]

    def launched(self, batches: Sequence[str]) -> None:
        """Batches that need no run from here any more."""
        with self._turn() as book:
            book.executemany("update batches set launched = 1 where name = ?", [(name,) for name in batches])

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        with index(self._path) as book:
            for statement in _SCHEMA.split(";"):
                book.execute(statement)
            book.execute("begin immediate")
            yield book
            book.execute("commit")

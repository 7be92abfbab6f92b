"""What was found out about files, remembered for as long as they stay as they were."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from vr_assets.errors import StorageError
from vr_assets.media.sources import FileState
from vr_assets.records.base import Record

R = TypeVar("R", bound=Record)

_TABLE = """
create table if not exists files (
    kind text, path text, version integer, size_bytes integer, mtime_ns integer, inode integer, record text,
    primary key (kind, path)
) without rowid
"""


class FileMemo(Generic[R]):
    """Records of one kind by path, for as long as size, time of change and inode stay. Safe for several processes."""

    def __init__(self, path: Path, kind: type[R], *, version: int) -> None:
        """`path` may hold records of other kinds too. Raise `version` when the same file would give another record."""
        self._path = path
        self._kind = kind
        self._version = version

    async def remembered(self, path: str, now: FileState, read: Callable[[], Awaitable[R]]) -> R:
        """What is known of a file as it is now, else what `read` finds in it.

        Raises:
            MediaError: `read` raised it.
            StorageError: the memo cannot be used.
        """
        known = await asyncio.to_thread(self.get, path, now)
        if known is None:
            known = await read()
            await asyncio.to_thread(self.put, path, now, known)
        return known

    def get(self, path: str, now: FileState) -> R | None:
        """Raises StorageError: the memo cannot be read."""
        with index(self._path) as connection:
            connection.execute(_TABLE)
            key = (self._kind.__name__, path, self._version, *now)
            where = "kind = ? and path = ? and version = ? and size_bytes = ? and mtime_ns = ? and inode = ?"
            row = connection.execute(f"select record from files where {where}", key).fetchone()
        try:
            return self._kind.model_validate_json(row[0]) if row else None
        except ValidationError:
            return None

    def put(self, path: str, now: FileState, record: R) -> None:
        """`now` is the file's state before it was read. Raises StorageError: the memo cannot be written."""
        with index(self._path) as connection:
            connection.execute(_TABLE)
            key = (self._kind.__name__, path, self._version, *now)
            connection.execute("insert or replace into files values (?, ?, ?, ?, ?, ?, ?)", (*key, record.to_line()))


@contextmanager
def index(path: Path) -> Iterator[sqlite3.Connection]:
    """A file of what can be found out again. Each statement stands by itself, unless a transaction is begun.

    Raises:
        StorageError: it cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path}: {error}; check the disk, or delete the file: it is made again") from error

"""What was found out about files, remembered for as long as they stay as they were."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from os import stat_result
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from vr_assets.errors import StorageError
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

    def get(self, path: Path, now: stat_result) -> R | None:
        """Raises StorageError: the memo cannot be read."""
        with self._connection() as connection:
            key = (self._kind.__name__, str(path), self._version, now.st_size, now.st_mtime_ns, now.st_ino)
            where = "kind = ? and path = ? and version = ? and size_bytes = ? and mtime_ns = ? and inode = ?"
            row = connection.execute(f"select record from files where {where}", key).fetchone()
        try:
            return self._kind.model_validate_json(row[0]) if row else None
        except ValidationError:
            return None

    def put(self, path: Path, now: stat_result, record: R) -> None:
        """`now` is the file's state before it was read. Raises StorageError: the memo cannot be written."""
        with self._connection() as connection:
            key = (self._kind.__name__, str(path), self._version, now.st_size, now.st_mtime_ns, now.st_ino)
            connection.execute("insert or replace into files values (?, ?, ?, ?, ?, ?, ?)", (*key, record.to_line()))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=60)
            try:
                with connection:
                    connection.execute(_TABLE)
                    yield connection
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"{self._path}: {error}; check the disk, or delete the file: it is made again") from error

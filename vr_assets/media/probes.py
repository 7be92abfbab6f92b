"""What files hold: their content's hash and their header, remembered."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from os import stat_result
from pathlib import Path

from pydantic import ValidationError

from vr_assets.errors import MediaError, StorageError
from vr_assets.media.opening import stat as stat
from vr_assets.media.probe import probe_header
from vr_assets.records.base import Record
from vr_assets.records.media import VideoHeader

# Raise it when the header is read otherwise.
_VERSION = 2

_TABLE = """
create table if not exists probes (
    path text primary key, version integer, size_bytes integer, mtime_ns integer, inode integer, probe text
) without rowid
"""


class Probe(Record):
    """A file as it was read. `content` is the SHA-256 of all its bytes, in hex: hashlib's fastest (1.8 GB/s; BLAKE2b 1.2)."""

    content: str
    size_bytes: int
    header: VideoHeader


def probe_file(path: Path) -> Probe:
    """Reads a file through once.

    Raises:
        MediaError: it is missing, broken, holds no video, or is being written to.
    """
    before = stat(path)
    header = probe_header(path)
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    after = stat(path)
    # Recorders write into files that have their full size from the start: the size alone would not tell.
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise MediaError(f"{path}: is being written; try again when it is complete")
    return Probe(content=content, size_bytes=after.st_size, header=header)


class ProbeMemo:
    """Probes by path, for as long as size, time of change and inode stay. Safe for several processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, path: Path, now: stat_result) -> Probe | None:
        """Raises StorageError: the memo cannot be read."""
        with self._connection() as connection:
            key = (str(path), _VERSION, now.st_size, now.st_mtime_ns, now.st_ino)
            where = "path = ? and version = ? and size_bytes = ? and mtime_ns = ? and inode = ?"
            row = connection.execute(f"select probe from probes where {where}", key).fetchone()
        try:
            return Probe.model_validate_json(row[0]) if row else None
        except ValidationError:
            return None

    def put(self, path: Path, now: stat_result, probe: Probe) -> None:
        """`now` is the file's state before it was read. Raises StorageError: the memo cannot be written."""
        with self._connection() as connection:
            row = (str(path), _VERSION, now.st_size, now.st_mtime_ns, now.st_ino, probe.to_line())
            connection.execute("insert or replace into probes values (?, ?, ?, ?, ?, ?)", row)

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

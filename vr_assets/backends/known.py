"""What was found out about endpoints, kept between runs: what they take, whether they see a video."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vr_assets.errors import StorageError

_SCHEMA = "CREATE TABLE IF NOT EXISTS known (endpoint TEXT, what TEXT, value TEXT, at TEXT, PRIMARY KEY (endpoint, what))"


class Known:
    """A value for each endpoint and question. Holds nothing that could not be found out again; the file may be deleted.

    Args:
        path: a SQLite file that runs on this machine share; None: kept in memory.

    All that it does raises StorageError where the file cannot be used.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        with self._told():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path or ":memory:", timeout=60, isolation_level=None, check_same_thread=False)
            self._file.execute(_SCHEMA)

    def get(self, endpoint: str, what: str, *, not_before: str = "") -> str | None:
        """What is known; None where nothing is, or nothing since `not_before` (UTC, ISO 8601)."""
        query = "SELECT value FROM known WHERE endpoint = ? AND what = ? AND at >= ?"
        with self._told():
            row = self._file.execute(query, (endpoint, what, not_before)).fetchone()
        return None if row is None else str(row[0])

    def listed(self, endpoint: str, beginning: str) -> dict[str, str]:
        """All that is known under names that begin like this, by name."""
        query = "SELECT what, value FROM known WHERE endpoint = ? AND substr(what, 1, ?) = ?"
        with self._told():
            rows = self._file.execute(query, (endpoint, len(beginning), beginning)).fetchall()
        return {str(what): str(value) for what, value in rows}

    def put(self, endpoint: str, what: str, value: str, *, at: str) -> None:
        """Keep a value in place of a former one. `at` is UTC, ISO 8601."""
        with self._told():
            self._file.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", (endpoint, what, value, at))

    def forget(self, endpoint: str, what: str) -> None:
        with self._told():
            self._file.execute("DELETE FROM known WHERE endpoint = ? AND what = ?", (endpoint, what))

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{self._path}: cannot be used ({error}); check the folder, or delete the file") from error

"""The folder of proxies: one process makes each, and the least used make room."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import AsyncFileLock

from vr_assets.errors import StorageError

# A file that was used is marked by its time of change: times of access are not kept on many disks.
_MARKED_EVERY_S = 60
# Listing 20,000 files takes a tenth of a second: it is done when this share of the room was filled since the last time.
_LISTED_EVERY_SHARE = 0.05
_EVICTED_TO_SHARE = 0.9
# What a writer that was killed left behind.
_LEFTOVER_AFTER_S = 24 * 3600


class Proxies:
    """Files that can be made again, in one folder that several processes share."""

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._unlisted_bytes = limit_bytes

    def use(self, path: Path) -> bool:
        """Whether a file is there. One that is was used now."""
        try:
            if time.time() - path.stat().st_mtime > _MARKED_EVERY_S:
                os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def added(self, path: Path) -> None:
        """Makes room, if it is time to look, for a file that was made: the least used go, but never that one."""
        self._unlisted_bytes += path.stat().st_size if path.is_file() else 0
        if self._unlisted_bytes < self._limit_bytes * _LISTED_EVERY_SHARE:
            return
        self._unlisted_bytes = 0
        found = sorted(_listed(self._folder))
        total_bytes = sum(size_bytes for _, size_bytes, _ in found)
        if total_bytes <= self._limit_bytes:
            return
        for _, size_bytes, one in found:
            if total_bytes <= self._limit_bytes * _EVICTED_TO_SHARE:
                break
            if one != path:
                one.unlink(missing_ok=True)
                total_bytes -= size_bytes


@asynccontextmanager
async def alone(path: Path) -> AsyncIterator[None]:
    """One at a time for each path, among all processes of the machine; one that is killed gives its place back.

    Raises:
        StorageError: the folder cannot be written.
    """
    lock = AsyncFileLock(path, run_in_executor=False, poll_interval=0.1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        await lock.acquire()
    except OSError as error:
        raise StorageError(f"{path}: cannot be locked ({error.strerror}); check the disk and data_root") from error
    try:
        yield
    finally:
        _forget(path)
        await lock.release()


def _forget(lock: Path) -> None:
    # Whoever waits for it notices that the file is gone, and takes a new one.
    lock.unlink(missing_ok=True)


def _listed(folder: Path) -> list[tuple[float, int, Path]]:
    """Last use, size and place of each proxy. Removes what killed writers left."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            if entry.name.startswith("."):
                if time.time() - status.st_mtime > _LEFTOVER_AFTER_S:
                    Path(entry.path).unlink(missing_ok=True)
                continue
            found.append((status.st_mtime, status.st_size, Path(entry.path)))
    return found

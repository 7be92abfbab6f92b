"""Files below a bucket's prefix, as local files: brought up to date when they are asked for, put when they are written.

The local folder is a copy of what was looked at, and may be deleted at any time when nothing runs.
"""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Collection
from pathlib import Path

import anyio

from vr_assets.bucket import Bucket, Object, is_plain
from vr_assets.errors import StorageError

logger = logging.getLogger(__name__)


class Mirror:
    """Safe for threads and for several processes: files are replaced whole."""

    def __init__(self, bucket: Bucket, root: Path) -> None:
        self.bucket = bucket
        self.root = root

    def address(self, path: Path) -> str:
        """What people know a file by."""
        return self.bucket.address(self._key(path))

    def refresh(self, path: Path) -> bool:
        """Bring a file up to date; False where the bucket has none. Raises StorageError."""
        found = self.bucket.find(self._key(path))
        return self._refreshed(path, found)

    def refresh_all(self, folder: Path, pattern: str) -> list[Path]:
        """Bring all files in folders below whose name fits, such as `batch.json` or `*.json`, up to date; sorted.

        Raises:
            StorageError: the bucket cannot be read.
        """
        found = self._listed(folder)
        return sorted(path for path, one in found.items() if path.match(pattern) and self._refreshed(path, one))

    def refresh_grown(self, folder: Path) -> None:
        """Bring files that only grow, in one folder, up to date on both sides: what one lacks is still under way from the other.

        Raises:
            StorageError: the bucket cannot be read or written.
        """
        found = {path: one.size_bytes for path, one in self._listed(folder).items()}
        for path, size_bytes in found.items():
            if not path.is_file() or path.stat().st_size < size_bytes:
                self.bucket.fetch(self._key(path), path)
        for path in folder.glob("*.jsonl"):
            # One that is not there any more was removed by somebody else, unless it was never put.
            if path.stat().st_size > found.get(path, 0):
                self.publish(path)

    def fetch_once(self, path: Path) -> bool:
        """Bring a file that never changes, if it is not here; whether it is here then. Raises StorageError."""
        return path.is_file() or self.bucket.fetch(self._key(path), path)

    def publish(self, path: Path, *, new: bool = False) -> None:
        """Put a file into the bucket. Raises StorageError; TakenError: `new`, and there is one."""
        self.bucket.put(self._key(path), path, new=new)

    def refresh_folder(self, folder: Path) -> None:
        """Bring all files of a folder up to date, and remove those that the bucket does not have. Raises StorageError."""
        found = self._listed(folder)
        for path, one in found.items():
            self._refreshed(path, one)
        for path in set(_files(folder)) - found.keys():
            path.unlink(missing_ok=True)

    def publish_folder(self, folder: Path, *, but: Collection[Path] = ()) -> None:
        """Make the bucket hold the folder's files and no others; those in `but` are left as they are. Raises StorageError."""
        found = {path: one for path, one in self._listed(folder).items() if path not in but}
        files = [path for path in _files(folder) if path not in but]
        for path in files:
            if path not in found or _md5(path) != found[path].etag:
                self.publish(path)
        for path in found.keys() - set(files):
            self.bucket.delete(self._key(path))

    def delete(self, path: Path) -> None:
        """Delete a file of the bucket, if it is there. Raises StorageError."""
        self.bucket.delete(self._key(path))

    def delete_folder(self, folder: Path) -> None:
        """Delete what the bucket holds of a folder. Raises StorageError."""
        for key in filter(is_plain, self.bucket.listed(f"{self._key(folder)}/")):
            self.bucket.delete(key)

    def _refreshed(self, path: Path, found: Object | None) -> bool:
        if found is None:
            path.unlink(missing_ok=True)
            return False
        if path.is_file() and path.stat().st_size == found.size_bytes and _md5(path) == found.etag:
            return True
        return self.bucket.fetch(self._key(path), path)

    def _listed(self, folder: Path) -> dict[Path, Object]:
        """What the bucket holds of a folder. A key that as a path would lead out of the copy is none of ours."""
        return {self.root / key: one for key, one in self.bucket.listed(f"{self._key(folder)}/").items() if is_plain(key)}

    def _key(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


class Uploads:
    """Puts files that grow into the bucket: behind the writer's back, every so many seconds; with 0, while the writer waits."""

    def __init__(self, mirror: Mirror, *, every_s: float) -> None:
        self._mirror = mirror
        self._every_s = every_s
        self._putting = anyio.Lock()
        self._grown: set[Path] = set()
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def grew(self, path: Path) -> None:
        """There is more in a file than there was."""
        with self._turn:
            self._grown.add(path)
            if self._every_s and self._thread is None:
                self._thread = threading.Thread(target=self._upload_now_and_then, name="uploads", daemon=True)
                self._thread.start()

    async def settle(self) -> None:
        """With 0 seconds: return when what grew is in the bucket, or cannot be put now. Whoever waits for a turn meanwhile is
        taken along."""
        if self._every_s:
            return
        async with self._putting:
            await asyncio.to_thread(self._try_to_upload)

    def close(self) -> None:
        """Put what is left. Raises StorageError: some of it cannot be put; the next run on this machine does."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._upload()

    def _upload_now_and_then(self) -> None:
        while not self._closing.wait(self._every_s):
            self._try_to_upload()

    def _try_to_upload(self) -> None:
        try:
            self._upload()
        except StorageError as error:
            logger.warning("%s", error)

    def _upload(self) -> None:
        with self._turn:
            grown, self._grown = self._grown, set()
        try:
            while grown:
                path = grown.pop()
                try:
                    self._mirror.publish(path)
                except StorageError:
                    grown.add(path)
                    raise
        finally:
            with self._turn:
                self._grown |= grown


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

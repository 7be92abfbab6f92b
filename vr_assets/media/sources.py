"""Files that are annotated: on this machine, or in buckets, from where they are fetched when their content is needed."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from vr_assets.bucket import SCHEME, Bucket
from vr_assets.errors import MediaError, StorageError
from vr_assets.media.opening import stat
from vr_assets.media.proxies import Proxies, alone
from vr_assets.settings import BucketSettings


class FileState(NamedTuple):
    """What changes when a file's content does; of an object, its ETag is in the place of the inode."""

    size_bytes: int
    mtime_ns: int
    inode: int


class Sources:
    """Copies of objects lie in a folder, which several processes share; the least used make room for others.

    Args:
        folder: None: files of this machine only.
    """

    def __init__(self, folder: Path | None = None, *, limit_bytes: int = 0) -> None:
        self._folder = folder
        self._room = Proxies(folder / "copies", limit_bytes=limit_bytes) if folder else None

    @classmethod
    def of(cls, settings: BucketSettings) -> "Sources":
        folder = Path(settings.cache_dir).expanduser().absolute() / "sources"
        return cls(folder, limit_bytes=int(settings.sources_gb * 1e9))

    async def state(self, path: str) -> FileState:
        """Raises MediaError: there is no such file or object, or it cannot be looked at."""
        if is_object(path):
            size_bytes, etag = await asyncio.to_thread(_look, path)
            return FileState(size_bytes, 0, int(hashlib.sha256(etag.encode()).hexdigest()[:15], 16))
        status = await asyncio.to_thread(stat, Path(path))
        return FileState(status.st_size, status.st_mtime_ns, status.st_ino)

    async def file(self, path: str) -> Path:
        """The file on this machine; of an object a copy of it as it is now, which may go again at any time.

        Raises:
            MediaError: there is no such object, or it cannot be fetched.
        """
        if not is_object(path) or self._folder is None or self._room is None:
            return Path(path)
        _, etag = await asyncio.to_thread(_look, path)
        suffix = PurePosixPath(path).suffix
        copy = self._folder / "copies" / f"{hashlib.sha256(f'{path} {etag}'.encode()).hexdigest()[:32]}{suffix}"
        if not self._room.use(copy):
            async with alone(self._folder / "locks" / f"{copy.name}.lock"):
                if not self._room.use(copy):
                    await asyncio.to_thread(_fetch, path, copy)
                    await asyncio.to_thread(self._room.added, copy)
        return copy


def is_object(path: str) -> bool:
    return path.startswith(SCHEME)


@contextmanager
def named(path: str, copy: Path) -> Iterator[None]:
    """What is wrong with a copy is wrong with the object, and people know that."""
    try:
        yield
    except MediaError as error:
        if str(copy) == path:
            raise
        raise MediaError(str(error).replace(str(copy), path)) from error


def bucket_and_key(path: str) -> tuple[Bucket, str]:
    """Where an address such as `s3://bucket/some/key.mp4` leads."""
    name, _, key = path.removeprefix(SCHEME).partition("/")
    return Bucket(f"{SCHEME}{name}"), key


def _look(path: str) -> tuple[int, str]:
    bucket, key = bucket_and_key(path)
    try:
        found = bucket.find(key)
    except StorageError as error:
        raise MediaError(str(error)) from error
    if found is None:
        raise MediaError(f"{path}: no such object; put it back or take it out of the batch")
    return found.size_bytes, found.etag


def _fetch(path: str, copy: Path) -> None:
    bucket, key = bucket_and_key(path)
    try:
        there = bucket.fetch(key, copy)
    except StorageError as error:
        raise MediaError(str(error)) from error
    if not there:
        raise MediaError(f"{path}: no such object; put it back or take it out of the batch")

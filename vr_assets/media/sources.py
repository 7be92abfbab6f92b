"""Files that are annotated: on this machine, or in buckets, from where they are fetched when their content is needed."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from vr_assets.bucket import SCHEME, Bucket
from vr_assets.errors import MediaError, SettingsError, StorageError
from vr_assets.media.opening import stat
from vr_assets.media.proxies import Proxies, alone
from vr_assets.media.roots import Roots
from vr_assets.settings import Settings

# FFmpeg and Pillow go by what a file holds; a name that is made of a key must be one that every disk takes.
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


class FileState(NamedTuple):
    """What changes when a file's content does; of an object, its ETag is in the place of the inode."""

    size_bytes: int
    mtime_ns: int
    inode: int


class Sources:
    """Copies of objects lie in a folder, which several processes share; the least used make room for others.

    Args:
        folder: None: files of this machine only.
        roots: where sources may lie; asked each time a file is looked at or opened, for links change.
    """

    def __init__(self, folder: Path | None = None, *, limit_bytes: int = 0, roots: Roots | None = None) -> None:
        self._folder = folder
        self._roots = roots or Roots()
        self._room = Proxies(folder / "copies", limit_bytes=limit_bytes) if folder else None

    @classmethod
    def of(cls, settings: Settings) -> "Sources":
        folder = Path(settings.bucket.cache_dir).expanduser().absolute() / "sources"
        roots = Roots(settings.ingest.source_roots)
        return cls(folder, limit_bytes=int(settings.bucket.sources_gb * 1e9), roots=roots)

    async def state(self, path: str) -> FileState:
        """Raises MediaError: there is no such file or object, it may not be used, or it cannot be looked at."""
        file = await asyncio.to_thread(self._roots.followed, path)
        if is_object(path):
            size_bytes, etag = await asyncio.to_thread(_look, path)
            return FileState(size_bytes, 0, int(hashlib.sha256(etag.encode()).hexdigest()[:15], 16))
        with named(path, file):
            status = await asyncio.to_thread(stat, file)
        return FileState(status.st_size, status.st_mtime_ns, status.st_ino)

    async def file(self, path: str) -> Path:
        """The file on this machine; of an object a copy of it as it is now, which may go again at any time.

        Raises:
            MediaError: it may not be used, there is no such object, or it cannot be fetched.
        """
        file = await asyncio.to_thread(self._roots.followed, path)
        if not is_object(path) or self._folder is None or self._room is None:
            return file
        _, etag = await asyncio.to_thread(_look, path)
        suffix = suffix if _SUFFIX.fullmatch(suffix := PurePosixPath(path).suffix) else ""
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
    """Where an address such as `s3://bucket/some/key.mp4` leads. Raises SettingsError: it names no bucket."""
    name, _, key = path.removeprefix(SCHEME).partition("/")
    return Bucket(f"{SCHEME}{name}"), key


def _look(path: str) -> tuple[int, str]:
    try:
        bucket, key = bucket_and_key(path)
        found = bucket.find(key)
    except (SettingsError, StorageError) as error:
        raise MediaError(str(error)) from error
    if found is None:
        raise MediaError(f"{path}: no such object; put it back or take it out of the batch")
    return found.size_bytes, found.etag


def _fetch(path: str, copy: Path) -> None:
    try:
        bucket, key = bucket_and_key(path)
        there = bucket.fetch(key, copy)
    except (SettingsError, StorageError) as error:
        raise MediaError(str(error)) from error
    if not there:
        raise MediaError(f"{path}: no such object; put it back or take it out of the batch")

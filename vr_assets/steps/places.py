"""Where things lie that people name: on this machine or in buckets, and whether they may be used."""

import os
import posixpath
import stat
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from vr_assets.errors import IngestError, SettingsError, StorageError
from vr_assets.media.roots import Roots
from vr_assets.media.sources import bucket_and_key, is_object


class UnreachedError(IngestError):
    """A list cannot be read now: it is not there (yet), or the disk or the bucket does not give it."""


Place = Path | str
"""A file or folder of this machine, or an address in a bucket."""


def place(text: str) -> Place:
    """Raises IngestError: an address of another kind."""
    if is_object(text):
        return text
    if "://" in text:
        raise IngestError(f"{text}: only s3:// can be read; fetch it, and name the file")
    return Path(text).expanduser()


def suffix_of(where: Place) -> str:
    return PurePosixPath(where).suffix.lower()


def folder_of(where: Place) -> Place:
    """What relative paths in a list are below."""
    return where.rpartition("/")[0] if isinstance(where, str) else where.parent


def named(where: Place) -> str:
    """The place as families are named after it."""
    return where if isinstance(where, str) else absolute(where)


def is_unicode(text: str) -> bool:
    """Whether a text can be written at all: file names and JSON escapes can hold halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def absolute(path: Path) -> str:
    """An absolute path without `..`. Links stay, for people look for a video where they put it, but for those before a `..`:
    what lies above a linked folder only the file system knows.
    """
    path = path.absolute()
    return str(Path(os.path.realpath(path.parent)) / path.name if ".." in path.parts else path)


def is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        # A name that is too long, or no name at all.
        return False


def check_place(where: Place, roots: Roots) -> None:
    """Raises IngestError: it may not be used."""
    if refused := roots.refusal(named(where)):
        raise IngestError(refused)


def located(value: JsonValue, base: Place, roots: Roots, *, field: str) -> str:
    """The absolute path or the address of what a row names, where it is relative below `base`.

    Raises:
        IngestError: it names nothing that can be, or what may not be used.
    """
    if not isinstance(value, str) or not value.strip():
        raise IngestError(f"{field} {value!r} is no path; write it as text")
    if "\0" in value:
        raise IngestError(f"{field} {value!r} holds a NUL; no file can have that name")
    if "://" in value and not is_object(value):
        raise IngestError(f"{field} {value!r} is an address; only s3:// can be read: fetch the file and name it")
    if is_object(value):
        path = value
    elif isinstance(base, str) and not value.startswith("/"):
        path = _below(base, value, field)
    else:
        path = absolute(Path(base) / value)
    check_place(path, roots)
    if is_object(path):
        _check_address(path, field)
    return path


def read_content(where: Place, roots: Roots) -> bytes:
    """A list's bytes.

    Raises:
        UnreachedError: it cannot be read now.
        IngestError: it never can, or may not be.
    """
    check_place(where, roots)
    try:
        if isinstance(where, str):
            bucket, key = bucket_and_key(where)
            content = bucket.read(key)
            if content is None:
                raise UnreachedError(f"{where}: no such object; name a list that is there")
            return content
        # A pipe would be waited for, a device read without end.
        if not stat.S_ISREG(where.stat().st_mode):
            raise IngestError(f"{where}: not a list but a folder, device or pipe; save it as a file")
        return where.read_bytes()
    except StorageError as error:
        raise UnreachedError(str(error)) from error
    except OSError as error:
        raise UnreachedError(f"{where}: cannot be read ({error.strerror})") from error
    except (SettingsError, ValueError) as error:
        raise IngestError(f"{str(where)!a}: cannot be read ({error})") from error


def _below(base: str, value: str, field: str) -> str:
    """As in a folder: `..` is the prefix above."""
    if not {".", ".."} & set(value.split("/")):
        return f"{base}/{value}"
    bucket, key = bucket_and_key(base)
    found = posixpath.normpath(posixpath.join(key, value))
    if found.startswith(".."):
        raise IngestError(f"{field} {value!r} leads out of {bucket.address()}; correct it")
    return bucket.address(found)


def _check_address(address: str, field: str) -> None:
    try:
        _, key = bucket_and_key(address)
    except SettingsError as error:
        raise IngestError(f"{field}: {error}") from error
    if not key.strip("/"):
        raise IngestError(f"{field} {address!r} names no object; write s3://bucket/key")

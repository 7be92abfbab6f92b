"""What files hold: their content's hash and their header."""

import hashlib
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.opening import stat
from vr_assets.media.probe import probe_header
from vr_assets.records.base import Record
from vr_assets.records.media import VideoHeader

PROBE_VERSION = 2
"""Raise it when the header is read otherwise."""


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

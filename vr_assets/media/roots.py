"""Below which folders and prefixes sources must lie, where a setting says so."""

import os
from collections.abc import Sequence
from pathlib import Path

from vr_assets.bucket import SCHEME, is_plain
from vr_assets.errors import MediaError


class Roots:
    """Places that sources may lie in; without any they may lie anywhere.

    Args:
        named: folders, and places in buckets (`s3://bucket/prefix`), as `ingest.source_roots` has them.
    """

    def __init__(self, named: Sequence[str] = ()) -> None:
        self._named = tuple(named)
        self._prefixes = tuple(f"{one.rstrip('/')}/" for one in named if one.startswith(SCHEME))
        self._folders = tuple(Path(one).expanduser().resolve() for one in named if not one.startswith(SCHEME))

    def refusal(self, path: str) -> str:
        """Why a file, folder or address may not be used; empty where it may. Links are followed as they lead now."""
        if path.startswith(SCHEME):
            if not is_plain(path.removeprefix(SCHEME)):
                return f"{path}: has `.` or `..` between slashes, which servers read in more than one way; copy it to another key"
            return "" if not self._named or f"{path.rstrip('/')}/".startswith(self._prefixes) else self._outside(path)
        if not self._named:
            return ""
        try:
            leads = _leads(path)
        except ValueError as error:
            return f"{path!r}: {error}; no file can have that name"
        if any(leads.is_relative_to(folder) for folder in self._folders):
            return ""
        return self._outside(path if str(leads) == path else f"{path} (leads to {leads})")

    def followed(self, path: str) -> Path:
        """The file to be opened: where a path leads now, so that a link that is changed later leads nowhere else.

        Raises:
            MediaError: it may not be used.
        """
        if refused := self.refusal(path):
            raise MediaError(refused)
        return _leads(path) if self._named and not path.startswith(SCHEME) else Path(path)

    def _outside(self, what: str) -> str:
        return (
            f"{what}: outside of ingest.source_roots ({', '.join(self._named)}); move it there, or add its folder to the setting"
        )


def _leads(path: str) -> Path:
    # `Path.resolve` raises where links go in a circle.
    return Path(os.path.realpath(path))

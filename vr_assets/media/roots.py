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
        return self._looked(path)[1]

    def followed(self, path: str) -> Path:
        """The file to be opened: where a path leads now, so that a link that is changed later leads nowhere else.

        Raises:
            MediaError: it may not be used.
        """
        leads, refused = self._looked(path)
        if refused:
            raise MediaError(refused)
        return leads

    def _looked(self, path: str) -> tuple[Path, str]:
        leads, shown = Path(path), _shown(path)
        if path.startswith(SCHEME):
            if not is_plain(path.removeprefix(SCHEME)):
                what = "has `.` or `..` between slashes, which servers read in more than one way"
                return leads, f"{shown}: {what}; copy it to another key"
            inside = f"{path.rstrip('/')}/".startswith(self._prefixes)
        elif self._named:
            try:
                # `Path.resolve` raises where links go in a circle.
                leads = Path(os.path.realpath(path))
            except ValueError as error:
                return leads, f"{shown}: {error}; no file can have that name"
            inside = any(leads.is_relative_to(folder) for folder in self._folders)
            shown = shown if str(leads) == path else f"{shown} (leads to {_shown(str(leads))})"
        if not self._named or inside:
            return leads, ""
        named = ", ".join(self._named)
        return leads, f"{shown}: outside of ingest.source_roots ({named}); move it there, or add its folder to the setting"


def _shown(path: str) -> str:
    return path if path.isprintable() else ascii(path)

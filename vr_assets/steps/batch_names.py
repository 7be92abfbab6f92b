"""Names of batches: a family keeps its name, and each later batch of it gets the next number."""

import re
import unicodedata
from pathlib import Path

from vr_assets.errors import IngestError
from vr_assets.settings import Graph
from vr_assets.steps.lists import ITEM_LIST_SUFFIXES
from vr_assets.storage import Store

# Dagster's separator of partition ranges is `...`; object stores and file systems agree on these characters, and Windows, whose
# disks may be mounted, takes some names for devices and drops a last dot.
_NAME = re.compile(
    r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9_-])?", re.IGNORECASE | re.ASCII
)
_LONGEST_MADE = 90


def check_name(name: str) -> str:
    """The name, when a batch may have it.

    Raises:
        IngestError: says what names look like.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        rule = "up to 100 letters, digits, dots, hyphens and underscores, a letter or digit first, no dot last, no two in a row"
        rule = f"{rule}, and no name of a device such as con or nul"
        raise IngestError(f"{name!r} cannot be the name of a batch; use {rule}")
    return name


def family_from(path: str, *, is_folder: bool) -> str:
    """A family's name made from what is ingested: a folder's name, a list's, or that of the folder a video lies in.

    Raises:
        IngestError: nothing of that name can be used.
    """
    named = Path(path)
    if not is_folder:
        named = named.with_suffix("") if named.suffix.lower() in ITEM_LIST_SUFFIXES else named.parent
    plain = unicodedata.normalize("NFKD", named.name).encode("ascii", "ignore").decode()
    made = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", plain)).strip("-._")[:_LONGEST_MADE].rstrip("-._")
    if not made:
        raise IngestError(f"no batch name can be made of {named.name!r}; name one with --batch")
    return made


class Names:
    """The family that is ingested into, and the names that its next batches get.

    Args:
        family: as given with --batch, or made from the path.

    Raises:
        IngestError: the name cannot be used, or is taken by another family, also where only the case differs.
        StorageError: a registered batch cannot be read.
    """

    def __init__(self, store: Store, family: str, graph: Graph = Graph.VIDEOS) -> None:
        batches = store.read_batches()
        self.family = family if any(batch.family == family for batch in batches) else check_name(family)
        self.graph = graph
        families = {batch.name: batch.family for batch in batches}
        other = next((batch.graph for batch in batches if batch.family == family and batch.graph is not graph), None)
        if other:
            raise IngestError(f"--batch {family}: holds {other}, not {graph}; choose another name")
        for name, theirs in families.items():
            if theirs == family:
                continue
            if name.casefold() == family.casefold():
                whose = f"is a batch of {theirs!r}" if name != theirs else "differs only in case"
                raise IngestError(f"--batch {family}: {name!r} {whose}; choose another name, or {theirs!r} to add to it")
            if theirs.casefold() == family.casefold():
                raise IngestError(
                    f"--batch {family}: {theirs!r} differs only in case; choose another name, or {theirs!r} to add to it"
                )
        self.batches = tuple(name for name, theirs in families.items() if theirs == family)
        self._taken = {name.casefold() for name in families}
        self._last = max((self._number(name) for name in self.batches), default=0)

    def take(self) -> str:
        """The next name: the family's own, then `-2`, `-3`, ...; a number that was ever passed does not come back."""
        while True:
            self._last += 1
            name = self.family if self._last == 1 else f"{self.family}-{self._last}"
            if name.casefold() not in self._taken:
                self._taken.add(name.casefold())
                return check_name(name)

    def _number(self, name: str) -> int:
        number = name.removeprefix(f"{self.family}-")
        return int(number) if number.isdecimal() else 1

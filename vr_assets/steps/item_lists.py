"""Ingest of lists of which each row is an item, and the batches that hold what is new in them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.media.roots import Roots
from vr_assets.media.sources import is_object
from vr_assets.records.base import Record
from vr_assets.settings import Graph, Settings
from vr_assets.steps.batch_names import Names, family_from
from vr_assets.steps.intake import Intake, Problem, batches_of, packed
from vr_assets.steps.lists import ITEM_LIST_SUFFIXES, Row, rows_of
from vr_assets.steps.places import Place, folder_of, is_file, named, place, read_content, suffix_of
from vr_assets.storage import Store

E = TypeVar("E", bound=Record)


@dataclass(frozen=True)
class Below:
    """What relative paths of a list are below, and where they may lead."""

    videos: Place
    images: Place
    roots: Roots


@dataclass(frozen=True)
class ItemLists(Generic[E]):
    """Lists of one kind of item: a row a row of input, in order, twins included.

    Args:
        form: what a row looks like, for a person.
        read: an item from a row, the places that it may name, and the row's own place. Raises IngestError.
        files: the paths and addresses that an item names.
        key: what two items have in common that are the same.
    """

    graph: Graph
    entry: type[E]
    form: str
    read: Callable[[Row, Below, str], E]
    files: Callable[[E], tuple[str, ...]]
    key: Callable[[E], object]

    def take_in(
        self,
        paths: Sequence[str],
        *,
        store: Store,
        family: str | None,
        settings: Settings,
        explicit: Mapping[str, JsonValue],
        now: datetime,
    ) -> Intake[E]:
        """Read lists and sort out what is new.

        An item that batches of this family hold is known, as often as they do. One whose file is not there is a problem and is
        registered all the same, and fails until the file is there; a row that cannot be read is a problem only.

        Args:
            family, explicit, now: as for `ingest.take_in`.

        Raises:
            IngestError: a path or a name cannot be used, or a JSON list cannot be read.
            StorageError: a registered batch, or a bucket, cannot be read.
        """
        sources = self._sources([*paths, *settings.ingest.input_jsonl_files])
        names = Names(store, family or family_from(named(sources[0]), is_folder=False), self.graph)
        found = _Found[E]()
        for path in sources:
            self._read(path, found, settings)
        new = self._new(found.entries, (entry for name in names.batches for entry in store.read_entries(name, self.entry)))
        for entry, where in new:
            lacking = (path for path in self.files(entry) if not is_object(path) and not is_file(path))
            found.problems += [Problem(where, f"{path}: no such file; the row fails until it is there") for path in lacking]
        files = [path for entry, _ in found.entries for path in self.files(entry)]
        contents = packed(([entry] for entry, _ in new), settings.ingest.batch_size)
        return Intake(
            family=names.family,
            batches=batches_of(contents, names, files=files, explicit=explicit, now=now),
            known=len(found.entries) - len(new),
            repeated=0,
            dropped=found.dropped,
            problems=tuple(found.problems),
        )

    def _sources(self, paths: Sequence[str]) -> list[Place]:
        if not paths:
            raise IngestError(f"nothing to ingest; name a list of {self.graph}, with rows such as {self.form}")
        sources = list(map(place, paths))
        for path in sources:
            if suffix_of(path) not in ITEM_LIST_SUFFIXES:
                raise IngestError(
                    f"{path}: not a list of {self.graph}; name a .jsonl or .json file with rows such as {self.form}"
                )
        return sources

    def _read(self, path: Place, found: "_Found[E]", settings: Settings) -> None:
        roots, root, kept = Roots(settings.ingest.source_roots), settings.ingest.image_root, settings.ingest.filter_field
        below = Below(videos=folder_of(path), images=place(root) if root else folder_of(path), roots=roots)
        for where, row in rows_of(read_content(path, roots), str(path), self.form):
            try:
                if isinstance(row, IngestError):
                    raise row
                if kept and not row.get(kept):
                    found.dropped += 1
                else:
                    found.entries.append((self.read(row, below, where), where))
            except IngestError as error:
                found.problems.append(Problem(where, str(error)))

    def _new(self, found: Sequence[tuple[E, str]], held: Iterable[E]) -> list[tuple[E, str]]:
        """Those that are not held yet: of equal ones as many as there are more than before."""
        known = Counter(map(self.key, held))
        new = []
        for entry, where in found:
            known[self.key(entry)] -= 1
            if known[self.key(entry)] < 0:
                new.append((entry, where))
        return new


@dataclass
class _Found(Generic[E]):
    """What the lists hold, each item with its place. `dropped` counts rows that `ingest.filter_field` leaves out."""

    entries: list[tuple[E, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dropped: int = 0

"""What ingest found, and the batches that hold what is new in it. Nothing is written here."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import JsonValue

from vr_assets.bucket import SCHEME
from vr_assets.media.sources import is_object
from vr_assets.records.base import Record, Span
from vr_assets.records.batch import Batch
from vr_assets.settings import Settings
from vr_assets.steps.batch_names import Names
from vr_assets.steps.parts import usual_calls
from vr_assets.steps.places import is_file

E = TypeVar("E", bound=Record)


@dataclass(frozen=True)
class Problem:
    """Something in the input that a person should mend. `where` is a path, or `list.jsonl:12`."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class TooLong:
    """New videos over `limit_s`: how many, how long they are together, how many parts were made of them (`split`) or would be,
    and about how many calls those take.
    """

    limit_s: float = 0.0
    split: bool = False
    videos: int = 0
    duration_s: float = 0.0
    parts: int = 0
    calls: int = 0

    def and_one(self, span: Span, parts: Sequence[Span], settings: Settings) -> "TooLong":
        return replace(
            self,
            videos=self.videos + 1,
            duration_s=self.duration_s + span.duration_s,
            parts=self.parts + len(parts),
            calls=self.calls + sum(usual_calls(part.duration_s, settings) for part in parts),
        )


@dataclass(frozen=True)
class NewBatch(Generic[E]):
    """A batch to be registered with `Store.create_batch`."""

    batch: Batch
    rows: tuple[E, ...]


@dataclass(frozen=True)
class Intake(Generic[E]):
    """What ingest found, for a person to read, and the batches that hold what is new.

    `known`, `new`, `repeated` (the same line again) and `dropped` (by `ingest.filter_field`) count rows.
    """

    family: str
    batches: tuple[NewBatch[E], ...]
    known: int
    repeated: int
    dropped: int
    problems: tuple[Problem, ...]
    too_long: TooLong = TooLong()

    @property
    def new(self) -> int:
        return sum(len(made.rows) for made in self.batches)


def batches_of(
    contents: Iterable[Sequence[E]], names: Names, *, files: Iterable[str], explicit: Mapping[str, JsonValue], now: datetime
) -> tuple[NewBatch[E], ...]:
    """The next batches of a family. `files` are all that was found, also what is known; `explicit` and `now` as for `take_in`."""
    root = common_folder(files)
    return tuple(
        NewBatch(
            Batch(
                name=names.take(),
                family=names.family,
                source_root=root,
                settings=dict(explicit),
                created=now.astimezone(UTC).isoformat(timespec="seconds"),
                graph=names.graph,
            ),
            tuple(rows),
        )
        for rows in contents
    )


def packed(groups: Iterable[Sequence[E]], size: int) -> Iterator[tuple[E, ...]]:
    """Rows in batches of `size`; those of one group stay together."""
    rows: list[E] = []
    for group in groups:
        if rows and len(rows) + len(group) > size:
            yield tuple(rows)
            rows = []
        rows.extend(group)
    if rows:
        yield tuple(rows)


def common_folder(files: Iterable[str]) -> str | None:
    """The common folder or prefix of the files that are there; None when they have nothing but the root in common."""
    paths = [path for path in files if is_object(path) or is_file(path)]
    objects = [path.removeprefix(SCHEME) for path in paths if is_object(path)]
    if objects:
        common = os.path.commonpath(map(os.path.dirname, objects)) if len(objects) == len(paths) else ""
        return f"{SCHEME}{common}" if common else None
    folders = {str(Path(path).parent) for path in paths}
    common = os.path.commonpath(folders) if folders else "/"
    return None if common == "/" else common

"""Ingest: from folders and lists to batches that can be registered. Nothing is written here."""

import math
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, pairwise
from pathlib import Path

from pydantic import JsonValue

from vr_assets.errors import IngestError, MediaError
from vr_assets.media.probe import probe_header
from vr_assets.records.base import Span
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.settings import LongRecordings, Settings
from vr_assets.steps.batch_names import Names, family_from
from vr_assets.steps.video_lists import Found, Problem, absolute, find_videos
from vr_assets.storage import Store

# A part shorter than this shows nothing of its own: it joins the part before it.
_SHORTEST_PART_S = 1.0


@dataclass(frozen=True)
class NewBatch:
    """A batch to be registered with `Store.create_batch`."""

    batch: Batch
    rows: tuple[ManifestRow, ...]


@dataclass(frozen=True)
class Intake:
    """What ingest found, for a person to read, and the batches that hold what is new.

    `known`, `new`, `repeated` (the same line again) and `dropped` (by `ingest.filter_field`) count rows, `too_long` the new
    videos over `videos.max_video_length_sec`, `parts` the rows that were made of those.
    """

    family: str
    batches: tuple[NewBatch, ...]
    known: int
    new: int
    repeated: int
    dropped: int
    too_long: int
    parts: int
    problems: tuple[Problem, ...]


def take_in(
    paths: Sequence[Path],
    *,
    store: Store,
    family: str | None,
    settings: Settings,
    explicit: Mapping[str, JsonValue],
    now: datetime,
) -> Intake:
    """Find videos and sort out what is new.

    Reads `paths` (folders, videos, JSONL lists), else `ingest.video_root`, and `ingest.input_jsonl_files` besides. A video that
    is not there or cannot be read is a problem and is registered all the same, so that it has a row, which fails until the file
    is mended; a line that cannot be read is a problem only.

    Args:
        family: the name under which these videos are ingested; None: after the first path. A video or part that a batch of this
            family holds is known.
        explicit: the settings that the batch keeps, by dotted name.
        now: aware.

    Raises:
        IngestError: a path or a name cannot be used.
        StorageError: a registered batch cannot be read.
    """
    sources = _sources(paths, settings)
    names = Names(store, family or family_from(absolute(sources[0]), is_folder=sources[0].is_dir()))
    ours = {(store.root / folder).resolve() for folder in ("batches", "journal", "media", "datasets")}
    found = find_videos(sources, filter_field=settings.ingest.filter_field, skip=ours)
    sorter = _Sorter(settings, [row for name in names.batches for row in store.read_manifest(name)], found.problems)
    groups, repeated = _merged(found)
    new, again = _distinct(chain.from_iterable(map(sorter.new_rows, groups)))
    root = _source_root(chain.from_iterable(groups))
    batches = []
    for packed in _packed(new, settings.ingest.batch_size):
        batch = Batch(
            name=names.take(),
            family=names.family,
            source_root=root,
            settings=dict(explicit),
            created=now.astimezone(UTC).isoformat(timespec="seconds"),
        )
        batches.append(NewBatch(batch, packed))
    return Intake(
        family=names.family,
        batches=tuple(batches),
        known=sorter.known,
        new=sum(len(batch.rows) for batch in batches),
        repeated=repeated + again,
        dropped=len(found.dropped),
        too_long=sorter.too_long,
        parts=sum(row.split for batch in batches for row in batch.rows),
        problems=tuple(found.problems),
    )


def split_span(span: Span, length_s: float) -> tuple[Span, ...]:
    """Parts of `length_s` that cover `span`; a last one shorter than a second joins the one before it."""
    count = max(1, math.floor((span.duration_s - _SHORTEST_PART_S) / length_s) + 1)
    edges = [*(span.start_s + index * length_s for index in range(count)), span.end_s]
    return tuple(Span(start_s=start, end_s=end) for start, end in pairwise(edges))


Key = tuple[str, float | None, float | None]


def _key(row: ManifestRow) -> Key:
    return row.video_path, row.start_s, row.end_s


def _claims(row: ManifestRow) -> tuple[str | None, dict[str, JsonValue]]:
    return row.mode, row.fields


def _claims_nothing(row: ManifestRow) -> bool:
    return row.mode is None and not row.fields


def _sources(paths: Sequence[Path], settings: Settings) -> list[Path]:
    named = list(paths) or ([Path(settings.ingest.video_root)] if settings.ingest.video_root else [])
    sources = [*named, *(Path(name) for name in settings.ingest.input_jsonl_files)]
    if not sources:
        raise IngestError("nothing to ingest; name a folder of videos or a .jsonl list, or set ingest.video_root")
    return [path.expanduser() for path in sources]


def _merged(found: Found) -> tuple[list[list[ManifestRow]], int]:
    """Rows of the same video or part together, and how many said the same again.

    A walked video that a list names too is the list's; one that the filter dropped from a list is dropped.
    """
    told = {_key(row) for row in (*found.listed, *found.dropped)}
    walked = (row for row in found.walked if _key(row) not in told)
    return _distinct(chain(walked, found.listed))


def _distinct(rows: Iterable[ManifestRow]) -> tuple[list[list[ManifestRow]], int]:
    """Rows of the same video or part together, in the order found, and how many said the same again.

    Rows with different labels or fields are all kept, so that the run fails them and names them. A part that was made by
    splitting and claims nothing gives way to one that a list names.
    """
    groups: dict[Key, list[ManifestRow]] = {}
    repeated = 0
    for row in rows:
        same = groups.setdefault(_key(row), [])
        if any(other.split and _claims_nothing(other) for other in same):
            same.clear()
            repeated += 1
        if any(_claims(row) == _claims(other) for other in same):
            repeated += 1
        else:
            same.append(row)
    return list(groups.values()), repeated


class _Sorter:
    """Tells new rows from known ones, and counts."""

    def __init__(self, settings: Settings, held: Sequence[ManifestRow], problems: list[Problem]) -> None:
        self.known = self.too_long = 0
        self._limit_s = settings.videos.max_video_length_sec
        self._split = settings.videos.long_recordings is LongRecordings.SPLIT
        self._problems = problems
        self._held: dict[Key, list[ManifestRow]] = {}
        self._held_parts: dict[str, list[ManifestRow]] = {}
        for row in held:
            self._held.setdefault(_key(row), []).append(row)
            if row.split:
                self._held_parts.setdefault(row.video_path, []).append(row)

    def new_rows(self, group: Sequence[ManifestRow]) -> list[ManifestRow]:
        """What is to be registered for rows of the same video or part."""
        held = self._held.get(_key(group[0]), [])
        if held and not self._split:
            return self._are_known(group, held)
        if not held and not self._may_register(group):
            return []
        span = self._span(group, report=not held)
        if span is None or span.duration_s <= self._limit_s:
            return self._are_known(group, held) if held else list(group)
        if self._split:
            return self._new_parts(group, span)
        self.too_long += 1
        return list(group)

    def _new_parts(self, group: Sequence[ManifestRow], span: Span) -> list[ManifestRow]:
        start_s = span.start_s
        done = []
        for row in sorted(self._held_parts.get(group[0].video_path, []), key=lambda row: row.start_s or 0.0):
            if row.start_s == start_s and row.end_s is not None:
                done.append(row)
                start_s = row.end_s
        if span.end_s - start_s < _SHORTEST_PART_S:
            return self._are_known(group, done)
        self.too_long += 1
        return [
            row.model_copy(update={"start_s": part.start_s, "end_s": part.end_s, "split": True})
            for part in split_span(Span(start_s=start_s, end_s=span.end_s), self._limit_s)
            for row in group
            if (row.video_path, part.start_s, part.end_s) not in self._held
        ]

    def _are_known(self, group: Sequence[ManifestRow], held: Sequence[ManifestRow]) -> list[ManifestRow]:
        self.known += len(group)
        for row in group:
            differs = all(_claims(row) != _claims(other) for other in held)
            if differs and not _claims_nothing(row):
                what = "was ingested with another label or other fields, and a manifest never changes"
                self._problems.append(Problem(row.source, f"{row.video_path} {what}; ingest it under another name (--batch)"))
        return []

    def _may_register(self, group: Sequence[ManifestRow]) -> bool:
        """Whether the video is, or may yet become, a file."""
        try:
            status = Path(group[0].video_path).stat()
        except FileNotFoundError:
            self._report(group, "no such file; its row fails until it is there")
            return True
        except OSError as error:
            self._report(group, f"cannot be read ({error.strerror}); its row fails until it can")
            return True
        except ValueError as error:
            self._report(group, f"{error}; no file can have that name")
            return False
        if not stat.S_ISREG(status.st_mode):
            self._report(group, "is no file; name a video")
            return False
        return True

    def _span(self, group: Sequence[ManifestRow], *, report: bool) -> Span | None:
        """The stretch that a row is about; None when the file cannot be read."""
        row = group[0]
        if row.start_s is not None and row.end_s is not None:
            return Span(start_s=row.start_s, end_s=row.end_s)
        # A named pipe would be waited for.
        if not _is_file(row.video_path):
            return None
        try:
            return Span(start_s=0.0, end_s=probe_header(Path(row.video_path)).duration_s)
        except MediaError as error:
            if report:
                self._report(group, f"{error}; its row fails until the file is mended")
            return None

    def _report(self, group: Sequence[ManifestRow], what: str) -> None:
        said = what if group[0].video_path in what else f"{group[0].video_path}: {what}"
        self._problems.extend(Problem(row.source, said) for row in group)


def _packed(groups: Sequence[Sequence[ManifestRow]], size: int) -> Iterator[tuple[ManifestRow, ...]]:
    """Rows in batches of `size`; rows of the same video or part stay together, for only then can the run compare them."""
    packed: list[ManifestRow] = []
    for group in groups:
        if packed and len(packed) + len(group) > size:
            yield tuple(packed)
            packed = []
        packed.extend(group)
    if packed:
        yield tuple(packed)


def _source_root(rows: Iterable[ManifestRow]) -> str | None:
    """The common folder of the videos that are there; None when they have nothing but the root in common."""
    folders = {str(Path(row.video_path).parent) for row in rows if _is_file(row.video_path)}
    common = os.path.commonpath(folders) if folders else "/"
    return None if common == "/" else common


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:
        return False

"""What of the videos found is new, and long recordings in parts."""

import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pydantic import JsonValue

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.media.recordings import Recordings
from vr_assets.media.sources import is_object
from vr_assets.records.base import Span
from vr_assets.records.batch import ManifestRow
from vr_assets.records.media import VideoHeader
from vr_assets.settings import LongRecordings, Settings, SplitAt
from vr_assets.steps.intake import Problem, TooLong
from vr_assets.steps.parts import HEADER_SLACK_S, SHORTEST_PART_S, split_at_cuts, split_by_length
from vr_assets.steps.places import is_file

# Files that are looked at together; media processes are fewer.
_AT_ONCE = 64

Group = Sequence[ManifestRow]
"""Rows of the same video or part."""

_Key = tuple[str, float | None, float | None]


@dataclass
class Looked:
    """What was found out about files, by path; a file that told nothing has the reason."""

    headers: Mapping[str, VideoHeader | Failed] = field(default_factory=dict)
    cuts_s: Mapping[str, tuple[float, ...] | Failed] = field(default_factory=dict)


def key(row: ManifestRow) -> _Key:
    """What two rows of the same video or part have in common."""
    return row.video_path, row.start_s, row.end_s


def distinct(rows: Iterable[ManifestRow]) -> tuple[list[list[ManifestRow]], int]:
    """Rows of the same video or part together, in the order found, and how many said the same again.

    Rows with different labels or fields are all kept, so that the run fails them and names them. A part that was made by
    splitting and claims nothing gives way to one that a list names.
    """
    groups: dict[_Key, list[ManifestRow]] = {}
    repeated = 0
    for row in rows:
        same = groups.setdefault(key(row), [])
        if any(other.split and _claims_nothing(other) for other in same):
            same.clear()
            repeated += 1
        if any(_claims(row) == _claims(other) for other in same):
            repeated += 1
        else:
            same.append(row)
    return list(groups.values()), repeated


class Sorter:
    """Tells new rows from known ones, splits long recordings, and counts."""

    def __init__(self, settings: Settings, held: Iterable[ManifestRow], problems: list[Problem]) -> None:
        """`problems` is added to."""
        self._settings = settings
        self._limit_s = settings.videos.max_video_length_sec
        self._split = settings.videos.long_recordings is LongRecordings.SPLIT
        self.known = 0
        self.too_long = TooLong(self._limit_s, self._split)
        self._problems = problems
        self._looked = Looked()
        self._held: dict[_Key, list[ManifestRow]] = {}
        self._held_parts: dict[str, list[ManifestRow]] = {}
        for row in held:
            self._held.setdefault(key(row), []).append(row)
            if row.split:
                self._held_parts.setdefault(row.video_path, []).append(row)

    async def look(self, groups: Iterable[Group], recordings: Recordings, on_looked: Callable[[float, float], None]) -> None:
        """Find out of the files what sorting takes. To be done before.

        Args:
            on_looked: is told how many seconds of recordings were looked through for scene cuts, and of how many.
        """
        wanted = [group[0] for group in groups if self._split or key(group[0]) not in self._held]
        # A named pipe would be waited for, and an object fetched: how long it is raw_videos finds out.
        paths = list(
            dict.fromkeys(
                row.video_path for row in wanted if is_file(row.video_path) or (self._split and is_object(row.video_path))
            )
        )
        headers = await batch.run(paths, recordings.header, at_once=_AT_ONCE)
        self._looked = Looked(dict(zip(paths, headers, strict=True)))
        if not self._split or self._settings.ingest.split_at is not SplitAt.SCENE_CUTS:
            return
        long = {row.video_path: span for row in wanted if (span := self._uncovered(row)) and span.duration_s > self._limit_s}
        total_s = sum(header.duration_s for path in long if isinstance(header := self._looked.headers[path], VideoHeader))
        looked_s = 0.0

        def count(seconds: float) -> None:
            nonlocal looked_s
            looked_s += seconds
            on_looked(looked_s, total_s)

        cuts = await batch.run(list(long), lambda path: recordings.cuts_s(path, on_looked=count), at_once=_AT_ONCE)
        self._looked = Looked(self._looked.headers, dict(zip(long, cuts, strict=True)))

    def new_rows(self, group: Group) -> list[ManifestRow]:
        """What is to be registered for rows of the same video or part."""
        held = self._held.get(key(group[0]), [])
        if held and not self._split:
            return self._are_known(group, held)
        if not held and not self._may_register(group):
            return []
        span = self._span(group[0])
        if not held:
            self._check(group, span)
        if span is None or span.duration_s <= self._limit_s:
            return self._are_known(group, held) if held else list(group)
        if self._split:
            return self._new_parts(group)
        self.too_long = self.too_long.and_one(span, split_by_length(span, self._limit_s), self._settings)
        return list(group)

    def _new_parts(self, group: Group) -> list[ManifestRow]:
        span = self._uncovered(group[0])
        if span is None:
            return self._are_known(group, self._held_parts.get(group[0].video_path, []))
        parts = self._parts(group, span)
        self.too_long = self.too_long.and_one(span, parts, self._settings)
        return [
            row.model_copy(update={"start_s": part.start_s, "end_s": part.end_s, "split": True})
            for part in parts
            for row in group
            if (row.video_path, part.start_s, part.end_s) not in self._held
        ]

    def _parts(self, group: Group, span: Span) -> tuple[Span, ...]:
        cuts_s = self._looked.cuts_s.get(group[0].video_path)
        if isinstance(cuts_s, Failed):
            self._report(group, f"{cuts_s.reason}; its scenes are not known, so it is split at a fixed length")
        if cuts_s is None or isinstance(cuts_s, Failed):
            return split_by_length(span, self._limit_s)
        return split_at_cuts(span, cuts_s, length_s=self._limit_s, shortest_s=self._settings.ingest.shortest_part_sec)

    def _span(self, row: ManifestRow) -> Span | None:
        """The stretch that a row is about; None when its file does not have it."""
        header = self._looked.headers.get(row.video_path)
        if not isinstance(header, VideoHeader):
            return None
        if row.start_s is None or row.end_s is None:
            return Span(start_s=0.0, end_s=header.duration_s)
        if row.start_s >= header.duration_s or row.end_s > header.duration_s + HEADER_SLACK_S:
            return None
        return Span(start_s=row.start_s, end_s=min(row.end_s, header.duration_s))

    def _uncovered(self, row: ManifestRow) -> Span | None:
        """What is left of a row's stretch after the parts that were made of it before; None when too little is."""
        span = self._span(row)
        if span is None:
            return None
        start_s = span.start_s
        for part in sorted(self._held_parts.get(row.video_path, []), key=lambda part: part.start_s or 0.0):
            if part.start_s == start_s and part.end_s is not None:
                start_s = part.end_s
        return Span(start_s=start_s, end_s=span.end_s) if span.end_s - start_s >= SHORTEST_PART_S else None

    def _are_known(self, group: Group, held: Sequence[ManifestRow]) -> list[ManifestRow]:
        self.known += len(group)
        for row in group:
            differs = all(_claims(row) != _claims(other) for other in held)
            if differs and not _claims_nothing(row):
                what = "was ingested with another label or other fields, and a manifest never changes"
                self._problems.append(Problem(row.source, f"{row.video_path} {what}; ingest it under another name (--batch)"))
        return []

    def _may_register(self, group: Group) -> bool:
        """Whether the video is, or may yet become, a file."""
        if is_object(group[0].video_path):
            return True
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

    def _check(self, group: Group, span: Span | None) -> None:
        """Tells what the run would fail, so that it can be mended before."""
        row = group[0]
        header = self._looked.headers.get(row.video_path)
        if isinstance(header, Failed):
            self._report(group, f"{header.reason}; its row fails until the file is mended")
        elif header is not None and span is None:
            wrong = "start_s" if (row.start_s or 0.0) >= header.duration_s else "end_s"
            part = f"{row.start_s:g} to {row.end_s:g} s"
            self._report(
                group, f"is {header.duration_s:.1f} s long and has no part from {part}; correct {wrong}, or its row fails"
            )

    def _report(self, group: Group, what: str) -> None:
        said = what if group[0].video_path in what else f"{group[0].video_path}: {what}"
        self._problems.extend(Problem(row.source, said) for row in group)


def overlaps(groups: Iterable[Group]) -> list[Problem]:
    """Videos of which listed parts overlap, each with the first two that do."""
    parts: dict[str, list[ManifestRow]] = {}
    for group in groups:
        if group[0].start_s is not None:
            parts.setdefault(group[0].video_path, []).append(group[0])
    found = []
    for path, rows in parts.items():
        for one, other in pairwise(sorted(rows, key=lambda row: (row.start_s or 0.0, row.end_s or 0.0))):
            if (other.start_s or 0.0) < (one.end_s or 0.0):
                spans = " and ".join(f"{row.start_s:g} to {row.end_s:g} s ({row.source})" for row in (one, other))
                found.append(Problem(other.source, f"{path}: {spans} overlap; what they share is asked about twice"))
                break
    return found


def _claims(row: ManifestRow) -> tuple[object, dict[str, JsonValue]]:
    return row.mode, row.fields


def _claims_nothing(row: ManifestRow) -> bool:
    return row.mode is None and not row.fields

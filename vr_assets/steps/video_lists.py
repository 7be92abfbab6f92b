"""What a user names for ingest, read: folders walked, JSONL lists parsed, each row with the place it came from."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from vr_assets.bucket import Object, is_plain
from vr_assets.errors import IngestError
from vr_assets.media.roots import Roots
from vr_assets.media.sources import bucket_and_key
from vr_assets.records.batch import ManifestRow
from vr_assets.records.task_file import ITEM_KEYS
from vr_assets.records.timeline import TIMELINE
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightedVideo,
    QaVideo,
    RawVideo,
    TaskFilesVideo,
)
from vr_assets.settings import Mode
from vr_assets.steps.given import read_timeline
from vr_assets.steps.intake import Problem
from vr_assets.steps.lists import LIST_SUFFIXES, Row, check_names, lines_of, only_value, parse_line
from vr_assets.steps.places import Place, absolute, check_place, folder_of, is_unicode, located, read_content, suffix_of

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"})
_ROWS = (
    RawVideo, FilteredVideo, CaptionedVideo, ChunkCaptionedVideo, HighlightedVideo, DescribedVideo, QaVideo, TaskFilesVideo,
)  # fmt: skip
_READ = frozenset({"video_path", "video", "start_s", "end_s", "mode"})
# Names that a further field would share with a key of ours, in an item or in a row.
RESERVED_FIELDS = ITEM_KEYS.union(*(row.model_fields for row in _ROWS)) - _READ
_LONGEST_S = 1e9
_LABELS = {"anomaly": Mode.ANOMALY, "normal": Mode.NORMAL}


@dataclass
class Found:
    """What the input holds. `walked` rows claim nothing about a video, `listed` rows may; `dropped`: by `filter_field`."""

    walked: list[ManifestRow] = field(default_factory=list)
    listed: list[ManifestRow] = field(default_factory=list)
    dropped: list[ManifestRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find_videos(paths: Sequence[Place], *, filter_field: str, roots: Roots, skip: Collection[Path]) -> Found:
    """Read folders, videos and lists. Folders in `skip` (resolved) are entered only where `paths` names them.

    Raises:
        IngestError: a path is not there, may not be used, or is nothing that can be ingested.
        StorageError: a bucket cannot be read.
    """
    found = Found()
    for path in paths:
        check_place(path, roots)
        suffix = suffix_of(path)
        if isinstance(path, str):
            if suffix in LIST_SUFFIXES:
                _read_list(path, found, filter_field, roots)
            else:
                _find_objects(path, found)
            continue
        try:
            is_folder, is_there = path.is_dir(), path.exists()
        except OSError as error:
            raise IngestError(f"{path}: cannot be read ({error.strerror})") from error
        if is_folder:
            _walk(path, found, roots, skip)
        elif not is_there:
            raise IngestError(f"{path}: no such file or folder; name a folder of videos, a video, or a .jsonl list")
        elif suffix in LIST_SUFFIXES:
            _read_list(path, found, filter_field, roots)
        elif suffix in VIDEO_SUFFIXES:
            _add_walked(path, found, source=str(path))
        else:
            takes = " ".join(sorted(VIDEO_SUFFIXES | LIST_SUFFIXES))
            raise IngestError(f"{path}: neither a folder nor one of {takes}; list videos of other kinds in a .jsonl file")
    return found


def _walk(folder: Path, found: Found, roots: Roots, skip: Collection[Path]) -> None:
    before = len(found.walked)
    for path in files_below(folder, found, roots=roots, skip=skip):
        _add_walked(path, found, source=str(folder))
    if len(found.walked) == before:
        found.problems.append(Problem(str(folder), f"holds no video ({' '.join(sorted(VIDEO_SUFFIXES))})"))


def files_below(
    folder: Path,
    found: Found,
    *,
    suffixes: Collection[str] = VIDEO_SUFFIXES,
    roots: Roots,
    skip: Collection[Path],
    above: frozenset[tuple[int, int]] = frozenset(),
) -> Iterator[Path]:
    """Sorted by name within each folder. Links are followed, except back to a folder above or out of the roots; hidden names are
    left out. The folder itself may be used.
    """
    try:
        status = folder.stat()
        entries = [(entry, entry.is_dir()) for entry in sorted(folder.iterdir())]
    except OSError as error:
        found.problems.append(Problem(str(folder), f"cannot be read ({error.strerror}); what it holds is left out"))
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    for entry, is_folder in entries:
        # Hidden files with the suffix of a video are not videos: macOS leaves `._clip.mp4` beside each `clip.mp4`.
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and (is_folder or entry.suffix.lower() in suffixes) and (refused := roots.refusal(absolute(entry))):
            found.problems.append(Problem(str(folder), f"{refused}; it is left out"))
            continue
        if is_folder:
            if entry.resolve() in skip:
                continue
            yield from files_below(entry, found, suffixes=suffixes, roots=roots, skip=skip, above=above | {here})
        elif entry.suffix.lower() in suffixes:
            yield entry


def _add_walked(path: Path, found: Found, *, source: str) -> None:
    if is_unicode(str(path)):
        found.walked.append(ManifestRow(video_path=absolute(path), source=source))
    else:
        found.problems.append(Problem(ascii(str(path)), "its name is not UTF-8; rename the file"))


def objects_below(address: str, found: Found, suffixes: Collection[str] = VIDEO_SUFFIXES) -> dict[str, Object]:
    """Objects of these kinds below an address, sorted; hidden names are left out. Raises StorageError."""
    bucket, key = bucket_and_key(address)
    objects = bucket.listed(f"{key.rstrip('/')}/" if key.strip("/") else "")
    below = {}
    for name in sorted(objects):
        if PurePosixPath(name).suffix.lower() not in suffixes:
            continue
        if not is_plain(name):
            what = "its key leads elsewhere when it is taken for a path; copy it to another key"
            found.problems.append(Problem(f"{bucket.address(name)!r}", what))
        elif not any(part.startswith(".") for part in name.split("/")):
            below[bucket.address(name)] = objects[name]
    return below


def _find_objects(address: str, found: Found) -> None:
    addresses = [address] if suffix_of(address) in VIDEO_SUFFIXES else list(objects_below(address, found))
    found.walked.extend(ManifestRow(video_path=one, source=address) for one in addresses)
    if not addresses:
        found.problems.append(Problem(address, f"holds no video ({' '.join(sorted(VIDEO_SUFFIXES))})"))


def _read_list(path: Place, found: Found, filter_field: str, roots: Roots) -> None:
    for number, line in lines_of(read_content(path, roots), str(path)):
        where = f"{path}:{number}"
        try:
            fields = parse_line(line, '{"video_path": ...}')
            kept = not filter_field or bool(fields.get(filter_field))
            (found.listed if kept else found.dropped).append(_row(fields, folder_of(path), roots, source=where))
        except IngestError as error:
            found.problems.append(Problem(where, str(error)))


def _row(fields: Row, base: Place, roots: Roots, *, source: str) -> ManifestRow:
    check_names(fields, RESERVED_FIELDS)
    start_s, end_s = _times(fields)
    read_timeline(fields.get(TIMELINE))
    mode, read = _label(fields)
    return ManifestRow(
        video_path=located(only_value(fields, "video_path", "video"), base, roots, field="video_path"),
        start_s=start_s,
        end_s=end_s,
        mode=mode,
        source=source,
        fields={name: value for name, value in fields.items() if name not in read},
    )


def _times(fields: Row) -> tuple[float | None, float | None]:
    start, end = fields.get("start_s"), fields.get("end_s")
    if start is None and end is None:
        return None, None
    if start is None or end is None:
        raise IngestError(f"start_s {start!r} and end_s {end!r}; give both, in seconds, or neither")
    start_s, end_s = _seconds("start_s", start), _seconds("end_s", end)
    if end_s <= start_s:
        raise IngestError(f"end_s {end!r} is not after start_s {start!r}; give an end after the start")
    return start_s, end_s


def _seconds(name: str, value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LONGEST_S:
        raise IngestError(f"{name} {value!r} is no time; give seconds, from 0")
    return float(value)


def _label(fields: Row) -> tuple[Mode | None, frozenset[str]]:
    """The row's own label, and the fields that were read and do not pass through.

    `label` is an everyday name: it is read only when it says anomaly or normal, and passes through otherwise.
    """
    mode, label = (_known_label(fields.get(name)) for name in ("mode", "label"))
    if mode is None and fields.get("mode") is not None:
        raise IngestError(f"mode {fields['mode']!r} is neither anomaly nor normal; leave it out for auto")
    if mode and label and mode is not label:
        raise IngestError(f"mode {mode.value!r} and label {label.value!r} differ; keep one")
    return mode or label, _READ | {"label"} if label else _READ


def _known_label(value: JsonValue) -> Mode | None:
    return _LABELS.get(value.strip().lower()) if isinstance(value, str) else None

"""What a user names for ingest, read: folders walked, JSONL lists parsed, each row with the place it came from."""

import json
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn

from pydantic import JsonValue

from vr_assets.bucket import Object
from vr_assets.errors import IngestError
from vr_assets.media.sources import bucket_and_key, is_object
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

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"})
LIST_SUFFIXES = frozenset({".jsonl", ".ndjson"})
_ROWS = (
    RawVideo, FilteredVideo, CaptionedVideo, ChunkCaptionedVideo, HighlightedVideo, DescribedVideo, QaVideo, TaskFilesVideo,
)  # fmt: skip
_READ = frozenset({"video_path", "video", "start_s", "end_s", "mode"})
# Names that a further field would share with a key of ours, in an item or in a row.
RESERVED_FIELDS = ITEM_KEYS.union(*(row.model_fields for row in _ROWS)) - _READ
_LONGEST_S = 1e9
_LABELS = {"anomaly": Mode.ANOMALY, "normal": Mode.NORMAL}


@dataclass(frozen=True)
class Problem:
    """Something in the input that a person should mend. `where` is a path, or `list.jsonl:12`."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Found:
    """What the input holds. `walked` rows claim nothing about a video, `listed` rows may; `dropped`: by `filter_field`."""

    walked: list[ManifestRow] = field(default_factory=list)
    listed: list[ManifestRow] = field(default_factory=list)
    dropped: list[ManifestRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


Place = Path | str
"""A file or folder of this machine, or an address in a bucket."""


def place(text: str) -> Place:
    return text if is_object(text) else Path(text).expanduser()


def find_videos(paths: Sequence[Place], *, filter_field: str, skip: Collection[Path]) -> Found:
    """Read folders, videos and lists. Folders in `skip` (resolved) are entered only where `paths` names them.

    Raises:
        IngestError: a path is not there, or is nothing that can be ingested.
        StorageError: a bucket cannot be read.
    """
    found = Found()
    for path in paths:
        if isinstance(path, str):
            _find_objects(path, found, filter_field)
            continue
        suffix = path.suffix.lower()
        try:
            is_folder, is_there = path.is_dir(), path.exists()
        except OSError as error:
            raise IngestError(f"{path}: cannot be read ({error.strerror})") from error
        if is_folder:
            _walk(path, found, skip)
        elif not is_there:
            raise IngestError(f"{path}: no such file or folder; name a folder of videos, a video, or a .jsonl list")
        elif suffix in LIST_SUFFIXES:
            _read_list(_content(path), path.parent, str(path), found, filter_field)
        elif suffix in VIDEO_SUFFIXES:
            _add_walked(path, found, source=str(path))
        else:
            takes = " ".join(sorted(VIDEO_SUFFIXES | LIST_SUFFIXES))
            raise IngestError(f"{path}: neither a folder nor one of {takes}; list videos of other kinds in a .jsonl file")
    return found


def _walk(folder: Path, found: Found, skip: Collection[Path]) -> None:
    before = len(found.walked)
    for path in files_below(folder, found, skip=skip):
        _add_walked(path, found, source=str(folder))
    if len(found.walked) == before:
        found.problems.append(Problem(str(folder), f"holds no video ({' '.join(sorted(VIDEO_SUFFIXES))})"))


def files_below(
    folder: Path,
    found: Found,
    *,
    suffixes: Collection[str] = VIDEO_SUFFIXES,
    skip: Collection[Path],
    above: frozenset[tuple[int, int]] = frozenset(),
) -> Iterator[Path]:
    """Sorted by name within each folder. Links are followed, except back to a folder above; hidden names are left out."""
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
        if is_folder:
            if entry.resolve() in skip:
                continue
            yield from files_below(entry, found, suffixes=suffixes, skip=skip, above=above | {here})
        elif entry.suffix.lower() in suffixes:
            yield entry


def _add_walked(path: Path, found: Found, *, source: str) -> None:
    if is_unicode(str(path)):
        found.walked.append(ManifestRow(video_path=absolute(path), source=source))
    else:
        found.problems.append(Problem(ascii(str(path)), "its name is not UTF-8; rename the file"))


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
    return str(path.parent.resolve() / path.name if ".." in path.parts else path)


def objects_below(address: str, suffixes: Collection[str] = VIDEO_SUFFIXES) -> dict[str, Object]:
    """Objects of these kinds below an address, sorted; hidden names are left out. Raises StorageError."""
    bucket, key = bucket_and_key(address)
    below = f"{key.rstrip('/')}/" if key.strip("/") else ""
    found = bucket.listed(below)
    return {
        bucket.address(name): found[name]
        for name in sorted(found)
        if PurePosixPath(name).suffix.lower() in suffixes and not any(part.startswith(".") for part in name.split("/"))
    }


def _find_objects(address: str, found: Found, filter_field: str) -> None:
    suffix = PurePosixPath(address).suffix.lower()
    if suffix in LIST_SUFFIXES:
        bucket, key = bucket_and_key(address)
        content = bucket.read(key)
        if content is None:
            raise IngestError(f"{address}: no such object; name a prefix, a video, or a .jsonl list")
        _read_list(content, address.rpartition("/")[0], address, found, filter_field)
        return
    addresses = [address] if suffix in VIDEO_SUFFIXES else list(objects_below(address))
    found.walked.extend(ManifestRow(video_path=one, source=address) for one in addresses)
    if not addresses:
        found.problems.append(Problem(address, f"holds no video ({' '.join(sorted(VIDEO_SUFFIXES))})"))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IngestError(f"{path}: cannot be read ({error.strerror})") from error


def _read_list(content: bytes, base: Place, path: str, found: Found, filter_field: str) -> None:
    """`base` is what relative paths in it are below."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    if content.lstrip().startswith(b"["):
        raise IngestError(f"{path}: a JSON list, not JSONL; write one object a line")
    for number, line in enumerate(content.split(b"\n"), 1):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            fields = _parse(line)
            kept = not filter_field or bool(fields.get(filter_field))
            (found.listed if kept else found.dropped).append(_row(fields, base, source=where))
        except IngestError as error:
            found.problems.append(Problem(where, str(error)))


def _parse(line: bytes) -> dict[str, JsonValue]:
    try:
        fields = json.loads(line.decode(), parse_constant=_refuse, parse_float=_finite)
    except UnicodeDecodeError:
        raise IngestError("not UTF-8; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        what = f"{error.msg} at column {error.colno}"
        raise IngestError(f"not JSON ({what}): {line.decode()[:60]!r}; write one object a line") from None
    except (ValueError, RecursionError) as error:
        raise IngestError(f"cannot be read ({error}): {line.decode()[:60]!r}") from None
    if not is_unicode(json.dumps(fields, ensure_ascii=False)):
        raise IngestError(f"half a character: {line.decode()[:60]!r}; write \\u escapes in pairs")
    if not isinstance(fields, dict):
        raise IngestError(f'not an object: {line.decode()[:60]!r}; write {{"video_path": ...}}')
    return fields


def _refuse(number: str) -> NoReturn:
    raise IngestError(f"{number} is no number that JSON can hold; leave the field out")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _row(fields: dict[str, JsonValue], base: Place, *, source: str) -> ManifestRow:
    taken = sorted(fields.keys() & RESERVED_FIELDS)
    if taken:
        names = " and ".join(repr(name) for name in taken)
        raise IngestError(f"field {names} would hide one of ours; rename it, such as {f'source_{taken[0]}'!r}")
    start_s, end_s = _times(fields)
    read_timeline(fields.get(TIMELINE))
    mode, read = _label(fields)
    return ManifestRow(
        video_path=_video_path(fields, base),
        start_s=start_s,
        end_s=end_s,
        mode=mode,
        source=source,
        fields={name: value for name, value in fields.items() if name not in read},
    )


def _video_path(fields: dict[str, JsonValue], base: Place) -> str:
    named = [fields[name] for name in ("video_path", "video") if fields.get(name) is not None]
    if not named:
        raise IngestError("no video_path; name the video")
    if any(value != named[0] for value in named):
        raise IngestError(f"video_path {named[0]!r} and video {named[1]!r} differ; keep one")
    value = named[0]
    if not isinstance(value, str) or not value.strip():
        raise IngestError(f"video_path {value!r} is no path; write it as text")
    if is_object(value):
        return value
    if "://" in value:
        raise IngestError(f"video_path {value!r} is an address; only s3:// can be read: fetch the video and name the file")
    if isinstance(base, str) and not value.startswith("/"):
        return f"{base}/{value}"
    return absolute(Path(base) / value)


def _times(fields: dict[str, JsonValue]) -> tuple[float | None, float | None]:
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


def _label(fields: dict[str, JsonValue]) -> tuple[Mode | None, frozenset[str]]:
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

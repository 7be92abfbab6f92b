"""Ingest of conversations: JSON lists and JSONL files of rows, and the batches that hold what is new in them."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.media.sources import is_object
from vr_assets.parsing.turns import Medium, Speaker, first_human, said, tag, tags
from vr_assets.records.batch import Batch, ConversationEntry
from vr_assets.settings import Graph, Settings
from vr_assets.steps.batch_names import Names, family_from
from vr_assets.steps.ingest import Intake, NewBatch, common_folder
from vr_assets.steps.new_rows import TooLong, is_file
from vr_assets.steps.video_lists import LIST_SUFFIXES, Problem, absolute, is_unicode, lines_of, parse_line, read_content
from vr_assets.storage import Store

_FORM = '{"video": ..., "conversation": [{"from": "human", "value": ""}]}'
_SUFFIXES = LIST_SUFFIXES | {".json"}
# What the files that are written say themselves.
_OURS = frozenset({"caption", "conversations", "videos", "images"})


def take_in_conversations(
    paths: Sequence[str],
    *,
    store: Store,
    family: str | None,
    settings: Settings,
    explicit: Mapping[str, JsonValue],
    now: datetime,
) -> Intake[ConversationEntry]:
    """Read lists of conversations and sort out what is new. One row a row of input, in order, twins included.

    A row that a batch of this family holds is known: the same files and the same row, as often as it is held. A video or image
    that is not there is a problem and its row is registered all the same, and fails until the file is there; a row that cannot be
    read is a problem only.

    Args:
        family, explicit, now: as for `ingest.take_in`.

    Raises:
        IngestError: a path or a name cannot be used, or a JSON list cannot be read.
        StorageError: a registered batch cannot be read.
    """
    sources = _sources(paths, settings)
    names = Names(store, family or family_from(absolute(sources[0].with_suffix(".jsonl")), is_folder=False), Graph.CONVERSATIONS)
    found = _Found()
    for path in sources:
        _read(path, found, settings)
    held = (entry for name in names.batches for entry in store.read_entries(name, ConversationEntry))
    new = _without(found.entries, held)
    for entry in new:
        lacking = (path for path in _files(entry) if not is_object(path) and not is_file(path))
        found.problems += [Problem(entry.source, f"{path}: no such file; the row fails until it is there") for path in lacking]
    size = settings.ingest.batch_size
    batches = [
        NewBatch(
            Batch(
                name=names.take(),
                family=names.family,
                source_root=common_folder(path for entry in found.entries for path in _files(entry)),
                settings=dict(explicit),
                created=now.astimezone(UTC).isoformat(timespec="seconds"),
                graph=Graph.CONVERSATIONS,
            ),
            tuple(new[at : at + size]),
        )
        for at in range(0, len(new), size)
    ]
    return Intake(
        family=names.family,
        batches=tuple(batches),
        known=len(found.entries) - len(new),
        new=len(new),
        repeated=0,
        dropped=found.dropped,
        too_long=TooLong(settings.videos.max_video_length_sec, split=False),
        problems=tuple(found.problems),
    )


@dataclass
class _Found:
    """What the lists hold. `dropped` counts rows that `ingest.filter_field` leaves out."""

    entries: list[ConversationEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dropped: int = 0


def _sources(paths: Sequence[str], settings: Settings) -> list[Path]:
    named = [*paths, *settings.ingest.input_jsonl_files]
    if not named:
        raise IngestError("nothing to ingest; name a .json or .jsonl file of conversations")
    for name in named:
        if "://" in name:
            raise IngestError(f"{name}: an address; fetch the list, and name the file (its videos may stay in the bucket)")
        if Path(name).suffix.lower() not in _SUFFIXES:
            raise IngestError(f"{name}: not a list of conversations; name a .json or .jsonl file with rows such as {_FORM}")
    return [Path(name).expanduser() for name in named]


def _read(path: Path, found: _Found, settings: Settings) -> None:
    images = Path(settings.ingest.image_root).expanduser() if settings.ingest.image_root else path.parent
    for where, row in _rows(path):
        try:
            if isinstance(row, IngestError):
                raise row
            if settings.ingest.filter_field and not row.get(settings.ingest.filter_field):
                found.dropped += 1
            else:
                found.entries.append(_entry(row, {Medium.VIDEO: path.parent, Medium.IMAGE: images}, source=where))
        except IngestError as error:
            found.problems.append(Problem(where, str(error)))


def _without(found: Sequence[ConversationEntry], held: Iterable[ConversationEntry]) -> list[ConversationEntry]:
    """Those that are not held yet: of equal rows as many as there are more than before."""
    known = Counter(map(_key, held))
    new = []
    for entry in found:
        known[_key(entry)] -= 1
        if known[_key(entry)] < 0:
            new.append(entry)
    return new


def _files(entry: ConversationEntry) -> tuple[str, ...]:
    return entry.videos + entry.images


def _key(entry: ConversationEntry) -> str:
    return json.dumps([entry.videos, entry.images, entry.row])


def _rows(path: Path) -> Iterator[tuple[str, dict[str, JsonValue] | IngestError]]:
    """Each row and its place, `rows.jsonl:12`; of a JSON list too, by the line where the row begins. A row that does not read is
    its error.

    Raises:
        IngestError: the file cannot be read, or is a JSON list that is broken.
    """
    content = read_content(path)
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        yield from _of_list(content, path)
        return
    for number, line in lines_of(content, str(path)):
        try:
            yield f"{path}:{number}", parse_line(line, _FORM)
        except IngestError as error:
            yield f"{path}:{number}", error


def _of_list(content: bytes, path: Path) -> Iterator[tuple[str, dict[str, JsonValue] | IngestError]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise IngestError(f"{path}: not UTF-8; save the file as UTF-8") from None
    decoder = json.JSONDecoder()
    at, line, counted = text.index("[") + 1, 1, 0
    try:
        while True:
            at = _past_space(text, at)
            if text[at : at + 1] == "]":
                break
            line, counted = line + text.count("\n", counted, at), at
            value, at = decoder.raw_decode(text, at)
            yield f"{path}:{line}", _checked(value)
            at = _past_space(text, at)
            if text[at : at + 1] not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' or ']' after a row", text, at)
            at += text[at] == ","
        if text[at + 1 :].strip():
            raise json.JSONDecodeError("Extra data after the list", text, at + 1)
    except json.JSONDecodeError as error:
        raise IngestError(
            f"{path}:{error.lineno}: not JSON ({error.msg} at column {error.colno}); nothing of the list is taken, mend it there"
        ) from None
    except (ValueError, RecursionError) as error:
        raise IngestError(f"{path}:{line}: cannot be read ({error})") from None


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _checked(value: JsonValue) -> dict[str, JsonValue] | IngestError:
    """What `parse_line` refuses of a line is refused of a row in a list too."""
    written = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict):
        return IngestError(f"not an object: {written[:60]!r}; write {_FORM}")
    if not is_unicode(written):
        return IngestError("half a character; write \\u escapes in pairs")
    if not _is_finite(value):
        return IngestError("NaN or Infinity is no number that JSON can hold; write null, or leave the field out")
    return value


def _is_finite(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _entry(row: dict[str, JsonValue], folders: Mapping[Medium, Path], *, source: str) -> ConversationEntry:
    taken = sorted(row.keys() & _OURS)
    if "conversation" not in row:
        also = ", and rename `conversations` to `conversation`" if "conversations" in taken else ""
        raise IngestError(f'no conversation; write [{{"from": "human", "value": ""}}] to be asked the template\'s prompt{also}')
    if taken:
        names = " and ".join(repr(name) for name in taken)
        raise IngestError(f"field {names} would hide one of ours; rename it, such as {f'source_{taken[0]}'!r}")
    videos, images = (
        tuple(_path(path, medium, folders[medium]) for path in _listed(row, medium)) for medium in (Medium.VIDEO, Medium.IMAGE)
    )
    if not videos and not images:
        raise IngestError("no video and no image; name one")
    _check_turns(row["conversation"], {Medium.VIDEO: len(videos), Medium.IMAGE: len(images)})
    return ConversationEntry(videos=videos, images=images, row=row, source=source)


def _listed(row: Mapping[str, JsonValue], medium: Medium) -> list[JsonValue]:
    """The paths of a field: null and empty text in place of a path name none, as tables write what is not there."""
    value = row.get(medium)
    listed = value if isinstance(value, list) else [value]
    return [path for path in listed if path is not None and path != ""]


def _path(value: JsonValue, medium: Medium, folder: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise IngestError(f"{medium} {value!r} is no path; write it as text, or several as a list")
    if medium is Medium.VIDEO and is_object(value):
        return value
    if "://" in value:
        only = "only videos, and only from s3://, can be read from there"
        raise IngestError(f"{medium} {value!r} is an address; {only}: fetch the file and name it")
    # Pipelines of this kind read paths from where they are started.
    here = Path(value)
    return absolute(here if not is_file(absolute(folder / value)) and is_file(absolute(here)) else folder / value)


def _check_turns(turns: JsonValue, count: Mapping[Medium, int]) -> None:
    if not isinstance(turns, list) or not turns:
        raise IngestError(f'conversation {json.dumps(turns)[:60]} is no list of turns; write [{{"from": "human", "value": ""}}]')
    told: list[dict[str, JsonValue]] = []
    for number, turn in enumerate(turns, 1):
        if not isinstance(turn, dict) or turn.get("from") not in set(Speaker):
            speakers = ", ".join(Speaker)
            raise IngestError(
                f'turn {number} {json.dumps(turn)[:60]} is none; write {{"from": ..., "value": ...}}, from {speakers}'
            )
        if not isinstance(turn.get("value"), str | None):
            raise IngestError(f"turn {number} has the value {json.dumps(turn['value'])[:60]}; write text")
        told.append(turn)
    place = first_human(told)
    if place is None:
        raise IngestError('no turn is from human; write {"from": "human", "value": ""} to be asked the template\'s prompt')
    for medium, tagged in Counter(tags(said(told[place]))).items():
        if tagged != count[medium]:
            raise IngestError(
                f"the first human turn has {tagged} {tag(medium)} for {count[medium]} {medium}s; write one for each, or none"
            )

"""Ingest of images: JSONL lists of image and caption, and the batches that hold what is new in them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.records.batch import Batch, ImageEntry
from vr_assets.records.image import ANNOTATION_KEYS
from vr_assets.settings import Graph, Settings
from vr_assets.steps.batch_names import Names, family_from
from vr_assets.steps.ingest import Intake, NewBatch, common_folder
from vr_assets.steps.new_rows import TooLong, is_file
from vr_assets.steps.video_lists import LIST_SUFFIXES, Problem, absolute, lines_of, parse_line, read_content
from vr_assets.storage import Store

_READ = frozenset({"image_path", "image", "caption", "image_id", "width", "height"})


def take_in_images(
    paths: Sequence[str],
    *,
    store: Store,
    family: str | None,
    settings: Settings,
    explicit: Mapping[str, JsonValue],
    now: datetime,
) -> Intake[ImageEntry]:
    """Read lists of images and sort out what is new. One row a row of input, in order, twins included.

    A row that a batch of this family holds is known: the same image path, caption and id. An image that is not there is a problem
    and is registered all the same, so that it has a row, which fails until the file is there; a line that cannot be read is a
    problem only.

    Args:
        family, explicit, now: as for `ingest.take_in`.

    Raises:
        IngestError: a path or a name cannot be used.
        StorageError: a registered batch cannot be read.
    """
    named = [*paths, *settings.ingest.input_jsonl_files]
    if away := next((name for name in named if "://" in name), None):
        raise IngestError(f"{away}: an address; fetch the list and its images, and name the file")
    sources = [Path(name).expanduser() for name in named]
    if not sources:
        raise IngestError("nothing to ingest; name a .jsonl list of images and captions")
    names = Names(store, family or family_from(absolute(sources[0]), is_folder=False), Graph.IMAGES)
    problems: list[Problem] = []
    found: list[ImageEntry] = []
    dropped = 0
    for path in sources:
        if path.suffix.lower() not in LIST_SUFFIXES:
            raise IngestError(f"{path}: not a list; name a .jsonl file with an image_path and a caption a line")
        for number, line in lines_of(read_content(path), str(path)):
            where = f"{path}:{number}"
            try:
                fields = parse_line(line, '{"image_path": ..., "caption": ...}')
                if settings.ingest.filter_field and not fields.get(settings.ingest.filter_field):
                    dropped += 1
                    continue
                found.append(_entry(fields, _folder(path, settings), source=where))
            except IngestError as error:
                problems.append(Problem(where, str(error)))
    held = {_key(entry) for name in names.batches for entry in store.read_entries(name, ImageEntry)}
    new = [entry for entry in found if _key(entry) not in held]
    missing = (entry for entry in new if not is_file(entry.image_path))
    problems += [Problem(entry.source, f"{entry.image_path}: no such file; its row fails until it is there") for entry in missing]
    size = settings.ingest.batch_size
    batches = [
        NewBatch(
            Batch(
                name=names.take(),
                family=names.family,
                source_root=common_folder(entry.image_path for entry in found),
                settings=dict(explicit),
                created=now.astimezone(UTC).isoformat(timespec="seconds"),
                graph=Graph.IMAGES,
            ),
            tuple(new[at : at + size]),
        )
        for at in range(0, len(new), size)
    ]
    return Intake(
        family=names.family,
        batches=tuple(batches),
        known=len(found) - len(new),
        new=len(new),
        repeated=0,
        dropped=dropped,
        too_long=TooLong(settings.videos.max_video_length_sec, split=False),
        problems=tuple(problems),
    )


def _folder(path: Path, settings: Settings) -> Path:
    root = settings.ingest.image_root
    return Path(root).expanduser() if root else path.parent


def _key(entry: ImageEntry) -> tuple[str, str, str | None]:
    return entry.image_path, entry.caption, entry.image_id


def _entry(fields: dict[str, JsonValue], folder: Path, *, source: str) -> ImageEntry:
    taken = sorted((fields.keys() & ANNOTATION_KEYS) - _READ)
    if taken:
        names = " and ".join(repr(name) for name in taken)
        raise IngestError(f"field {names} would hide one of ours; rename it, such as {f'source_{taken[0]}'!r}")
    caption = fields.get("caption")
    if caption is not None and not isinstance(caption, str):
        raise IngestError(f"caption {json.dumps(caption)[:60]} is no text; write one caption a row")
    return ImageEntry(
        image_path=_path(fields, folder),
        caption=caption or "",
        image_id=_id(fields.get("image_id")),
        width=_side("width", fields.get("width")),
        height=_side("height", fields.get("height")),
        source=source,
        fields={name: value for name, value in fields.items() if name not in _READ},
    )


def _path(fields: Mapping[str, JsonValue], folder: Path) -> str:
    named = [fields[name] for name in ("image_path", "image") if fields.get(name) is not None]
    if not named:
        raise IngestError("no image_path; name the image")
    if any(value != named[0] for value in named):
        raise IngestError(f"image_path {named[0]!r} and image {named[1]!r} differ; keep one")
    value = named[0]
    if not isinstance(value, str) or not value.strip():
        raise IngestError(f"image_path {value!r} is no path; write it as text")
    if "://" in value:
        raise IngestError(f"image_path {value!r} is an address; fetch the image and name the file")
    return absolute(folder / value)


def _id(value: JsonValue) -> str | None:
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise IngestError(f"image_id {value!r} is no id; write it as text, or leave it out to have one made")


def _side(name: str, value: JsonValue) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 1:
        raise IngestError(f"{name} {value!r} is no number of pixels; leave it out, it is read from the file")
    return int(value)

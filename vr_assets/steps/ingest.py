"""Ingest: from folders and lists to batches that can be registered. Nothing is written here."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from vr_assets.bucket import SCHEME
from vr_assets.errors import IngestError
from vr_assets.media.recordings import Recordings
from vr_assets.media.sources import is_object
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.settings import Settings
from vr_assets.steps.batch_names import Names, family_from
from vr_assets.steps.labels import check_labels, label_videos
from vr_assets.steps.new_rows import Sorter, TooLong, distinct, is_file, key, overlaps
from vr_assets.steps.stage import load_prompts
from vr_assets.steps.video_lists import LIST_SUFFIXES, VIDEO_SUFFIXES, Found, Place, Problem, absolute, find_videos, place
from vr_assets.storage import Store


@dataclass(frozen=True)
class NewBatch:
    """A batch to be registered with `Store.create_batch`."""

    batch: Batch
    rows: tuple[ManifestRow, ...]


@dataclass(frozen=True)
class Intake:
    """What ingest found, for a person to read, and the batches that hold what is new.

    `known`, `new`, `repeated` (the same line again) and `dropped` (by `ingest.filter_field`) count rows.
    """

    family: str
    batches: tuple[NewBatch, ...]
    known: int
    new: int
    repeated: int
    dropped: int
    too_long: TooLong
    problems: tuple[Problem, ...]


async def take_in(
    paths: Sequence[Place],
    *,
    store: Store,
    recordings: Recordings,
    family: str | None,
    settings: Settings,
    explicit: Mapping[str, JsonValue],
    now: datetime,
    anew: Collection[str] = (),
    on_looked: Callable[[float, float], None] = lambda done_s, total_s: None,
) -> Intake:
    """Find videos and sort out what is new.

    Reads `paths` (folders, videos, JSONL lists, and addresses of such in buckets), else `ingest.video_root`, and
    `ingest.input_jsonl_files` besides. A video that is not there or cannot be read is a problem and is registered all the
    same, so that it has a row, which fails until the file is mended; a line that cannot be read is a problem only. Objects are
    looked at before the run only where long recordings are to be split.

    Args:
        family: the name under which these videos are ingested; None: after the first path. A video or part that a batch of this
            family holds is known.
        explicit: the settings that the batch keeps, by dotted name.
        now: aware.
        anew: paths of files that were replaced since a batch of this family took them: they count as new.
        on_looked: is told how many seconds of recordings were looked through for scene cuts, and of how many.

    Raises:
        IngestError: a path or a name cannot be used.
        StorageError: a registered batch cannot be read.
    """
    sources = _sources(paths, settings)
    names = Names(store, family or _family(sources[0]))
    found = find_videos(sources, filter_field=settings.ingest.filter_field, skip=our_folders(store))
    if settings.ingest.labels_file:
        label_videos(found, settings.ingest.labels_file)
    check_labels(found, load_prompts(settings).categories, settings.prompts.prompts_module)
    held = (row for name in names.batches for row in store.read_manifest(name) if row.video_path not in anew)
    sorter = Sorter(settings, held, found.problems)
    groups, repeated = _merged(found)
    await sorter.look(groups, recordings, on_looked)
    new, again = distinct(chain.from_iterable(map(sorter.new_rows, groups)))
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
        problems=(*found.problems, *overlaps(new)),
    )


def our_folders(store: Store) -> set[Path]:
    """Where the store keeps videos of its own."""
    return {(store.root / folder).resolve() for folder in ("batches", "journal", "media", "datasets")}


def _family(source: Place) -> str:
    if isinstance(source, str):
        return family_from(source, is_folder=PurePosixPath(source).suffix.lower() not in VIDEO_SUFFIXES | LIST_SUFFIXES)
    return family_from(absolute(source), is_folder=source.is_dir())


def _sources(paths: Sequence[Place], settings: Settings) -> list[Place]:
    named = list(paths) or ([place(settings.ingest.video_root)] if settings.ingest.video_root else [])
    sources = [*named, *map(place, settings.ingest.input_jsonl_files)]
    if not sources:
        raise IngestError("nothing to ingest; name a folder of videos or a .jsonl list, or set ingest.video_root")
    return [path if isinstance(path, str) else path.expanduser() for path in sources]


def _merged(found: Found) -> tuple[list[list[ManifestRow]], int]:
    """Rows of the same video or part together, and how many said the same again.

    A walked video that a list names too is the list's; one that the filter dropped from a list is dropped.
    """
    told = {key(row) for row in (*found.listed, *found.dropped)}
    walked = (row for row in found.walked if key(row) not in told)
    return distinct(chain(walked, found.listed))


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
    """The common folder or prefix of the videos that are there; None when they have nothing but the root in common."""
    paths = [row.video_path for row in rows if is_object(row.video_path) or is_file(row.video_path)]
    objects = [path.removeprefix(SCHEME) for path in paths if is_object(path)]
    if objects:
        common = os.path.commonpath(map(os.path.dirname, objects)) if len(objects) == len(paths) else ""
        return f"{SCHEME}{common}" if common else None
    folders = {str(Path(path).parent) for path in paths}
    common = os.path.commonpath(folders) if folders else "/"
    return None if common == "/" else common

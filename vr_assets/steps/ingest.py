"""Ingest: from folders and lists to batches that can be registered. Nothing is written here."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.media.recordings import Recordings
from vr_assets.media.roots import Roots
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import Settings
from vr_assets.steps.batch_names import Names, family_from
from vr_assets.steps.intake import Intake, batches_of, packed
from vr_assets.steps.labels import check_labels, label_videos
from vr_assets.steps.lists import LIST_SUFFIXES
from vr_assets.steps.new_rows import Sorter, distinct, key, overlaps
from vr_assets.steps.places import Place, named, place, suffix_of
from vr_assets.steps.stage import load_prompts
from vr_assets.steps.video_lists import VIDEO_SUFFIXES, Found, find_videos
from vr_assets.storage import Store


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
) -> Intake[ManifestRow]:
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
    roots = Roots(settings.ingest.source_roots)
    found = find_videos(sources, filter_field=settings.ingest.filter_field, roots=roots, skip=our_folders(store))
    if settings.ingest.labels_file:
        label_videos(found, settings.ingest.labels_file)
    check_labels(found, load_prompts(settings).categories, settings.prompts.prompts_module)
    held = (row for name in names.batches for row in store.read_manifest(name) if row.video_path not in anew)
    sorter = Sorter(settings, held, found.problems)
    groups, repeated = _merged(found)
    await sorter.look(groups, recordings, on_looked)
    new, again = distinct(chain.from_iterable(map(sorter.new_rows, groups)))
    files = (row.video_path for row in chain.from_iterable(groups))
    return Intake(
        family=names.family,
        # Rows of the same video or part stay together, for only then can the run compare them.
        batches=batches_of(packed(new, settings.ingest.batch_size), names, files=files, explicit=explicit, now=now),
        known=sorter.known,
        repeated=repeated + again,
        dropped=len(found.dropped),
        too_long=sorter.too_long,
        problems=(*found.problems, *overlaps(new)),
    )


def our_folders(store: Store) -> set[Path]:
    """Where the store keeps videos of its own."""
    return {(store.root / folder).resolve() for folder in ("batches", "journal", "media", "datasets")}


def _family(source: Place) -> str:
    is_folder = suffix_of(source) not in VIDEO_SUFFIXES | LIST_SUFFIXES if isinstance(source, str) else source.is_dir()
    return family_from(named(source), is_folder=is_folder)


def _sources(paths: Sequence[Place], settings: Settings) -> list[Place]:
    told = list(paths) or ([place(settings.ingest.video_root)] if settings.ingest.video_root else [])
    sources = [*told, *map(place, settings.ingest.input_jsonl_files)]
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

"""Rows of an earlier TAO run, taken over for a batch: they stand in place of answers until their stage is forced."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from vr_assets.backends.prices import Prices
from vr_assets.records.batch import Batch, ImageEntry, ManifestRow
from vr_assets.records.image import RawImage
from vr_assets.records.row import Row
from vr_assets.records.video import FilteredVideo, QaVideo, RawVideo
from vr_assets.settings import Asset, Graph, QaType, Settings, Status
from vr_assets.steps.foreseeing import Notes, foreseeing
from vr_assets.steps.intake import Problem
from vr_assets.steps.raw_images import read_images
from vr_assets.steps.raw_videos import read_videos
from vr_assets.steps.stage import imports_of
from vr_assets.steps.tao_images import read_image_lines
from vr_assets.steps.tao_results import Line, Results, find_files, moved
from vr_assets.steps.tao_videos import read_video_lines
from vr_assets.storage import Store

Lines = Mapping[Asset, Sequence[Line]]


@dataclass(frozen=True)
class TakenOver:
    """What became of results. `named` and `taken` count videos, or images with a caption, by stage; `moved` the files that were
    named in one folder and are in another.
    """

    named: Mapping[Asset, int]
    taken: Mapping[Asset, int]
    moved: Mapping[tuple[str, str], int]
    problems: tuple[Problem, ...]


async def take_over(
    results: Results,
    batches: Sequence[Batch],
    store: Store,
    *,
    settings_of: Callable[[Batch], Settings],
    only: Collection[Asset] = (),
) -> TakenOver:
    """Read results as rows of registered batches of one family, and publish them there. Nothing is asked and nothing decoded.

    A row that was imported before is replaced, the other rows of its stage stay. What does not read is a problem, and is asked as
    usual.

    Args:
        only: the stages to take over; none of them: all.

    Raises:
        StorageError: a batch cannot be read or written.
    """
    lines = {asset: found for asset, found in results.lines.items() if asset in only or not only}
    manifests = {batch.name: _manifest(batch, store) for batch in batches}
    known = [_path(entry) for manifest in manifests.values() for entry in manifest]
    places, unfound = find_files(sorted({line.named for found in lines.values() for line in found}), known)
    about = _by_path(lines, places)
    problems = [*results.problems, *unfound]
    taken, used = Counter[Asset](), set[str]()
    for batch in batches:
        manifest, settings = manifests[batch.name], settings_of(batch)
        told = [_about(entry, about.get(_path(entry), {})) for entry in manifest]
        used |= {line.place for lines_of_one in told for found in lines_of_one.values() for line in found}
        made: defaultdict[Asset, list[Row]] = defaultdict(list)
        for row, lines_of_one in zip(await _raw(batch, manifest, settings, store) if any(told) else [], told, strict=False):
            if lines_of_one and row.status is Status.OK:
                rows, unread = _read(row, lines_of_one, settings)
                problems += unread
                for asset in rows.keys() & set(only or rows):
                    made[asset].append(rows[asset])
            elif lines_of_one:
                problems.append(Problem(row.subject, row.reason))
        _publish(batch, made, store)
        taken.update({asset: len(rows) for asset, rows in made.items()})
    left = (line for found in lines.values() for line in found if line.named in places and line.place not in used)
    problems += [Problem(line.place, f"the batch has {line.named} only in parts, or with another caption or id") for line in left]
    named = {asset: len({(line.named, str(line.fields.get("caption"))) for line in found}) for asset, found in lines.items()}
    return TakenOver(named, taken, moved(places), tuple(dict.fromkeys(problems)))


def _manifest(batch: Batch, store: Store) -> Sequence[ManifestRow | ImageEntry]:
    kind = ImageEntry if batch.graph is Graph.IMAGES else ManifestRow
    return store.read_entries(batch.name, kind)


def _path(entry: ManifestRow | ImageEntry) -> str:
    return entry.image_path if isinstance(entry, ImageEntry) else entry.video_path


def _by_path(lines: Lines, places: Mapping[str, str]) -> Mapping[str, Lines]:
    about: defaultdict[str, defaultdict[Asset, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for asset, found in lines.items():
        for line in found:
            if line.named in places:
                about[places[line.named]][asset].append(line)
    return about


def _about(entry: ManifestRow | ImageEntry, lines: Lines) -> Lines:
    """Those of the lines about a file that are about an entry: a whole video, or an image with this caption, and id where both
    have one."""
    chosen = {asset: [line for line in found if _is_about(entry, line)] for asset, found in lines.items()}
    return {asset: found for asset, found in chosen.items() if found}


def _is_about(entry: ManifestRow | ImageEntry, line: Line) -> bool:
    if isinstance(entry, ManifestRow):
        return entry.start_s is None
    own_id = line.fields.get("image_id")
    return line.fields.get("caption") == entry.caption and (entry.image_id is None or str(own_id) in (entry.image_id, "None"))


async def _raw(
    batch: Batch, manifest: Sequence[ManifestRow | ImageEntry], settings: Settings, store: Store
) -> Sequence[RawVideo | RawImage]:
    """The rows of the first stage, as a run makes them: ids and lengths."""
    first, prices, notes = batch.graph.assets[0], Prices.load(settings.budget.prices_file), Notes(set(), set())
    async with foreseeing(first, settings, store, batch=batch.name, environ={}, prices=prices, notes=notes) as stage:
        if batch.graph is Graph.IMAGES:
            return await read_images([entry for entry in manifest if isinstance(entry, ImageEntry)], stage)
        return await read_videos([entry for entry in manifest if isinstance(entry, ManifestRow)], stage)


def _read(row: RawVideo | RawImage, lines: Lines, settings: Settings) -> tuple[Mapping[Asset, Row], list[Problem]]:
    if isinstance(row, RawVideo):
        return read_video_lines(row, lines)
    return read_image_lines(row, lines, most=settings.grounding.max_instances)


def _publish(batch: Batch, made: Mapping[Asset, Sequence[Row]], store: Store) -> None:
    """Add imported rows to those of a batch, and make the batch say so. Raises StorageError."""
    versions = dict(batch.imported)
    for asset, rows in made.items():
        there = imports_of(batch.name, asset, store)
        merged = dict(there)
        for row in rows:
            merged[row.item_id] = _renewed(merged.get(row.item_id), row)
        if merged == there:
            continue
        store.write_imported(batch.name, asset, list(merged.values()))
        # Of the version before too: the same rows that were set aside meanwhile make the stage stale once more.
        text = "".join([versions.get(asset, ""), *(row.to_line() for row in merged.values())])
        versions[asset] = hashlib.sha256(text.encode()).hexdigest()[:16]
    if versions != batch.imported:
        in_order = {asset: versions[asset] for asset in Asset if asset in versions}
        store.write_batch(batch.model_copy(update={"imported": in_order}))


def _renewed(old: Row | None, new: Row) -> Row:
    """What two imports make of a row: the later one, but for what only the earlier one says."""
    if isinstance(old, FilteredVideo) and isinstance(new, FilteredVideo) and new.is_valid is None:
        return old
    if isinstance(old, QaVideo) and isinstance(new, QaVideo):
        told = {one.qa_type: (one, source) for row in (old, new) for one, source in zip(row.qa, row.provenance, strict=True)}
        sets = [told[qa_type] for qa_type in QaType if qa_type in told]
        return new.model_copy(update={"qa": tuple(one for one, _ in sets), "provenance": tuple(source for _, source in sets)})
    return new

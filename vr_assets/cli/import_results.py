"""`vr-assets import-results`: what an earlier TAO run paid for, taken over."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.ingest import take_in_batches, tell
from vr_assets.cli.options import given, settings_options
from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import note, say, show, table
from vr_assets.errors import IngestError, SettingsError
from vr_assets.settings import Asset, Graph, environment_layer, resolve

if TYPE_CHECKING:
    from vr_assets.records.batch import Batch
    from vr_assets.steps.taking_over import TakenOver
    from vr_assets.steps.tao_results import Results
    from vr_assets.storage import Store


@click.command("import-results")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--batch", help="A batch, which is registered unless it is there; by default named after DIR.")
@click.option("--video-root", metavar="DIR", help="Folder that the videos are below now.")
@click.option("--select", "selection", metavar="STAGES", help="Take over these only: `captions,chunk_captions`.")
@settings_options
def command(
    folder: Path,
    *,
    batch: str | None,
    video_root: str | None,
    selection: str | None,
    backend: str | None,
    assignments: tuple[str, ...],
) -> int:
    """Take over the step files of an earlier TAO run, so that what it paid for is not paid again.

    DIR and the folders below it are searched for step files. What was taken over stands until its stage is forced; what does not
    read is named and asked as usual.
    """
    from functools import partial

    import anyio

    from vr_assets.steps.batch_names import family_from
    from vr_assets.steps.ingest import our_folders
    from vr_assets.steps.places import absolute
    from vr_assets.steps.taking_over import take_over
    from vr_assets.steps.tao_results import find_results
    from vr_assets.storage import Store

    only = _stages(selection)
    settings = resolve(("environment", environment_layer())).settings
    ensure_home()
    store = Store.at(settings.data_root, settings.bucket)
    results = find_results(folder, skip=our_folders(store))
    family = batch or family_from(absolute(folder), is_folder=True)
    batches = _batches(family, store)
    if any(one.graph is not results.graph for one in batches):
        raise IngestError(f"batch {family!r} holds {batches[0].graph}, the results are of {results.graph}; name another batch")
    if not batches:
        _ingest(results, family, video_root, given(assignments, backend))
        batches = _batches(family, store)
    elif backend or assignments:
        raise SettingsError(f"batch {family!r} is there: --backend and --set are for registering one; give them to `run`")

    from vr_assets.defs.instance import open_instance, register
    from vr_assets.defs.surroundings import resolve_for

    taking_over = partial(take_over, results, batches, store, settings_of=lambda one: resolve_for(one).settings, only=only)
    taken = anyio.run(taking_over)
    with open_instance() as instance:
        register(instance, store, [one.name for one in batches])
    _tell(taken, batches)
    return 0 if any(taken.taken.values()) else 1


def _batches(name: str, store: "Store") -> "list[Batch]":
    """All batches of a family, or the one batch of a name."""
    batches = store.read_batches()
    return [one for one in batches if one.family == name] or [one for one in batches if one.name == name]


def _ingest(results: "Results", family: str, video_root: str | None, layer: dict[str, object]) -> None:
    """Register the videos named, as far as they are there; the others are named later."""
    from vr_assets.media.roots import Roots
    from vr_assets.steps.places import absolute
    from vr_assets.steps.tao_results import find_files
    from vr_assets.steps.video_lists import find_videos

    if results.graph is Graph.IMAGES:
        cure = f"`vr-assets ingest --images LIST.jsonl --batch {family}`, or with import-spec"
        raise IngestError(f"no batch {family!r}; register the list of images and captions first: {cure}")
    if video_root:
        found = find_videos([Path(video_root).expanduser()], filter_field="", roots=Roots(), skip=())
        there = [row.video_path for row in found.walked]
    else:
        there = [absolute(Path(name)) for name in results.named if Path(name).is_file()]
    places, _ = find_files(results.named, there)
    if not places:
        raise IngestError(
            f"none of the {len(results.named)} videos named, such as {results.named[0]}, is there; give --video-root"
        )
    tell(take_in_batches(sorted(set(places.values())), layer, family=family), what_next=False)


def _tell(taken: "TakenOver", batches: "Sequence[Batch]") -> None:
    for (before, now), count in taken.moved.items():
        say(f"{before} is {now} now: {count} {batches[0].graph}")
    for problem in taken.problems:
        note(str(problem))
    shown = table("stage", "named", "taken", numbers=("named", "taken"))
    for asset in batches[0].graph.assets:
        if asset in taken.named or asset in taken.taken:
            shown.add_row(asset, str(taken.named.get(asset, 0)), str(taken.taken.get(asset, 0)))
    show(shown)
    say(f"Next: vr-assets run {' '.join(f'--batch {one.name}' for one in batches)}")


def _stages(selection: str | None) -> list[Asset]:
    names = [name.strip() for name in selection.split(",")] if selection else []
    unknown = sorted(set(names) - set(Asset))
    if unknown:
        raise SettingsError(f"--select {', '.join(unknown)}: no stage; there are {', '.join(Asset)}")
    return [Asset(name) for name in names]

"""`vr-assets ingest`: from folders and lists to registered batches."""

import shlex
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from vr_assets.cli.options import COMMAND_LINE, as_json, given, settings_options
from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import note, say
from vr_assets.settings import Graph, ModeSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pydantic import JsonValue

    from vr_assets.records.batch import ConversationEntry, ImageEntry, ManifestRow
    from vr_assets.settings import Settings
    from vr_assets.steps.intake import Intake, TooLong
    from vr_assets.storage import Store

    AnyIntake = Intake[ManifestRow] | Intake[ImageEntry] | Intake[ConversationEntry]

PROBLEMS_SHOWN = 20
LINE_INTERVAL_S = 5.0


@click.command("ingest")
@click.argument("paths", nargs=-1)
@click.option("--batch", help="Name of the batch; by default made from the first path.")
@click.option("--images", is_flag=True, help="PATHS are .jsonl or .json lists of images: rows with `image_path` and `caption`.")
@click.option("--conversations", is_flag=True, help="PATHS are .json or .jsonl lists: rows with `video` and `conversation`.")
@click.option("--image-root", metavar="DIR", help="What relative image paths are below; by default the list's own folder.")
@click.option("--input-jsonl", multiple=True, metavar="FILE", help="A list of videos: rows with `video_path` or `video`.")
@click.option("--filter-field", metavar="FIELD", help="Keep the rows of lists where this field is truthy.")
@click.option("--labels", metavar="FILE", help="Labels of videos: JSON, {name without suffix: label}.")
@click.option("--batch-size", type=int, help="Videos, images or conversations in one batch.")
@click.option("--mode", type=click.Choice([str(mode) for mode in ModeSetting]), help="auto, or what the videos are sorted as.")
@click.option("--domain", help="Prompt domain: general, or one of your own.")
@click.option("--license", help="metadata.license of the task files.")
@settings_options
def command(
    paths: tuple[str, ...],
    *,
    batch: str | None,
    images: bool,
    conversations: bool,
    image_root: str | None,
    input_jsonl: tuple[str, ...],
    filter_field: str | None,
    labels: str | None,
    batch_size: int | None,
    mode: str | None,
    domain: str | None,
    license: str | None,
    backend: str | None,
    assignments: tuple[str, ...],
) -> int:
    """Register videos: folders, files and .jsonl lists, also in buckets (s3://...); with --images or --conversations lists.

    What is known already stays as it is.
    """
    named = {
        "ingest.input_jsonl_files": input_jsonl or None,
        "ingest.filter_field": filter_field,
        "ingest.labels_file": labels,
        "ingest.batch_size": batch_size,
        "ingest.image_root": image_root,
        "mode": mode,
        "prompts.prompts_module": domain,
        "task_files.license": license,
    }
    layer = {**{name: value for name, value in named.items() if value is not None}, **given(assignments, backend)}
    intake = take_in_batches(paths, layer, family=batch, graph=_graph(images=images, conversations=conversations))
    tell(intake)
    return 0 if intake.new or intake.known else 1


def _graph(*, images: bool, conversations: bool) -> Graph:
    if images and conversations:
        raise click.UsageError("--images and --conversations: a batch is of one kind; ingest them one after the other")
    return Graph.IMAGES if images else Graph.CONVERSATIONS if conversations else Graph.VIDEOS


def take_in_batches(
    paths: Sequence[str], layer: dict[str, object], *, family: str | None, graph: Graph = Graph.VIDEOS
) -> "AnyIntake":
    """Find items of a graph, register the new ones with the settings that make up a recipe, and make Dagster know them.

    Raises:
        SettingsError: a setting cannot be used.
        PromptError: the prompt domain cannot be used.
        IngestError: a path or name cannot be used.
    """
    from datetime import UTC, datetime

    from vr_assets.settings import environment_layer, is_operational, resolve

    settings = resolve((COMMAND_LINE, layer), ("environment", environment_layer())).settings
    ensure_home()
    forgotten = [name for name in layer if is_operational(name) and not name.startswith(("ingest.", "data_root"))]
    if forgotten:
        note(f"not remembered, for it is no part of what is asked: {', '.join(forgotten)}; give it to `run` or the environment")

    from vr_assets.defs.instance import open_instance, register
    from vr_assets.steps.conversation_lists import CONVERSATION_LISTS
    from vr_assets.steps.first_turns import own_prompt
    from vr_assets.steps.image_lists import IMAGE_LISTS
    from vr_assets.steps.stage import load_prompts
    from vr_assets.storage import Store

    load_prompts(settings)
    own_prompt(settings.video_captions)
    store = Store.at(settings.data_root, settings.bucket)
    explicit = as_json([name for name in layer if not is_operational(name)], settings)
    ways: Mapping[Graph, Callable[..., AnyIntake]] = {
        Graph.VIDEOS: _take_in_videos,
        Graph.IMAGES: IMAGE_LISTS.take_in,
        Graph.CONVERSATIONS: CONVERSATION_LISTS.take_in,
    }
    with open_instance() as instance:
        intake = ways[graph](paths, store=store, family=family, settings=settings, explicit=explicit, now=datetime.now(UTC))
        for made in intake.batches:
            store.create_batch(made.batch, made.rows)
        register(instance, store, [name for name in store.batches() if store.read_batch(name).family == intake.family])
    return intake


def _take_in_videos(
    paths: Sequence[str],
    *,
    store: "Store",
    family: str | None,
    settings: "Settings",
    explicit: "dict[str, JsonValue]",
    now: "datetime",
) -> "Intake[ManifestRow]":
    from contextlib import closing
    from functools import partial

    import anyio

    from vr_assets.media.recordings import Recordings
    from vr_assets.media.sources import Sources
    from vr_assets.media.workers import Workers
    from vr_assets.steps.ingest import take_in
    from vr_assets.steps.places import place

    with closing(Workers(settings.media)) as workers:
        taking_in = partial(
            take_in,
            [place(path) for path in paths],
            store=store,
            recordings=Recordings(store.media_folder, workers, Sources.of(settings)),
            family=family,
            settings=settings,
            explicit=explicit,
            now=now,
            on_looked=_Looking(),
        )
        return anyio.run(taking_in)


class _Looking:
    """Says how far looking for scene cuts is, every few seconds: a day of recordings takes minutes."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, done_s: float, total_s: float) -> None:
        now = time.monotonic()
        if now - self._said >= LINE_INTERVAL_S:
            self._said = now
            note(f"looking for scene cuts: {done_s / 3600:.1f} of {total_s / 3600:.1f} hours")


def tell(intake: "AnyIntake", *, what_next: bool = True) -> None:
    """What was found, and what is wrong with it."""
    say(f"{intake.family}: {intake.known} known, {intake.new} new")
    for made in intake.batches:
        say(f"  batch {made.batch.name}: {len(made.rows)} {made.batch.graph}")
    if intake.too_long.videos:
        _tell_too_long(intake.too_long)
    if intake.repeated:
        say(f"{intake.repeated} listed more than once: taken once")
    if intake.dropped:
        say(f"{intake.dropped} dropped by ingest.filter_field")
    for problem in intake.problems[:PROBLEMS_SHOWN]:
        note(str(problem))
    if len(intake.problems) > PROBLEMS_SHOWN:
        note(f"... and {len(intake.problems) - PROBLEMS_SHOWN} problems more")
    if intake.batches and what_next:
        say(f"Next: vr-assets run {' '.join(f'--batch {made.batch.name}' for made in intake.batches)}")


def _tell_too_long(found: "TooLong") -> None:
    videos = f"{found.videos} longer than videos.max_video_length_sec = {found.limit_s:g} ({_length(found.duration_s)} in all)"
    parts = f"{found.parts} parts, up to about {found.calls:,} calls"
    if found.split:
        say(f"{videos}: made into {parts}")
    else:
        say(f"{videos}: each gets a row that says it is skipped")
        say(f"To annotate them in {parts}:")
        say(f"  {shlex.join(['vr-assets', *sys.argv[1:], '--set', 'videos.long_recordings=split'])}")


def _length(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"

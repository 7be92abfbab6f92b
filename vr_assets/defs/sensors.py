"""What is watched without being asked. No sensor calls a model."""

from contextlib import closing
from datetime import UTC, datetime
from functools import partial

import anyio
import dagster as dg

from vr_assets.defs.instance import register
from vr_assets.defs.jobs import WHOLE, WHOLE_JOBS
from vr_assets.defs.partitions import registered
from vr_assets.defs.recipes import changed_recipes, observations
from vr_assets.defs.resources import StoreResource
from vr_assets.defs.surroundings import resolve_for
from vr_assets.errors import VrAssetsError
from vr_assets.media.recordings import Recordings
from vr_assets.media.sources import Sources
from vr_assets.media.workers import Workers
from vr_assets.settings import Settings
from vr_assets.steps.drops import Look, drop_book, look_for_drops
from vr_assets.storage import Store

# Dagster stores an event in about 20 ms and allows a tick 60 s; the rest waits for the next tick.
EVENTS_A_TICK = 1_000
# A run is submitted in 0.3 s.
RUNS_A_TICK = 20
_RUN_KEY_TAG = "dagster/run_key"


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notices edited prompts and changed settings, so that the stages they shape show as stale. Calls no model.",
)
def recipe_changes(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult | dg.SkipReason:
    """Observe the recipes that changed since they were last observed."""
    try:
        changed = changed_recipes(context.instance, store.open(), registered(context.instance))
    except VrAssetsError as error:
        return dg.SkipReason(str(error))
    events = observations(changed.versions)
    if not events:
        return dg.SkipReason("\n".join(changed.problems) or "no recipe changed")
    for problem in changed.problems:
        context.log.warning(problem)
    return dg.SensorResult(asset_events=events[:EVENTS_A_TICK])


@dg.sensor(
    jobs=WHOLE_JOBS,
    minimum_interval_seconds=30,
    description="Makes batches of the videos, and of the lists of videos, images or conversations, that are dropped into "
    "drops.folder (VR_DROPS__FOLDER), and starts a run for each. Off until it is switched on.",
)
def video_drops(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult | dg.SkipReason:
    """Take in what is complete, and start a run for each batch that has none."""
    try:
        settings, place = resolve_for(None).settings, store.open()
        if not settings.drops.folder:
            return dg.SkipReason("drops.folder names no folder to watch; set VR_DROPS__FOLDER in the environment or in .env")
        look = _look(place, settings)
        batches = _without_run(context.instance, place)[:RUNS_A_TICK]
        register(context.instance, place, batches)
        requests = [_request(name, place) for name in batches]
    except VrAssetsError as error:
        return dg.SkipReason(str(error))
    for problem in look.problems:
        context.log.warning(problem)
    if not batches:
        return dg.SkipReason("\n".join([str(look), *look.problems]))
    return dg.SensorResult(run_requests=requests, cursor=str(look))


def _look(store: Store, settings: Settings) -> Look:
    with closing(Workers(settings.media)) as workers:
        recordings = Recordings(store.media_folder, workers, Sources.of(settings))
        return anyio.run(partial(look_for_drops, store, recordings, settings, now=datetime.now(UTC)))


def _without_run(instance: dg.DagsterInstance, store: Store) -> list[str]:
    """Batches to launch. A run is known by its key from the next tick on; asked for again, Dagster passes it over."""
    book = drop_book(store)
    waiting = book.to_launch()
    launched = [name for name in waiting if instance.get_run_records(dg.RunsFilter(tags={_RUN_KEY_TAG: _run_key(name)}), limit=1)]
    book.launched(launched)
    return [name for name in waiting if name not in launched]


def _request(batch: str, store: Store) -> dg.RunRequest:
    """The whole job of the batch's graph."""
    return dg.RunRequest(job_name=WHOLE[store.read_batch(batch).graph], partition_key=batch, run_key=_run_key(batch))


def _run_key(batch: str) -> str:
    return f"drop:{batch}"

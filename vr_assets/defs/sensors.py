"""What is watched without being asked. No sensor calls a model."""

import dagster as dg

from vr_assets.defs.partitions import VIDEO_BATCHES
from vr_assets.defs.recipes import changed_recipes, observations
from vr_assets.defs.resources import StoreResource
from vr_assets.errors import VrAssetsError

# Dagster stores an event in about 20 ms and allows a tick 60 s; the rest waits for the next tick.
EVENTS_A_TICK = 1_000


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notices edited prompts and changed settings, so that the stages they shape show as stale. Calls no model.",
)
def recipe_changes(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult | dg.SkipReason:
    """Observe the recipes that changed since they were last observed."""
    try:
        changed = changed_recipes(context.instance, store.open(), context.instance.get_dynamic_partitions(VIDEO_BATCHES))
    except VrAssetsError as error:
        return dg.SkipReason(str(error))
    events = observations(changed.versions)
    if not events:
        return dg.SkipReason("\n".join(changed.problems) or "no recipe changed")
    for problem in changed.problems:
        context.log.warning(problem)
    return dg.SensorResult(asset_events=events[:EVENTS_A_TICK])

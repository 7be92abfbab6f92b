"""New batches and changes of what stages are made from, carried on without a click: an option, off until it is switched on."""

import dagster as dg

from vr_assets.settings import ON_REQUEST, Asset

_if = dg.AutomationCondition
# What is newly there or changed is told by data version: a stage that was run again to the same rows starts nothing.
_news = _if.missing().newly_true() | _if.any_deps_match(_if.data_version_changed())
# A request counts as handled, whatever becomes of its run: one that fails is not started again and again. So does what was
# missing when the sensor was switched on: it would cost money that nobody asked for.
_unhandled = _news.since_last_handled()
_stopped = _if.any_deps_match(_if.any_checks_match(_if.check_failed(), blocking_only=True))

# What is under way is looked at first. A tick takes seconds: a stage that ends between two looks was not yet updated at the one,
# and was no longer under way at the other.
FLOWS_DOWN = (~_if.in_progress() & ~_if.any_deps_in_progress() & _unhandled & ~_stopped & ~_if.any_deps_missing()).with_label(
    "something new or changed to work on"
)

automation = dg.AutomationConditionSensorDefinition(
    "annotate_new_and_changed",
    target=dg.AssetSelection.assets(*(asset for asset in Asset if asset not in ON_REQUEST)),
    minimum_interval_seconds=30,
    emit_backfills=False,
    description="When switched on: runs each new batch all the way, and after an edit of prompts or settings the stages that it "
    "touches. Costs what those runs cost. Batches that were there before are left alone, and failed rows are not asked again.",
)

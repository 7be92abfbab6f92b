"""Recipes as assets: per batch, the fingerprint of what shapes a stage's rows besides its upstream rows.

An edited prompt or another model gives a recipe a new data version for the batches that use it, and so makes exactly the stage
that reads it stale, for exactly those batches.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dagster as dg

from vr_assets.defs.partitions import batches_of
from vr_assets.defs.surroundings import resolve_for
from vr_assets.errors import PromptError, SettingsError
from vr_assets.prompts import Prompts
from vr_assets.records.batch import Batch
from vr_assets.settings import Asset, PromptSettings
from vr_assets.steps.recipe import recipe
from vr_assets.steps.stage import load_prompts
from vr_assets.storage import Store

DATA_VERSION = "dagster/data_version"


def recipe_key(asset: Asset) -> dg.AssetKey:
    return dg.AssetKey(["recipes", asset.value])


Versions = Mapping[Asset, Mapping[str, str]]


@dataclass(frozen=True)
class Recipes:
    """A version for each asset and batch. A batch whose settings or prompts cannot be used has none, and a problem instead."""

    versions: Versions
    problems: tuple[str, ...]


def recipes_of(batches: Iterable[Batch]) -> Recipes:
    """The recipe of every asset for every batch, as its settings, the prompt files and what was imported are now."""
    versions: dict[Asset, dict[str, str]] = {asset: {} for asset in Asset}
    known: dict[str, Mapping[Asset, str] | str] = {}
    domains: dict[PromptSettings, Prompts] = {}
    for batch in batches:
        same = json.dumps([batch.graph, batch.settings, batch.imported], sort_keys=True)
        if same not in known:
            known[same] = _recipes_of(batch, domains)
        found = known[same]
        if not isinstance(found, str):
            for asset, version in found.items():
                versions[asset][batch.name] = version
    return Recipes(versions, tuple(problem for problem in known.values() if isinstance(problem, str)))


def _recipes_of(batch: Batch, domains: dict[PromptSettings, Prompts]) -> Mapping[Asset, str] | str:
    try:
        settings = resolve_for(batch).settings
        if settings.prompts not in domains:
            domains[settings.prompts] = load_prompts(settings)
        made = {asset: recipe(asset, settings, domains[settings.prompts]) for asset in batch.graph.every_asset}
        return {**made, **{asset: f"{made[asset]}+{version}" for asset, version in batch.imported.items() if asset in made}}
    except (SettingsError, PromptError) as error:
        return f"the recipes of batch {batch.name} cannot be told: {error}"


def changed_recipes(instance: dg.DagsterInstance, store: Store, batches: Iterable[str]) -> Recipes:
    """The recipes that differ from what was last observed."""
    names = sorted(set(batches) & set(store.batches()))
    current = recipes_of(store.read_batch(name) for name in names)
    versions = {asset: _unobserved(instance, asset, found) for asset, found in current.versions.items()}
    return Recipes(versions, current.problems)


def _unobserved(instance: dg.DagsterInstance, asset: Asset, versions: Mapping[str, str]) -> dict[str, str]:
    if not versions:
        return {}
    observed = instance.event_log_storage.get_latest_tags_by_partition(
        recipe_key(asset), dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION], asset_partitions=sorted(versions)
    )
    return {name: version for name, version in versions.items() if observed.get(name, {}).get(DATA_VERSION) != version}


Event = dg.AssetObservation | dg.AssetMaterialization


def observations(versions: Versions) -> list[Event]:
    """What Dagster is to be told of each version, in this order: by observations of what Dagster does not make it tells what is
    stale, but automation conditions and the steps' notes of what they were made from take notice of materializations only."""
    return [event for asset, found in versions.items() for name, version in found.items() for event in told(asset, name, version)]


def told(asset: Asset, batch: str, version: str) -> tuple[Event, Event]:
    """The two events of a recipe's version."""
    key, tags = recipe_key(asset), {DATA_VERSION: version}
    return dg.AssetObservation(key, partition=batch, tags=tags), dg.AssetMaterialization(key, partition=batch, tags=tags)


def observe_recipes(instance: dg.DagsterInstance, store: Store, batches: Iterable[str]) -> int:
    """Tell Dagster which recipes of these batches changed; how many. Problems are left to the run, which stops at them."""
    changed = changed_recipes(instance, store, batches).versions
    for event in observations(changed):
        instance.report_runless_asset_event(event)
    return sum(map(len, changed.values()))


def recipe_spec(asset: Asset) -> dg.AssetSpec:
    """The recipe of one asset: nothing makes it, it is observed."""
    return dg.AssetSpec(
        recipe_key(asset),
        group_name="prompts",
        partitions_def=batches_of(asset),
        description=f"What shapes the rows of {asset} besides its upstream rows: prompts, model and parameters of each batch.",
        kinds={"markdown"},
        owners=["team:vr-assets"],
    )

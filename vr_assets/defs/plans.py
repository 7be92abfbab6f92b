"""What a run would do, as far as can be told without doing it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import dagster as dg

from vr_assets.defs.recipes import DATA_VERSION, recipe_key, recipes_of
from vr_assets.records.batch import Batch
from vr_assets.settings import Asset

CODE_VERSION = "dagster/code_version"

Fetch = Callable[..., dg.EventRecordsResult]


class State(StrEnum):
    """MISSING: never made. STALE: something it was made from changed since. FRESH: nothing did."""

    MISSING = "missing"
    STALE = "stale"
    FRESH = "fresh"


@dataclass(frozen=True)
class Planned:
    """One stage of a run that is not started, and why it is stale, or what of this run may make it so."""

    asset: Asset
    state: State
    why: str = ""


def plan(instance: dg.DagsterInstance, defs: dg.Definitions, batch: Batch, assets: Sequence[Asset]) -> list[Planned]:
    """The state of each asset for a batch, with the recipes that its settings give now."""
    graph = defs.resolve_asset_graph()
    recipes = recipes_of([batch]).versions
    planned: list[Planned] = []
    for asset in assets:
        node = graph.get(dg.AssetKey(asset.value))
        made = _latest(instance.fetch_materializations, node.key, batch.name)
        if made is None:
            planned.append(Planned(asset, State.MISSING))
            continue
        since = made.storage_id
        causes = ["its code changed"] * (_tag(made, CODE_VERSION) != node.code_version)
        observed = _latest(instance.fetch_materializations, recipe_key(asset), batch.name, before_storage_id=since)
        if observed is None or _tag(observed, DATA_VERSION) != recipes[asset].get(batch.name):
            causes.append("its prompts, model or settings changed")
        upstream = [one for one in Asset if dg.AssetKey(one.value) in node.parent_keys]
        causes += [f"{one} changed" for one in upstream if _changed(instance, one, batch.name, since)]
        unmade = [str(one.asset) for one in planned if one.asset in upstream and one.state is not State.FRESH]
        if causes:
            planned.append(Planned(asset, State.STALE, ", ".join(causes)))
        else:
            planned.append(Planned(asset, State.FRESH, f"unless {' or '.join(unmade)} changes" if unmade else ""))
    return planned


def _changed(instance: dg.DagsterInstance, asset: Asset, batch: str, since: int) -> bool:
    key = dg.AssetKey(asset.value)
    now = _latest(instance.fetch_materializations, key, batch)
    then = _latest(instance.fetch_materializations, key, batch, before_storage_id=since)
    return now is not None and (then is None or _tag(now, DATA_VERSION) != _tag(then, DATA_VERSION))


def _latest(fetch: Fetch, key: dg.AssetKey, batch: str, *, before_storage_id: int | None = None) -> dg.EventLogRecord | None:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[batch], before_storage_id=before_storage_id)
    return next(iter(fetch(wanted, limit=1).records), None)


def _tag(record: dg.EventLogRecord, name: str) -> str | None:
    event = record.asset_event
    return (event.tags or {}).get(name) if event is not None else None

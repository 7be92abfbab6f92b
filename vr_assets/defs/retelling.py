"""What a store holds, told to an instance that did not see it made: after its database was lost, or on another machine."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from vr_assets.defs.instance import register
from vr_assets.defs.metadata import rows_name
from vr_assets.defs.plans import CODE_VERSION
from vr_assets.defs.recipes import DATA_VERSION, observe_recipes
from vr_assets.defs.recipes import told as told_recipe
from vr_assets.defs.release import DATASETS
from vr_assets.defs.surroundings import resolve_for
from vr_assets.errors import VrAssetsError
from vr_assets.settings import Asset
from vr_assets.steps.rows import ROWS
from vr_assets.steps.stage import load_prompts
from vr_assets.steps.stale import changed_prompts
from vr_assets.steps.tally import tally
from vr_assets.storage import Store

# As Dagster notes them of a step's inputs: what was read, and which event told of it.
_INPUT_VERSION, _INPUT_EVENT = "dagster/input_data_version", "dagster/input_event_pointer"
_NEVER_MADE, _NO_EVENT = "INITIAL", "NULL"


@dataclass(frozen=True)
class Retold:
    """A batch, and the stages whose rows were told now, upstream first; the prompts of those in `edited` are others now."""

    batch: str
    is_new: bool
    stages: tuple[Asset, ...]
    edited: tuple[Asset, ...]
    problems: tuple[str, ...]


def retell(instance: dg.DagsterInstance, defs: dg.Definitions, store: Store, batches: Iterable[str]) -> Iterator[Retold]:
    """Register batches, and report their rows as materialized where the instance does not know them as they are.

    Rows are taken to be made from the rows and settings that lie beside them now, for nothing else is written down; but whether
    prompts were edited since can be told, and their stages show as stale.

    Raises:
        IngestError: the instance is in memory only.
        StorageError: there is no such batch.
    """
    graph = defs.resolve_asset_graph()
    for name in batches:
        is_new = bool(register(instance, store, [name]))
        edited, problems = _edited(store, name)
        told: list[Asset] = []
        for asset in store.read_batch(name).graph.every_asset:
            try:
                event = _made(instance, store, name, asset)
            except VrAssetsError as error:
                problems.append(str(error))
                continue
            if event is None:
                continue
            if asset in edited:
                # What they were made with is gone, but it was something else: the recipe as it is now follows as a change.
                for before in told_recipe(asset, name, "before an edit"):
                    instance.report_runless_asset_event(before)
            node = graph.get(event.asset_key)
            tags = {**(event.tags or {}), CODE_VERSION: node.code_version or "", **_inputs(instance, node.parent_keys, name)}
            instance.report_runless_asset_event(event._replace(tags=tags))
            told.append(asset)
        observe_recipes(instance, store, [name])
        yield Retold(name, is_new, tuple(told), tuple(asset for asset in told if asset in edited), tuple(problems))


def retell_datasets(instance: dg.DagsterInstance, store: Store) -> list[str]:
    """Make a store's data sets known to Dagster; those that were not. Raises StorageError: the bucket cannot be read."""
    known = set(instance.get_dynamic_partitions(DATASETS))
    new = [name for name in store.datasets() if name not in known]
    if new:
        instance.add_dynamic_partitions(DATASETS, new)
    return new


def _edited(store: Store, batch: str) -> tuple[set[Asset], list[str]]:
    """The stages whose prompts are not the ones that their rows were made with."""
    try:
        changed, _ = changed_prompts(batch, store, load_prompts(resolve_for(store.read_batch(batch)).settings))
    except VrAssetsError as error:
        return set(), [f"{batch}: whether prompts were edited cannot be told: {error}"]
    return {one.asset for one in changed}, []


def _made(instance: dg.DagsterInstance, store: Store, batch: str, asset: Asset) -> dg.AssetMaterialization | None:
    """The event of a stage's rows; None where there are none, or it was told of them."""
    rows = store.read_rows(batch, asset, ROWS[asset])
    if rows is None:
        return None
    version = hashlib.sha256(store.rows_file(batch, asset).read_bytes()).hexdigest()
    key = dg.AssetKey(asset.value)
    last = _latest(instance, key, batch)
    if last is not None and _version(last) == version:
        return None
    counted = tally(rows)
    return dg.AssetMaterialization(
        key,
        description="Registered: these rows were there already.",
        partition=batch,
        metadata={
            "dagster/row_count": counted.total,
            **{rows_name(status): count for status, count in counted.counts.items()},
        },
        tags={DATA_VERSION: version},
    )


def _inputs(instance: dg.DagsterInstance, upstream: Iterable[dg.AssetKey], batch: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for key in upstream:
        last, name = _latest(instance, key, batch), key.to_user_string()
        tags[f"{_INPUT_VERSION}/{name}"] = _version(last) if last else _NEVER_MADE
        tags[f"{_INPUT_EVENT}/{name}"] = str(last.storage_id) if last else _NO_EVENT
    return tags


def _latest(instance: dg.DagsterInstance, key: dg.AssetKey, batch: str) -> dg.EventLogRecord | None:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[batch])
    return next(iter(instance.fetch_materializations(wanted, limit=1).records), None)


def _version(record: dg.EventLogRecord) -> str:
    made = record.asset_materialization
    return (made.tags or {}).get(DATA_VERSION, "") if made else ""

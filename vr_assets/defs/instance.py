"""Dagster for people at a terminal: register batches, select assets, turn settings into run config."""

import re
from collections.abc import Iterable

import dagster as dg

from vr_assets.defs.groups import TOP
from vr_assets.defs.partitions import PARTITION_SETS
from vr_assets.defs.recipes import observe_recipes
from vr_assets.defs.resources import PARTITION_TAG
from vr_assets.errors import IngestError, SettingsError
from vr_assets.settings import ON_REQUEST, Asset, Graph, Layer, environment_name
from vr_assets.storage import Store

# For the command line, which does not import Dagster.
Instance = dg.DagsterInstance
Definitions = dg.Definitions

_NAME = re.compile(r"(?P<up>\d*\+)?(?P<name>\w+)(?P<down>\+\d*)?")


def open_instance() -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME."""
    return dg.DagsterInstance.get()


def register(instance: dg.DagsterInstance, store: Store, batches: Iterable[str]) -> list[str]:
    """Make batches known to Dagster, with their recipes. Returns those that were not known.

    Raises:
        IngestError: the instance is in memory only.
    """
    if instance.is_ephemeral:
        raise IngestError(
            "a batch registered here is forgotten at once, for this Dagster instance is in memory only; "
            "set DAGSTER_HOME to the project's folder (absolute), in the environment or in .env"
        )
    names = list(batches)
    fresh = []
    for graph, partitions in PARTITION_SETS.items():
        known = set(instance.get_dynamic_partitions(partitions))
        new = [name for name in names if name not in known and store.read_batch(name).graph is graph]
        if new:
            instance.add_dynamic_partitions(partitions, new)
        fresh += new
    observe_recipes(instance, store, names)
    return fresh


UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def runs_under_way(instance: dg.DagsterInstance, batch: str | None = None) -> list[str]:
    """Ids of runs that have not ended, of one batch or of all. A run that was killed counts until it is ended in the UI."""
    tags = {PARTITION_TAG: batch} if batch else {}
    return [record.dagster_run.run_id for record in instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY, tags=tags))]


def forget(instance: dg.DagsterInstance, batch: str) -> None:
    """Make Dagster know a batch no more; its runs stay in the history."""
    for partitions in PARTITION_SETS.values():
        if batch in instance.get_dynamic_partitions(partitions):
            instance.delete_dynamic_partition(partitions, batch)


def select_assets(selection: str, defs: dg.Definitions, kind: Graph = Graph.VIDEOS) -> list[Asset]:
    """The assets of a graph that a selection names, upstream first: `*`, `captions+` (and everything downstream), `+qa`,
    `qa,task_files`, or whatever else Dagster reads as a selection.

    Raises:
        SettingsError: it names none, or cannot be read.
    """
    if selection == "*":
        return list(kind.assets)
    graph = defs.resolve_asset_graph()
    ours = {dg.AssetKey(asset.value): asset for asset in kind.every_asset}
    chosen: set[Asset] = set()
    for part in map(str.strip, selection.split(",")):
        found = _NAME.fullmatch(part)
        spelled = f'{found["up"] or ""}key:"{found["name"]}"{found["down"] or ""}' if found else part
        try:
            keys = dg.AssetSelection.from_string(spelled).resolve(graph)
        except dg.DagsterError as error:
            raise SettingsError(f"--select {part}: {error}") from None
        if not keys & ours.keys():
            raise SettingsError(
                f"--select {part} names no asset; there are {', '.join(kind.every_asset)}, with + before or after"
            )
        # What costs calls that nothing needs is made where it is named, and not because it comes after something.
        chosen.update(ours[key] for key in keys & ours.keys() if ours[key] not in ON_REQUEST or ours[key] in part)
    return [asset for asset in Asset if asset in chosen]


def run_config(layer: Layer) -> dict[str, object]:
    """Settings as run config. Dagster's own console lines are off: whoever runs in this process shows how far it is.

    Raises:
        SettingsError: `executor` is set, which is chosen before there is a run.
    """
    if "executor" in layer:
        raise SettingsError(f"executor is chosen before there is a run: set {environment_name('executor')}, or in .env")
    resources: dict[str, dict[str, object]] = {}
    for name, value in layer.items():
        path = name.split(".") if "." in name else ["store" if name == "data_root" else TOP, name]
        resource = resources.setdefault(path[0], {"config": {}})
        _put(resource, ["config", *path[1:]], value)
    return {"resources": resources, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _put(target: dict[str, object], path: list[str], value: object) -> None:
    inner = target
    for part in path[:-1]:
        deeper = inner.setdefault(part, {})
        assert isinstance(deeper, dict)
        inner = deeper
    inner[path[-1]] = value

"""A release in this process, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from vr_assets.defs.jobs import release_dataset
from vr_assets.defs.release import DATASETS, IS_NEW, VERSION
from vr_assets.defs.runs import failures_of
from vr_assets.export.release.writing import CARD
from vr_assets.records.release import Card, Dataset
from vr_assets.storage import Store


@dataclass(frozen=True)
class Made:
    """A version that is there now. `is_new`: it was not before."""

    folder: Path
    card: Card
    is_new: bool


@dataclass(frozen=True)
class ReleaseFailed:
    run_id: str
    error: str
    interrupted: bool


def run_release(
    instance: dg.DagsterInstance, defs: dg.Definitions, dataset: Dataset, store: Store, *, config: Mapping[str, object]
) -> Made | ReleaseFailed:
    """Note what a data set is made of, and materialize it in this process and thread.

    Raises:
        StorageError: it cannot be noted.
    """
    if dataset != store.read_dataset(dataset.name):
        store.write_dataset(dataset)
    if dataset.name not in instance.get_dynamic_partitions(DATASETS):
        instance.add_dynamic_partitions(DATASETS, [dataset.name])
    result = defs.resolve_job_def(release_dataset.name).execute_in_process(
        instance=instance, partition_key=dataset.name, run_config=config, raise_on_error=False
    )
    if not result.success:
        failures = list(failures_of(result.all_events))
        interrupted = any(kind == dg.DagsterExecutionInterruptedError.__name__ for kind, _ in failures)
        return ReleaseFailed(result.run_id, failures[0][1], interrupted)
    (made,) = (event.step_materialization_data.materialization for event in result.all_events if event.is_step_materialization)
    folder = store.dataset_folder(dataset.name) / str(made.metadata[VERSION].value)
    card = Card.model_validate_json((folder / CARD).read_bytes())
    return Made(folder, card, bool(made.metadata[IS_NEW].value))

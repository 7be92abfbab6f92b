"""The data set: what is made of batches to be handed on."""

import fnmatch
from pathlib import Path

import dagster as dg
from anyio.from_thread import start_blocking_portal

from vr_assets import batch
from vr_assets.defs.faults import told_to_dagster
from vr_assets.defs.resources import Project
from vr_assets.errors import ReleaseError, SettingsError
from vr_assets.export.release.card import PLOTS
from vr_assets.export.release.releasing import Released, release
from vr_assets.records.release import Dataset
from vr_assets.settings import Asset, Check
from vr_assets.steps.findings import find_all
from vr_assets.storage import Store

DATASET = "dataset"
DATASETS = "datasets"
FOLDER, VERSION, IS_NEW = "folder", "version", "new"

datasets = dg.DynamicPartitionsDefinition(name=DATASETS)

_every_batch = dg.AllPartitionMapping()


@dg.asset(
    name=DATASET,
    # What it is made of is named in dataset.json; to Dagster it may be any batch.
    deps=[dg.AssetDep(asset.value, partition_mapping=_every_batch) for asset in (Asset.TASK_FILES, Asset.GROUNDINGS)],
    partitions_def=datasets,
    group_name="release",
    kinds={"json", "dataset"},
    owners=["team:vr-assets"],
    code_version="1",
)
def dataset(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[None]:
    """Batches merged into a version to hand on: reviewed, split by source, with its media and a data card."""
    with told_to_dagster(context.op_execution_context.retry_number):
        store = project.store.open()
        made_of = store.read_dataset(context.partition_key)
        if made_of is None:
            cure = f"say which: `vr-assets release {context.partition_key} --batch A --batch B`"
            raise ReleaseError(f"no batches were named for the data set {context.partition_key!r}; {cure}")
        released = _released(made_of, store, project)
    return dg.MaterializeResult(metadata=_metadata(released, store), data_version=dg.DataVersion(released.card.digest))


def _released(made_of: Dataset, store: Store, project: Project) -> Released:
    settings = project.release_settings(made_of)
    wanted = settings.release.findings
    strangers = [name for name in wanted if not fnmatch.filter(Check, name)]
    if strangers:
        raise SettingsError(f"release.findings: {strangers[0]!r} is no check; there are {', '.join(Check)}")

    async def work() -> Released:
        return await release(
            made_of,
            store,
            settings,
            settings_of=lambda one: project.resolved(one.name).settings,
            findings_of=lambda one, its: find_all(store, one.name, its) if wanted else (),
        )

    with start_blocking_portal() as portal:
        return batch.drive(portal, work)


def _metadata(released: Released, store: Store) -> dict[str, dg.MetadataValue]:
    card = released.card
    counts = {
        f"{split}/{what}": getattr(told, what) for split, told in card.splits.items() for what in ("samples", "videos", "images")
    }
    numbers = {
        **counts,
        "left_out": sum(card.left_out.values()),
        "dagster/row_count": sum(t.samples for t in card.splits.values()),
    }
    return {
        FOLDER: dg.MetadataValue.path(store.address(released.folder)),
        VERSION: dg.MetadataValue.text(card.version),
        IS_NEW: dg.MetadataValue.bool(released.is_new),
        **{name: dg.MetadataValue.int(number) for name, number in numbers.items()},
        "card": dg.MetadataValue.md(_without_plots(released.folder)),
    }


def _without_plots(folder: Path) -> str:
    """The card, without its heading for the hub and the plots, whose files a page of the UI cannot load."""
    _, _, text = (folder / "README.md").read_text(encoding="utf-8").partition("\n---\n")
    return "\n".join(line for line in text.splitlines() if f"]({PLOTS}/" not in line)

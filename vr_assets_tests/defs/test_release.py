"""The asset `dataset` as Dagster runs it."""

from pathlib import Path

import dagster as dg
import pytest

from vr_assets.definitions import defs
from vr_assets.defs.instance import run_config
from vr_assets.defs.release import DATASET, DATASETS
from vr_assets.defs.release_runs import Made, ReleaseFailed, run_release
from vr_assets.records.release import Dataset, Why
from vr_assets.settings import Split
from vr_assets_tests.defs.bench import Bench
from vr_assets_tests.export.release.batches import ALL, a_store

A_DATASET = Dataset(name="yards", batches=ALL, settings={"release.validation_share": 0.0})


def test_a_release_is_a_partition_with_its_counts_its_card_and_the_data_version_of_its_content(bench: Bench) -> None:
    store = a_store(bench.store.root.parent)
    made = run_release(bench.instance, defs, A_DATASET, store, config=run_config({}))
    assert isinstance(made, Made) and made.is_new and store.read_dataset("yards") == A_DATASET
    assert bench.instance.get_dynamic_partitions(DATASETS) == ["yards"]
    (record,) = bench.instance.fetch_materializations(dg.AssetKey(DATASET), limit=5).records
    told = record.asset_materialization
    assert told is not None and told.partition == "yards"
    assert told.tags is not None and told.tags["dagster/data_version"] == made.card.digest
    assert told.metadata["train/samples"].value == made.card.splits[Split.TRAIN].samples > 0
    assert told.metadata["folder"].value == str(made.folder)
    assert "| mcq |" in str(told.metadata["card"].value) and "plots/" not in str(told.metadata["card"].value)

    again = run_release(bench.instance, defs, A_DATASET, store, config=run_config({}))
    assert isinstance(again, Made) and not again.is_new

    licensed = run_release(bench.instance, defs, A_DATASET, store, config=run_config({"release.license": "CC0-1.0"}))
    assert isinstance(licensed, Made) and licensed.card.license == "CC0-1.0"
    assert licensed.card.settings["validation_share"] == 0.0, "run config goes before what is remembered, setting by setting"


def test_what_a_named_check_finds_is_left_out(bench: Bench) -> None:
    """The clips are two seconds long, and an answer names the third to the seventh."""
    store = a_store(bench.store.root.parent)
    found = Dataset(name="yards", batches=("cams",), settings={"release.findings": ["times_inside"]})
    made = run_release(bench.instance, defs, found, store, config=run_config({}))
    assert isinstance(made, Made) and made.card.left_out.keys() == {Why.FINDING}


def test_what_cannot_be_released_ends_the_run_with_its_cure(bench: Bench, tmp_path: Path) -> None:
    failed = run_release(bench.instance, defs, Dataset(name="yards", batches=("none",)), bench.store, config=run_config({}))
    assert isinstance(failed, ReleaseFailed) and "no batch 'none'" in failed.error


def test_a_partition_that_was_added_by_hand_says_how_batches_are_named(bench: Bench) -> None:
    bench.instance.add_dynamic_partitions(DATASETS, ["byhand"])
    job = defs.resolve_job_def("release_dataset")
    result = job.execute_in_process(
        instance=bench.instance, partition_key="byhand", run_config=run_config({}), raise_on_error=False
    )
    (failure,) = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None
    assert "vr-assets release byhand --batch A" in str(failure.user_failure_data.description)


@pytest.mark.parametrize("upstream", ["task_files", "groundings"])
def test_its_lineage_leads_to_the_batches(upstream: str) -> None:
    node = defs.resolve_asset_graph().get(dg.AssetKey(DATASET))
    assert dg.AssetKey(upstream) in node.parent_keys
    assert node.group_name == "release" and node.description

"""An instance that lost its database is told what is there: nothing is missing, and nothing is stale that was not."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import StaleStatus

from vr_assets.definitions import defs
from vr_assets.defs.plans import State, plan
from vr_assets.defs.recipes import DATA_VERSION, observe_recipes
from vr_assets.defs.release import DATASETS
from vr_assets.defs.retelling import Retold, retell, retell_datasets
from vr_assets.records.release import Dataset
from vr_assets.settings import Asset, Graph
from vr_assets_tests.defs.bench import SHORT, Bench, edit
from vr_assets_tests.instances import place_databases


@pytest.fixture
def lost(bench: Bench, videos: list[Path], prompt: Path, tmp_path: Path) -> Iterator[Bench]:
    """A batch that was run, and an instance that never heard of it."""
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    assert bench.run("ours", SHORT).error is None
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    place_databases(home)
    with dg.DagsterInstance.from_config(str(home)) as bench.instance:
        yield bench


def told(bench: Bench) -> Retold:
    (one,) = retell(bench.instance, defs, bench.store, bench.store.batches())
    return one


def planned(bench: Bench) -> dict[Asset, State]:
    return {one.asset: one.state for one in plan(bench.instance, defs, bench.store.read_batch("ours"), Graph.VIDEOS.assets)}


def test_what_was_made_is_known_again_as_it_was_and_a_run_asks_nothing(lost: Bench) -> None:
    assert told(lost) == Retold("ours", is_new=True, stages=SHORT, edited=(), problems=())
    missing = {asset for asset, state in lost.states("ours").items() if state is StaleStatus.MISSING}
    assert missing == set(Graph.VIDEOS.assets) - set(SHORT)
    assert lost.stale("ours") == []
    assert [asset for asset, state in planned(lost).items() if state is State.FRESH] == list(SHORT)
    versions = {asset: (lost.materialization("ours", asset).tags or {})[DATA_VERSION] for asset in SHORT}
    assert lost.materialization("ours", Asset.QA).metadata["rows/ok"].value == 1
    assert told(lost).stages == (), "what it knows already"

    assert lost.run("ours", SHORT).error is None
    assert lost.asked == []
    assert {asset: (lost.materialization("ours", asset).tags or {})[DATA_VERSION] for asset in SHORT} == versions


def test_an_edit_after_it_makes_stale_what_it_touches(lost: Bench, prompt: Path) -> None:
    told(lost)
    edit(prompt)
    assert observe_recipes(lost.instance, lost.store, ["ours"]) == 1
    assert lost.stale("ours") == [Asset.QA]


def test_an_edit_before_it_shows_too(lost: Bench, prompt: Path) -> None:
    edit(prompt)
    assert told(lost).edited == (Asset.QA,)
    assert lost.stale("ours") == [Asset.QA]
    assert planned(lost)[Asset.QA] is State.STALE


def test_rows_that_do_not_read_are_named_and_the_rest_is_told(lost: Bench) -> None:
    path = lost.store.rows_file("ours", Asset.CHUNK_CAPTIONS)
    path.write_text("{}\n")
    one = told(lost)
    assert one.stages == tuple(asset for asset in SHORT if asset is not Asset.CHUNK_CAPTIONS)
    assert any(str(path) in problem for problem in one.problems)


def test_data_sets_are_known_again(bench: Bench) -> None:
    bench.store.write_dataset(Dataset(name="yards", batches=("ours",)))
    assert retell_datasets(bench.instance, bench.store) == ["yards"]
    assert retell_datasets(bench.instance, bench.store) == []
    assert bench.instance.get_dynamic_partitions(DATASETS) == ["yards"]

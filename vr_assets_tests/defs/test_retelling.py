"""An instance that lost its database is told what is there: nothing is missing, and nothing is stale that was not."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
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

Anew = Callable[[], None]


@pytest.fixture
def anew(bench: Bench, videos: list[Path], prompt: Path, tmp_path: Path) -> Iterator[Anew]:
    """A batch that was run; loses the instance, and gives the bench one that never heard of it."""
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    assert bench.run("ours", SHORT).error is None
    homes = count()
    with ExitStack() as instances:

        def lose() -> None:
            home = tmp_path / f"home-{next(homes)}"
            home.mkdir()
            (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
            place_databases(home)
            bench.instance = instances.enter_context(dg.DagsterInstance.from_config(str(home)))

        yield lose


def told(bench: Bench) -> Retold:
    (one,) = retell(bench.instance, defs, bench.store, bench.store.batches())
    return one


def planned(bench: Bench) -> dict[Asset, State]:
    return {one.asset: one.state for one in plan(bench.instance, defs, bench.store.read_batch("ours"), Graph.VIDEOS.assets)}


def test_what_was_made_is_known_again_as_it_was_and_a_run_asks_nothing(bench: Bench, anew: Anew) -> None:
    anew()
    assert told(bench) == Retold("ours", is_new=True, stages=SHORT, edited=(), problems=())
    missing = {asset for asset, state in bench.states("ours").items() if state is StaleStatus.MISSING}
    assert missing == set(Graph.VIDEOS.assets) - set(SHORT)
    assert bench.stale("ours") == []
    assert [asset for asset, state in planned(bench).items() if state is State.FRESH] == list(SHORT)
    versions = {asset: (bench.materialization("ours", asset).tags or {})[DATA_VERSION] for asset in SHORT}
    assert bench.materialization("ours", Asset.QA).metadata["rows/ok"].value == 1
    assert told(bench).stages == (), "what it knows already"

    assert bench.run("ours", SHORT).error is None
    assert bench.asked == []
    assert {asset: (bench.materialization("ours", asset).tags or {})[DATA_VERSION] for asset in SHORT} == versions


def test_edits_show_that_come_after_it_or_came_before_and_rows_that_do_not_read_are_named(
    bench: Bench, anew: Anew, prompt: Path
) -> None:
    anew()
    told(bench)
    edit(prompt)
    assert observe_recipes(bench.instance, bench.store, ["ours"]) == 1
    assert bench.stale("ours") == [Asset.QA]

    anew()
    assert told(bench).edited == (Asset.QA,)
    assert bench.stale("ours") == [Asset.QA]
    assert planned(bench)[Asset.QA] is State.STALE

    anew()
    path = bench.store.rows_file("ours", Asset.CHUNK_CAPTIONS)
    path.write_text("{}\n")
    one = told(bench)
    assert one.stages == tuple(asset for asset in SHORT if asset is not Asset.CHUNK_CAPTIONS)
    assert any(str(path) in problem for problem in one.problems)


def test_data_sets_are_known_again(bench: Bench) -> None:
    bench.store.write_dataset(Dataset(name="yards", batches=("ours",)))
    assert retell_datasets(bench.instance, bench.store) == ["yards"]
    assert retell_datasets(bench.instance, bench.store) == []
    assert bench.instance.get_dynamic_partitions(DATASETS) == ["yards"]

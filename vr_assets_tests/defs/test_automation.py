"""New batches and changes of what stages are made from are carried on without a click, and nothing else is."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from vr_assets.definitions import defs
from vr_assets.defs.automation import automation
from vr_assets.defs.recipes import observe_recipes
from vr_assets.settings import Asset, Graph
from vr_assets_tests.defs.bench import Bench, edit

ALL = list(Graph.VIDEOS.assets)


class Ticks:
    """The sensor's ticks, one after the other: what each asks to be run, as (batch, assets)."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._cursor: dg.AssetDaemonCursor | None = None

    def __call__(self) -> dict[str, list[Asset]]:
        result = dg.evaluate_automation_conditions(
            defs, self._bench.instance, asset_selection=dg.AssetSelection.assets(*ALL), cursor=self._cursor
        )
        self._cursor = result.cursor
        asked: dict[str, list[Asset]] = {}
        for asset in ALL:
            for batch in result.get_requested_partitions(dg.AssetKey(asset.value)):
                asked.setdefault(str(batch), []).append(asset)
        return asked


@pytest.fixture
def tick(bench: Bench) -> Iterator[Ticks]:
    yield Ticks(bench)


def test_it_is_off_until_somebody_switches_it_on() -> None:
    assert automation.default_status is dg.DefaultSensorStatus.STOPPED


def test_new_batches_and_edits_flow_down_once_and_what_failed_or_was_there_before_waits_for_somebody(
    bench: Bench, videos: list[Path], prompt: Path, tick: Ticks, tmp_path: Path
) -> None:
    bench.ingest("old", videos[1:])
    assert tick() == {}
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    bench.ingest("broken", [tmp_path / "gone.mp4"])
    assert tick() == {"ours": ALL, "broken": ALL}
    assert tick() == {}
    assert bench.run("ours").error is None
    assert bench.run("broken").stopped
    assert tick() == {}

    edit(prompt)
    observe_recipes(bench.instance, bench.store, ["ours"])
    assert tick() == {"ours": [Asset.QA]}
    assert bench.run("ours", [Asset.QA]).error is None
    assert tick() == {"ours": [Asset.TASK_FILES]}
    assert bench.run("ours", [Asset.TASK_FILES]).error is None
    assert bench.run("ours", [Asset.FILTERED_VIDEOS]).error is None
    assert tick() == {}
    assert tick() == {}

"""Many batches through Dagster's own queue: a run each, side by side, and new ones without a click."""

from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.dagster_dev import LOCATION, SHIPPED, Webserver, dagster_dev, wait_for
from vr_assets_tests.end_to_end.project import Project, openai_at
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow

CEILING = 3
_BACKFILL = """mutation($names: [String!], $set: PartitionSetSelector) {
  launchPartitionBackfill(backfillParams: {selector: $set, partitionNames: $names}) {
    ... on LaunchBackfillSuccess { backfillId } } }"""
_RUNS = "{ runsOrError { ... on Runs { results { status startTime endTime tags { key value } } } } }"
_START = "mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { ... on Sensor { name } } }"
_TICKS = """query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) {
  ... on Sensor { sensorState { ticks(limit: 5, statuses: [SUCCESS, SKIPPED]) { timestamp } } } } }"""


class Runs:
    """What ran, by batch, the latest first."""

    def __init__(self, webserver: Webserver) -> None:
        self.by_batch: dict[str, list[dict[str, Any]]] = {}
        for run in webserver.ask(_RUNS)["runsOrError"]["results"]:
            run["tags"] = {tag["key"]: tag["value"] for tag in run["tags"]}
            self.by_batch.setdefault(run["tags"]["dagster/partition"], []).append(run)

    @property
    def statuses(self) -> dict[str, list[str]]:
        return {batch: [run["status"] for run in runs] for batch, runs in sorted(self.by_batch.items())}

    def ended(self, batch: str, count: int) -> bool:
        return sum(run["endTime"] is not None for run in self.by_batch.get(batch, [])) == count

    def overlap(self, one: str, other: str) -> bool:
        first, second = self.by_batch[one][0], self.by_batch[other][0]
        return bool(first["startTime"] < second["endTime"] and second["startTime"] < first["endTime"])


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_batches_run_side_by_side_one_s_failure_is_its_own_and_with_automation_new_ones_need_no_click(
    videos: Path, tmp_path: Path, serve: ServerFactory
) -> None:
    server = serve(Behaviour(delay_s=0.1))
    project = Project.at(tmp_path / "project", openai_at(server, workers=CEILING))
    copy(SHIPPED, project.root)
    clips = sorted(videos.iterdir())
    moved = tmp_path / clips[1].name
    names = ["well", "broken", "fine"]
    copy(clips[1], moved)
    for name, clip in zip(names, [clips[0], moved, clips[2]], strict=True):
        project.vr("ingest", str(clip), "--batch", name)
    moved.unlink()

    with dagster_dev(project) as webserver:
        sensor = {**LOCATION, "sensorName": "annotate_new_and_changed"}
        webserver.ask(_START, s=sensor)
        wait_for(lambda: webserver.ask(_TICKS, s=sensor)["sensorOrError"]["sensorState"]["ticks"] != [])

        jobs = {"partitionSetName": "annotate_videos_partition_set", "repositorySelector": LOCATION}
        webserver.ask(_BACKFILL, names=names, set=jobs)
        wait_for(lambda: all(Runs(webserver).ended(name, 1) for name in names))
        first = Runs(webserver)
        assert first.statuses == {"broken": ["FAILURE"], "fine": ["SUCCESS"], "well": ["SUCCESS"]}
        assert first.overlap("well", "fine")
        assert server.most_in_flight <= CEILING
        asked, outputs = len(server.so_far), project.outputs("well")

        copy(clips[1], moved)
        webserver.ask(_BACKFILL, names=["broken"], set=jobs)
        project.vr("ingest", str(clips[3]), "--batch", "new")
        wait_for(lambda: Runs(webserver).ended("broken", 2) and Runs(webserver).ended("new", 1))
        after = Runs(webserver)
        assert after.statuses == {"broken": ["SUCCESS", "FAILURE"], "fine": ["SUCCESS"], "new": ["SUCCESS"], "well": ["SUCCESS"]}
        assert after.by_batch["new"][0]["tags"]["dagster/sensor_name"] == sensor["sensorName"]
        assert len(server.so_far) == asked * 2
        assert project.outputs("well") == outputs
    assert project.statuses("new", Asset.TASK_FILES) == {"ok": 1}

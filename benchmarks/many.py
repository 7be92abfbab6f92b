"""Many batches: whether commands, sensors and the UI stay usable when 2,000 batches and 100,000 videos are there.

One small batch is annotated by the product; its rows are written again under other names and ids for all the others, and told to
Dagster as its runs would tell them. What is timed is the product on top of that: commands as processes, sensor ticks and the
queries that the UI sends, at a real webserver.
"""

import argparse
import hashlib
import json
import os
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from vr_assets_tests.end_to_end.project import Project, draw_videos
from vr_assets_tests.servers.ports import free_port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=50, help="videos a batch")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the project, to be used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = given.keep or Path(temporary)
        project = Project.at(root / "project", {f"VR_{role}__BACKEND": "opencv" for role in ("VLM", "LLM")})
        os.environ.update(project.env)
        if not (root / "filled").is_file():
            _fill(project, given.batches, given.rows)
            (root / "filled").touch()
        _measure(project, given.batches)


def _fill(project: Project, batches: int, rows: int) -> None:
    videos = draw_videos(project.root / "videos", 4)
    project.vr("ingest", str(videos), "--batch", "pilot")
    project.vr("run", "--batch", "pilot")
    started = time.monotonic()
    names = [f"cams-{number}" for number in range(2, batches + 1)]
    for name in names:
        _copy(project.root / "data" / "batches" / "pilot", name, rows)
    print(f"{len(names)} batches of {rows} videos written in {time.monotonic() - started:.0f} s", flush=True)
    started = time.monotonic()
    _tell_dagster(project, names)
    print(f"told to Dagster in {time.monotonic() - started:.0f} s", flush=True)


def _copy(pilot: Path, name: str, rows: int) -> None:
    """The pilot's lines in turn, each with a video of its own."""
    folder = pilot.parent / name
    folder.mkdir()
    manifest = (pilot / "manifest.jsonl").read_text().splitlines()
    paths = [json.loads(line)["video_path"] for line in manifest]
    ids = [json.loads(line)["video_id"] for line in (pilot / "raw_videos.jsonl").read_text().splitlines()]
    batch = json.loads((pilot / "batch.json").read_text())
    (folder / "batch.json").write_text(json.dumps(batch | {"name": name, "family": "cams"}))
    for file in [*pilot.glob("*.jsonl")]:
        lines = file.read_text().splitlines()
        with (folder / file.name).open("w") as out:
            for row in range(rows):
                which = row % len(lines)
                path = Path(paths[which])
                other = hashlib.sha256(f"{name} {row}".encode()).hexdigest()[:16]
                line = lines[which].replace(ids[which], other).replace(paths[which], str(path.with_stem(f"{name}-{row:03d}")))
                out.write(f"{line}\n")


def _tell_dagster(project: Project, names: list[str]) -> None:
    """The pilot's events of assets again for every batch: its recipes, and what its run made.

    Written into Dagster's index itself: through its API each of the 32,000 takes 20 ms.
    """
    import dagster as dg

    from vr_assets.defs.partitions import PARTITION_SETS
    from vr_assets.settings import Graph

    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(PARTITION_SETS[Graph.VIDEOS], names)
    with closing(sqlite3.connect(project.root / "history" / "runs" / "index.db")) as index, index:
        kinds = ("ASSET_MATERIALIZATION", "ASSET_OBSERVATION")
        columns = "run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition"
        found = index.execute(
            f"select id, {columns} from event_logs where partition = 'pilot' and dagster_event_type in (?, ?)", kinds
        ).fetchall()
        for name in names:
            for number, run, event, *others in found:
                copied = event.replace('"pilot"', f'"{name}"')
                made = index.execute(
                    f"insert into event_logs ({columns}) values (?, ?, ?, ?, ?, ?, ?)", (run, copied, *others[:-1], name)
                ).lastrowid
                index.execute(
                    "insert into asset_event_tags (asset_key, key, value, event_id, event_timestamp) "
                    "select asset_key, key, replace(value, 'pilot', ?), ?, event_timestamp "
                    "from asset_event_tags where event_id = ?",
                    (name, made, number),
                )


def _measure(project: Project, batches: int) -> None:
    data, events = project.root / "data", project.root / "history"
    print(f"data {_gb(data):.2f} GB, event log {_gb(events):.2f} GB of {batches} batches")
    for command in (["status"], ["status", "--batch", "cams-7"], ["ingest", str(project.root / "videos"), "--batch", "more"]):
        _time(f"vr-assets {' '.join(command)}", partial(project.run, "vr-assets", *command))
    for said, tick in _ticks(project, batches).items():
        _time(said, tick)
    with _webserver(project) as ask:
        for said, query, variables in _queries():
            _time(said, partial(ask, query, variables), times=3)
        names = [f"cams-{number}" for number in range(2, batches + 1)]
        _time(f"a backfill of {len(names)} batches launched", partial(_backfill, ask, names))


def _time(said: str, what: Callable[[], object], *, times: int = 1) -> None:
    """The median of wall seconds."""
    taken = []
    for _ in range(times):
        started = time.monotonic()
        what()
        taken.append(time.monotonic() - started)
    print(f"{statistics.median(taken):7.2f} s  {said}", flush=True)


def _ticks(project: Project, batches: int) -> Mapping[str, Callable[[], object]]:
    import dagster as dg

    from vr_assets.defs.resources import StoreResource
    from vr_assets.defs.sensors import recipe_changes, video_drops

    drops = project.root / "drops"
    drops.mkdir(exist_ok=True)
    for number in range(batches * 50):
        (drops / f"{number:06d}.mp4").touch()
    os.environ["VR_DROPS__FOLDER"] = str(drops)
    store = StoreResource(data_root=os.environ["VR_DATA_ROOT"])

    def tick(sensor: dg.SensorDefinition) -> Callable[[], object]:
        def evaluate() -> object:
            with dg.DagsterInstance.get() as instance:
                return sensor.evaluate_tick(dg.build_sensor_context(instance, resources={"store": store}))

        return evaluate

    return {
        "tick of recipe_changes, nothing changed": tick(recipe_changes),
        f"tick of video_drops, {batches * 50} files seen for the first time": tick(video_drops),
        f"tick of video_drops, {batches * 50} files that wait": tick(video_drops),
    }


@contextmanager
def _webserver(project: Project) -> Iterator[Callable[[str, Mapping[str, Any]], Any]]:
    port = free_port()
    command = ["dagster-webserver", "-m", "vr_assets.definitions", "-p", str(port)]
    with subprocess.Popen(
        command, cwd=project.root, env=project.env, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as server:

        def ask(query: str, variables: Mapping[str, Any]) -> Any:
            body = json.dumps({"query": query, "variables": variables}).encode()
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"content-type": "application/json"})
            with urllib.request.urlopen(asked, timeout=600) as answer:
                said = json.load(answer)
            assert "errors" not in said, said
            return said["data"]

        try:
            while True:
                try:
                    ask("{ version }", {})
                    break
                except OSError:
                    time.sleep(0.5)
            yield ask
        finally:
            server.terminate()


_STAGES = ("raw_videos", "filtered_videos", "captions", "chunk_captions", "highlights", "descriptions", "qa", "task_files")
_KEYS = [{"path": [name]} for name in _STAGES]
_NODES = "query ($keys: [AssetKeyInput!]!) { assetNodes(assetKeys: $keys) { id %s } }"
_NODE = "query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode { id %s } } }"
_LIVE = (
    _NODES
    % """
  assetMaterializations(limit: 1) { timestamp runId partition metadataEntries { label } }
  partitionStats { numMaterialized numMaterializing numPartitions numFailed }
  assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { id status } } } }"""
)
_STALE = _NODES % "staleStatus staleCauses { reason }"
_PARTITIONS = (
    _NODE
    % """
  partitionKeysByDimension { name partitionKeys }
  assetPartitionStatuses {
    ... on DefaultPartitionStatuses { materializedPartitions failedPartitions materializingPartitions } }"""
)
_STALE_OF_ONE = _NODE % 'staleStatus(partition: "cams-3") staleCauses(partition: "cams-3") { reason }'
_PLOT = """query ($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
  assetMaterializations(limit: 200) {
    timestamp partition metadataEntries { label ... on IntMetadataEntry { intValue } } } } } }"""
_BACKFILL = """mutation ($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


def _queries() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    captions = {"key": _KEYS[2]}
    yield "graph page: what the nodes show", _LIVE, {"keys": _KEYS}
    yield "graph page: which nodes are stale", _STALE, {"keys": _KEYS}
    yield "an asset's partitions page", _PARTITIONS, captions
    yield "whether one partition is stale", _STALE_OF_ONE, captions
    yield "an asset's plots, 200 partitions", _PLOT, captions


def _backfill(ask: Callable[[str, Mapping[str, Any]], Any], names: list[str]) -> None:
    given = {"partitionNames": names, "assetSelection": _KEYS, "tags": []}
    said = ask(_BACKFILL, {"given": given})["launchPartitionBackfill"]
    assert said["__typename"] == "LaunchBackfillSuccess", said


def _gb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


if __name__ == "__main__":
    main()

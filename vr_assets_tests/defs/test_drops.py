"""The sensor that watches for new videos."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from vr_assets.definitions import defs
from vr_assets.defs.partitions import PARTITION_SETS, VIDEO_BATCHES
from vr_assets.defs.resources import StoreResource
from vr_assets.defs.sensors import video_drops
from vr_assets.settings import Graph


@pytest.fixture
def folder(instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "cams"
    made.mkdir()
    monkeypatch.setenv("VR_DROPS__FOLDER", str(made))
    monkeypatch.setenv("VR_DROPS__SETTLE_S", "0")
    monkeypatch.setenv("VR_DROPS__BATCH_AGE_S", "0")
    return made


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """On a disk: what is registered in memory is refused."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VR_DATA_ROOT", str(tmp_path / "data"))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def tick(instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(instance=instance, resources={"store": StoreResource()})
    result = video_drops(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def jobs(result: dg.SensorResult | dg.SkipReason) -> dict[str | None, str | None]:
    assert isinstance(result, dg.SensorResult)
    return {request.partition_key: request.job_name for request in result.run_requests or []}


def asked_for(result: dg.SensorResult | dg.SkipReason) -> list[tuple[str | None, str | None]]:
    assert isinstance(result, dg.SensorResult)
    return [(request.partition_key, request.run_key) for request in result.run_requests or []]


def said(result: dg.SensorResult | dg.SkipReason) -> str:
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def test_it_is_off_until_it_is_switched_on() -> None:
    assert video_drops.default_status is dg.DefaultSensorStatus.STOPPED


def test_without_a_folder_it_says_what_to_set(instance: dg.DagsterInstance) -> None:
    assert "VR_DROPS__FOLDER" in said(tick(instance))


def test_a_dropped_video_becomes_a_partition_and_a_run(instance: dg.DagsterInstance, folder: Path, videos: list[Path]) -> None:
    shutil.copy(videos[0], folder)
    result = tick(instance)
    assert asked_for(result) == [("cams", "drop:cams")]
    assert instance.get_dynamic_partitions(VIDEO_BATCHES) == ["cams"]


def test_a_run_is_asked_for_until_there_is_one(instance: dg.DagsterInstance, folder: Path, videos: list[Path]) -> None:
    shutil.copy(videos[0], folder)
    tick(instance)
    assert asked_for(tick(instance)) == [("cams", "drop:cams")]
    instance.create_run_for_job(defs.resolve_job_def("annotate_videos"), tags={"dagster/run_key": "drop:cams"})
    assert "nothing new" in said(tick(instance))


def test_a_list_is_run_by_the_job_of_what_its_rows_name(instance: dg.DagsterInstance, folder: Path, videos: list[Path]) -> None:
    shutil.copy(videos[0], folder)
    (folder / "ground.jsonl").write_text('{"image_path": "a.png", "caption": "A car."}\n')
    (folder / "talk.json").write_text('[{"video": "a.mp4", "conversation": [{"from": "human", "value": ""}]}]')
    (folder / "mixed.jsonl").write_text('{"image_path": "a.png", "caption": "A car."}\n{"video_path": "a.mp4"}\n')
    assert jobs(tick(instance)) == {"cams": "annotate_videos", "ground": "ground_images", "talk": "caption_videos"}
    partitions = {graph: instance.get_dynamic_partitions(name) for graph, name in PARTITION_SETS.items()}
    assert partitions == {Graph.VIDEOS: ["cams"], Graph.IMAGES: ["ground"], Graph.CONVERSATIONS: ["talk"]}
    assert {job.name for job in video_drops.jobs} == {"annotate_videos", "ground_images", "caption_videos"}


def test_a_tick_tells_what_is_wrong(instance: dg.DagsterInstance, folder: Path) -> None:
    (folder / "bad.jsonl").write_text("[]")
    assert "bad.jsonl" in said(tick(instance))

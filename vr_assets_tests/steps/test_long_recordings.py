"""A recording in parts, from ingest to the items of its task files."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.prices import Prices
from vr_assets.export.task_items import items_of
from vr_assets.media.recordings import Recordings
from vr_assets.media.workers import Workers
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.call import Request
from vr_assets.settings import Graph as Graphs
from vr_assets.settings import Settings, Status, resolve
from vr_assets.steps.estimate import estimate
from vr_assets.steps.ingest import take_in
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph

SPLIT = {"videos.max_video_length_sec": 4, "videos.long_recordings": "split"}
EDGES_S = [(0.0, 4.0), (4.0, 8.0), (8.0, 10.0)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds."""
    return write_clip(tmp_path_factory.mktemp("footage") / "cam.mp4", moving_box(80), 8)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path / "data")


def settings() -> Settings:
    return resolve(("test", SPLIT)).settings


def in_parts(*recordings: Path, data: Path) -> list[ManifestRow]:
    """The manifest that ingest makes."""
    store, workers = Store(data), Workers(settings().media)
    taking_in = partial(
        take_in,
        recordings,
        store=store,
        recordings=Recordings(store.media_folder, workers),
        family="cams",
        settings=settings(),
        explicit={},
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    try:
        intake = anyio.run(taking_in)
    finally:
        workers.close()
    return [row for made in intake.batches for row in made.rows]


def asked_about(requests: list[Request]) -> set[str]:
    return {media.identity for request in requests for media in request.media}


def test_each_part_is_a_video_of_its_own_whose_items_say_where_it_lies(recording: Path, graph: Graph, tmp_path: Path) -> None:
    rows, _ = graph.run(in_parts(recording, data=tmp_path / "data"))
    assert [row.status for row in rows.qa] == [Status.OK] * 3
    [content] = {row.media.content for row in rows.qa if row.media}
    assert [row.video_id for row in rows.qa] == [f"{content[:16]}@{part}" for part in ("0-4", "4-8", "8-10")]
    for row, captioned, (start_s, end_s) in zip(rows.qa, rows.captions, EDGES_S, strict=True):
        items = [item for _, item in items_of(row, media_root=None).items]
        assert items
        for item in items:
            assert [item.start_s, item.end_s] == pytest.approx([start_s, end_s])
            assert item.duration == pytest.approx(end_s - start_s)
        assert captioned.events
        assert all(0 <= event.start_s < event.end_s <= end_s - start_s + 0.01 for event in captioned.events)


def test_a_recording_in_parts_is_paid_for_once(recording: Path, graph: Graph, tmp_path: Path) -> None:
    manifest = in_parts(recording, data=tmp_path / "data")
    _, first = graph.run(manifest[:2])
    _, rest = graph.run(manifest)
    assert first and rest and not asked_about(first) & asked_about(rest)
    assert graph.run(manifest)[1] == []


def test_the_same_recording_twice_is_annotated_once_part_by_part(recording: Path, graph: Graph, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(recording.read_bytes())
    rows, _ = graph.run(in_parts(recording, copy, data=tmp_path / "data"))
    assert [row.status for row in rows.raw] == [Status.OK] * 3 + [Status.SKIPPED] * 3
    assert {row.reason for row in rows.raw[3:]} == {f"same content as {recording}"}


def test_an_estimate_foresees_the_calls_of_all_parts(recording: Path, graph: Graph, tmp_path: Path) -> None:
    manifest = in_parts(recording, data=tmp_path / "data")
    store = Store(tmp_path / "data")
    store.create_batch(Batch(name="cams", family="cams", source_root=None, created="2026-01-01T00:00:00+00:00"), manifest)
    local = settings().model_copy(update={"vlm": settings().vlm.model_copy(update={"backend": "opencv"})})
    local = local.model_copy(update={"llm": local.vlm})
    foreseeing = partial(estimate, "cams", Graphs.VIDEOS.assets, local, store, environ={}, prices=Prices.load(""))
    _, requests = graph.run(manifest)
    assert len(anyio.run(foreseeing).calls) == len(requests)


def test_parts_of_a_recording_of_days_do_not_share_an_id(graph: Graph) -> None:
    starts_s = (100_000.0, 100_000.4, 1_000_000.25)
    manifest = [ManifestRow(video_path="/nowhere/cam.mp4", start_s=start_s, end_s=start_s + 30) for start_s in starts_s]
    rows, _ = graph.run(manifest)
    assert [row.video_id.partition("@")[2] for row in rows.raw] == [
        "100000-100030",
        "100000.4-100030.4",
        "1000000.25-1000030.25",
    ]


def test_a_recording_that_is_not_split_is_skipped_with_the_setting_that_splits_it(recording: Path, graph: Graph) -> None:
    rows, requests = graph.run([ManifestRow(video_path=str(recording))], videos__max_video_length_sec=4)
    assert requests == []
    assert rows.raw[0].reason == (
        "10.0 s long, over videos.max_video_length_sec = 4; raise it, or ingest again with --set videos.long_recordings=split"
    )

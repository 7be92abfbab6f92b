"""Rows go out as one file a batch, and come in as the downstream asset's annotation asks."""

from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from vr_assets.defs.io_managers import RowsIOManager
from vr_assets.defs.partitions import video_batches
from vr_assets.defs.resources import StoreResource
from vr_assets.records.row import Row
from vr_assets.records.video import CaptionedVideo, ChunkCaption, ChunkCaptionedVideo
from vr_assets.settings import Asset, Status
from vr_assets_tests.defs.bench import Bench


def a_row(name: str) -> ChunkCaptionedVideo:
    chunk = ChunkCaption(chunk_index=0, timestamp_start=0.0, timestamp_end=1.0, caption="a box moves")
    return ChunkCaptionedVideo(video_id=name, video=f"/{name}.mp4", status=Status.OK, chunk_captions=(chunk,))


ROWS = [a_row("one"), a_row("two")]


@dg.asset(key=Asset.CHUNK_CAPTIONS.value, partitions_def=video_batches, io_manager_key="rows")
def upstream() -> list[ChunkCaptionedVideo]:
    return ROWS


@dg.asset(key=Asset.CAPTIONS.value, partitions_def=video_batches, io_manager_key="rows")
def wrong() -> list[ChunkCaptionedVideo]:
    return ROWS


@dg.asset(partitions_def=video_batches, io_manager_key="plain")
def rows_of_one_batch(chunk_captions: list[ChunkCaptionedVideo]) -> Any:
    return chunk_captions


@dg.asset(partitions_def=video_batches, io_manager_key="plain")
def frame_of_one_batch(chunk_captions: pd.DataFrame) -> Any:
    return chunk_captions


@dg.asset(io_manager_key="plain")
def rows_of_all_batches(chunk_captions: dict[str, list[Row]]) -> Any:
    return chunk_captions


@dg.asset(io_manager_key="plain")
def frame_of_all_batches(chunk_captions: pd.DataFrame) -> Any:
    return chunk_captions


@dg.asset(io_manager_key="plain")
def rows_of_what_one_batch(chunk_captions: list[ChunkCaptionedVideo]) -> Any:
    return chunk_captions


@dg.asset(io_manager_key="plain", ins={"chunk_captions": dg.AssetIn(metadata={"allow_missing_partitions": True})})
def rows_of_the_batches_that_are_made(chunk_captions: dict[str, list[Row]]) -> Any:
    return chunk_captions


EVERYTHING = [
    upstream, rows_of_one_batch, frame_of_one_batch, rows_of_all_batches, frame_of_all_batches, rows_of_what_one_batch,
    rows_of_the_batches_that_are_made,
]  # fmt: skip


def materialize(bench: Bench, asset: dg.AssetsDefinition, partition: str | None = None) -> dg.ExecuteInProcessResult:
    # A store with a fixed root: resources set in code are the weakest layer.
    resources = {"rows": RowsIOManager(store=StoreResource(data_root=str(bench.store.root))), "plain": dg.mem_io_manager}
    assets = [asset] if asset is wrong else EVERYTHING
    return dg.materialize(
        assets, instance=bench.instance, partition_key=partition, selection=[asset], resources=resources, raise_on_error=False
    )


def made_from(bench: Bench, asset: dg.AssetsDefinition, partition: str | None = None) -> Any:
    result = materialize(bench, asset, partition)
    assert result.success
    return result.output_for_node(asset.node_def.name)


def why(result: dg.ExecuteInProcessResult) -> str:
    data = result.failure_data_for_node(result.all_node_events[0].step_key or "")
    assert data is not None and data.user_failure_data is not None
    return data.user_failure_data.description or ""


@pytest.fixture
def batches(bench: Bench) -> Bench:
    bench.instance.add_dynamic_partitions("video_batches", ["a", "b"])
    for name in ("a", "b"):
        assert materialize(bench, upstream, name).success
    return bench


def test_rows_are_published_as_lines_that_read_back(batches: Bench) -> None:
    assert batches.store.read_rows("a", Asset.CHUNK_CAPTIONS, ChunkCaptionedVideo) == ROWS


def test_an_asset_of_one_batch_gets_its_rows(batches: Bench) -> None:
    assert made_from(batches, rows_of_one_batch, "a") == ROWS


def test_a_users_own_asset_gets_a_data_frame_by_its_annotation(batches: Bench) -> None:
    frame = made_from(batches, frame_of_one_batch, "b")
    assert list(frame["video"]) == ["/one.mp4", "/two.mp4"]
    assert frame["chunk_captions"][0][0]["caption"] == "a box moves"
    assert set(frame["batch"]) == {"b"}


def test_an_asset_over_all_batches_gets_rows_by_batch(batches: Bench) -> None:
    assert made_from(batches, rows_of_all_batches) == {"a": ROWS, "b": ROWS}
    assert len(made_from(batches, frame_of_all_batches)) == 4


def test_rows_by_batch_are_a_dict_also_when_there_is_only_one(bench: Bench) -> None:
    bench.instance.add_dynamic_partitions("video_batches", ["a"])
    materialize(bench, upstream, "a")
    assert made_from(bench, rows_of_all_batches) == {"a": ROWS}


def test_a_list_over_several_batches_is_refused(batches: Bench) -> None:
    assert "dict[str, list[...]]" in why(materialize(batches, rows_of_what_one_batch))


def test_a_batch_that_was_never_made_is_an_error_unless_the_asset_allows_it(batches: Bench) -> None:
    batches.instance.add_dynamic_partitions("video_batches", ["c"])
    assert "vr-assets run --batch c --select '+chunk_captions'" in why(materialize(batches, rows_of_all_batches))
    assert made_from(batches, rows_of_the_batches_that_are_made) == {"a": ROWS, "b": ROWS}


def test_rows_of_another_asset_are_not_published(bench: Bench) -> None:
    bench.instance.add_dynamic_partitions("video_batches", ["a"])
    assert CaptionedVideo.__name__ in why(materialize(bench, wrong, "a"))
    assert not bench.store.rows_file("a", Asset.CAPTIONS).exists()


def test_a_torn_line_is_named_and_nothing_is_guessed(batches: Bench) -> None:
    path = batches.store.rows_file("a", Asset.CHUNK_CAPTIONS)
    path.write_text(path.read_text()[:-20])
    assert f"{path}:2" in why(materialize(batches, rows_of_one_batch, "a"))


def test_a_published_file_is_whole_or_the_old_one(batches: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = batches.store.rows_file("a", Asset.CHUNK_CAPTIONS).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr("vr_assets.defs.faults.FIRST_WAIT_S", 0)
    result = materialize(batches, upstream, "a")
    assert not result.success
    assert "No space left" in why(result)
    assert [event.event_type_value for event in result.all_events].count("STEP_UP_FOR_RETRY") == 2
    assert batches.store.rows_file("a", Asset.CHUNK_CAPTIONS).read_bytes() == before
    assert list(Path(batches.store.batch_folder("a")).glob(".*.tmp")) == []

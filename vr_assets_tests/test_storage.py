"""Publishing is all or nothing, and what cannot be read says where."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vr_assets.errors import SettingsError, StorageError
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.video import RawVideo
from vr_assets.settings import Asset, Status
from vr_assets.storage import Store, write_atomically


def a_batch(name: str = "cams") -> Batch:
    return Batch(name=name, family=name, source_root=None, created=datetime(2026, 1, 2, tzinfo=UTC).isoformat())


def a_row(name: str) -> RawVideo:
    return RawVideo(video_id=name, video=f"/{name}.mp4", status=Status.FAILED, reason="no such file")


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [a_row("a"), a_row("b")]
    store.write_rows("cams", Asset.RAW_VIDEOS, rows)
    assert store.read_rows("cams", Asset.RAW_VIDEOS, RawVideo) == rows


def test_an_asset_never_made_is_none_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.read_rows("cams", Asset.RAW_VIDEOS, RawVideo) is None
    store.write_rows("cams", Asset.RAW_VIDEOS, [])
    assert store.read_rows("cams", Asset.RAW_VIDEOS, RawVideo) == []


def test_a_manifest_never_changes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.create_batch(a_batch(), [ManifestRow(video_path="/a.mp4")])
    with pytest.raises(StorageError, match="cams.*immutable"):
        store.create_batch(a_batch(), [ManifestRow(video_path="/b.mp4")])
    assert [row.video_path for row in store.read_manifest("cams")] == ["/a.mp4"]


def test_an_unknown_batch_is_named_with_those_there_are(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.create_batch(a_batch(), [])
    with pytest.raises(StorageError, match="no batch 'cam'.*there are: cams.*ingest"):
        store.read_batch("cam")


@pytest.mark.parametrize("name", ["..", ".", "", "../june", "/etc", "june/..", "ju\0ne", "june/x"])
def test_the_name_of_a_batch_never_leads_out_of_its_folder(name: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    store.create_batch(a_batch(), [])
    for use in (store.read_batch, store.remove_batch, store.review_folder):
        with pytest.raises(StorageError, match="is the name of no batch"):
            use(name)
    assert store.batches() == ("cams",)


def test_a_line_that_is_no_row_is_named_with_its_number(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_rows("cams", Asset.RAW_VIDEOS, [a_row("a")])
    path = store.rows_file("cams", Asset.RAW_VIDEOS)
    path.write_text(path.read_text() + '{"video_id": "b"}\n')
    with pytest.raises(StorageError, match=r"raw_videos\.jsonl:2: not a RawVideo"):
        store.read_rows("cams", Asset.RAW_VIDEOS, RawVideo)


def test_a_batch_that_uses_nothing_new_is_written_without_what_is_new(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.create_batch(a_batch(), [])
    assert set(json.loads((tmp_path / "batches/cams/batch.json").read_text())) == {"name", "family", "source_root", "created"}
    assert store.read_batch("cams") == a_batch()


def test_a_batch_of_another_version_is_named_with_what_helps(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.create_batch(a_batch(), [])
    path = tmp_path / "batches/cams/batch.json"
    path.write_text(path.read_text().replace("{", '{"later": 1,', 1))
    with pytest.raises(StorageError, match=r"batch\.json: not a Batch \(later.*ingest its files again"):
        store.read_batch("cams")


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/rows\.jsonl: cannot be written"):
        write_atomically(tmp_path / "file" / "rows.jsonl", b"")


def test_a_root_that_is_no_folder_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"data_root = 'gs://bucket'"):
        Store.at("gs://bucket")

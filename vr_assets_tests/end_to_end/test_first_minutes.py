"""What a newcomer meets first: a forgotten key, a typo, a broken file."""

from pathlib import Path

import pytest

from vr_assets.settings import Asset, Graph
from vr_assets_tests.end_to_end.project import Project

pytestmark = pytest.mark.slow


def test_a_forgotten_key_stops_the_run_before_its_first_row_and_says_what_to_do(two: Path, tmp_path: Path) -> None:
    project = Project.at(tmp_path)
    project.vr("ingest", str(two), "--batch", "cams")
    said = project.vr("run", "--batch", "cams", code=1)
    for way in ("GOOGLE_API_KEY", "base_url", "opencv"):
        assert way in said
    assert not (tmp_path / "data" / "batches" / "cams" / "raw_videos.jsonl").exists()


def test_a_typo_in_a_setting_is_named_with_the_nearest_right_name(videos: Path, tmp_path: Path) -> None:
    project = Project.at(tmp_path)
    said = project.vr("ingest", str(videos), "--batch", "cams", "--set", "chunks.max_chunk=8", code=2)
    assert "chunks.max_chunk" in said and "did you mean chunks.max_chunks" in " ".join(said.split())


def test_a_typo_in_the_environment_is_named_with_the_nearest_right_name(tmp_path: Path) -> None:
    said = Project.at(tmp_path, {"VR_CHUNKS__MAX_CHUNK": "8"}).vr("config", code=2)
    assert "VR_CHUNKS__MAX_CHUNKS" in said


@pytest.mark.thorough
def test_one_broken_file_has_a_row_at_every_stage_and_the_others_go_through(videos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    for path in sorted(videos.iterdir())[:5]:
        (folder / path.name).symlink_to(path)
    (folder / "broken.mp4").write_bytes(b"not a video at all")
    project = Project.at(tmp_path)
    project.vr("ingest", str(folder), "--batch", "cams", "--backend", "opencv")
    project.vr("run", "--batch", "cams")
    assert project.statuses("cams", Asset.RAW_VIDEOS) == {"ok": 5, "failed": 1}
    for asset in list(Graph.VIDEOS.assets)[1:]:
        row = next(row for row in project.rows("cams", asset) if str(row["video"]).endswith("broken.mp4"))
        assert (row["status"], row["blocked_by"]) == ("skipped", "raw_videos")
    validated = project.run(
        "tao-daft", "validate", "tao-vl-reason-v1.0", "--path", str(tmp_path / "data" / "batches" / "cams" / "task_files")
    )
    assert "fail" not in validated.lower()

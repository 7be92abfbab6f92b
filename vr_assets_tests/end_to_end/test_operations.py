"""What an operator does with batches: retry what failed, remove one, prune what nothing needs."""

import json
from pathlib import Path

import pytest

from vr_assets.settings import Asset, Task
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, hurried, openai_at, tasks
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow


def project_with(tmp_path: Path, **env: str) -> Project:
    return Project.at(tmp_path / "project", {**hurried("openai"), **env})


@pytest.mark.thorough
def test_retry_asks_again_about_what_failed_and_nothing_else(two: Path, tmp_path: Path, serve: ServerFactory) -> None:
    broken = serve(Behaviour(garbage=frozenset({Task.MCQ})))
    project = project_with(tmp_path, VR_CALLS__MAX_ANSWERS="1", **openai_at(broken))
    project.vr("ingest", str(min(two.iterdir())), "--batch", "cams")
    project.vr("run", "--batch", "cams")
    assert all(row["failures"] for row in project.rows("cams", Asset.QA))

    well = serve(Behaviour())
    project.env.update(openai_at(well))
    project.vr("run", "--batch", "cams")
    assert well.served == []
    said = project.vr("retry", "--batch", "cams")
    assert "qa have failed rows or parts" in said
    assert tasks(well.served) == {"mcq": 1}
    assert not any(row["failures"] for row in project.rows("cams", Asset.QA))
    assert "nothing failed" in project.vr("retry", "--batch", "cams")


@pytest.mark.thorough
def test_a_removed_batch_is_gone_and_its_answers_go_with_prune(videos: Path, tmp_path: Path, serve: ServerFactory) -> None:
    project = project_with(tmp_path, **openai_at(serve(Behaviour())))
    clips = sorted(videos.iterdir())
    project.vr("ingest", str(clips[0]), "--batch", "kept")
    project.vr("ingest", str(clips[0]), str(clips[1]), "--batch", "gone")
    project.vr("run", "--batch", "gone", "--batch", "kept")
    everything = len(project.journal())
    kept = project.outputs("kept")

    assert "nothing was deleted" in project.vr("remove", "gone")
    assert project.statuses("gone", Asset.QA) == {"ok": 2}
    project.vr("remove", "gone", "--yes")
    assert not (project.root / "data" / "batches" / "gone").exists()
    assert "no batch 'gone'" in project.vr("run", "--batch", "gone", code=1)

    # One video was in both batches, and its answers were paid by the one that is gone.
    said = project.vr("prune")
    assert "1 proxies" in said and f"{everything // 2} answers of removed batches" in said
    assert len(project.journal()) == everything
    project.vr("prune", "--yes")
    assert len(project.journal()) == everything // 2
    assert len(list((project.root / "data" / "media" / "proxies").glob("*.mp4"))) == 1
    assert "0 proxies" in project.vr("prune")

    said = project.vr("run", "--batch", "kept")
    assert project.outputs("kept") == kept
    assert json.loads(next((project.root / "data" / "journal" / "qa").glob("*.jsonl")).read_text().splitlines()[0])["key"]

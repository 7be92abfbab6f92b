"""Dagster's own daemon and webserver: what is dropped into a folder is annotated."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copy

import pytest

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.dagster_dev import daemon, dagster_dev, wait_for
from vr_assets_tests.end_to_end.project import Project, openai_at
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow


# One drop under a real daemon is part of `test_ui`.
@pytest.mark.thorough
@pytest.mark.timeout(420)
def test_what_is_dropped_is_annotated_also_what_comes_while_nobody_looks(
    videos: Path, tmp_path: Path, serve: ServerFactory
) -> None:
    drops = tmp_path / "cams"
    drops.mkdir()
    server = serve(Behaviour())
    given = {"VR_DROPS__FOLDER": str(drops), "VR_DROPS__SETTLE_S": "0", "VR_DROPS__BATCH_AGE_S": "0"}
    project = Project.at(tmp_path / "project", {**openai_at(server), **given})
    clips = sorted(videos.iterdir())

    def annotated(batch: str, last: Asset = Asset.TASK_FILES) -> Callable[[], bool]:
        return (project.root / "data" / "batches" / batch / f"{last}.jsonl").is_file

    project.run("dagster", "sensor", "start", "video_drops", "-m", "vr_assets.definitions")
    with dagster_dev(project):
        copy(clips[0], drops / "a.mp4")
        wait_for(annotated("cams"))
        # By another job, in the same daemon.
        turns = [{"from": "human", "value": "What happens?"}]
        (drops / "talk.jsonl").write_text(json.dumps({"video": "a.mp4", "conversation": turns}))
        wait_for(annotated("talk", Asset.VIDEO_CAPTIONS))
    assert project.statuses("talk", Asset.VIDEO_CAPTIONS) == {"ok": 1}
    asked = len(server.served) - 1
    copy(clips[1], drops / "b.mp4")
    with daemon(project):
        wait_for(annotated("cams-2"))
    assert [project.statuses(batch, Asset.TASK_FILES) for batch in ("cams", "cams-2")] == [{"ok": 1}, {"ok": 1}]
    assert len(server.served) == 2 * asked + 1

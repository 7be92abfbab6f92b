"""Dagster's own daemon and webserver: what is dropped into a folder is annotated."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shutil import copy

import pytest

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, openai_at
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow


@contextmanager
def running(project: Project, *command: str) -> Iterator[None]:
    """Stopped at the end as by Ctrl-C. What it prints goes into a file: a pipe that nobody reads would stop it."""
    with (project.root / "said.log").open("a") as said:
        process = subprocess.Popen(
            command, cwd=project.root, env=project.env, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def dagster_dev(project: Project) -> AbstractContextManager[None]:
    """The webserver and the daemon."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return running(project, "dagster", "dev", "-m", "vr_assets.definitions", "--port", str(port))


def daemon(project: Project) -> AbstractContextManager[None]:
    return running(project, "dagster-daemon", "run", "-m", "vr_assets.definitions")


def wait_for(what: Callable[[], bool], *, within_s: float = 120) -> None:
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.5)


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

"""A run that is killed loses at most the calls in flight, and the next one ends as if nothing had happened."""

import shlex
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from vr_assets.settings import Asset, Graph, Task
from vr_assets_tests.end_to_end.conftest import Calm, ServerFactory
from vr_assets_tests.end_to_end.project import Project, asked, openai_at, tasks
from vr_assets_tests.servers.serving import Behaviour, ModelServer

pytestmark = pytest.mark.slow
WORKERS = 4


def wait_until(true: Callable[[], bool]) -> None:
    """Waits for a server's log to say something; pytest's time limit bounds it."""
    pause = threading.Event()
    while not true():
        pause.wait(0.02)


def kill_when(project: Project, server: ModelServer, task: Task, seen: int) -> None:
    """Starts a run, kills everything of it (-9) as soon as a task was answered `seen` times."""
    with project.live("run", "--batch", "cams") as life:
        wait_until(lambda: tasks(server.so_far)[task] >= seen or life.ended())
        assert life.kill() == -9, life.said


@pytest.mark.parametrize(
    "task",
    [pytest.param(Task.CHUNK_CAPTION, id="in chunk captions"), pytest.param(Task.MCQ, id="in qa", marks=pytest.mark.thorough)],
)
def test_kill_9_costs_at_most_the_calls_in_flight_and_the_output_is_that_of_an_undisturbed_run(
    task: Task, serve: ServerFactory, videos: Path, calm: Calm, tmp_path: Path
) -> None:
    server = serve(Behaviour(delay_s=0.1))
    killed = Project.at(tmp_path, openai_at(server, workers=WORKERS))
    killed.vr("ingest", str(videos), "--batch", "cams")
    kill_when(killed, server, task, seen=3)
    killed.vr("run", "--batch", "cams")

    twice = sum(count - 1 for count in asked(server.served).values())
    assert twice <= WORKERS
    for asset in Graph.VIDEOS.assets:
        assert len(killed.rows("cams", asset)) == 6
    assert killed.outputs("cams") == calm(videos).outputs("cams")


@pytest.mark.thorough
def test_without_the_journal_the_same_kill_pays_again(serve: ServerFactory, videos: Path, tmp_path: Path) -> None:
    server = serve(Behaviour(delay_s=0.1))
    killed = Project.at(tmp_path, openai_at(server, workers=WORKERS))
    killed.vr("ingest", str(videos), "--batch", "cams")
    kill_when(killed, server, Task.MCQ, seen=3)
    shutil.rmtree(tmp_path / "data" / "journal")
    killed.vr("run", "--batch", "cams")
    assert sum(count - 1 for count in asked(server.served).values()) > WORKERS


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("vr-assets run --batch cams", id="vr-assets run"),
        pytest.param(
            """dagster job execute -m vr_assets.definitions -j annotate_videos --tags '{"dagster/partition": "cams"}'""",
            id="dagster job execute",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_sigterm_ends_a_run_with_an_error_and_loses_nothing(
    command: str, serve: ServerFactory, two: Path, tmp_path: Path
) -> None:
    server = serve(Behaviour(delay_s=0.3))
    project = Project.at(tmp_path, openai_at(server, workers=WORKERS))
    project.vr("ingest", str(two), "--batch", "cams")
    process = project.start(*shlex.split(command))
    wait_until(lambda: tasks(server.so_far)[Task.GLOBAL_CAPTION] >= 2 or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    process.terminate()
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0, said
    project.vr("run", "--batch", "cams")
    assert sum(count - 1 for count in asked(server.served).values()) <= WORKERS
    assert project.statuses("cams", Asset.QA)["ok"] == 2

"""An endpoint is tried before a run first pays it, and not again."""

from pathlib import Path

import pytest

from vr_assets.settings import Asset, Task
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, draw_videos, openai_at, tasks
from vr_assets_tests.servers.seeing import Eyes, Sight
from vr_assets_tests.servers.serving import Behaviour, ModelServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def one_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_videos(tmp_path_factory.mktemp("one"), 1, seconds=1)


def project_at(root: Path, server: ModelServer, videos: Path) -> Project:
    project = Project.at(root, {**openai_at(server), "VR_CALLS__PREFLIGHT": "true"})
    project.vr("ingest", str(videos), "--batch", "cams")
    return project


def test_a_model_that_does_not_see_the_video_is_caught_before_anything_is_paid_for(
    serve: ServerFactory, one_video: Path, tmp_path: Path
) -> None:
    server = serve(Behaviour(eyes=Eyes(sees=frozenset({Sight.IMAGES}))))
    said = project_at(tmp_path, server, one_video).vr("run", "--batch", "cams", code=1)
    assert "vlm.openai.video_input=frames" in said
    assert set(tasks(server.served)) == {Task.PREFLIGHT}


@pytest.mark.thorough
def test_an_endpoint_that_passed_is_not_tried_again_by_the_next_run(
    serve: ServerFactory, one_video: Path, tmp_path: Path
) -> None:
    server = serve(Behaviour())
    project = project_at(tmp_path, server, one_video)
    project.vr("run", "--batch", "cams")
    tried = tasks(server.served)[Task.PREFLIGHT]
    # Video for the one model, words for the other, which is the same here.
    assert tried == 2
    project.vr("run", "--batch", "cams", "--force", "all")
    assert tasks(server.served)[Task.PREFLIGHT] == tried
    assert project.statuses("cams", Asset.QA) == {"ok": 1}

"""Real servers and drawn videos for the end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vr_assets_tests.end_to_end.project import Project, draw_videos, hurried, openai_at
from vr_assets_tests.servers import serving
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, ModelServer

ServerFactory = Callable[[Behaviour], ModelServer]
Calm = Callable[[Path], Project]


@pytest.fixture
def serve() -> Iterator[ServerFactory]:
    """Starts OpenAI-compatible servers that end with the test."""
    with ExitStack() as running:
        yield lambda behaviour: running.enter_context(serving.serve(OpenAIDialect(), behaviour))


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six short videos."""
    return draw_videos(tmp_path_factory.mktemp("videos"), 6)


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """The project whose batch `cams` holds a folder's videos and met no trouble; made once a folder. It has a hash seed of its
    own, so that what equals it does not owe that to the order of a set."""
    made: dict[Path, Project] = {}

    def at(videos: Path) -> Project:
        if videos not in made:
            with serving.serve(OpenAIDialect(), Behaviour()) as server:
                project = Project.at(tmp_path_factory.mktemp("calm"), {**openai_at(server), **hurried("openai")})
                project.run("vr-assets", "ingest", str(videos), "--batch", "cams")
                project.run("vr-assets", "run", "--batch", "cams")
            made[videos] = project
        return made[videos]

    return at


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four very short videos."""
    return draw_videos(tmp_path_factory.mktemp("fleet"), 24, seconds=1)

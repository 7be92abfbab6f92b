"""Real servers and drawn videos for the end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vr_assets_tests.conftest import Once
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
def videos(once: Once) -> Path:
    """Six short videos."""
    return once("videos", lambda folder: draw_videos(folder, 6))


@pytest.fixture(scope="session")
def two(once: Once) -> Path:
    """Two of them, where more would show no more."""
    return once("two", lambda folder: draw_videos(folder, 2))


@pytest.fixture(scope="session")
def calm(once: Once) -> Calm:
    """The project whose batch `cams` holds a folder's videos and met no trouble; made once a folder. It has a hash seed of its
    own, so that what equals it does not owe that to the order of a set."""

    def annotated(root: Path, videos: Path) -> None:
        with serving.serve(OpenAIDialect(), Behaviour()) as server:
            project = Project.at(root, {**openai_at(server), **hurried("openai")})
            project.run("vr-assets", "ingest", str(videos), "--batch", "cams")
            project.run("vr-assets", "run", "--batch", "cams")

    return lambda videos: Project.at(once(f"calm-{videos.name}", lambda root: annotated(root, videos)))


@pytest.fixture(scope="session")
def fleet(once: Once) -> Path:
    """Twelve very short videos."""
    return once("fleet", lambda folder: draw_videos(folder, 12, seconds=1))

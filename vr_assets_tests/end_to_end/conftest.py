"""Real servers and drawn videos for the end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vr_assets_tests.end_to_end.project import draw_videos
from vr_assets_tests.servers import serving
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, ModelServer

ServerFactory = Callable[[Behaviour], ModelServer]


@pytest.fixture
def serve() -> Iterator[ServerFactory]:
    """Starts OpenAI-compatible servers that end with the test."""
    with ExitStack() as running:
        yield lambda behaviour: running.enter_context(serving.serve(OpenAIDialect(), behaviour))


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six short videos."""
    return draw_videos(tmp_path_factory.mktemp("videos"), 6)

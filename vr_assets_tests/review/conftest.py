"""A review server over three videos, and a browser to look at it."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from vr_assets.cli.review_server import review_app
from vr_assets.storage import Store
from vr_assets_tests.review.batches import NAME, store_with_videos

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Served:
    url: str
    store: Store


@contextmanager
def serving(store: Store) -> Iterator[Served]:
    """The real server, in a thread, on a free port."""
    server = uvicorn.Server(uvicorn.Config(review_app(store, NAME, by="ada"), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}", store)
    server.should_exit = True
    thread.join()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(store_with_videos(tmp_path)) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real one, without a window."""
    path = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if path is None:
        pytest.skip(f"no browser ({', '.join(BROWSERS)}) on this machine to look at review pages with")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()

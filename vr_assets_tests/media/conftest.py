"""What the tests of the media library share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vr_assets.media.library import MediaLibrary
from vr_assets.settings import LongVideoSettings, MediaSettings
from vr_assets_tests.clips import counting, write_clip
from vr_assets_tests.media.asked import FPS, WatchedWorkers


@pytest.fixture(scope="module")
def pool() -> Iterator[WatchedWorkers]:
    made = WatchedWorkers(MediaSettings(workers=2, memory_mb=1024))
    yield made
    made.close()


@pytest.fixture
def workers(pool: WatchedWorkers) -> WatchedWorkers:
    pool.asked.clear()
    pool.given.clear()
    return pool


@pytest.fixture
def library(tmp_path: Path, workers: WatchedWorkers) -> MediaLibrary:
    return MediaLibrary(tmp_path / "media", MediaSettings(), LongVideoSettings(), workers)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "video.mp4", counting(72), FPS, gop=30)


@pytest.fixture
def unstored(tmp_path: Path, workers: WatchedWorkers) -> MediaLibrary:
    """Without proxies."""
    return MediaLibrary(tmp_path / "media", MediaSettings(proxy=False), LongVideoSettings(), workers)

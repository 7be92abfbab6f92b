"""What ingest asks of files is found out once."""

import asyncio
import os
from pathlib import Path
from typing import TypeVar

import pytest

from vr_assets.errors import MediaError
from vr_assets.media import recordings
from vr_assets.media.recordings import Recordings
from vr_assets.media.workers import Workers
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.media.asked import WatchedWorkers

T = TypeVar("T")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Thirteen seconds of one scene, seven of another."""
    images = [*moving_box(130, background=40), *(255 - image for image in moving_box(70, background=40))]
    return write_clip(tmp_path / "a.mp4", images, 10, gop=10)


def found(workers: Workers, folder: Path, recording: Path) -> tuple[float, tuple[float, ...]]:
    """Its length and its cuts, as another process would be told them."""

    async def main() -> tuple[float, tuple[float, ...]]:
        known = Recordings(folder, workers)
        return (await known.header(str(recording))).duration_s, await known.cuts_s(str(recording))

    return asyncio.run(main())


def test_what_was_found_out_is_remembered_while_the_file_stays_as_it_is(
    workers: WatchedWorkers, recording: Path, tmp_path: Path
) -> None:
    first = found(workers, tmp_path / "media", recording)
    assert first == (20.0, (13.0,))
    assert found(workers, tmp_path / "media", recording) == first
    assert workers.asked == ["probe_header", "find_cuts"]
    os.utime(recording)
    assert found(workers, tmp_path / "media", recording) == first
    assert workers.asked[2:] == ["probe_header", "find_cuts"]


def test_a_long_recording_is_looked_through_in_stretches_each_with_a_deadline_of_its_own(
    workers: WatchedWorkers, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "_STRETCH_S", 8.0)
    looked: list[float] = []
    cuts = asyncio.run(Recordings(tmp_path / "media", workers).cuts_s(str(recording), on_looked=looked.append))
    assert cuts == (13.0,)
    assert workers.given[1:] == [(0.0, 8.0), (8.0, 16.0), (16.0, 20.0)]
    assert sorted(looked) == [4.0, 8.0, 8.0]


def test_a_file_that_is_no_video_is_an_error_and_is_not_remembered(workers: WatchedWorkers, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"not a video")
    for _ in range(2):
        with pytest.raises(MediaError, match="a.mp4"):
            found(workers, tmp_path / "media", path)
    assert len(workers.asked) == 2

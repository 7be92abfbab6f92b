"""What was made smaller is small enough, and shows the same stretch at the same times."""

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vr_assets.media import smaller
from vr_assets.media.cut import CRF_DETAIL, Encoded, encode_clip, encoded, jpegs
from vr_assets.media.decode import Image, frames
from vr_assets.media.smaller import Rendering, smaller_clip, smaller_jpegs
from vr_assets_tests.clips import counting, moving_box, read_count, write_clip
from vr_assets_tests.media.test_real_clips import FOLDER

FPS = 10
COUNT = 40


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, 640x480, that carry their numbers on a ground that is hard to compress."""
    ground = np.kron(np.random.default_rng(3).integers(0, 60, (120, 160, 3), np.uint8), np.ones((4, 4, 1), np.uint8))
    drawn = [np.roll(ground, index * 7, axis=1) + image // 2 for index, image in enumerate(counting(COUNT, size=(640, 480)))]
    return write_clip(
        tmp_path_factory.mktemp("smaller") / "busy.mp4", drawn, FPS, gop=250, options={"crf": "20", "preset": "veryfast"}
    )


def first_of(source: Path, start_s: float = 0.0, end_s: float = COUNT / FPS) -> bytes:
    return encode_clip(source, start_s, end_s, 640)


def reduced(source: Path, share: float, start_s: float = 0.0, end_s: float = COUNT / FPS) -> tuple[bytes, str, int]:
    first = first_of(source, start_s, end_s)
    limit = int(len(first) * share)
    rendering = Rendering(640, FPS, CRF_DETAIL)
    content, words = smaller_clip(source, start_s, end_s, first=rendering, first_bytes=len(first), at_most_bytes=limit)
    return content, words, limit


def shown(content: bytes, folder: Path) -> list[tuple[float, int]]:
    """When each frame appears, and the number on it."""
    path = folder / "made.mp4"
    path.write_bytes(content)
    return [(round(frame.time_s, 3), read_count(_clear(frame.image))) for frame in frames(path)]


def _clear(image: Image) -> Image:
    """Undoes the halving of `source`: dark bars from bright ones, whatever the ground."""
    return np.where(image > 90, 235, 20).astype(np.uint8)


def form(content: bytes) -> tuple[int, int, float]:
    """Width, height, and seconds."""
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, float((stream.duration or 0) * (stream.time_base or 0))


@pytest.mark.parametrize("share", [0.7, 0.3, 0.1])
def test_a_reduced_clip_is_under_the_limit_and_as_long_as_before(source: Path, share: float) -> None:
    content, words, limit = reduced(source, share)
    width, height, seconds = form(content)
    assert len(content) <= limit
    assert seconds == pytest.approx(COUNT / FPS, abs=1e-4)
    assert 256 <= max(width, height) <= 640 and width * 3 == height * 4
    assert f"{width}x{height}" in words and "to stay under" in words


@pytest.mark.parametrize("share", [0.7, 0.1])
def test_frames_that_are_left_appear_when_they_did(tmp_path: Path, source: Path, share: float) -> None:
    content, words, _ = reduced(source, share, 1.0, 3.0)
    fps = float(words.partition(" at ")[2].partition(" fps")[0])
    found = shown(content, tmp_path)
    assert found[0] == (0.0, FPS)
    assert all(number == round((1.0 + time_s) * FPS) for time_s, number in found)
    assert len(found) == pytest.approx(2.0 * fps, abs=1)


def test_the_smallest_is_given_where_nothing_is_small_enough(source: Path) -> None:
    content, words, limit = reduced(source, 0.001)
    width, height, seconds = form(content)
    assert (width, height) == (256, 192)
    assert "at 1 fps" in words and "still over" in words
    assert len(content) > limit and seconds == pytest.approx(COUNT / FPS, abs=1e-4)


def test_a_clip_below_the_smallest_size_is_not_scaled_up(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "tiny.mp4", moving_box(40), FPS)
    first = Rendering(160, FPS, CRF_DETAIL)
    content, _ = smaller_clip(source, 0.0, 4.0, first=first, first_bytes=10_000, at_most_bytes=1)
    assert form(content)[:2] == (160, 120)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real clips in {FOLDER}")
@pytest.mark.parametrize("share", [0.75, 0.35, 0.12])
@pytest.mark.parametrize("name", ["traffic-cars.mp4", "conveyor-bottles.mp4", "gesture-walk.mkv"])
def test_what_cameras_wrote_is_encoded_twice_at_most(monkeypatch: pytest.MonkeyPatch, name: str, share: float) -> None:
    made: list[Encoded] = []

    def counted(*args: object, **kwargs: object) -> Encoded:
        made.append(encoded(*args, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(smaller, "encoded", counted)
    path = FOLDER / name
    first = encoded(path, 0.0, 2.8, 640, crf=28, max_fps=8)
    limit = int(len(first.content) * share)
    content, _ = smaller_clip(path, 0.0, 2.8, first=Rendering(640, 8, 28), first_bytes=len(first.content), at_most_bytes=limit)
    assert len(content) <= limit
    assert len(made) <= 2


@pytest.mark.parametrize("share", [0.8, 0.4, 0.15])
def test_reduced_frames_are_all_there_and_together_under_the_limit(source: Path, share: float) -> None:
    times_s = [0.5, 1.0, 2.7, 3.9]
    limit = int(sum(map(len, jpegs(source, times_s, 640))) * share)
    contents, words = smaller_jpegs(source, times_s, longest_side_px=640, at_most_bytes=limit)
    images = [np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8) for content in contents]
    assert sum(map(len, contents)) <= limit
    assert [read_count(_clear(image)) for image in images] == [round(time_s * FPS) for time_s in times_s]
    height, width = images[0].shape[:2]
    assert f"scaled to {width}x{height} at JPEG quality" in words and "to stay under" in words
    assert 256 <= width <= 640


def test_the_smallest_frames_are_given_where_none_are_small_enough(source: Path) -> None:
    contents, words = smaller_jpegs(source, [0.0, 3.0], longest_side_px=640, at_most_bytes=10)
    assert len(contents) == 2
    assert "256x192" in words and "still over" in words


def test_many_frames_are_judged_by_a_few_of_them_and_still_fit(source: Path) -> None:
    times_s = [index / FPS for index in range(COUNT)]
    limit = sum(map(len, jpegs(source, times_s, 640))) // 3
    contents, _ = smaller_jpegs(source, times_s, longest_side_px=640, at_most_bytes=limit)
    assert len(contents) == COUNT
    assert limit / 8 < sum(map(len, contents)) <= limit

"""Cuts hold exactly the frames that their spans name."""

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vr_assets.errors import MediaError
from vr_assets.media.cut import copy_clip, encode_clip, jpegs, sheet
from vr_assets.media.decode import Image, frames
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.records.media import VideoFacts
from vr_assets_tests.clips import counting, moving_box, read_count, write_clip

FPS = 20


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "source.mp4", counting(100), FPS, gop=250)


@pytest.fixture
def proxy(source: Path) -> tuple[Path, VideoFacts]:
    path = source.with_name("proxy.mp4")
    recipe = ProxyRecipe(longest_side_px=640, max_fps=8.0, crf=28)
    return path, prepare(source, path, source.with_name("facts.json"), recipe, None)


def numbers(content: bytes, folder: Path) -> list[tuple[float, int]]:
    path = folder / "cut.mp4"
    path.write_bytes(content)
    return [(round(frame.time_s, 3), read_count(frame.image)) for frame in frames(path)]


def length_s(content: bytes) -> float:
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        return float((stream.duration or 0) * (stream.time_base or 0))


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 3), (2, 5), (4, 5), (0, 5)])
def test_a_copied_cut_holds_the_frames_of_its_span_from_time_zero(
    tmp_path: Path, proxy: tuple[Path, VideoFacts], start: int, end: int
) -> None:
    path, facts = proxy
    start_s = facts.keyframe_times_s[start]
    end_s = facts.keyframe_times_s[end] if end < 5 else facts.duration_s
    content = copy_clip(path, start_s, end_s)
    expected = [(round(t - start_s, 3), round(t * FPS)) for t in facts.frame_times_s if start_s <= t < end_s]
    assert numbers(content, tmp_path) == expected
    assert length_s(content) == pytest.approx(end_s - start_s, abs=1e-4)


def test_a_cut_can_be_played_while_it_loads(proxy: tuple[Path, VideoFacts]) -> None:
    content = copy_clip(proxy[0], 1.0, 2.0)
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_18_a_copied_cut_is_no_new_encoding(proxy: tuple[Path, VideoFacts]) -> None:
    path, _ = proxy
    with av.open(str(path)) as whole:
        wanted = [bytes(p) for p in whole.demux(video=0) if p.pts is not None and 1 <= p.pts * p.time_base < 3]
    with av.open(io.BytesIO(copy_clip(path, 1.0, 3.0)), "r") as cut:
        assert [bytes(p) for p in cut.demux(video=0) if p.size] == wanted


def test_a_cut_that_starts_on_no_keyframe_is_refused(proxy: tuple[Path, VideoFacts]) -> None:
    with pytest.raises(MediaError, match="no keyframe"):
        copy_clip(proxy[0], 1.125, 2.0)


@pytest.mark.parametrize(("first", "last"), [(0, 20), (33, 75), (60, 100)])
def test_a_close_cut_holds_every_frame_of_the_source_in_its_span(tmp_path: Path, source: Path, first: int, last: int) -> None:
    content = encode_clip(source, first / FPS, last / FPS, 1280)
    assert numbers(content, tmp_path) == [(round(n / FPS, 3), first + n) for n in range(last - first)]
    assert length_s(content) == pytest.approx((last - first) / FPS, abs=1e-4)


def test_a_close_cut_is_scaled_to_its_limit_and_turned(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "phone.mp4", moving_box(20, size=(320, 240)), 10, rotation=-90)
    with av.open(io.BytesIO(encode_clip(path, 0.0, 1.0, 128))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (96, 128)


def test_a_close_cut_of_a_source_that_grew_shorter_is_refused(source: Path) -> None:
    with pytest.raises(MediaError, match="no frame between"):
        encode_clip(source, 7.0, 9.0, 1280)


def decoded(content: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize("places", [[0], [7], [0, 1, 2, 30], [39], [3, 20, 38]])
def test_single_frames_are_the_ones_asked_for(proxy: tuple[Path, VideoFacts], places: list[int]) -> None:
    path, facts = proxy
    times_s = [facts.frame_times_s[place] for place in places]
    images = [decoded(content) for content in jpegs(path, times_s, 640)]
    assert [read_count(image) for image in images] == [round(t * FPS) for t in times_s]
    assert {image.shape for image in images} == {(120, 160, 3)}


def test_single_frames_are_scaled_to_their_limit(proxy: tuple[Path, VideoFacts]) -> None:
    assert decoded(jpegs(proxy[0], [0.0], 80)[0]).shape == (60, 80, 3)


def test_a_frame_that_is_not_there_is_an_error_not_its_neighbour(proxy: tuple[Path, VideoFacts]) -> None:
    with pytest.raises(MediaError, match="no frame at"):
        jpegs(proxy[0], [0.06], 640)


def test_a_contact_sheet_shows_the_frames_in_rows(proxy: tuple[Path, VideoFacts]) -> None:
    path, facts = proxy
    times_s = facts.frame_times_s[2:32:6]
    image = decoded(sheet(path, times_s, 3, 160))
    assert image.shape == (2 * 124 + 4, 3 * 164 + 4, 3)
    cells = [image[4 + row * 124 :, 4 + column * 164 :][:120, :160] for row in range(2) for column in range(3)]
    assert [read_count(cell) for cell in cells[:5]] == [round(t * FPS) for t in times_s]
    assert cells[5].min() > 250

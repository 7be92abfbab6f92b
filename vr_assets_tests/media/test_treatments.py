"""Frames that could not be seen for what they are: two moments in one, light in place of brightness."""

from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from vr_assets.media.decode import Image, Shown, frames, picture
from vr_assets.media.mp4 import encodable
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.tone import ordinary
from vr_assets.records.media import Treatment, VideoFacts
from vr_assets_tests.clips import counting, moving_box, read_count, write_clip

_TOP_FIELD_FIRST = {"x264-params": "tff=1", "crf": "10"}
_X265 = "log-level=none:colorprim=bt2020:colormatrix=bt2020nc:transfer="


def woven(images: list[Image]) -> list[Image]:
    """Each two images in one: the first in the even rows, the second in the odd ones."""
    frames = [image.copy() for image in images[::2]]
    for frame, second in zip(frames, images[1::2], strict=True):
        frame[1::2] = second[1::2]
    return frames


def teeth(image: Image) -> float:
    """How much rows differ from both their neighbours."""
    rows = image.astype(int)
    return float(abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean())


def facts_of(path: Path) -> VideoFacts:
    recipe = ProxyRecipe(longest_side_px=640, max_fps=25, crf=20)
    return prepare(path, path.with_name("proxy.mp4"), path.with_name("facts.json"), recipe, None)


def test_what_moves_in_interlaced_video_has_no_teeth(tmp_path: Path) -> None:
    moments = moving_box(40)
    path = write_clip(tmp_path / "a.mp4", woven(moments), 25, options=_TOP_FIELD_FIRST)
    seen = [frame.image for frame in frames(path)]
    assert len(seen) == 20
    for image, moment, two in zip(seen[1:-1], moments[2:-2:2], woven(moments)[1:-1], strict=True):
        assert teeth(image) < teeth(moment) + 0.3 < teeth(two)


def test_interlaced_frames_keep_their_times_and_their_order_from_any_start(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", counting(40), 25, gop=10, options=_TOP_FIELD_FIRST)
    for first in (0, 7, 10, 33):
        seen = [(read_count(frame.image), round(frame.time_s * 25)) for frame in frames(path, start_s=first / 25)]
        assert seen == [(number, number) for number in range(first, 40)]


def test_a_video_that_becomes_interlaced_and_changes_its_size_loses_no_frame(tmp_path: Path) -> None:
    parts = [
        write_clip(tmp_path / f"{at}.ts", counting(at + 8, size=size)[at:], 8, starts_at_s=at / 8, options={"bf": "0", **how})
        for at, size, how in ((0, (80, 60), {}), (8, (80, 60), _TOP_FIELD_FIRST), (16, (120, 60), _TOP_FIELD_FIRST))
    ]
    whole = tmp_path / "whole.ts"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert [read_count(frame.image) for frame in frames(whole)] == list(range(24))


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "options", "treatments"),
    [
        pytest.param("libx264", "yuv420p", {}, (), id="plain"),
        pytest.param("libx264", "yuv420p", _TOP_FIELD_FIRST, (Treatment.DEINTERLACED,), id="interlaced"),
        pytest.param("libx265", "yuv420p10le", {"x265-params": f"{_X265}smpte2084"}, (Treatment.TONE_MAPPED,), id="PQ"),
        pytest.param("libx265", "yuv420p10le", {"x265-params": f"{_X265}arib-std-b67"}, (), id="HLG, made to be shown as it is"),
    ],
)
def test_facts_say_what_was_done(
    tmp_path: Path, codec: str, pix_fmt: str, options: dict[str, str], treatments: tuple[Treatment, ...]
) -> None:
    path = write_clip(tmp_path / "a.mkv", counting(4), 8, codec=codec, pix_fmt=pix_fmt, options=options)
    assert facts_of(path).treatments == treatments


def pq_frame(nits: list[float]) -> VideoFrame:
    """Grey stripes of these luminances, from left to right, 16 pixels each."""
    light = (np.array(nits) / 10_000) ** 0.1593017578125
    signal = ((0.8359375 + 18.8515625 * light) / (1 + 18.6875 * light)) ** 78.84375
    frame = VideoFrame(16 * len(nits), 16, "yuv420p10le")
    grey = np.full(1, 512.0)
    for plane, levels in zip(frame.planes, (64 + 876 * signal, grey, grey), strict=True):
        row = np.resize(np.repeat(levels.round().astype(np.uint16), 16), plane.line_size // 2)
        plane.update(np.tile(row, plane.buffer_size // plane.line_size).tobytes())
    frame.colorspace, frame.color_range = 9, ColorRange.MPEG
    frame.color_trc, frame.color_primaries = ColorTrc.SMPTE2084, ColorPrimaries.BT2020
    return frame


NITS = [0.0, 1.0, 10.0, 50.0, 100.0, 203.0, 500.0, 1000.0, 4000.0]


def test_pq_is_black_at_night_white_in_the_sun_and_distinct_between() -> None:
    frame = pq_frame(NITS)
    seen = picture(Shown(0.0, 0.1, frame), (frame.width, frame.height))[8, 8::16].astype(int)
    assert (abs(seen - seen[:, :1]) <= 4).all(), "grey stays grey"
    levels = [int(level) for level in seen.mean(axis=1)]
    assert levels[0] <= 2 and levels[1] < 45
    # What a room's walls and a sheet of paper are (ITU-R BT.2408): the middle and near the top.
    assert 150 < levels[3] < 180 and 200 < levels[5] < 235
    assert levels[7] >= 253 and levels[8] >= 253
    assert levels[:8] == sorted(set(levels[:8]))


def test_the_proxy_shows_pq_as_single_frames_do() -> None:
    frame = pq_frame(NITS)
    shown = Shown(0.0, 0.1, frame)
    single = picture(shown, (frame.width, frame.height))[8, 8::16].mean(axis=1)
    encoded = encodable(shown, (frame.width, frame.height))
    assert encoded.color_trc == ColorTrc.BT709
    assert encoded.to_ndarray(format="gray")[8, 8::16] == pytest.approx(single, abs=3)


def test_colours_of_pq_are_not_washed_out() -> None:
    red = VideoFrame.from_ndarray(np.full((16, 16, 3), (40, 40, 150), np.uint8), format="bgr24")
    frame = red.reformat(format="yuv420p10le", dst_colorspace=Colorspace.BT2020, dst_color_range=ColorRange.MPEG)
    plain = frame.to_ndarray(format="bgr24")[8, 8].astype(int)
    frame.color_trc = ColorTrc.SMPTE2084
    mapped = ordinary(frame, 16, 16).to_ndarray(format="bgr24")[8, 8].astype(int)
    assert np.ptp(mapped) > 1.1 * np.ptp(plain)
    assert mapped.argmax() == plain.argmax() == 2


def test_what_is_not_pq_is_left_alone() -> None:
    frame = VideoFrame(16, 16, "yuv420p")
    assert ordinary(frame, 8, 8) is frame

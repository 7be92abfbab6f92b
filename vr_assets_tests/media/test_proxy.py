"""The one decode: a proxy that can be cut at every second, and facts that are measured."""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import pytest

from vr_assets.errors import MediaError, StorageError
from vr_assets.media.decode import frames
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.records.base import Span
from vr_assets.records.media import VideoFacts
from vr_assets.records.video import QualityFacts
from vr_assets_tests.clips import blank, counting, frozen, moving_box, read_count, spoil, write_clip, write_packed_avi

RECIPE = ProxyRecipe(longest_side_px=640, max_fps=8.0, crf=28)


_RGB = 0


class Prepared(NamedTuple):
    facts: VideoFacts
    proxy: Path


def prepared(path: Path, *, recipe: ProxyRecipe = RECIPE, part: Span | None = None) -> Prepared:
    proxy, facts = path.with_name("media") / "proxy.mp4", path.with_name("media") / "facts.json"
    measured = prepare(path, proxy, facts, recipe, part)
    assert VideoFacts.model_validate_json(facts.read_bytes()) == measured
    return Prepared(measured, proxy)


def quality_of(facts: VideoFacts) -> QualityFacts:
    assert facts.quality is not None
    return facts.quality


class Packets(NamedTuple):
    times_s: list[float]
    keyframes_s: list[float]
    end_s: float
    in_order: bool
    time_base: Fraction | None


def packets(path: Path) -> Packets:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        found = [packet for packet in container.demux(stream) if packet.size]
        assert all(packet.pts is not None and packet.duration is not None for packet in found)
        return Packets(
            times_s=[float((packet.pts or 0) * packet.time_base) for packet in found],
            keyframes_s=[float((packet.pts or 0) * packet.time_base) for packet in found if packet.is_keyframe],
            end_s=float(((found[-1].pts or 0) + (found[-1].duration or 0)) * found[-1].time_base),
            in_order=all(packet.pts == packet.dts for packet in found),
            time_base=stream.time_base,
        )


SOURCES = [
    pytest.param("plain.mp4", 25, {}, id="25 fps, capped"),
    pytest.param("ntsc.mp4", 30000 / 1001, {}, id="29.97 fps"),
    pytest.param("slow.mp4", 5, {}, id="5 fps, kept"),
    pytest.param("late.mkv", 25, {"starts_at_s": 5.0}, id="starts at 5 s"),
    pytest.param("b.avi", 25, {"codec": "mpeg4", "options": {"bf": "2"}, "gop": 12}, id="B-frames in AVI"),
    pytest.param("vp9.webm", 25, {"codec": "libvpx-vp9"}, id="webm"),
    pytest.param("full.mp4", 25, {"pix_fmt": "yuvj420p"}, id="full range"),
]


@pytest.mark.parametrize(("name", "fps", "how"), SOURCES)
def test_facts_are_the_proxys_own_times_and_end_where_the_source_ends(
    tmp_path: Path, name: str, fps: float, how: dict[str, Any]
) -> None:
    count = round(fps * 3.4)
    facts, proxy = prepared(write_clip(tmp_path / name, counting(count), fps, **how))
    found = packets(proxy)
    assert found.time_base == Fraction(1, 90000)
    assert found.in_order
    assert facts.frame_times_s == pytest.approx(found.times_s, abs=2e-5)
    assert facts.keyframe_times_s == pytest.approx(found.keyframes_s, abs=2e-5)
    assert facts.duration_s == pytest.approx(found.end_s, abs=2e-5)
    assert facts.duration_s == pytest.approx(count / fps, abs=2e-3)
    assert facts.fps == pytest.approx(fps, rel=1e-3)
    assert facts.source_frame_count == count
    assert facts.offset_s == 0.0
    assert facts.damaged_packets == 0


@pytest.mark.parametrize(("name", "fps", "how"), SOURCES)
def test_the_frame_at_a_time_is_the_sources_frame_at_that_time(
    tmp_path: Path, name: str, fps: float, how: dict[str, Any]
) -> None:
    facts, proxy = prepared(write_clip(tmp_path / name, counting(round(fps * 3)), fps, **how))
    shown = [read_count(frame.image) for frame in frames(proxy)]
    assert shown == [round(time_s * fps) for time_s in facts.frame_times_s]


@pytest.mark.parametrize(("name", "fps", "how"), SOURCES)
def test_a_keyframe_stands_at_the_first_frame_of_each_second_and_nowhere_else(
    tmp_path: Path, name: str, fps: float, how: dict[str, Any]
) -> None:
    facts, _ = prepared(write_clip(tmp_path / name, moving_box(round(fps * 4.2)), fps, **how))
    first = [next(t for t in facts.frame_times_s if t >= second - 1e-3) for second in range(5)]
    assert list(facts.keyframe_times_s) == first


def test_at_most_max_fps_frames_are_kept_of_each_second(tmp_path: Path) -> None:
    facts, _ = prepared(write_clip(tmp_path / "a.mp4", moving_box(90), 30))
    assert len(facts.frame_times_s) == 24
    assert [t for t in facts.frame_times_s if t < 0.5] == pytest.approx([0, 4 / 30, 8 / 30, 12 / 30], abs=1e-4)


def test_variable_frame_rate_keeps_true_times_and_the_last_frames_length(tmp_path: Path) -> None:
    times_s = [0.0, 0.5, 1.5, 5.2, 5.6, 9.1]
    path = write_clip(tmp_path / "phone.mkv", counting(6), 10, times_s=times_s)
    facts, proxy = prepared(path)
    assert facts.frame_times_s == pytest.approx(times_s, abs=1e-3)
    assert facts.keyframe_times_s == pytest.approx([0.0, 1.5, 5.2, 9.1], abs=1e-3)
    assert facts.duration_s == pytest.approx(9.2, abs=1e-3)
    assert [read_count(frame.image) for frame in frames(proxy)] == list(range(6))


def test_packed_b_frames_in_avi_stay_in_order(tmp_path: Path) -> None:
    facts, proxy = prepared(write_packed_avi(tmp_path / "divx.avi", counting(30), 8))
    assert [read_count(frame.image) for frame in frames(proxy)] == list(range(30))
    assert facts.duration_s == pytest.approx(30 / 8)


@pytest.mark.parametrize(
    ("size", "rotation", "shown", "small"),
    [
        pytest.param((160, 120), 0, (160, 120), (96, 72), id="lying"),
        pytest.param((160, 120), -90, (120, 160), (72, 96), id="turned"),
        pytest.param((160, 120), 180, (160, 120), (96, 72), id="upside down"),
        pytest.param((74, 50), 0, (74, 50), (74, 50), id="smaller than the limit"),
    ],
)
def test_sizes_fit_and_are_as_shown(
    tmp_path: Path, size: tuple[int, int], rotation: int, shown: tuple[int, int], small: tuple[int, int]
) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(8, size=size), 8, rotation=rotation)
    facts, proxy = prepared(path, recipe=RECIPE.model_copy(update={"longest_side_px": 96}))
    assert (facts.width_px, facts.height_px) == shown
    assert (facts.proxy_width_px, facts.proxy_height_px) == small
    image = next(iter(frames(proxy))).image
    assert (image.shape[1], image.shape[0]) == small


def test_a_turned_proxy_shows_what_the_source_shows(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "phone.mp4", moving_box(8, colour=(20, 40, 250)), 8, rotation=-90)
    _, proxy = prepared(path)
    source, copy = (next(iter(frames(one))).image.astype(int) for one in (path, proxy))
    assert abs(source - copy).mean() < 6


@pytest.mark.parametrize(("codec", "name"), [("ffv1", "odd.mkv"), ("libx264rgb", "rgb.mkv")])
def test_odd_sizes_and_rgb_sources_become_even_yuv(tmp_path: Path, codec: str, name: str) -> None:
    pix_fmt = "yuv444p" if codec == "ffv1" else "rgb24"
    path = write_clip(tmp_path / name, moving_box(8, size=(161, 121), colour=(20, 40, 250)), 8, codec=codec, pix_fmt=pix_fmt)
    facts, proxy = prepared(path)
    assert (facts.width_px, facts.height_px) == (161, 121)
    assert (facts.proxy_width_px, facts.proxy_height_px) == (162, 122)
    blue, green, red = next(iter(frames(proxy))).image[60, 12].astype(int)
    assert red > 200 > 90 > max(blue, green)
    with av.open(str(proxy)) as container:
        assert container.streams.video[0].codec_context.colorspace != _RGB


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p"])
def test_greys_stay_what_they_are_whatever_the_range(tmp_path: Path, pix_fmt: str) -> None:
    images = blank(8, level=60)
    for image in images:
        image[:, 80:] = 200
    _, proxy = prepared(write_clip(tmp_path / "a.mp4", images, 8, pix_fmt=pix_fmt))
    image = next(iter(frames(proxy))).image
    assert image[60, 20].mean() == pytest.approx(60, abs=3)
    assert image[60, 140].mean() == pytest.approx(200, abs=3)


def test_x264_is_told_what_makes_cuts_and_bytes_exact(tmp_path: Path) -> None:
    content = prepared(write_clip(tmp_path / "a.mp4", moving_box(8), 8)).proxy.read_bytes()
    # x264 writes its settings into the stream.
    told = content[content.index(b"x264 - core") :].partition(b"\0")[0].decode(errors="ignore")
    wanted = ["threads=1", "bframes=0", "keyint=9999", "scenecut=0", "crf=28.0", "mbtree=1", "cabac=1"]
    assert [words for words in wanted if f" {words} " not in f"{told} "] == []


def test_one_frame_is_a_video_with_a_length(tmp_path: Path) -> None:
    facts, proxy = prepared(write_clip(tmp_path / "one.mp4", moving_box(1), 10))
    assert (facts.frame_times_s, facts.keyframe_times_s, facts.duration_s) == ((0.0,), (0.0,), 0.1)
    assert len(list(frames(proxy))) == 1
    assert quality_of(facts).frozen_share == 0


def test_what_decodes_is_kept_and_the_hole_is_told(tmp_path: Path) -> None:
    path = spoil(write_clip(tmp_path / "hole.mp4", counting(80), 20, gop=10, options={"bf": "0"}), 20, 39)
    facts, proxy = prepared(path)
    assert facts.duration_s == pytest.approx(4.0, abs=1e-3)
    assert facts.source_frame_count == 60
    assert facts.damaged_packets == 20
    assert [remark for remark in facts.remarks if "20 packets do not decode: nothing new is shown from 0.95 to 2.00 s" in remark]
    assert [read_count(frame.image) for frame in frames(proxy)] == [round(t * 20) for t in facts.frame_times_s]


def test_a_file_cut_short_has_the_length_that_decodes_and_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(100), 10, gop=10, faststart=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    facts, _ = prepared(path)
    assert 2 < facts.duration_s < 9
    assert [remark for remark in facts.remarks if "the header says 10.0 s" in remark]


def test_a_proxy_that_is_not_smaller_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(40), 8, options={"crf": "51"})
    facts, _ = prepared(path)
    assert facts.proxy_size_bytes >= facts.source_size_bytes
    assert [remark for remark in facts.remarks if "not smaller" in remark]


@pytest.mark.parametrize(
    ("part", "numbers"),
    [
        pytest.param((2.0, 4.0), range(40, 80), id="between"),
        pytest.param((0.0, 1.0), range(20), id="from the start"),
        pytest.param((4.0, 60.0), range(80, 100), id="past the end"),
        pytest.param((0.3, 2.6), range(6, 52), id="at times that floats only come near"),
    ],
)
def test_a_part_is_prepared_by_itself_on_a_clock_of_its_own(tmp_path: Path, part: tuple[float, float], numbers: range) -> None:
    path = write_clip(tmp_path / "long.mp4", counting(100), 20, gop=30)
    facts, proxy = prepared(path, part=Span(start_s=part[0], end_s=part[1]))
    assert facts.offset_s == pytest.approx(part[0])
    assert facts.duration_s == pytest.approx(min(5.0, part[1]) - part[0])
    assert facts.source_frame_count == len(numbers)
    assert facts.keyframe_times_s == pytest.approx(range(len(facts.keyframe_times_s)), abs=1e-4)
    shown = [(frame.time_s, read_count(frame.image)) for frame in frames(proxy)]
    assert shown[0] == (0.0, numbers[0])
    assert [number for _, number in shown] == [round((facts.offset_s + t) * 20) for t in facts.frame_times_s]
    assert [t for t, _ in shown] == pytest.approx(facts.frame_times_s, abs=2e-5)


def test_neighbouring_parts_share_no_frame_and_lose_none(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mp4", counting(90), 30000 / 1001, gop=30)
    halves = [prepared(path, part=Span(start_s=start_s, end_s=start_s + 1.5)).facts for start_s in (0.0, 1.5)]
    assert sum(half.source_frame_count for half in halves) == 90
    assert halves[0].duration_s == pytest.approx(halves[1].offset_s, abs=1e-4)


def test_a_part_beyond_the_end_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(10), 10)
    with pytest.raises(MediaError, match="no frame between 60 and 90 s"):
        prepared(path, part=Span(start_s=60, end_s=90))


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(40), 20)
    first = prepared(path).proxy.read_bytes()
    assert prepared(path).proxy.read_bytes() == first


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param(
            blank(16), {"brightness_mean": 0, "brightness_std": 0, "dark_share": 1, "frozen_share": 1, "detail": 0}, id="black"
        ),
        pytest.param(blank(16, level=255), {"brightness_mean": 255, "dark_share": 0, "frozen_share": 1}, id="white"),
        pytest.param(frozen(96, moving=49), {"frozen_share": 0.5, "dark_share": 0}, id="half frozen"),
        pytest.param(moving_box(16, background=90), {"brightness_mean": 90, "frozen_share": 0}, id="moving"),
        pytest.param(
            blank(8) + blank(8, level=200), {"dark_share": 0.5, "brightness_mean": 100, "brightness_std": 100}, id="half dark"
        ),
    ],
)
def test_quality_is_measured(tmp_path: Path, images: list[Any], expected: dict[str, float]) -> None:
    facts, _ = prepared(write_clip(tmp_path / "a.mp4", images, 8))
    quality = quality_of(facts).model_dump()
    tolerance = {"brightness_mean": 4, "brightness_std": 3, "dark_share": 0.01, "frozen_share": 0.07, "detail": 0.5}
    assert quality == {**quality, **{name: pytest.approx(value, abs=tolerance[name]) for name, value in expected.items()}}


def test_detail_tells_a_blurred_picture_from_a_sharp_one(tmp_path: Path) -> None:
    sharp, _ = prepared(write_clip(tmp_path / "sharp.mp4", moving_box(8), 8))
    flat, _ = prepared(write_clip(tmp_path / "flat.mp4", blank(8, level=90), 8))
    assert quality_of(sharp).detail > 20 > quality_of(flat).detail


def test_a_folder_that_cannot_be_written_is_not_the_videos_fault(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(8), 8)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        prepare(path, tmp_path / "file" / "proxy.mp4", tmp_path / "facts.json", RECIPE, None)
    assert not (tmp_path / "facts.json").exists()

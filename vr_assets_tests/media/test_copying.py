"""Small sources are copied rather than encoded, and only where the copy is exact."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vr_assets.errors import MediaError
from vr_assets.media.copying import copy_packets, exact_packets
from vr_assets.media.decode import frames
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.records.base import Span
from vr_assets.records.media import VideoFacts
from vr_assets_tests.clips import counting, read_count, spoil, write_clip

RECIPE = ProxyRecipe(longest_side_px=640, max_fps=8.0, crf=28)
SMALL: dict[str, Any] = {"gop": 6, "options": {"bf": "0"}}
FPS = 6


def small(path: Path, **how: Any) -> Path:
    """Three seconds at 6 frames a second with a keyframe each second."""
    return write_clip(path, counting(18), FPS, **{**SMALL, **how})


def prepared(path: Path, recipe: ProxyRecipe = RECIPE, part: Span | None = None) -> tuple[VideoFacts, Path]:
    proxy = path.with_name("proxy.mp4")
    return prepare(path, proxy, path.with_name("facts.json"), recipe, part), proxy


def pictures(path: Path) -> list[bytes]:
    """What the packets of a file hold."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
@pytest.mark.parametrize("starts_at_s", [0.0, 5.0])
def test_a_source_that_could_be_a_proxy_is_copied(tmp_path: Path, name: str, starts_at_s: float) -> None:
    path = small(tmp_path / name, starts_at_s=starts_at_s)
    facts, proxy = prepared(path)
    assert facts.copied
    assert pictures(proxy) == pictures(path)
    assert facts.keyframe_times_s == pytest.approx([0.0, 1.0, 2.0], abs=1e-3)
    shown = [(frame.time_s, read_count(frame.image)) for frame in frames(proxy)]
    assert [number for _, number in shown] == list(range(18))
    assert [time_s for time_s, _ in shown] == pytest.approx(facts.frame_times_s, abs=2e-5)
    with av.open(str(proxy)) as container:
        stream = container.streams.video[0]
        assert stream.time_base == Fraction(1, 90000)
        assert float((stream.duration or 0) * stream.time_base) == pytest.approx(facts.duration_s, abs=2e-5)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_copy_tells_the_same_facts_as_an_encoding(tmp_path: Path, name: str) -> None:
    path = small(tmp_path / name)
    copied, _ = prepared(path)
    drawn, _ = prepared(path, part=Span(start_s=0.0, end_s=60.0))
    assert not drawn.copied
    same = {"copied": False, "proxy_size_bytes": 0}
    assert copied.model_copy(update=same) == drawn.model_copy(update=same)


OTHERS = [
    pytest.param({"options": {"bf": "2"}}, id="B-frames"),
    pytest.param({"gop": 12}, id="a keyframe each two seconds"),
    pytest.param({"gop": 5}, id="keyframes beside the seconds"),
    pytest.param({"rotation": 90}, id="turned"),
    pytest.param({"pixel_aspect": Fraction(4, 3)}, id="oblong pixels"),
    pytest.param({"pix_fmt": "yuv422p"}, id="4:2:2"),
    pytest.param({"pix_fmt": "yuvj420p"}, id="full range"),
    pytest.param({"codec": "libx265", "options": {"preset": "ultrafast", "x265-params": "log-level=error"}}, id="HEVC"),
    pytest.param({"options": {"bf": "0", "flags": "+ilme+ildct"}}, id="interlaced"),
    pytest.param({"options": {"bf": "0", "intra-refresh": "1"}}, id="no keyframe but the first"),
]


@pytest.mark.parametrize("how", OTHERS)
def test_what_a_copy_would_get_wrong_is_encoded(tmp_path: Path, how: dict[str, Any]) -> None:
    facts, proxy = prepared(small(tmp_path / "a.mp4", **how))
    assert not facts.copied
    assert facts.keyframe_times_s == pytest.approx([0.0, 1.0, 2.0], abs=1e-3)
    assert len(list(frames(proxy))) == 18


@pytest.mark.parametrize(
    "changed",
    [{"longest_side_px": 128}, {"max_fps": 5.0}, {"keyframe_interval_s": 0.5}],
    ids=["too large", "too many frames", "keyframes too rare"],
)
def test_a_source_that_exceeds_the_settings_is_encoded(tmp_path: Path, changed: dict[str, object]) -> None:
    facts, _ = prepared(small(tmp_path / "a.mp4"), RECIPE.model_copy(update=changed))
    assert not facts.copied


def test_a_source_with_many_more_bytes_than_a_proxy_is_encoded(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(80, 120, (18, 240, 320, 3), np.uint8)
    path = write_clip(tmp_path / "a.mp4", noise, FPS, gop=6, options={"bf": "0", "crf": "10"})
    assert path.stat().st_size > 3 * 60_000
    facts, proxy = prepared(path)
    assert not facts.copied
    assert proxy.stat().st_size < path.stat().st_size / 2


def test_a_damaged_source_is_encoded(tmp_path: Path) -> None:
    facts, proxy = prepared(spoil(small(tmp_path / "a.mp4"), 8, 9))
    assert facts.damaged_packets and not facts.copied
    assert [frame.time_s for frame in frames(proxy)] == pytest.approx(facts.frame_times_s, abs=2e-5)


def test_a_source_that_is_cut_short_is_encoded(tmp_path: Path) -> None:
    path = small(tmp_path / "a.mp4", faststart=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 8 // 10])
    facts, proxy = prepared(path)
    assert not facts.copied
    assert 1 < facts.duration_s < 3
    assert len(list(frames(proxy))) == len(facts.frame_times_s)


def test_a_source_with_rare_times_is_copied_with_them(tmp_path: Path) -> None:
    times_s = [0.0, 0.5, 1.0, 1.5, 3.25, 3.5]
    path = write_clip(tmp_path / "a.mkv", counting(6), FPS, times_s=times_s, gop=1)
    facts, proxy = prepared(path)
    assert facts.copied
    assert [frame.time_s for frame in frames(proxy)] == pytest.approx(times_s, abs=1e-3)
    assert facts.keyframe_times_s == pytest.approx(times_s, abs=1e-3)


def test_packets_are_told_without_decoding(tmp_path: Path) -> None:
    packets = exact_packets(small(tmp_path / "a.mp4"), RECIPE)
    assert packets is not None
    assert packets.times_s == pytest.approx([number / FPS for number in range(18)], abs=1e-4)
    assert (packets.keyframe_times_s, packets.width_px, packets.height_px) == ([0.0, 1.0, 2.0], 160, 120)


def test_copies_start_on_keyframes_only(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no keyframe at 1.5 s"):
        copy_packets(small(tmp_path / "a.mp4"), tmp_path / "cut.mp4", 1.5, 3.0)

"""Sound stays in time with the pictures it belongs to."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vr_assets.media.cut import copy_clip, encode_clip
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.records.base import Span
from vr_assets.records.media import VideoFacts
from vr_assets.settings import AudioSetting
from vr_assets_tests.clips import moving_box, write_clip

RECIPE = ProxyRecipe(longest_side_px=640, max_fps=8.0, crf=28, audio=AudioSetting.KEEP)
BEEP_S = 3.2
RATE = 44_100


def beeping(path: Path, *, codec: str = "aac", starts_at_s: float = 0.0, sound_starts_s: float = 0.0) -> Path:
    """Six seconds in which a tone sounds for a fifth of a second, `BEEP_S` after the first picture is shown.

    Args:
        starts_at_s: the time stamp of the first picture.
        sound_starts_s: the time stamp of the first sample, before the beep.
    """
    silent = write_clip(path.with_name(f"silent{path.suffix}"), moving_box(60), 10, gop=20, starts_at_s=starts_at_s)
    length_s = starts_at_s + 6 - sound_starts_s
    at_s = np.arange(round(length_s * RATE)) / RATE + sound_starts_s - starts_at_s
    wave = np.where((at_s >= BEEP_S) & (at_s < BEEP_S + 0.2), np.sin(at_s * 2 * np.pi * 1000) / 2, 0).astype(np.float32)
    with av.open(str(silent)) as pictures, av.open(str(path), "w") as both:
        video = both.add_stream_from_template(pictures.streams.video[0])
        audio = both.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(audio, av.AudioStream)
        for packet in pictures.demux(video=0):
            if packet.size:
                packet.stream = video
                both.mux(packet)
        size = audio.codec_context.frame_size or 1024
        for start in range(0, len(wave), size):
            part = np.repeat(wave[None, start : start + size], 2, axis=0)
            kind = "s16" if codec == "pcm_s16le" else "fltp"
            samples = (part.T.reshape(1, -1) * 32767).astype(np.int16) if kind == "s16" else np.ascontiguousarray(part)
            frame = av.AudioFrame.from_ndarray(samples, format=kind, layout="stereo")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = start + round(sound_starts_s * RATE)
            both.mux(audio.encode(frame))
        both.mux(audio.encode())
    return path


def beep_s(clip: Path | bytes) -> float | None:
    """When the tone sets in, since the first picture; None where there is no tone."""
    with av.open(io.BytesIO(clip) if isinstance(clip, bytes) else str(clip), "r") as container:
        video = container.streams.video[0]
        zero_s = float((video.start_time or 0) * (video.time_base or 0))
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.1)
            if len(loud):
                return float(frame.time + loud[0] / frame.sample_rate) - zero_s
    return None


def prepared(path: Path, *, recipe: ProxyRecipe = RECIPE, part: Span | None = None) -> tuple[Path, VideoFacts]:
    proxy = path.with_name("proxy.mp4")
    return proxy, prepare(path, proxy, path.with_name("facts.json"), recipe, part)


SOURCES = [
    pytest.param("a.mp4", {}, id="AAC in MP4"),
    pytest.param("a.mkv", {"codec": "pcm_s16le"}, id="PCM in Matroska"),
    pytest.param("late.mkv", {"starts_at_s": 2.0, "sound_starts_s": 1.0}, id="sound before the first picture"),
    pytest.param("gap.mkv", {"sound_starts_s": 2.5}, id="sound long after the first picture"),
    pytest.param("a.ts", {"starts_at_s": 10.0, "sound_starts_s": 10.0}, id="transport stream"),
]


@pytest.mark.parametrize(("name", "how"), SOURCES)
def test_a_beep_is_heard_in_the_proxy_when_it_is_in_the_source(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    proxy, facts = prepared(beeping(tmp_path / name, **how))
    assert beep_s(proxy) == pytest.approx(BEEP_S, abs=0.01)
    assert facts.duration_s == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 6.0), (2.0, 5.0), (3.0, 4.0)])
def test_a_chunk_beeps_on_its_own_clock(tmp_path: Path, start_s: float, end_s: float) -> None:
    proxy, _ = prepared(beeping(tmp_path / "a.mp4"))
    assert beep_s(copy_clip(proxy, start_s, end_s, sound=True)) == pytest.approx(BEEP_S - start_s, abs=0.01)
    assert beep_s(copy_clip(proxy, 4.0, 6.0, sound=True)) is None


def test_a_highlight_beeps_on_its_own_clock(tmp_path: Path) -> None:
    source = beeping(tmp_path / "late.mkv", starts_at_s=2.0, sound_starts_s=1.0)
    assert beep_s(encode_clip(source, 1.7, 4.7, 1280, sound=True)) == pytest.approx(BEEP_S - 1.7, abs=0.01)


def test_a_part_beeps_on_its_own_clock(tmp_path: Path) -> None:
    proxy, facts = prepared(beeping(tmp_path / "a.mp4"), part=Span(start_s=1.5, end_s=5.0))
    assert facts.offset_s == 1.5
    assert beep_s(proxy) == pytest.approx(BEEP_S - 1.5, abs=0.01)


def test_sound_ends_with_the_pictures(tmp_path: Path) -> None:
    proxy, _ = prepared(beeping(tmp_path / "a.mp4"), part=Span(start_s=0.0, end_s=2.0))
    with av.open(str(proxy)) as container:
        last = list(container.decode(audio=0))[-1]
        assert last.time is not None
        assert last.time + last.samples / last.sample_rate == pytest.approx(2.0, abs=0.07)
    assert beep_s(proxy) is None


def test_a_video_without_sound_stays_without(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "a.mp4", moving_box(30), 10)
    kept, _ = prepared(silent)
    content = kept.read_bytes()
    dropped, _ = prepared(silent, recipe=RECIPE.model_copy(update={"audio": AudioSetting.DROP}))
    assert dropped.read_bytes() == content


def test_sound_is_dropped_unless_asked_for(tmp_path: Path) -> None:
    proxy, _ = prepared(beeping(tmp_path / "a.mp4"), recipe=RECIPE.model_copy(update={"audio": AudioSetting.DROP}))
    with av.open(str(proxy)) as container:
        assert not container.streams.audio


def test_the_pictures_stay_where_they_are_beside_sound(tmp_path: Path) -> None:
    source = beeping(tmp_path / "gap.mkv", sound_starts_s=2.5)
    proxy, facts = prepared(source)
    with av.open(str(proxy)) as container:
        times_s = [float(frame.time) for frame in container.decode(video=0)]
    assert times_s == pytest.approx(facts.frame_times_s, abs=2e-5)

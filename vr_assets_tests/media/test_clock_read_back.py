"""Times that are stated are the times that the pictures themselves show, however a video is cut, sampled or scaled.

Each frame of the videos carries its own time in its pixels (`clips.timed`). What the library says of a cut or a frame is held
against that, on the source's clock: to 2 ms, as far as Matroska's time stamps are rounded, where half a frame has 20.
"""

import io
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import av
import cv2
import numpy as np
import pytest

from vr_assets.media.library import MediaLibrary
from vr_assets.media.spans import frames_shown, highlight_span, plan_chunks, plan_windows, spread_times
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, Frame, MediaForm
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.settings import LongVideoSettings, MediaSettings
from vr_assets_tests.clips import Image, read_label, read_time_s, timed, write_clip, write_packed_avi

ROUNDING_S = 2e-3
LENGTH_S = 5.0
LONG = LongVideoSettings(long_video_threshold_sec=2.0, long_video_sample_fps=1.5)


def at_rate(fps: float) -> list[float]:
    return [index / fps for index in range(round(LENGTH_S * fps))]


def phone() -> list[float]:
    """30 frames a second, each up to 8 ms early or late."""
    late = np.random.default_rng(11).uniform(-0.008, 0.008, round(LENGTH_S * 30))
    return [0.0, *(round(index / 30 + float(late[index]), 3) for index in range(1, len(late)))]


def stalling() -> list[float]:
    """A camera that writes while something moves: nothing for 1.7 s, and again for 1.1 s."""
    return [time_s for time_s in at_rate(10) if not 0.9 < time_s < 2.6 and not 3.3 < time_s < 4.4]


@dataclass(frozen=True)
class Source:
    """A video: its container, when its frames are shown, and how it is encoded."""

    name: str
    times_s: Sequence[float]
    fps: float
    how: dict[str, Any] = field(default_factory=dict)
    part: Span | None = None


SOURCES = {
    "25 fps with B-frames": Source("a.mp4", at_rate(25), 25, {"options": {"bf": "3"}, "gop": 50}),
    "29.97 fps": Source("ntsc.mp4", at_rate(30000 / 1001), 30000 / 1001),
    "12.5 fps in mkv that starts at 7.3 s": Source("late.mkv", at_rate(12.5), 12.5, {"starts_at_s": 7.3}),
    "a phone's variable rate": Source("phone.mp4", phone(), 30),
    "a phone's variable rate in webm": Source("phone.webm", phone(), 30, {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}}),
    "long gaps": Source("gaps.mkv", stalling(), 10),
    "transport stream": Source("cam.ts", at_rate(25), 25, {"options": {"bf": "2"}, "gop": 25, "starts_at_s": 3.0}),
    "avi with B-frames": Source("b.avi", at_rate(25), 25, {"codec": "mpeg4", "options": {"bf": "2"}, "gop": 12}),
    "packed B-frames": Source("packed.avi", at_rate(12), 12),
    "part of a recording": Source("a.mp4", at_rate(25), 25, {"gop": 50}, Span(start_s=1.3, end_s=4.6)),
    "part of a phone's": Source("phone.mkv", phone(), 30, {"starts_at_s": 0.4}, Span(start_s=0.77, end_s=4.31)),
    "part between gaps": Source("gaps.mp4", stalling(), 10, {}, Span(start_s=0.6, end_s=4.8)),
}


@dataclass(frozen=True)
class Video:
    """A source as the library knows it."""

    source: Source
    library: MediaLibrary
    media: VideoMedia
    facts: VideoFacts

    def appear(self, span: Span, *, all_frames: bool = False) -> list[float]:
        """When those frames appear that a cut of `span` must hold: the proxy's, or all of the source's."""
        offset_s = self.facts.offset_s
        mine = [time_s - offset_s for time_s in self.source.times_s] if all_frames else self.facts.frame_times_s
        return [time_s for time_s in mine if span.start_s - ROUNDING_S < time_s < span.end_s - ROUNDING_S]


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    workers = Workers(MediaSettings(workers=1, memory_mb=1024))
    yield workers
    workers.close()


def known(path: Path, source: Source, pool: Workers, settings: MediaSettings | None = None) -> Video:
    library = MediaLibrary(path.parent / "media", settings or MediaSettings(), LONG, pool)

    async def main() -> Video:
        media = await library.probe(str(path), part=source.part)
        return Video(source, library, media, await library.facts(media))

    return anyio.run(main)


@pytest.fixture(scope="module", params=list(SOURCES.values()), ids=list(SOURCES))
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pool: Workers) -> Video:
    source: Source = request.param
    path, images = tmp_path_factory.mktemp("clocks") / source.name, timed(source.times_s)
    if source.name == "packed.avi":
        write_packed_avi(path, images, round(source.fps))
    else:
        write_clip(path, images, source.fps, times_s=source.times_s, **source.how)
    return known(path, source, pool)


def played(clip: Clip) -> list[tuple[float, Image]]:
    """When a player shows each frame, and the frame."""
    with av.open(io.BytesIO(clip.content), "r") as container:
        return [
            (float(frame.time or 0.0), frame.to_ndarray(format="bgr24").astype(np.uint8)) for frame in container.decode(video=0)
        ]


def picture(content: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def shown_at(clip: Clip) -> list[tuple[float, float]]:
    """For each frame, the time that the clip's span gives it and the time in its pixels."""
    return [(clip.span.start_s + time_s, read_time_s(image)) for time_s, image in played(clip)]


def told_at(frames: Sequence[Frame]) -> list[tuple[float, float]]:
    return [(frame.time_s, read_time_s(picture(frame.content))) for frame in frames]


def of(video: Video, stated: Sequence[tuple[float, float]]) -> list[float]:
    """By how much each stated time, on the source's clock, misses the one in the pixels."""
    return [video.facts.offset_s + stated_s - pixels_s for stated_s, pixels_s in stated]


def agree(video: Video, stated: Sequence[tuple[float, float]]) -> bool:
    return len(stated) > 0 and of(video, stated) == pytest.approx([0.0] * len(stated), abs=ROUNDING_S)


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    return anyio.run(work)


def test_the_facts_name_the_frames_times(video: Video) -> None:
    assert video.facts.offset_s == pytest.approx(
        next(time_s for time_s in video.source.times_s if time_s >= (video.source.part or Span(start_s=0, end_s=9)).start_s),
        abs=ROUNDING_S,
    )
    assert set(np.round(video.facts.frame_times_s, 2)) <= {
        round(time_s - video.facts.offset_s + late, 2) for time_s in video.source.times_s for late in (-ROUNDING_S, 0, ROUNDING_S)
    }


def test_the_whole_as_a_clip(video: Video) -> None:
    clip: Clip = run(video.library.watch(video.media, video.facts).clip)
    assert agree(video, shown_at(clip))
    assert [stated_s for stated_s, _ in shown_at(clip)] == pytest.approx(video.facts.frame_times_s, abs=ROUNDING_S)


def test_chunks(video: Video) -> None:
    chunks = plan_chunks(video.facts, (1.0,), 10)
    assert len(chunks) > 1
    for chunk in chunks:
        clip: Clip = run(video.library.watch(video.media, video.facts, chunk).clip)
        assert agree(video, shown_at(clip)) and clip.span == chunk
        assert [stated_s for stated_s, _ in shown_at(clip)] == pytest.approx(video.appear(chunk), abs=ROUNDING_S)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_highlight(video: Video, share: float) -> None:
    span = highlight_span(video.facts.duration_s * share, video.facts, 0.7, 0.6)
    clip: Clip = run(video.library.watch(video.media, video.facts, span, detail=True).clip)
    assert agree(video, shown_at(clip)) and clip.span == span
    assert [stated_s for stated_s, _ in shown_at(clip)] == pytest.approx(video.appear(span, all_frames=True), abs=ROUNDING_S)


def test_windows_are_clips_that_players_count_from_zero(video: Video) -> None:
    windows = plan_windows(video.facts, 2.0)
    assert windows[0].start_s == 0.0 and windows[-1].end_s == video.facts.duration_s and len(windows) > 1
    for window in windows:
        shown = video.library.watch(video.media, video.facts, window, own_clock=True)
        clip: Clip = run(shown.clip)
        assert agree(video, shown_at(clip)) and clip.span == window
        frames: Sequence[Frame] = run(shown.frames)
        assert agree(video, told_at(frames)) and {frame.zero_s for frame in frames} == {window.start_s}


def test_a_long_video_as_frames(video: Video) -> None:
    watched = video.library.watch(video.media, video.facts)
    assert watched.form is MediaForm.FRAMES
    frames: Sequence[Frame] = run(watched.frames)
    assert agree(video, told_at(frames))


def test_frames_of_a_short_stretch(video: Video) -> None:
    watched = video.library.watch(video.media, video.facts, plan_windows(video.facts, 2.0)[-1])
    frames: Sequence[Frame] = run(watched.frames)
    assert agree(video, told_at(frames))


@pytest.mark.parametrize("detail", [False, True], ids=["from the proxy", "from the source"])
def test_what_is_made_smaller(video: Video, detail: bool) -> None:
    span = plan_windows(video.facts, 2.0)[-1]
    watched = video.library.watch(video.media, video.facts, span, detail=detail)

    async def main() -> tuple[Clip, Sequence[Frame]]:
        return await watched.clip(at_most_bytes=1), await watched.frames(at_most_bytes=1)

    clip, frames = run(main)
    assert clip.reduced and frames[0].reduced
    assert agree(video, shown_at(clip)) and agree(video, told_at(frames))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough for labels to be read: five seconds of 640x480, at a variable rate."""
    return write_clip(
        tmp_path_factory.mktemp("large") / "large.mp4", timed(phone()[::2], size=(640, 480)), 15, times_s=phone()[::2]
    )


PARTS = [pytest.param(None, id="whole"), pytest.param(Span(start_s=1.3, end_s=4.6), id="part of a recording")]


@pytest.mark.parametrize("part", PARTS)
def test_labels_on_a_contact_sheet(large: Path, pool: Workers, part: Span | None) -> None:
    video = known(large, Source(large.name, phone()[::2], 15, part=part), pool)
    sheet = picture(run(lambda: video.library.contact_sheet(video.media, video.facts, columns=2, rows=2)))
    cells = [sheet[4 + row * 244 :, 4 + column * 324 :][:240, :320] for row in range(2) for column in range(2)]
    stated = [(label_s(cell), read_time_s(cell)) for cell in cells]
    assert all(-0.1 - ROUNDING_S < missed_s <= ROUNDING_S for missed_s in of(video, stated)), stated
    assert len({label for label, _ in stated}) == 4
    wanted = frames_shown(spread_times(video.facts.span, 4), video.facts)
    assert [pixels_s - video.facts.offset_s for _, pixels_s in stated] == pytest.approx(wanted, abs=ROUNDING_S)


def label_s(image: Image) -> float:
    minutes, seconds = read_label(image).split(":")
    return int(minutes) * 60 + float(seconds)


BURNED = MediaSettings(burn_clock=True)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("smaller", [False, True], ids=["as asked for", "made smaller"])
@pytest.mark.parametrize("way", ["whole", "chunk", "window", "highlight"])
def test_a_clock_that_is_burned_in_shows_the_time_in_the_pixels(
    large: Path, pool: Workers, way: str, smaller: bool, part: Span | None
) -> None:
    video = known(large, Source(large.name, phone()[::2], 15, part=part), pool, BURNED)
    span = None if way == "whole" else plan_windows(video.facts, 2.0)[1]
    watched = video.library.watch(video.media, video.facts, span, detail=way == "highlight", own_clock=way == "window")
    at_most = 1 if smaller else None

    async def main() -> tuple[Clip, Sequence[Frame]]:
        return await watched.clip(at_most_bytes=at_most), await watched.frames(at_most_bytes=at_most)

    clip, frames = run(main)
    images = [image for _, image in played(clip)] + [picture(frame.content) for frame in frames]
    assert smaller == bool(clip.reduced) == bool(frames[0].reduced)
    zero_s = watched.span.start_s if way == "window" else 0.0
    stated = [(zero_s + label_s(image), read_time_s(image)) for image in images]
    assert all(-0.1 - ROUNDING_S < missed_s <= ROUNDING_S for missed_s in of(video, stated)), stated
    assert agree(video, shown_at(clip)) and agree(video, told_at(frames))

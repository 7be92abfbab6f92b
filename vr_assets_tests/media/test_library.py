"""Videos as the steps see them."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import av
import cv2
import numpy as np
import pytest

from vr_assets.errors import MediaError, StageError
from vr_assets.media.library import MediaLibrary
from vr_assets.media.spans import plan_chunks
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, Media, MediaForm
from vr_assets.records.media import FACTS_VERSION, Treatment, VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.settings import AudioSetting, LongVideoSettings, MediaSettings
from vr_assets_tests.clips import counting, moving_box, read_count, write_clip

T = TypeVar("T")
FPS = 10


class WatchedWorkers(Workers):
    """Media processes that write down what they were asked for."""

    def __init__(self, settings: MediaSettings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []

    async def run(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        self.asked.append(fn.__name__.lstrip("_"))
        return await super().run(fn, *args, **kwargs)


@pytest.fixture(scope="module")
def pool() -> Iterator[WatchedWorkers]:
    made = WatchedWorkers(MediaSettings(workers=2, memory_mb=1024))
    yield made
    made.close()


@pytest.fixture
def workers(pool: WatchedWorkers) -> WatchedWorkers:
    pool.asked.clear()
    return pool


@pytest.fixture
def library(tmp_path: Path, workers: WatchedWorkers) -> MediaLibrary:
    return MediaLibrary(tmp_path / "media", MediaSettings(), LongVideoSettings(), workers)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "video.mp4", counting(72), FPS, gop=30)


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(main)


def known(library: MediaLibrary, path: Path, part: Span | None = None) -> tuple[VideoMedia, VideoFacts]:
    async def main() -> tuple[VideoMedia, VideoFacts]:
        media = await library.probe(str(path), part=part)
        return media, await library.facts(media)

    return run(main())


def offline(library: MediaLibrary) -> MediaLibrary:
    """The same folder, with nobody to decode."""
    closed = Workers(library.settings)
    closed.close()
    return MediaLibrary(library.folder, library.settings, library.long_video, closed)


def numbers(clip: Clip) -> list[int]:
    with av.open(io.BytesIO(clip.content), "r") as container:
        return [read_count(frame.to_ndarray(format="bgr24").astype(np.uint8)) for frame in container.decode(video=0)]


def test_a_probe_tells_content_and_header(library: MediaLibrary, video: Path) -> None:
    media = run(library.probe(str(video), part=None))
    assert (media.path, media.size_bytes, len(media.content)) == (str(video), video.stat().st_size, 64)
    assert (media.width_px, media.height_px, media.codec, media.frame_count) == (160, 120, "h264", 72)
    assert (media.duration_s, media.fps, media.part_start_s, media.part_end_s) == (7.2, 10.0, None, None)


@pytest.mark.parametrize(("part", "duration_s"), [((2.0, 4.5), 2.5), ((5.0, 300.0), 2.2)])
def test_a_part_is_as_long_as_there_is_video(
    library: MediaLibrary, video: Path, part: tuple[float, float], duration_s: float
) -> None:
    media = run(library.probe(str(video), part=Span(start_s=part[0], end_s=part[1])))
    assert media.duration_s == pytest.approx(duration_s)
    assert (media.part_start_s, media.part_end_s, media.frame_count) == (*part, None)


def test_a_part_after_the_end_is_refused_before_anything_is_paid(library: MediaLibrary, video: Path) -> None:
    with pytest.raises(MediaError, match="correct start_s"):
        run(library.probe(str(video), part=Span(start_s=7.2, end_s=9)))


def test_a_missing_video_is_named(library: MediaLibrary, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="gone.mp4: no such file"):
        run(library.probe(str(tmp_path / "gone.mp4"), part=None))


def test_an_unchanged_file_is_not_read_again(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    first = run(library.probe(str(video), part=None))
    assert run(offline(library).probe(str(video), part=None)) == first
    assert workers.asked == ["probe_file"]


def test_a_recording_is_read_once_for_all_its_parts(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    async def main() -> list[VideoMedia]:
        parts = [Span(start_s=n / 5, end_s=(n + 1) / 5) for n in range(36)]
        return await asyncio.gather(*(library.probe(str(video), part=part) for part in parts))

    assert len({media.content for media in run(main())}) == 1
    assert workers.asked == ["probe_file"]


def test_facts_are_measured_once_and_then_read_without_a_process(
    library: MediaLibrary, video: Path, workers: WatchedWorkers
) -> None:
    media, facts = known(library, video)
    assert facts.duration_s == pytest.approx(7.2)
    assert run(offline(library).facts(media)) == facts
    assert workers.asked == ["probe_file", "prepare"]


def test_facts_that_are_torn_are_measured_again(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    (file,) = (library.folder / "facts").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert run(library.facts(media)) == facts


def test_facts_of_another_version_are_measured_again_and_no_answer_is_asked_again(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    (file,) = (library.folder / "facts").iterdir()
    file.rename(file.with_name(file.name.replace(f".v{FACTS_VERSION}.", f".v{FACTS_VERSION - 1}.")))
    assert library.known_facts(media) is None
    assert run(library.facts(media)) == facts
    otherwise = facts.model_copy(update={"quality": None, "signature": "other"})
    assert library.watch(media, otherwise).identity == library.watch(media, facts).identity


def test_other_settings_have_facts_of_their_own(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)
    slower = MediaLibrary(library.folder, MediaSettings(max_fps=2), library.long_video, workers)
    assert len(run(slower.facts(media)).frame_times_s) < len(facts.frame_times_s)
    assert run(offline(library).facts(media)) == facts


def test_facts_wanted_by_several_at_once_are_measured_once(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    async def main() -> list[VideoFacts]:
        media = await library.probe(str(video), part=None)
        return await asyncio.gather(*(library.facts(media) for _ in range(5)))

    assert len(set(run(main()))) == 1
    assert workers.asked == ["probe_file", "prepare"]


def test_a_video_that_changed_since_it_was_listed_is_not_taken_for_itself(library: MediaLibrary, video: Path) -> None:
    media = run(library.probe(str(video), part=None))
    write_clip(video, moving_box(10), FPS)
    with pytest.raises(MediaError, match="materialize raw_videos again"):
        run(library.facts(media))


def test_the_whole_is_shown_by_its_proxy_also_when_the_source_is_gone(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    video.unlink()
    watched = library.watch(media, facts)
    clip = run(watched.clip())
    assert clip.span == watched.span == facts.span
    assert clip.mime_type == "video/mp4"
    assert numbers(clip) == [round(t * FPS) for t in facts.frame_times_s]


def test_a_proxy_that_was_evicted_is_made_again(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)
    before = run(library.watch(media, facts).clip())
    (proxy,) = (library.folder / "proxies").iterdir()
    proxy.unlink()
    assert run(library.watch(media, facts).clip()) == before
    assert workers.asked.count("prepare") == 2


def test_two_processes_make_a_proxy_once(tmp_path: Path, video: Path) -> None:
    making = f"""
import asyncio, sys
from pathlib import Path
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.settings import AudioSetting, LongVideoSettings, MediaSettings

class Watched(Workers):
    async def run(self, fn, *args, **kwargs):
        result = await super().run(fn, *args, **kwargs)
        if fn.__name__ == "prepare":
            await asyncio.sleep(1)
            print("decoded", flush=True)
        return result

async def main(workers):
    library = MediaLibrary(Path({str(tmp_path / "media")!r}), MediaSettings(), LongVideoSettings(), workers)
    media = await library.probe({str(video)!r}, part=None)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print((await library.facts(media)).to_line(), flush=True)

if __name__ == "__main__":
    workers = Watched(MediaSettings(workers=1))
    try:
        asyncio.run(main(workers))
    finally:
        workers.close()
"""
    pipe = subprocess.PIPE
    both = [subprocess.Popen([sys.executable, "-c", making], stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for one in both:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    lines = [one.communicate()[0].splitlines() for one in both]
    assert sorted(len(said) for said in lines) == [1, 2]
    assert lines[0][-1] == lines[1][-1]


def test_a_proxy_that_is_evicted_before_it_is_read_is_made_again(
    library: MediaLibrary, video: Path, workers: WatchedWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    media, facts = known(library, video)
    span = Span(start_s=1, end_s=2)
    before = run(library.watch(media, facts, span).clip())
    evicted: list[Path] = []

    async def run_later(fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if fn.__name__ == "copy_clip" and not evicted:
            evicted.append(args[0])
            args[0].unlink()
        return await Workers.run(workers, fn, *args, **kwargs)

    monkeypatch.setattr(workers, "run", run_later)
    assert run(library.watch(media, facts, span).clip()) == before
    assert evicted and evicted[0].is_file()


def test_proxies_beyond_the_limit_are_evicted_and_facts_stay(tmp_path: Path, workers: WatchedWorkers) -> None:
    library = MediaLibrary(tmp_path / "media", MediaSettings(proxies_gb=1e-6), LongVideoSettings(), workers)
    shown = [known(library, write_clip(tmp_path / f"{number}.mp4", counting(20 + number), FPS)) for number in range(3)]
    assert len(list((library.folder / "proxies").iterdir())) == 1
    assert len(list((library.folder / "facts").iterdir())) == 3
    media, facts = shown[0]
    assert numbers(run(library.watch(media, facts).clip())) == [round(t * FPS) for t in facts.frame_times_s]


@pytest.fixture
def unstored(tmp_path: Path, workers: WatchedWorkers) -> MediaLibrary:
    """Without proxies."""
    return MediaLibrary(tmp_path / "media", MediaSettings(proxy=False), LongVideoSettings(), workers)


def test_without_proxies_cuts_show_every_frame_of_the_source_at_its_size(unstored: MediaLibrary, tmp_path: Path) -> None:
    media, facts = known(unstored, write_clip(tmp_path / "large.mp4", counting(100, size=(1440, 810)), 25, gop=250))
    assert facts.keyframe_times_s == pytest.approx([0, 1, 2, 3], abs=1e-3)
    chunk = unstored.watch(media, facts, Span(start_s=1.0, end_s=2.0))
    clip = run(chunk.clip())
    assert (clip.span, numbers(clip)) == (Span(start_s=1.0, end_s=2.0), list(range(25, 50)))
    with av.open(io.BytesIO(clip.content), "r") as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (1440, 810)
    assert not (unstored.folder / "proxies").exists()


def test_without_proxies_a_part_is_cut_from_its_place_in_the_source(unstored: MediaLibrary, video: Path) -> None:
    media, facts = known(unstored, video, Span(start_s=3.0, end_s=6.0))
    clip = run(unstored.watch(media, facts, Span(start_s=1.0, end_s=2.0)).clip())
    assert numbers(clip) == list(range(40, 50))
    for frame in run(unstored.watch(media, facts).frames()):
        image = cv2.imdecode(np.frombuffer(frame.content, np.uint8), cv2.IMREAD_COLOR)
        assert read_count(np.asarray(image, np.uint8)) == 30 + round(frame.time_s * FPS)


def test_without_proxies_what_can_be_is_copied(unstored: MediaLibrary, tmp_path: Path, workers: WatchedWorkers) -> None:
    path = write_clip(tmp_path / "a.mp4", counting(60), 20, gop=20, options={"bf": "0"})
    media, facts = known(unstored, path)
    clip = run(unstored.watch(media, facts, Span(start_s=1.0, end_s=2.0)).clip())
    assert numbers(clip) == list(range(20, 40))
    assert workers.asked.count("copy_clip") == 1


def test_the_scene_is_the_same_with_and_without_proxies(library: MediaLibrary, unstored: MediaLibrary, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(72), FPS)
    scenes = [run(one.watch(*known(one, path)).scene()) for one in (library, unstored)]
    assert scenes[0] == scenes[1]
    assert scenes[0].tracks


def test_with_sound_every_clip_is_another(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)
    heard = MediaLibrary(library.folder, MediaSettings(audio=AudioSetting.KEEP), library.long_video, workers)
    for span, detail in ((None, False), (Span(start_s=1, end_s=3), False), (Span(start_s=1, end_s=3), True)):
        identities = {one.watch(media, facts, span, detail=detail).identity for one in (library, heard)}
        assert len(identities) == 2


def test_chunks_start_at_the_keyframes_that_were_asked_for(tmp_path: Path, video: Path, workers: WatchedWorkers) -> None:
    library = MediaLibrary(tmp_path / "media", MediaSettings(keyframe_interval_s=2.0), LongVideoSettings(), workers)
    media, facts = known(library, video)
    assert facts.keyframe_times_s == pytest.approx([0.0, 2.0, 4.0, 6.0], abs=1e-4)
    chunks = plan_chunks(facts, (3.0,), 10)
    assert [chunk.start_s for chunk in chunks] == [0.0, 4.0, 6.0]
    shown = [round(t * FPS) for t in facts.frame_times_s if 4 <= t < 6]
    assert numbers(run(library.watch(media, facts, chunks[1]).clip())) == shown


def test_chunks_are_cut_where_they_say(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    chunks = plan_chunks(facts, (3.0,), 10)
    assert len(chunks) == 3
    for chunk in chunks:
        watched = library.watch(media, facts, chunk)
        assert watched.span == chunk
        clip = run(watched.clip())
        assert clip.span == chunk
        assert numbers(clip) == [round(t * FPS) for t in facts.frame_times_s if chunk.start_s <= t < chunk.end_s]


def test_any_stretch_is_widened_to_its_true_cut(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    watched = library.watch(media, facts, Span(start_s=2.3, end_s=3.7))
    assert watched.span == Span(start_s=2.0, end_s=4.0)
    assert set(numbers(run(watched.clip()))) <= set(range(20, 40))


def test_detail_comes_from_the_source_at_its_own_rate_and_size(tmp_path: Path, library: MediaLibrary) -> None:
    path = write_clip(tmp_path / "large.mp4", counting(36, size=(1440, 810)), 30)
    media, facts = known(library, path)
    watched = library.watch(media, facts, Span(start_s=0.5, end_s=0.9), detail=True)
    clip = run(watched.clip())
    first, last = round(watched.span.start_s * 30), round(watched.span.end_s * 30)
    assert watched.span.start_s <= 0.5 and watched.span.end_s >= 0.9
    assert numbers(clip) == list(range(first, last))
    with av.open(io.BytesIO(clip.content), "r") as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (1280, 720)


def test_detail_of_a_source_that_changed_is_refused(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    write_clip(video, moving_box(72), FPS)
    with pytest.raises(MediaError, match="changed"):
        run(library.watch(media, facts, Span(start_s=1, end_s=2), detail=True).clip())


def test_19_the_same_clip_wanted_twice_at_once_is_cut_once(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)

    async def main() -> list[Clip]:
        span = Span(start_s=1, end_s=2)
        return await asyncio.gather(*(library.watch(media, facts, span).clip() for _ in range(4)))

    assert len({clip.content for clip in run(main())}) == 1
    assert workers.asked.count("copy_clip") == 1


@pytest.mark.parametrize("span", [None, Span(start_s=2.0, end_s=6.0)], ids=["whole", "chunk"])
def test_a_clip_that_must_be_smaller_is_of_the_same_stretch(library: MediaLibrary, video: Path, span: Span | None) -> None:
    media, facts = known(library, video)
    watched = library.watch(media, facts, span)
    most = len(run(watched.clip()).content) * 6 // 10
    clip = run(watched.clip(at_most_bytes=most))
    assert len(clip.content) <= most
    assert clip.span == watched.span
    assert clip.reduced.startswith("scaled to 160x120 at")
    first, last = round(watched.span.start_s * FPS), round(watched.span.end_s * FPS)
    shown = numbers(clip)
    assert shown[0] == first and shown == sorted(shown) and shown[-1] in range(last - FPS, last)


def test_detail_that_must_be_smaller_comes_from_the_source_too(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video, Span(start_s=3.0, end_s=6.0))
    close = library.watch(media, facts, Span(start_s=1.0, end_s=2.0), detail=True)
    clip = run(close.clip(at_most_bytes=len(run(close.clip()).content) * 8 // 10))
    assert clip.reduced and numbers(clip)[0] == 40 and set(numbers(clip)) <= set(range(40, 50))


def test_a_limit_that_is_kept_changes_nothing(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)
    watched = library.watch(media, facts)
    clip, frames = run(watched.clip()), run(watched.frames())
    assert run(watched.clip(at_most_bytes=len(clip.content))) == clip
    assert run(watched.frames(at_most_bytes=sum(len(frame.content) for frame in frames))) == frames
    assert not {"smaller_clip", "smaller_jpegs"} & set(workers.asked)


def test_frames_that_must_be_smaller_are_all_there_at_their_times(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    watched = library.watch(media, facts)
    frames = run(watched.frames())
    most = sum(len(frame.content) for frame in frames) * 19 // 20
    smaller = run(watched.frames(at_most_bytes=most))
    assert sum(len(frame.content) for frame in smaller) <= most
    assert [frame.time_s for frame in smaller] == [frame.time_s for frame in frames]
    assert {frame.reduced for frame in smaller} == {smaller[0].reduced} and "JPEG quality" in smaller[0].reduced


def test_nearly_the_same_limit_twice_at_once_is_encoded_once(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)
    watched = library.watch(media, facts)
    size = len(run(watched.clip()).content)
    assert size > 1100

    async def main() -> list[Clip]:
        return await asyncio.gather(*(watched.clip(at_most_bytes=1040 + prompt) for prompt in (0, 3, 11)))

    assert len({clip.content for clip in run(main())}) == 1
    assert workers.asked.count("smaller_clip") == 1


def test_a_long_video_is_frames_at_their_own_times(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)
    long = LongVideoSettings(long_video_threshold_sec=7, long_video_sample_fps=0.5, long_video_max_frames=60)
    watched = MediaLibrary(library.folder, library.settings, long, workers).watch(media, facts)
    assert watched.form is MediaForm.FRAMES
    frames = run(watched.frames())
    shown = [max(t for t in facts.frame_times_s if t <= i * 7.2 / 4 + 1e-6) for i in (1, 2, 3)]
    assert [frame.time_s for frame in frames] == shown
    images = [cv2.imdecode(np.frombuffer(frame.content, np.uint8), cv2.IMREAD_COLOR) for frame in frames]
    assert [read_count(np.asarray(image, np.uint8)) for image in images] == [round(t * FPS) for t in shown]


@pytest.mark.parametrize(
    ("span", "most", "count"),
    [
        pytest.param(None, 60, 7, id="one a second"),
        pytest.param((0, 1), 60, 1, id="at least one"),
        pytest.param(None, 4, 4, id="at most the long video's"),
    ],
)
def test_a_video_shown_as_images_has_a_frame_a_second(
    library: MediaLibrary, video: Path, workers: WatchedWorkers, span: tuple[float, float] | None, most: int, count: int
) -> None:
    media, facts = known(library, video)
    limited = MediaLibrary(library.folder, library.settings, LongVideoSettings(long_video_max_frames=most), workers)
    watched = limited.watch(media, facts, Span(start_s=span[0], end_s=span[1]) if span else None)
    assert watched.form is MediaForm.VIDEO
    assert len(run(watched.frames())) == count


def test_a_part_has_a_clock_of_its_own(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video, Span(start_s=3.0, end_s=6.0))
    assert (facts.offset_s, facts.span) == (3.0, Span(start_s=0.0, end_s=3.0))
    whole = library.watch(media, facts)
    assert whole.span == facts.span
    assert numbers(run(whole.clip())) == [30 + round(t * FPS) for t in facts.frame_times_s]
    close = library.watch(media, facts, Span(start_s=1.0, end_s=2.0), detail=True)
    assert numbers(run(close.clip())) == list(range(40, 50))
    assert [frame.time_s for frame in run(whole.frames())] == [0.7, 1.5, 2.2]
    chunk = library.watch(media, facts, Span(start_s=2.0, end_s=3.0))
    assert (whole.form, chunk.form) == (MediaForm.VIDEO, MediaForm.VIDEO)
    assert set(numbers(run(chunk.clip()))) <= set(range(50, 60))


def test_identity_is_of_content_not_of_paths_or_durations(library: MediaLibrary, video: Path, tmp_path: Path) -> None:
    media, facts = known(library, video)
    twin = tmp_path / "twin.mp4"
    twin.write_bytes(video.read_bytes())
    other, _ = known(library, twin)
    identity = library.watch(media, facts).identity
    assert library.watch(other, facts).identity == identity
    assert library.watch(media.model_copy(update={"duration_s": 1.0}), facts).identity == identity
    assert json.loads(identity)["content"] == media.content
    assert str(tmp_path) not in identity


def test_identity_tells_apart_what_looks_different(
    library: MediaLibrary, video: Path, workers: WatchedWorkers, tmp_path: Path
) -> None:
    media, facts = known(library, video)
    other, other_facts = known(library, write_clip(tmp_path / "other.mp4", moving_box(72), FPS))
    part, part_facts = known(library, video, Span(start_s=0.0, end_s=7.2))
    span = Span(start_s=1.0, end_s=3.0)

    def under(settings: MediaSettings, long: LongVideoSettings) -> Media:
        return MediaLibrary(library.folder, settings, long, workers).watch(media, facts, span)

    watched: list[Media] = [
        library.watch(media, facts),
        library.watch(other, other_facts),
        library.watch(part, part_facts),
        library.watch(part, part_facts, span),
        library.watch(media, facts, span),
        library.watch(media, facts, span, own_clock=True),
        library.watch(media, facts, span, detail=True),
        under(MediaSettings(burn_clock=True), LongVideoSettings()),
        MediaLibrary(library.folder, MediaSettings(burn_clock=True), LongVideoSettings(), workers).watch(
            media, facts, span, detail=True
        ),
        MediaLibrary(library.folder, MediaSettings(highlight_longest_side_px=640), LongVideoSettings(), workers).watch(
            media, facts, span, detail=True
        ),
        under(MediaSettings(crf=30), LongVideoSettings()),
        under(MediaSettings(longest_side_px=320), LongVideoSettings()),
        under(MediaSettings(max_fps=4), LongVideoSettings()),
        under(MediaSettings(frame_longest_side_px=320), LongVideoSettings()),
        under(MediaSettings(), LongVideoSettings(long_video_threshold_sec=1)),
        under(MediaSettings(), LongVideoSettings(long_video_threshold_sec=1, long_video_sample_fps=1)),
    ]
    assert len({one.identity for one in watched}) == len(watched)


def test_what_is_done_to_frames_is_part_of_the_identity_and_nothing_is_where_nothing_was_done(
    library: MediaLibrary, video: Path
) -> None:
    media, facts = known(library, video)
    assert "treatments" not in json.loads(library.watch(media, facts).identity)
    deinterlaced = facts.model_copy(update={"treatments": (Treatment.DEINTERLACED,)})
    assert json.loads(library.watch(media, deinterlaced).identity)["treatments"] == ["deinterlaced 1"]


def test_identity_form_and_span_decode_nothing(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    video.unlink()
    watched = offline(library).watch(media, facts, Span(start_s=1, end_s=2))
    assert (watched.form, watched.span) == (MediaForm.VIDEO, Span(start_s=1, end_s=2))
    assert watched.identity
    with pytest.raises(StageError):
        run(watched.clip())


def test_the_scene_is_measured_once_and_then_read(library: MediaLibrary, video: Path, workers: WatchedWorkers) -> None:
    media, facts = known(library, video)

    async def main() -> list[str]:
        scenes = await asyncio.gather(*(library.watch(media, facts, span).scene() for span in (None, facts.span)))
        return [scene.to_line() for scene in scenes]

    first, second = run(main())
    assert first == second
    assert workers.asked.count("measure") == 1
    again = run(offline(library).watch(media, facts).scene())
    assert again.to_line() == first
    assert again.duration_s == facts.duration_s


def test_the_scene_of_a_part_is_on_its_own_clock(library: MediaLibrary, tmp_path: Path) -> None:
    still, moving = moving_box(1) * 30, moving_box(30)
    media, facts = known(library, write_clip(tmp_path / "a.mp4", still + moving, FPS), Span(start_s=2.0, end_s=6.0))
    scene = run(library.watch(media, facts).scene())
    assert scene.duration_s == 4.0
    assert all(0.0 <= track.start_s <= track.end_s <= 4.0 for track in scene.tracks)
    assert scene.tracks


def test_a_contact_sheet_is_a_jpeg_of_all_the_video(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    content = run(library.contact_sheet(media, facts, columns=3, rows=2))
    sheet = np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    assert sheet.shape == (2 * 124 + 4, 3 * 164 + 4, 3)
    cells = [sheet[4 + row * 124 :, 4 + column * 164 :][:120, :160] for row in range(2) for column in range(3)]
    seconds = [i * 7.2 / 7 for i in range(1, 7)]
    assert [read_count(cell) for cell in cells] == [
        round(max(t for t in facts.frame_times_s if t <= second + 1e-6) * FPS) for second in seconds
    ]


def test_a_contact_sheet_of_one_frame_is_that_frame(library: MediaLibrary, tmp_path: Path) -> None:
    media, facts = known(library, write_clip(tmp_path / "one.mp4", moving_box(1), FPS))
    assert run(library.contact_sheet(media, facts)).startswith(b"\xff\xd8")


def test_nothing_half_written_is_left_behind(library: MediaLibrary, video: Path) -> None:
    known(library, video)
    names = sorted(path.name for path in library.folder.rglob("*") if path.is_file())
    recipe = library.recipe.name
    assert {name.partition(".")[2] for name in names} == {f"{recipe}.mp4", f"{recipe}.v{FACTS_VERSION}.json", "sqlite"}


def test_identity_is_what_it_was_where_no_clock_is_burned_in_and_none_is_its_own(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    assert set(json.loads(library.watch(media, facts, own_clock=True).identity)) == {
        *("content", "part", "span", "form", "frames", "longest_side_px", "rendering", "proxy")
    }


def test_a_burned_clock_is_in_what_is_shown_and_not_in_what_is_measured(
    library: MediaLibrary, video: Path, workers: WatchedWorkers
) -> None:
    media, facts = known(library, video)
    burning = MediaLibrary(library.folder, MediaSettings(burn_clock=True), library.long_video, workers)
    assert run(burning.facts(media)) == facts
    assert workers.asked.count("prepare") == 1
    (plain,), (burned,) = run(library.watch(media, facts).frames())[:1], run(burning.watch(media, facts).frames())[:1]
    assert plain.content != burned.content
    assert run(burning.proxy(media)) == run(library.proxy(media))

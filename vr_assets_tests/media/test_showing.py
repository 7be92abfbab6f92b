"""What models are shown of a video: cuts, frames, sheets, at the size that fits."""

import asyncio
import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vr_assets.errors import MediaError
from vr_assets.media.library import MediaLibrary
from vr_assets.media.spans import plan_chunks
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, MediaForm
from vr_assets.settings import AudioSetting, LongVideoSettings, MediaSettings
from vr_assets_tests.clips import counting, moving_box, read_count, write_clip
from vr_assets_tests.media.asked import FPS, WatchedWorkers, known, numbers, run


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

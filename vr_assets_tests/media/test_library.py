"""Videos as the steps see them: probed, measured once, recognized."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vr_assets.errors import MediaError, StageError
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import Media, MediaForm
from vr_assets.records.media import FACTS_VERSION, Treatment, VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.settings import LongVideoSettings, MediaSettings
from vr_assets_tests.clips import counting, moving_box, write_clip
from vr_assets_tests.media.asked import FPS, WatchedWorkers, known, numbers, offline, run


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

    async def run_later(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
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


def test_identity_is_what_it_was_where_no_clock_is_burned_in_and_none_is_its_own(library: MediaLibrary, video: Path) -> None:
    media, facts = known(library, video)
    assert set(json.loads(library.watch(media, facts, own_clock=True).identity)) == {
        *("content", "part", "span", "form", "frames", "longest_side_px", "rendering", "proxy")
    }


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


def test_the_scene_is_the_same_with_and_without_proxies(library: MediaLibrary, unstored: MediaLibrary, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(72), FPS)
    scenes = [run(one.watch(*known(one, path)).scene()) for one in (library, unstored)]
    assert scenes[0] == scenes[1]
    assert scenes[0].tracks


def test_nothing_half_written_is_left_behind(library: MediaLibrary, video: Path) -> None:
    known(library, video)
    names = sorted(path.name for path in library.folder.rglob("*") if path.is_file())
    recipe = library.recipe.name
    assert {name.partition(".")[2] for name in names} == {f"{recipe}.mp4", f"{recipe}.v{FACTS_VERSION}.json", "sqlite"}

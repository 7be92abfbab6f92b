"""On the wire, each picture is told the time that it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.openai import OpenAIBackend
from vr_assets.media.library import MediaLibrary
from vr_assets.media.spans import plan_windows
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.settings import LongVideoSettings, MediaSettings, OpenAISettings, Task, VideoInput
from vr_assets_tests.backends.asked import request
from vr_assets_tests.clips import read_time_s, timed, write_clip
from vr_assets_tests.media.test_clock_read_back import phone, picture
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Medium, serve

LONG = LongVideoSettings(long_video_threshold_sec=2.0, long_video_sample_fps=2.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("wire") / "phone.mp4", timed(phone()), 30, times_s=phone())


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(MediaSettings(workers=1, memory_mb=1024))
    yield pool
    pool.close()


def sent(video: Path, workers: Workers, *, part: Span | None, window: int | None) -> tuple[float, Sequence[str | Medium]]:
    """When the answer's clock starts in the file, and the parts of the message."""
    library = MediaLibrary(video.parent / "media", MediaSettings(), LONG, workers)

    async def main(url: str) -> float:
        media = await library.probe(str(video), part=part)
        facts = await library.facts(media)
        span = None if window is None else plan_windows(facts, 2.0)[window]
        shown = library.watch(media, facts, span, own_clock=window is not None)
        backend = OpenAIBackend(OpenAISettings(base_url=url, model_name="eyes", video_input=VideoInput.FRAMES), environ={})
        await backend.generate(replace(request(Task.DENSE_CAPTION), media=(shown,)))
        await backend.aclose()
        return facts.offset_s + (0.0 if span is None else span.start_s)

    with serve(DIALECT) as server:
        zero_s = anyio.run(main, server.url)
        return zero_s, server.questions[0].parts


@pytest.mark.parametrize("part", [None, Span(start_s=0.77, end_s=4.9)], ids=["whole", "part"])
@pytest.mark.parametrize("window", [None, 1], ids=["long video", "window"])
def test_the_label_beside_a_picture_is_the_clock_in_its_pixels(
    video: Path, workers: Workers, part: Span | None, window: int | None
) -> None:
    zero_s, parts = sent(video, workers, part=part, window=window)
    *shown, _ = parts
    labels, pictures = shown[::2], shown[1::2]
    assert len(labels) == len(pictures) > 0
    for label, medium in zip(labels, pictures, strict=True):
        assert isinstance(label, str) and isinstance(medium, Medium)
        minutes, seconds = label.split(":")
        label_s = zero_s + int(minutes) * 60 + float(seconds)
        pixels_s = read_time_s(picture(medium.content))
        # Labels show tenths, rounded down.
        assert pixels_s - 0.1 - 2e-3 < label_s <= pixels_s + 2e-3

"""From pixels to records: what a model reads off what it is shown lands on the source's clock, whichever way it was shown.

The model here is blind to everything but a light that goes on in the picture, and tells when: as a player's clock says, as the
labels of frames say, or as the clock in the picture says.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.backends.shown import Part, show
from vr_assets.errors import ReplyError
from vr_assets.records.batch import ManifestRow
from vr_assets.records.call import Clip, Finish, Frame, MediaForm, Reply, Request
from vr_assets.settings import Status, Task
from vr_assets_tests.clips import Image, is_lit, read_label, read_time_s, timed, write_clip
from vr_assets_tests.media.test_clock_read_back import picture, played
from vr_assets_tests.steps.graph import Graph, valid

FPS, LENGTH_S, LIT_S = 12.5, 12.0, (6.9, 8.6)
LONG: dict[str, Any] = {"long_video__long_video_threshold_sec": 4, "long_video__long_video_sample_fps": 2.0}
WINDOWS: dict[str, Any] = {**LONG, "long_video__long_video_input": "windows"}
TENTH_S = 0.1 + 2e-3


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    times_s = [index / FPS for index in range(round(LENGTH_S * FPS))]
    path = tmp_path_factory.mktemp("lit") / "lit.mkv"
    return write_clip(path, timed(times_s, size=(320, 240), lit_s=LIT_S), FPS, starts_at_s=1.0)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path / "data")


def listed(path: Path, part: tuple[float, float] | None = None) -> list[ManifestRow]:
    start_s, end_s = part or (None, None)
    return [ManifestRow(video_path=str(path), start_s=start_s, end_s=end_s, source="list.jsonl:1")]


class Watcher(ScriptedBackend):
    """Tells when the light is on.

    Attributes:
        lit_from_s: the times in the pixels of the pictures with which each light that it told of begins.
    """

    def __init__(self, clock: Callable[[float, Image], float], *, frames_only: bool = False) -> None:
        super().__init__(valid)
        self._clock = clock
        self._frames_only = frames_only
        self.lit_from_s: list[float] = []

    async def generate(self, request: Request) -> Reply:
        if request.task is not Task.DENSE_CAPTION:
            return await super().generate(request)
        seen = told_times(await show(request, frames_only=self._frames_only))
        events = [{"start": "00:00.0", "end": "00:00.1", "text": "A room."}]
        dark = True
        for at_s, image in seen:
            if is_lit(image) and dark:
                start_s = self._clock(at_s, image)
                events.append({"start": shown(start_s), "end": shown(start_s + 0.1), "text": "A light goes on."})
                self.lit_from_s.append(read_time_s(image))
            dark = not is_lit(image)
        return Reply(text=json.dumps({"events": events}), finish=Finish.STOP)


def told_times(parts: Sequence[Part]) -> list[tuple[float, Image]]:
    """Every picture with its time: a player's, or the label before it."""
    seen: list[tuple[float, Image]] = []
    label = ""
    for part in parts:
        match part:
            case Clip():
                seen += played(part)
            case Frame():
                seen.append((seconds(label), picture(part.content)))
            case str():
                label = part
    return seen


def shown(seconds: float) -> str:
    tenths = int(seconds * 10 + 1e-6)
    return f"{tenths // 600:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def seconds(clock: str) -> float:
    minutes, rest = clock.split(":")
    return int(minutes) * 60 + float(rest)


def as_told(at_s: float, image: Image) -> float:
    return at_s


def as_burned(at_s: float, image: Image) -> float:
    return seconds(read_label(image))


@pytest.mark.parametrize("part", [None, (2.1, 11.4)], ids=["whole", "part"])
@pytest.mark.parametrize(
    ("given", "frames_only"),
    [
        pytest.param({}, False, id="clip"),
        pytest.param({}, True, id="frames of a clip"),
        pytest.param(LONG, False, id="long, frames"),
        pytest.param(WINDOWS, False, id="long, windows"),
        pytest.param(WINDOWS, True, id="long, frames of windows"),
    ],
)
@pytest.mark.parametrize("burned", [False, True], ids=["told", "burned in"])
def test_an_event_is_where_the_pixels_say(
    graph: Graph, video: Path, given: dict[str, Any], frames_only: bool, burned: bool, part: tuple[float, float] | None
) -> None:
    watcher = Watcher(as_burned if burned else as_told, frames_only=frames_only)
    rows = graph.run_with(watcher, listed(video, part), media__burn_clock=burned, **given)
    row = rows.captions[0]
    assert (row.status, row.failures) == (Status.OK, ())
    assert row.media is not None
    on_source = sorted(row.media.offset_s + event.start_s for event in row.events if "light" in event.text)
    assert LIT_S[0] <= min(watcher.lit_from_s) < LIT_S[1]
    for event_s, pixels_s in zip(on_source, sorted(watcher.lit_from_s), strict=True):
        assert pixels_s - TENTH_S <= event_s <= pixels_s + 2e-3


def in_window(number: int) -> Callable[[Request], bool]:
    return lambda request: request.task is Task.DENSE_CAPTION and request.evidence.span.start_s == pytest.approx(4 * number)


def test_windows_are_asked_for_events_alone_and_told_their_own_length(graph: Graph, video: Path) -> None:
    _, asked = graph.run(listed(video), **WINDOWS)
    dense = [request for request in asked if request.task is Task.DENSE_CAPTION]
    assert sorted(request.media[0].span.start_s for request in dense) == pytest.approx([0.0, 4.0, 8.0])
    assert {request.media[0].form for request in dense} == {MediaForm.VIDEO}
    assert all("It is 00:04.0 long" in request.prompt.schema_text for request in dense)
    others = [request for request in asked if request.task in (Task.SCREENING, Task.GLOBAL_CAPTION)]
    assert len(others) == 2 and {request.media[0].form for request in others} == {MediaForm.FRAMES}


def test_going_over_to_windows_asks_nothing_else_about_the_video_again(graph: Graph, video: Path) -> None:
    graph.run(listed(video), **LONG)
    _, asked = graph.run(listed(video), **WINDOWS)
    assert {request.task for request in asked if request.media} <= {Task.DENSE_CAPTION, Task.CLIP_CAPTION}
    _, again = graph.run(listed(video), **WINDOWS)
    assert again == []


def test_a_window_that_fails_keeps_the_others_and_is_named(graph: Graph, video: Path) -> None:
    def script(request: Request) -> str:
        if in_window(1)(request):
            raise ReplyError("odd")
        return valid(request)

    rows, _ = graph.run(listed(video), script, **WINDOWS)
    row = rows.captions[0]
    assert row.status is Status.OK
    assert [(failure.what, failure.reason) for failure in row.failures] == [("dense_caption 00:04.0 - 00:08.0", "odd")]
    assert {event.start_s // 4 for event in row.events} == {0, 2}
    assert "[00:04.0 - 00:08.0] What happens here is not known." in row.dense_caption.split("\n")
    later, asked = graph.run(listed(video), **WINDOWS)
    assert [request.task for request in asked if request.media].count(Task.DENSE_CAPTION) == 1
    assert later.captions[0].failures == () and "not known" not in later.captions[0].dense_caption


def test_an_event_outside_its_window_fails_the_window_alone(graph: Graph, video: Path) -> None:
    def script(request: Request) -> str:
        if in_window(2)(request):
            # On the video's clock, which this window was not shown.
            return '{"events": [{"start": "00:08.0", "end": "00:10.0", "text": "A light goes on."}]}'
        return valid(request)

    rows, _ = graph.run(listed(video), script, **WINDOWS)
    (failure,) = rows.captions[0].failures
    assert failure.what == "dense_caption 00:08.0 - 00:12.0" and "outside 00:00.0 - 00:04.0" in failure.reason


def test_a_video_of_whose_windows_none_is_left_is_failed(graph: Graph, video: Path) -> None:
    def script(request: Request) -> str:
        if request.task is Task.DENSE_CAPTION:
            raise ReplyError("odd")
        return valid(request)

    rows, _ = graph.run(listed(video), script, **WINDOWS)
    row = rows.captions[0]
    assert row.status is Status.FAILED
    assert "dense_caption 00:00.0 - 00:04.0: odd" in row.reason and "dense_caption 00:08.0 - 00:12.0: odd" in row.reason


def test_a_model_is_told_of_the_clock_in_the_picture_where_there_is_one(graph: Graph, video: Path) -> None:
    _, plain = graph.run(listed(video))
    _, burned = graph.run(listed(video), media__burn_clock=True)
    looks = {Task.GLOBAL_CAPTION, Task.DENSE_CAPTION, Task.CHUNK_CAPTION, Task.CLIP_CAPTION}
    for asked, told in ((plain, False), (burned, True)):
        prompts = [request.prompt for request in asked if request.task in looks]
        assert prompts
        assert {("small clock in the lower left corner" in prompt.schema_text) for prompt in prompts} == {told}
        assert {("small clock in the lower left corner" in prompt.layout_text) for prompt in prompts} == {told}

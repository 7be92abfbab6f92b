"""What the stages of a run share, and what is asked ahead of its turn."""

from collections.abc import Callable, Sequence
from pathlib import Path

import anyio.lowlevel
import pytest

from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.errors import StageError, TransientError
from vr_assets.records.batch import ManifestRow
from vr_assets.records.call import Request
from vr_assets.settings import Asset, Graph, Task, resolve
from vr_assets.steps.captions import caption_videos
from vr_assets.steps.chunk_captions import caption_chunks
from vr_assets.steps.filtered_videos import filter_videos
from vr_assets.steps.highlights import caption_highlights
from vr_assets.steps.raw_videos import read_videos
from vr_assets.steps.session import Run, Session
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.end_to_end.project import draw_videos
from vr_assets_tests.steps.graph import Script, valid

pytestmark = pytest.mark.anyio
WATCHED = (Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[ManifestRow]:
    folder = draw_videos(tmp_path_factory.mktemp("videos"), 3, seconds=1)
    return [ManifestRow(video_path=str(path)) for path in sorted(folder.iterdir())]


Making = Callable[..., tuple[Session, list[ScriptedBackend]]]


@pytest.fixture
def making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Making:
    """Sessions over scripted backends, on one data folder."""

    def make(
        script: Script = valid, assets: Sequence[Asset] = Graph.VIDEOS.assets, **given: object
    ) -> tuple[Session, list[ScriptedBackend]]:
        made: list[ScriptedBackend] = []

        def backend(*_: object, **__: object) -> ScriptedBackend:
            made.append(ScriptedBackend(script))
            return made[-1]

        monkeypatch.setattr("vr_assets.steps.session.make_backend", backend)
        layer = {"calls.preflight": False, **{name.replace("__", "."): value for name, value in given.items()}}
        run = Run(id="run", batch="b", assets=assets)
        return Session(resolve(("test", layer)).settings, Store(tmp_path), run, environ={}), made

    return make


def tasks(backends: Sequence[ScriptedBackend]) -> list[Task]:
    return [request.task for backend in backends for request in backend.requests]


class Held:
    """A script under which the screening of one video waits until it is let go."""

    def __init__(self, held: str) -> None:
        self.held = held
        self.asked: list[Task] = []

    def __call__(self, request: Request) -> str:
        self.asked.append(request.task)
        if request.task is Task.SCREENING and request.subject.name == self.held and Task.EVENT_SUMMARY not in self.asked:
            raise TransientError("still looking", retry_after_s=0.01)
        return valid(request)


async def test_later_stages_are_asked_about_videos_that_are_through_while_a_slow_one_holds_the_stage_up(
    making: Making, videos: list[ManifestRow]
) -> None:
    """The screening of one video gets no answer before the questions about another were asked: it would wait for ever if the
    stage had to end first."""
    script = Held(videos[0].video_path)
    session, _ = making(script, calls__max_attempts=20, calls__max_retry_wait_s=0.1)
    async with session:
        raw = (await session.carry_out(Asset.RAW_VIDEOS, lambda stage: read_videos(videos, stage))).rows
        filtered = await session.carry_out(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))
    assert [row.status for row in filtered.rows] == ["ok"] * 3
    assert Task.EVENT_SUMMARY in script.asked


async def test_what_was_asked_ahead_is_neither_asked_again_nor_counted_twice(making: Making, videos: list[ManifestRow]) -> None:
    session, made = making()
    async with session:
        raw = (await session.carry_out(Asset.RAW_VIDEOS, lambda stage: read_videos(videos, stage))).rows
        filtered = (await session.carry_out(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))).rows
        captions = await session.carry_out(Asset.CAPTIONS, lambda stage: caption_videos(raw, filtered, stage))
        chunks = await session.carry_out(Asset.CHUNK_CAPTIONS, lambda stage: caption_chunks(captions.rows, stage))
    asked = tasks(made)
    assert (asked.count(Task.GLOBAL_CAPTION), asked.count(Task.CHUNK_CAPTION)) == (3, 3)
    assert (captions.counts.asked, captions.counts.reused, chunks.counts.asked, chunks.counts.reused) == (6, 0, 3, 0)


@pytest.mark.parametrize(
    ("assets", "ahead"),
    [
        pytest.param((Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS), False, id="not part of the run"),
        pytest.param((Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CHUNK_CAPTIONS), False, id="behind a gap"),
        pytest.param(WATCHED, True, id="part of the run"),
    ],
)
async def test_only_what_the_run_is_to_make_is_asked_ahead(
    making: Making, videos: list[ManifestRow], assets: Sequence[Asset], ahead: bool
) -> None:
    session, made = making(assets=assets)
    async with session:
        raw = (await session.carry_out(Asset.RAW_VIDEOS, lambda stage: read_videos(videos, stage))).rows
        await session.carry_out(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))
        while ahead and Task.CHUNK_CAPTION not in tasks(made):
            await anyio.lowlevel.checkpoint()
    assert (set(tasks(made)) > {Task.SCREENING}) is ahead
    assert Task.MCQ not in tasks(made)


async def test_nothing_is_asked_ahead_about_a_near_duplicate(making: Making, tmp_path: Path) -> None:
    images = [*moving_box(32), *moving_box(32)[::-1]]
    paths = [write_clip(tmp_path / f"{crf}.mp4", images, 8, options={"crf": str(crf)}) for crf in (23, 34)]
    session, made = making(filter__near_duplicates="one_of_each", calls__videos_in_work=1)
    async with session:
        manifest = [ManifestRow(video_path=str(path)) for path in paths]
        raw = (await session.carry_out(Asset.RAW_VIDEOS, lambda stage: read_videos(manifest, stage))).rows
        filtered = (await session.carry_out(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))).rows
        while Task.CHUNK_CAPTION not in tasks(made):
            await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
    assert [row.status for row in filtered] == ["ok", "skipped"]
    assert filtered[1].near_duplicate_of and filtered[1].near_duplicate_of.batch == "b"
    assert {request.subject.name for backend in made for request in backend.requests} == {str(paths[0])}


async def test_nothing_is_asked_ahead_where_the_setting_says_so(making: Making, videos: list[ManifestRow]) -> None:
    session, made = making(calls__run_ahead=False)
    async with session:
        raw = (await session.carry_out(Asset.RAW_VIDEOS, lambda stage: read_videos(videos, stage))).rows
        await session.carry_out(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))
    assert set(tasks(made)) == {Task.SCREENING}


async def test_a_later_stage_that_cannot_be_asked_does_not_stop_the_present_one(
    making: Making, videos: list[ManifestRow]
) -> None:
    refused = []

    def script(request: Request) -> str:
        if request.task is not Task.MOMENT:
            return valid(request)
        refused.append(request)
        raise StageError("no credit")

    session, _ = making(script, llm__gemini__model="another")
    async with session:
        raw = (await session.carry_out(Asset.RAW_VIDEOS, lambda stage: read_videos(videos, stage))).rows
        filtered = (await session.carry_out(Asset.FILTERED_VIDEOS, lambda stage: filter_videos(raw, stage))).rows
        while not refused:
            await anyio.lowlevel.checkpoint()
        captions = (await session.carry_out(Asset.CAPTIONS, lambda stage: caption_videos(raw, filtered, stage))).rows
        chunks = (await session.carry_out(Asset.CHUNK_CAPTIONS, lambda stage: caption_chunks(captions, stage))).rows
        assert [row.status for row in chunks] == ["ok"] * 3
        with pytest.raises(StageError, match="no credit"):
            await session.carry_out(Asset.HIGHLIGHTS, lambda stage: caption_highlights(captions, chunks, stage))


async def test_endpoints_that_are_set_alike_are_one(making: Making) -> None:
    session, made = making()
    async with session:
        assert session.caller("vlm").backend is session.caller("llm").backend
    session, made = making(llm__gemini__model="another", endpoints__big__gemini__model="another")
    async with session:
        assert session.caller("vlm").backend is not session.caller("llm").backend
        assert session.caller("big").backend is session.caller("llm").backend
    assert all(backend.closed for backend in made)

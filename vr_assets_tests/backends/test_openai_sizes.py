"""A request stays under the endpoint's limit: by a smaller rendering, else by not being sent."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from vr_assets.backends.openai_request import size_bytes
from vr_assets.backends.shown import show
from vr_assets.errors import RefusedError
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import MediaForm, Request
from vr_assets.settings import LongVideoSettings, MediaSettings, ReplyFormat, Task, VideoInput
from vr_assets_tests.backends.asked import FRAMES, VIDEO, BytesMedia, request
from vr_assets_tests.backends.compatible import ask, backend
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import ModelServer, serve

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(MediaSettings(workers=1, memory_mb=1024))
    yield made
    made.close()


@asynccontextmanager
async def asked_about(tmp_path: Path, workers: Workers, *, count: int = 60, clips: int = 1) -> AsyncIterator[tuple[Request, int]]:
    """A question about stretches of a drawn video, and how many bytes the first of them has as a clip."""
    path = write_clip(tmp_path / "drawn.mp4", moving_box(count, size=(640, 480)), 10)
    library = MediaLibrary(tmp_path / "media", MediaSettings(), LongVideoSettings(), workers)
    media = await library.probe(str(path), part=None)
    facts = await library.facts(media)
    whole = library.watch(media, facts)
    shown = [whole, *(library.watch(media, facts, Span(start_s=1.0, end_s=3.0)) for _ in range(clips - 1))]
    yield replace(request(Task.GLOBAL_CAPTION), media=tuple(shown)), len((await whole.clip()).content)


async def served_size(server: ModelServer, asked: Request, limit_bytes: int, **settings: object) -> tuple[int, tuple[str, ...]]:
    """The size of the one request that was sent, and what was said about it."""
    reply = await ask(server, asked, max_request_mb=limit_bytes / 1e6, **settings)
    (served,) = server.served
    return served.size_bytes, reply.remarks


@pytest.mark.parametrize("style", [ReplyFormat.SCHEMA, ReplyFormat.JSON, ReplyFormat.LAYOUT])
@pytest.mark.parametrize("media", [(), (VIDEO,), (FRAMES, VIDEO)], ids=["text", "video", "frames-and-video"])
async def test_the_size_of_a_request_is_known_before_it_is_sent(style: ReplyFormat, media: tuple[BytesMedia, ...]) -> None:
    asked = request(Task.GLOBAL_CAPTION, *media, about='Ein "Wort" über Größe. ' * 50)
    told = size_bytes(asked, await show(asked))
    with serve(DIALECT) as server:
        await ask(server, asked, reply_format=style)
    # At most the envelope's, the other style's and each part's reserve.
    assert told - 4000 < server.served[0].size_bytes <= told


@pytest.mark.parametrize("kind", [VideoInput.VIDEO_URL, VideoInput.FRAMES])
async def test_what_would_be_too_large_is_shown_smaller(tmp_path: Path, workers: Workers, kind: VideoInput) -> None:
    async with asked_about(tmp_path, workers) as (asked, clip_bytes):
        frames_bytes = sum(len(frame.content) for frame in await asked.media[0].frames())
        limit_bytes = 5000 + (clip_bytes if kind is VideoInput.VIDEO_URL else frames_bytes)
        with serve(DIALECT) as server:
            size, remarks = await served_size(server, asked, limit_bytes, video_input=kind)
    assert size <= limit_bytes
    assert len(remarks) == 1 and remarks[0].startswith("scaled to ") and "to stay under" in remarks[0]


async def test_what_fits_is_shown_as_it_is(tmp_path: Path, workers: Workers) -> None:
    async with asked_about(tmp_path, workers) as (asked, clip_bytes):
        with serve(DIALECT) as server:
            _, remarks = await served_size(server, asked, 2 * clip_bytes + 5000)
            assert server.questions[0].media[0].content == (await asked.media[0].clip()).content
    assert remarks == ()


async def test_several_media_share_the_room(tmp_path: Path, workers: Workers) -> None:
    async with asked_about(tmp_path, workers, clips=2) as (asked, clip_bytes):
        with serve(DIALECT) as server:
            size, _ = await served_size(server, asked, clip_bytes + 5000)
    assert size <= clip_bytes + 5000


async def test_the_labels_of_many_frames_count_too(tmp_path: Path, workers: Workers) -> None:
    async with asked_about(tmp_path, workers, count=300) as (asked, _):
        frames = await asked.media[0].frames()
        # Room for all the frames as they are, and none for what stands around them.
        limit_bytes = sum(-(-len(frame.content) // 3) * 4 for frame in frames) + 3000
        with serve(DIALECT) as server:
            size, remarks = await served_size(server, asked, limit_bytes, video_input=VideoInput.FRAMES)
    assert len(frames) >= 29
    assert size <= limit_bytes
    assert remarks


@pytest.mark.parametrize("media", [VIDEO, FRAMES, BytesMedia(form=MediaForm.VIDEO, content=bytes(10_000))])
async def test_what_cannot_be_made_small_enough_is_not_sent(media: BytesMedia) -> None:
    with serve(DIALECT) as server:
        asking = backend(server.url, max_request_mb=0.002)
        with pytest.raises(RefusedError, match=r"asked\.mp4.* MB.*0\.002 MB of vlm\.openai\.max_request_mb .*not sent"):
            await asking.prepare(request(Task.GLOBAL_CAPTION, media))
        with pytest.raises(RefusedError, match="not sent"):
            await asking.generate(request(Task.GLOBAL_CAPTION, media))
        await asking.aclose()
        assert not server.served


async def test_a_prompt_that_is_too_long_alone_is_not_sent() -> None:
    with pytest.raises(RefusedError, match="text alone"):
        await backend("http://127.0.0.1:1", max_request_mb=0.01).prepare(request(about="long " * 4000))


async def test_what_was_prepared_is_made_once_and_may_be_sent_twice(tmp_path: Path, workers: Workers) -> None:
    async with asked_about(tmp_path, workers) as (asked, _):
        with serve(DIALECT) as server:
            asking = backend(server.url)
            ready = await asking.prepare(asked)
            for file in [*(tmp_path / "media" / "proxies").iterdir(), tmp_path / "drawn.mp4"]:
                file.unlink()
            replies = [await asking.generate(ready) for _ in range(2)]
            await asking.aclose()
    assert asking.identity(ready) == asking.identity(asked)
    assert json.loads(replies[0].text) == json.loads(replies[1].text)

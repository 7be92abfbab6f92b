"""Videos that do not fit inline, by the real SDK against a Files API of our own."""

import json
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.gemini import GeminiBackend
from vr_assets.backends.gemini_files import UPLOADS_AT_ONCE
from vr_assets.backends.known import Known
from vr_assets.backends.owners import Owner
from vr_assets.errors import Cause, MediaError, RefusedError, StageError, TransientError, VrAssetsError
from vr_assets.records.call import Clip, Frame, MediaForm, Request
from vr_assets.settings import GeminiSettings, MediaResolution, Task
from vr_assets_tests.backends.asked import SPAN, BytesMedia, request
from vr_assets_tests.servers.gemini import GeminiDialect
from vr_assets_tests.servers.gemini_files import FileStore
from vr_assets_tests.servers.serving import Behaviour, Fault, Medium, ModelServer, Served, serve

pytestmark = pytest.mark.anyio

KEY = "g-canary-0123456789abcdef"
LONG = BytesMedia(content=bytes(range(256)) * 400)
OTHER = BytesMedia(content=bytes(reversed(range(256))) * 400)
SMALL = BytesMedia(content=b"small")


@dataclass(frozen=True)
class Reducible(BytesMedia):
    """Media that can be made as small as `least_bytes`, by cutting bytes off. Remembers what it was made as."""

    least_bytes: int = 0
    made: list[int | None] = field(default_factory=list)

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        self.made.append(at_most_bytes)
        kept = self.content if at_most_bytes is None else self.content[: max(self.least_bytes, at_most_bytes)]
        return Clip(content=kept, mime_type="video/mp4", span=SPAN, reduced="" if at_most_bytes is None else "at half the size")

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        clip = await self.clip(at_most_bytes=at_most_bytes)
        return [Frame(content=clip.content, time_s=0.0, reduced=clip.reduced)]


def asking(*media: BytesMedia, about: str = "Once.") -> Request:
    return request(Task.GLOBAL_CAPTION, *media, about=about)


async def at_once(_: float) -> None:
    await anyio.lowlevel.checkpoint()


Sleep = Callable[[float], Awaitable[None]]


@asynccontextmanager
async def opened(
    server: ModelServer, *, known: Known | None = None, sleep: Sleep = at_once, **settings: object
) -> AsyncIterator[GeminiBackend]:
    """A backend with room for 20 kB inline, closed in the end. Waits for nothing between two looks."""
    made = GeminiSettings.model_validate({"base_url": server.url, "max_inline_mb": 0.02, **settings})
    backend = GeminiBackend(made, environ={"GOOGLE_API_KEY": KEY}, known=known, sleep=sleep)
    try:
        yield backend
    finally:
        await backend.aclose()


def about_files(server: ModelServer, what: str) -> list[Served]:
    """`start`, `piece`, `look`, `delete`: requests of that kind, in order."""
    return [served for served in server.served if _kind(served) == what]


def _kind(served: Served) -> str:
    command = served.headers.get("x-goog-upload-command", "")
    if served.path.startswith("POST /upload/"):
        return "start" if command == "start" else "piece"
    return {"GET": "look", "DELETE": "delete"}.get(served.path.partition(" ")[0], "")


def counts(server: ModelServer) -> dict[str, int]:
    return {what: len(about_files(server, what)) for what in ("start", "piece", "look", "delete")}


async def test_a_video_that_does_not_fit_is_uploaded_and_answered_as_if_it_did() -> None:
    with serve(GeminiDialect(FileStore(key=KEY)), Behaviour(key=KEY)) as server:
        async with opened(server) as backend:
            filed = await backend.generate(asking(LONG))
        async with opened(server, max_inline_mb=20) as backend:
            inline = await backend.generate(asking(LONG))
    assert filed == inline
    assert server.questions[0].parts == (Medium("video", "video/mp4", LONG.content), server.questions[0].prompt)
    assert counts(server) == {"start": 1, "piece": 1, "look": 0, "delete": 1}


async def test_it_is_uploaded_once_for_three_calls_and_two_who_ask_at_once() -> None:
    with serve(GeminiDialect(FileStore(polls=2))) as server:
        async with opened(server) as backend:
            async with anyio.create_task_group() as group:
                group.start_soon(backend.generate, asking(LONG, about="First."))
                group.start_soon(backend.generate, asking(LONG, about="At the same moment."))
            await backend.generate(asking(LONG, about="Later."))
    assert {question.prompt for question in server.questions} == {
        f"{about} Reply as JSON." for about in ("First.", "At the same moment.", "Later.")
    }
    assert counts(server) == {"start": 1, "piece": 1, "look": 2, "delete": 1}


async def test_what_is_uploaded_is_not_made_again_for_the_next_question() -> None:
    video = Reducible(content=LONG.content)
    with serve(GeminiDialect()) as server:
        async with opened(server) as backend:
            await backend.generate(asking(video))
            await backend.generate(asking(video, about="Again."))
    assert video.made == [None]


async def test_a_file_comes_byte_for_byte_however_many_pieces_it_takes() -> None:
    large = BytesMedia(content=bytes(range(256)) * 36_000)
    with serve(GeminiDialect()) as server:
        async with opened(server) as backend:
            await backend.generate(asking(large))
    assert server.questions[0].media[0].content == large.content
    assert counts(server)["piece"] == 2


async def test_only_the_largest_are_uploaded_until_the_rest_fits() -> None:
    with serve(GeminiDialect()) as server:
        async with opened(server) as backend:
            await backend.generate(asking(SMALL, LONG))
    assert [shown.content for shown in server.questions[0].media] == [SMALL.content, LONG.content]
    assert counts(server)["start"] == 1


async def test_preparing_uploads_and_what_is_prepared_may_be_sent_several_times() -> None:
    with serve(GeminiDialect()) as server:
        async with opened(server) as backend:
            ready = await backend.prepare(asking(LONG))
            assert counts(server) == {"start": 1, "piece": 1, "look": 0, "delete": 0}
            assert not server.questions
            assert [media.form for media in ready.media] == [MediaForm.VIDEO]
            first, second = await backend.generate(ready), await backend.generate(ready)
    assert first == second
    assert counts(server)["start"] == 1


async def test_only_a_few_are_uploaded_at_once() -> None:
    store = FileStore()
    with serve(GeminiDialect(store)) as server:
        async with opened(server) as backend, anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(backend.prepare, asking(BytesMedia(content=bytes([number]) * 30_000)))
    assert counts(server)["start"] == 12
    assert 1 < store.most_at_once <= UPLOADS_AT_ONCE


async def test_media_resolution_goes_for_files_too() -> None:
    with serve(GeminiDialect()) as server:
        async with opened(server, media_resolution=MediaResolution.HIGH) as backend:
            await backend.generate(asking(LONG))
    assert server.questions[0].parameters["mediaResolution"] == "MEDIA_RESOLUTION_HIGH"


async def test_a_file_that_is_not_ready_in_time_names_the_video_and_the_setting_and_is_not_uploaded_again() -> None:
    store = FileStore(polls=10**9)
    with serve(GeminiDialect(store)) as server:
        async with opened(server, upload_deadline_s=1.5) as backend:
            with pytest.raises(TransientError, match=r"asked\.mp4.*within 1\.5 s.*vlm\.gemini\.upload_deadline_s") as caught:
                await backend.prepare(asking(LONG))
            assert caught.value.cause is Cause.TIMED_OUT
            looks = counts(server)["look"]
            with pytest.raises(TransientError):
                await backend.prepare(asking(LONG))
            # One more, and perhaps the one that was under way when the time was over.
            assert counts(server)["look"] - looks in (1, 2), "the time is not given once more for each attempt"
            next(iter(store.files.values())).polls_left = 1
            await backend.generate(asking(LONG))
    assert counts(server)["start"] == 1


async def test_an_upload_that_takes_too_long_is_ended() -> None:
    slow = Fault(200, {"X-Goog-Upload-Status": "final"}, body=bytes(1000), dribble_s=0.02)
    with serve(GeminiDialect(FileStore(faults={2: slow}))) as server:
        async with opened(server, upload_deadline_s=0.2) as backend:
            with pytest.raises(TransientError, match=r"asked\.mp4 \(0\.1 MB\) was not uploaded within 0\.2 s") as caught:
                await backend.prepare(asking(LONG))
    assert caught.value.cause is Cause.TIMED_OUT


async def test_a_file_that_the_api_cannot_read_fails_its_video_once_and_for_all() -> None:
    with serve(GeminiDialect(FileStore(polls=1, fails=True))) as server:
        async with opened(server) as backend:
            for _ in range(2):
                with pytest.raises(MediaError, match=r"asked\.mp4.*cannot be decoded"):
                    await backend.prepare(asking(LONG))
    assert counts(server) == {"start": 1, "piece": 1, "look": 1, "delete": 1}


@pytest.mark.parametrize("number", [1, 2, 3], ids=["start", "piece", "look"])
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        pytest.param(Fault(503), Cause.SERVER_ERROR, id="503"),
        pytest.param(Fault(429), Cause.RATE_LIMITED, id="429"),
        pytest.param(Fault(200, body=b"<html>"), Cause.NOT_AN_ANSWER, id="html"),
        pytest.param(Fault(200, body=b"[]"), Cause.NOT_AN_ANSWER, id="a-list"),
        pytest.param(Fault(503, drop=True), Cause.DROPPED, id="dropped"),
    ],
)
async def test_each_request_of_an_upload_is_sent_once_and_the_attempt_may_be_repeated(
    number: int, fault: Fault, why: Cause
) -> None:
    with serve(GeminiDialect(FileStore(polls=1, faults={number: fault}))) as server:
        async with opened(server) as backend:
            with pytest.raises(TransientError) as caught:
                await backend.prepare(asking(LONG))
            assert caught.value.cause is why
            assert len(server.served) == number
            await backend.generate(asking(LONG))
    assert counts(server)["start"] == (1 if number == 3 else 2), "what lies there is not uploaded again"


async def test_a_refused_key_stops_the_stage_before_anything_is_uploaded() -> None:
    with serve(GeminiDialect(FileStore(key="another"))) as server:
        async with opened(server) as backend:
            with pytest.raises(StageError, match="GOOGLE_API_KEY"):
                await backend.prepare(asking(LONG))
    assert counts(server)["start"] == 1


async def test_a_file_that_the_api_has_forgotten_is_uploaded_again() -> None:
    store = FileStore()
    with serve(GeminiDialect(store)) as server:
        async with opened(server) as backend:
            ready = await backend.prepare(asking(LONG))
            store.forget()
            with pytest.raises(TransientError, match=r"asked\.mp4 is uploaded again") as caught:
                await backend.generate(ready)
            await backend.generate(ready)
            store.forget()
            with pytest.raises(TransientError):
                await backend.generate(ready)
            await backend.generate(ready)
    assert caught.value.cause is Cause.ERRATIC
    assert counts(server)["start"] == 3
    assert [media.content for question in server.questions for media in question.media] == [LONG.content] * 2


async def test_a_file_that_is_forgotten_before_every_use_is_uploaded_again_once() -> None:
    with serve(GeminiDialect(FileStore(forgetful=True))) as server:
        async with opened(server) as backend:
            with pytest.raises(TransientError):
                await backend.generate(asking(LONG))
            with pytest.raises(RefusedError, match=r"asked\.mp4 was uploaded twice"):
                await backend.generate(asking(LONG))
    assert counts(server)["start"] == 2


async def test_a_refused_key_is_not_taken_for_a_forgotten_file() -> None:
    with serve(GeminiDialect(), Behaviour(always=Fault(403, message="The caller does not have permission"))) as server:
        async with opened(server) as backend:
            with pytest.raises(StageError, match="GOOGLE_API_KEY"):
                await backend.generate(asking(LONG))


@pytest.mark.parametrize("form", list(MediaForm))
async def test_without_uploads_too_large_is_made_smaller(form: MediaForm) -> None:
    media = Reducible(form=form, content=LONG.content)
    with serve(GeminiDialect()) as server:
        async with opened(server, upload="never") as backend:
            reply = await backend.generate(asking(media))
    assert server.served[0].size_bytes <= 20_000
    assert len(server.questions[0].media[0].content) > 10_000
    assert reply.remarks == ("at half the size",)
    assert len(server.served) == 1


async def test_many_are_made_smaller_by_the_same_factor() -> None:
    large, small = Reducible(content=LONG.content), Reducible(content=LONG.content[:10_240])
    with serve(GeminiDialect()) as server:
        async with opened(server, upload="never") as backend:
            await backend.generate(asking(large, small))
    sizes = [len(media.content) for media in server.questions[0].media]
    assert server.served[0].size_bytes <= 20_000
    assert sizes[0] / sizes[1] == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize("status", [400, 403, 404, 413, 501])
async def test_where_the_api_takes_no_upload_it_is_made_smaller(status: int) -> None:
    media = Reducible(content=LONG.content)
    with serve(GeminiDialect(FileStore(faults={1: Fault(status, message="no files here")}))) as server:
        async with opened(server) as backend:
            await backend.generate(asking(media))
            await backend.generate(asking(media, about="Again."))
    assert counts(server) == {"start": 1, "piece": 0, "look": 0, "delete": 0}
    assert len(server.questions) == 2


async def test_what_can_be_made_no_smaller_is_refused_with_sizes_and_settings() -> None:
    media = Reducible(content=LONG.content, least_bytes=51_200)
    with serve(GeminiDialect(FileStore(faults={1: Fault(404, message="no files here")}))) as server:
        async with opened(server) as backend:
            with pytest.raises(RefusedError) as caught:
                await backend.generate(asking(media))
    for said in ("asked.mp4 (0.1 MB)", "0.02 MB", "vlm.gemini.max_inline_mb", "no files here", "as small as they are"):
        assert said in str(caught.value)
    assert not server.questions


async def test_uploads_go_where_the_setting_says_whatever_address_the_api_names() -> None:
    with serve(GeminiDialect(FileStore(says_host="http://192.0.2.1"))) as server:
        async with opened(server) as backend:
            await backend.generate(asking(LONG))
    assert counts(server)["piece"] == 1


async def test_a_file_that_cannot_be_deleted_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with serve(GeminiDialect(FileStore(faults={3: Fault(503)}))) as server:
        async with opened(server) as backend:
            await backend.generate(asking(LONG))
    assert counts(server)["delete"] == 1
    assert "1 uploaded files could not be deleted" in caplog.text


async def test_files_are_deleted_after_an_interrupt_too() -> None:
    with serve(GeminiDialect()) as server:
        with anyio.CancelScope() as interrupted:
            async with opened(server) as backend:
                await backend.prepare(asking(LONG, OTHER))
                interrupted.cancel()
                await anyio.lowlevel.checkpoint()
    assert counts(server) == {"start": 2, "piece": 2, "look": 0, "delete": 2}


async def test_an_interrupt_while_a_file_is_processed_leaves_nothing() -> None:
    store = FileStore(polls=10**9)
    interrupted = anyio.CancelScope()

    async def interrupt(_: float) -> None:
        assert len(store.files) == 1
        interrupted.cancel()
        await anyio.lowlevel.checkpoint()

    with serve(GeminiDialect(store)) as server, interrupted:
        async with opened(server, sleep=interrupt) as backend:
            await backend.prepare(asking(LONG))
    assert interrupted.cancelled_caught
    assert not store.files


async def test_when_the_one_who_uploads_is_interrupted_the_others_go_on_with_the_same_file() -> None:
    store = FileStore(polls=10**9)
    interrupted = anyio.CancelScope()

    async def interrupt(_: float) -> None:
        if not interrupted.cancel_called:
            interrupted.cancel()
            next(iter(store.files.values())).polls_left = 1
        await anyio.lowlevel.checkpoint()

    with serve(GeminiDialect(store)) as server:
        async with opened(server, sleep=interrupt) as backend, anyio.create_task_group() as group:
            with interrupted:
                group.start_soon(backend.generate, asking(LONG))
                await backend.prepare(asking(LONG))
    assert interrupted.cancelled_caught
    assert len(server.questions) == 1
    assert counts(server) == {"start": 1, "piece": 1, "look": 1, "delete": 1}


async def test_a_file_that_is_not_ready_after_all_may_be_tried_again() -> None:
    store = FileStore()
    with serve(GeminiDialect(store)) as server:
        async with opened(server) as backend:
            ready = await backend.prepare(asking(LONG))
            next(iter(store.files.values())).state = "PROCESSING"
            with pytest.raises(TransientError) as caught:
                await backend.generate(ready)
    assert caught.value.cause is Cause.ERRATIC


# A process that uploads, then dies without a word: argv holds the server's URL and the file of what is known.
_KILLED = """
import os, sys
from pathlib import Path
import anyio
from vr_assets.backends.gemini import GeminiBackend
from vr_assets.backends.gemini_files import UPLOADS_AT_ONCE
from vr_assets.backends.known import Known
from vr_assets.settings import GeminiSettings
from vr_assets_tests.backends.test_gemini_files import KEY, LONG, asking

async def main():
    settings = GeminiSettings(base_url=sys.argv[1], max_inline_mb=0.02)
    backend = GeminiBackend(settings, environ={"GOOGLE_API_KEY": KEY}, known=Known(Path(sys.argv[2])))
    await backend.prepare(asking(LONG))
    os._exit(9)

anyio.run(main)
"""


async def test_the_files_of_a_killed_run_are_deleted_at_the_next_start_and_those_of_a_live_one_never(tmp_path: Path) -> None:
    known = Known(tmp_path / "known.sqlite")
    store = FileStore()
    with serve(GeminiDialect(store)) as server:
        command = [sys.executable, "-c", _KILLED, server.url, str(tmp_path / "known.sqlite")]
        assert (await anyio.run_process(command, check=False)).returncode == 9
        left = set(store.files)
        async with opened(server, known=known) as live:
            await live.prepare(asking(OTHER))
            mine = set(store.files) - left
            async with opened(server, known=known) as another:
                await another.generate(asking(SMALL))
            assert set(store.files) == mine
    assert len(left) == 1
    assert not store.files
    assert not known.listed(server.url, "")


async def test_what_is_left_at_another_endpoint_is_left_alone() -> None:
    known = Known()
    gone = json.dumps({"pid": Owner.me().pid, "started": 1.0})
    known.put("http://another", "uploaded files/abc", gone, at="2026-01-01T00:00:00+00:00")
    with serve(GeminiDialect()) as server:
        known.put(server.url, "uploaded files/def", gone, at="2026-01-01T00:00:00+00:00")
        async with opened(server, known=known) as backend:
            await backend.generate(asking(SMALL))
    assert [served.path for served in about_files(server, "delete")] == ["DELETE /v1beta/files/def"]
    assert known.listed("http://another", "uploaded ")


@pytest.mark.parametrize(
    "store",
    [
        pytest.param(FileStore(says_key=KEY), id="in-addresses"),
        pytest.param(FileStore(says_key=KEY, polls=1, faults={3: Fault(503, message=f"{KEY} is busy")}), id="in-an-error"),
        pytest.param(FileStore(says_key=KEY, key="another"), id="refused"),
        pytest.param(FileStore(says_key=KEY, faults={2: Fault(200, body=KEY.encode())}), id="in-an-odd-answer"),
        pytest.param(FileStore(says_key=KEY, forgetful=True), id="forgotten"),
    ],
)
async def test_no_error_log_or_record_shows_the_key(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen = []
    known = Known()
    with serve(GeminiDialect(store)) as server:
        async with opened(server, known=known) as backend:
            try:
                seen.append(repr(await backend.generate(asking(LONG))))
            except VrAssetsError as error:
                seen += [repr(error), "".join(traceback.format_exception(error))]
            seen.append(repr(known.listed(server.url, "")))
    assert about_files(server, "start")[0].key == KEY
    seen += [record.getMessage() for record in caplog.records]
    assert not [text for text in seen if KEY in text]

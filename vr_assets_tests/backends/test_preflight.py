"""An endpoint is tried before it is paid for, with a clip whose content is known."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.base import Backend
from vr_assets.backends.known import Known
from vr_assets.backends.make import make_backend
from vr_assets.backends.preflight import Preflight
from vr_assets.backends.scripted import Line, ScriptedBackend
from vr_assets.errors import RefusedError, StageError, TransientError
from vr_assets.records.call import Finish, Reply, Request
from vr_assets.records.preflight import CheckName, CheckOutcome, Report, Shown
from vr_assets.settings import BackendName, BoxConvention, GeminiSettings, ModelSettings, OpenAISettings, Task
from vr_assets_tests.backends.asked import FRAMES, VIDEO, request
from vr_assets_tests.servers import gemini, openai
from vr_assets_tests.servers.seeing import Eyes, Sight
from vr_assets_tests.servers.serving import Behaviour, Dialect, Fault, serve

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN = request(Task.GLOBAL_CAPTION, VIDEO)
READ = request(Task.DESCRIPTION)
FEW = Fault(status=400, message="At most 1 image(s) may be provided in one request.")


def openai_settings(url: str, **settings: object) -> ModelSettings:
    made = OpenAISettings.model_validate({"base_url": url, "model_name": "eye-7b", **settings})
    return ModelSettings(backend=BackendName.OPENAI, openai=made)


def gemini_settings(url: str, **settings: object) -> ModelSettings:
    made = GeminiSettings.model_validate({"base_url": url, "model": "eye-7b", **settings})
    return ModelSettings(backend=BackendName.GEMINI, gemini=made)


Settings = Callable[[str], ModelSettings]
BOTH = pytest.mark.parametrize(
    ("dialect", "settings"),
    [pytest.param(openai.DIALECT, openai_settings, id="openai"), pytest.param(gemini.DIALECT, gemini_settings, id="gemini")],
)
KEYS = {"GOOGLE_API_KEY": "k", "OPENAI_API_KEY": "k"}


def preflight(settings: ModelSettings, known: Known | None = None, *, at: datetime = NOON, name: str = "vlm") -> Preflight:
    def make(chosen: ModelSettings) -> Backend:
        return make_backend(chosen, environ=KEYS, role=name)

    return Preflight(make(settings), settings=settings, known=known, endpoint_name=name, now=lambda: at, remade=make)


async def ensure(settings: ModelSettings, asked: Request = SEEN, known: Known | None = None, *, at: datetime = NOON) -> None:
    backend = make_backend(settings, environ=KEYS)
    try:
        await preflight(settings, known, at=at).ensure(asked, backend.generate)
    finally:
        await backend.aclose()


async def report(settings: ModelSettings, *, sees: bool = True) -> Report:
    backend = make_backend(settings, environ=KEYS)
    made = Preflight(backend, settings=settings, known=None, endpoint_name="vlm", now=lambda: NOON)
    try:
        return await made.report(backend.generate, sees=sees)
    finally:
        await backend.aclose()


async def why_not(dialect: Dialect, settings: Settings, eyes: Eyes, asked: Request = SEEN) -> str:
    with serve(dialect, Behaviour(eyes=eyes)) as server, pytest.raises(StageError) as caught:
        await ensure(settings(server.url), asked)
    return str(caught.value)


def seeing(*sees: Sight) -> Eyes:
    return Eyes(sees=frozenset(sees))


@BOTH
@pytest.mark.parametrize("asked", [SEEN, READ, request(Task.GLOBAL_CAPTION, FRAMES)], ids=["video", "words", "frames"])
async def test_an_endpoint_that_works_is_asked_one_question(dialect: Dialect, settings: Settings, asked: Request) -> None:
    with serve(dialect) as server:
        await ensure(settings(server.url), asked)
    assert [question.task for question in server.questions] == [Task.PREFLIGHT]
    assert {medium.kind for medium in server.questions[0].media} == {
        {"video": "video", "frames": "image"}[medium.form] for medium in asked.media
    }


async def test_a_model_for_words_is_shown_nothing() -> None:
    with serve(openai.DIALECT, Behaviour(eyes=seeing())) as server:
        await ensure(openai_settings(server.url), READ)
    assert server.questions[0].media == ()


@BOTH
async def test_a_model_that_sees_nothing_is_caught_and_quoted(dialect: Dialect, settings: Settings) -> None:
    said = await why_not(dialect, settings, seeing())
    assert 'it said "I\'m sorry, but I cannot see anything yet. Please provide the video."' in said
    assert "choose a model that watches video: vlm." in said
    assert "calls.preflight=false" in said


@BOTH
async def test_a_model_that_makes_something_up_is_caught(dialect: Dialect, settings: Settings) -> None:
    said = await why_not(dialect, settings, Eyes(sees=frozenset(), guesses=True))
    assert "moves" in said and '"colour": "red"' in said


@pytest.mark.parametrize(
    ("given", "sees", "cure"),
    [
        ("video_url", seeing(Sight.VIDEO_AS_IMAGE), "image_url works: set vlm.openai.video_input=image_url"),
        ("video_url", seeing(Sight.IMAGES), "frames works: set vlm.openai.video_input=frames"),
        ("image_url", seeing(Sight.VIDEO), "video_url works: set vlm.openai.video_input=video_url"),
        ("image_url", seeing(Sight.IMAGES), "frames works: set vlm.openai.video_input=frames"),
        ("frames", seeing(Sight.VIDEO), "video_url works: set vlm.openai.video_input=video_url"),
        ("video_url", seeing(), "image_url and frames did not work either; choose a model"),
    ],
)
async def test_the_way_of_showing_a_video_that_works_is_named(given: str, sees: Eyes, cure: str) -> None:
    said = await why_not(openai.DIALECT, lambda url: openai_settings(url, video_input=given), sees)
    assert cure in said


async def test_a_gemini_model_without_video_has_no_other_way() -> None:
    said = await why_not(gemini.DIALECT, gemini_settings, seeing(Sight.IMAGES))
    assert "choose a model that watches video: vlm.gemini.model (VR_VLM__GEMINI__MODEL)" in said


@pytest.mark.parametrize("given", ["video_url", "image_url", "frames"])
async def test_each_way_of_showing_a_video_passes_where_it_is_the_right_one(given: str) -> None:
    sight = {"video_url": Sight.VIDEO, "image_url": Sight.VIDEO_AS_IMAGE, "frames": Sight.IMAGES}[given]
    with serve(openai.DIALECT, Behaviour(eyes=seeing(sight))) as server:
        await ensure(openai_settings(server.url, video_input=given))
    assert len(server.questions) == 1


async def test_an_endpoint_that_refuses_the_form_of_a_video_is_told_from_one_that_refuses_everything() -> None:
    with serve(openai.DIALECT, Behaviour(faults={1: FEW})) as server, pytest.raises(StageError) as video:
        await ensure(openai_settings(server.url, video_input="frames"))
    assert "frames: shown" in str(video.value) and "At most 1 image(s)" in str(video.value)
    suspended = Fault(400, message="the account is suspended")
    with serve(openai.DIALECT, Behaviour(always=suspended)) as server, pytest.raises(StageError) as everything:
        await ensure(openai_settings(server.url))
    assert "key and model: " in str(everything.value) and "the account is suspended" in str(everything.value)
    assert "video:" not in str(everything.value)


@BOTH
async def test_a_refused_key_is_told_as_any_call_tells_it(dialect: Dialect, settings: Settings) -> None:
    with serve(dialect, Behaviour(key="another")) as server, pytest.raises(StageError, match="does not take the key in"):
        await ensure(settings(server.url))
    assert len(server.served) == 1


@BOTH
async def test_an_unknown_model_is_told(dialect: Dialect, settings: Settings) -> None:
    with serve(dialect, Behaviour(always=Fault(404))) as server, pytest.raises(StageError, match="no model 'eye-7b'"):
        await ensure(settings(server.url))


async def test_what_passed_is_not_tried_again_in_another_run_for_a_week(tmp_path: Path) -> None:
    with serve(openai.DIALECT) as server:
        settings = openai_settings(server.url)
        for at in (NOON, NOON + timedelta(days=6), NOON + timedelta(days=8)):
            await ensure(settings, known=Known(tmp_path / "known.sqlite"), at=at)
            assert len(server.questions) == (1 if at < NOON + timedelta(days=7) else 2)


@pytest.mark.parametrize("changed", [{"model_name": "eye-8b"}, {"video_input": "image_url"}, {"reply_format": "layout"}])
async def test_another_model_or_way_of_asking_is_tried_anew(changed: dict[str, object]) -> None:
    known = Known()
    with serve(openai.DIALECT) as server:
        await ensure(openai_settings(server.url), known=known)
        await ensure(openai_settings(server.url, temperature=0.1, timeout=9), known=known)
        assert len(server.questions) == 1
        await ensure(openai_settings(server.url, **changed), known=known)
        assert len(server.questions) == 2


async def test_what_failed_is_tried_again_by_the_next_run() -> None:
    known = Known()
    with serve(openai.DIALECT, Behaviour(eyes=seeing(), faults={})) as server:
        settings = openai_settings(server.url)
        with pytest.raises(StageError):
            await ensure(settings, known=known)
        asked = len(server.questions)
        with pytest.raises(StageError):
            await ensure(settings, known=known)
        assert len(server.questions) == 2 * asked


async def test_video_that_passed_says_nothing_of_words_alone() -> None:
    known = Known()
    with serve(openai.DIALECT) as server:
        await ensure(openai_settings(server.url), SEEN, known)
        await ensure(openai_settings(server.url), READ, known)
    assert [len(question.media) for question in server.questions] == [1, 0]


class Remote(ScriptedBackend):
    """A script in the place of an endpoint."""

    name = "openai"
    styles = 1

    def plainer(self) -> bool:
        self.styles -= 1
        self.structured = False
        return self.styles > 0


def remote(script: Callable[[Request], Line]) -> tuple[Remote, Preflight]:
    backend = Remote(script)
    settings = ModelSettings(backend=BackendName.OPENAI)
    return backend, Preflight(backend, settings=settings, known=None, endpoint_name="llm", now=lambda: NOON)


def read_back(asked: Request) -> str:
    """Answers the question about words."""
    words = asked.prompt.schema_text.split("there is a ")[1].split()
    return json.dumps({"colour": words[0], "shape": words[1], "direction": words[4].strip(","), "digit": words[8].strip('."')})


async def test_callers_at_the_same_moment_share_one_trial() -> None:
    backend, trying = remote(read_back)
    backend.hold()
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(trying.ensure, READ, backend.generate)
        await backend.until_asked(1)
        await anyio.wait_all_tasks_blocked()
        backend.release()
    await trying.ensure(READ, backend.generate)
    assert len(backend.requests) == 1


async def test_callers_at_the_same_moment_share_its_failure() -> None:
    backend, trying = remote(lambda asked: RefusedError("no"))
    errors = []

    async def caught() -> None:
        with pytest.raises(StageError) as error:
            await trying.ensure(READ, backend.generate)
        errors.append(error.value)

    backend.hold()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(caught)
        await backend.until_asked(1)
        await anyio.wait_all_tasks_blocked()
        backend.release()
    assert len(backend.requests) == 1 and len(errors) == 3


async def test_trials_of_two_things_do_not_run_at_once_for_each_may_change_the_style() -> None:
    backend, trying = remote(read_back)
    backend.hold()
    async with anyio.create_task_group() as group:
        group.start_soon(trying.ensure, READ, backend.generate)
        group.start_soon(trying.ensure, request(Task.GLOBAL_CAPTION, FRAMES), backend.generate)
        await backend.until_asked(1)
        await anyio.wait_all_tasks_blocked()
        assert backend.in_flight == 1
        group.cancel_scope.cancel()


async def test_a_trial_goes_on_for_the_others_when_the_caller_that_began_it_is_cancelled() -> None:
    backend, trying = remote(read_back)
    backend.hold()
    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as first:
            first.start_soon(trying.ensure, READ, backend.generate)
            await backend.until_asked(1)
            group.start_soon(trying.ensure, READ, backend.generate)
            await anyio.wait_all_tasks_blocked()
            first.cancel_scope.cancel()
        backend.release()
    assert len(backend.requests) == 1


async def test_another_way_of_showing_is_tried_as_any_call_is_made() -> None:
    asked: list[Request] = []

    def ask_with(other: Backend) -> Callable[[Request], Awaitable[Reply]]:
        async def ask(question: Request) -> Reply:
            asked.append(question)
            return await other.generate(question)

        return ask

    with serve(openai.DIALECT, Behaviour(eyes=seeing(Sight.VIDEO_AS_IMAGE))) as server:
        settings = openai_settings(server.url)
        backend = make_backend(settings, environ=KEYS)
        with pytest.raises(StageError, match="image_url works"):
            await preflight(settings).ensure(SEEN, backend.generate, ask_with=ask_with)
        await backend.aclose()
    assert len(asked) == 1


async def test_a_busy_endpoint_is_no_verdict() -> None:
    busy: list[Line] = [TransientError("busy")]
    backend, trying = remote(lambda asked: busy.pop() if busy else read_back(asked))
    with pytest.raises(TransientError, match="busy"):
        await trying.ensure(READ, backend.generate)
    await trying.ensure(READ, backend.generate)
    assert len(backend.requests) == 2


async def test_an_answer_in_another_form_is_asked_for_in_a_plainer_one_until_it_reads() -> None:
    backend, trying = remote(lambda asked: read_back(asked) if backend.styles == 1 else "Well, it is as you say.")
    backend.styles = 3
    found = await trying.report(backend.generate, sees=False)
    assert len(backend.requests) == 3
    assert [(check.name, check.outcome) for check in found.checks] == [
        (CheckName.KEY_AND_MODEL, CheckOutcome.OK),
        (CheckName.REPLIES, CheckOutcome.OK),
    ]
    assert "labelled lines" in found.checks[1].said


def told(shown: Shown) -> str:
    return json.dumps({"colour": shown.colour, "shape": shown.shape, "direction": shown.direction, "digit": shown.digit})


async def test_a_wrong_answer_in_another_form_is_no_reason_for_a_plainer_one() -> None:
    backend, trying = remote(lambda asked: "A red ball rolls by." if asked.media else read_back(asked))
    backend.styles = 3
    with pytest.raises(StageError, match="video: shown"):
        await trying.ensure(SEEN, backend.generate)
    assert backend.styles == 3


async def test_a_style_in_which_nothing_reads_is_not_taken_for_blindness() -> None:
    def answer(asked: Request) -> str:
        if backend.structured:
            return "{}{}{}"
        return told(asked.media[0].shown) if asked.media else read_back(asked)  # type: ignore[attr-defined]

    backend, trying = remote(answer)
    backend.styles = 3
    await trying.ensure(SEEN, backend.generate)
    assert [len(asked.media) for asked in backend.requests] == [1, 0, 0, 1]


async def test_an_answer_that_never_reads_is_told_with_the_form_that_was_fixed() -> None:
    eyes = Eyes(prose=True)
    said = await why_not(openai.DIALECT, lambda url: openai_settings(url, reply_format="schema"), eyes)
    assert "replies: not in the form asked for" in said
    assert "vlm.openai.reply_format=auto" in said
    said = await why_not(gemini.DIALECT, gemini_settings, eyes)
    assert "answers in the form it is asked for: vlm.gemini.model" in said


async def test_a_model_that_writes_no_json_is_asked_in_lines_from_then_on_in_later_runs_too(tmp_path: Path) -> None:
    with serve(openai.DIALECT, Behaviour(eyes=Eyes(prose=True))) as server:
        settings = openai_settings(server.url)
        for asked_before in (0, 3):
            known = Known(tmp_path / "known.sqlite")
            backend = make_backend(settings, environ=KEYS, known=known)
            trying = Preflight(backend, settings=settings, known=known, endpoint_name="vlm", now=lambda: NOON)
            assert len(server.questions) == asked_before
            await trying.ensure(SEEN, backend.generate)
            assert not backend.structured
            await backend.aclose()
            known.close()
    assert [question.structured for question in server.questions] == [True, True, False]


async def test_a_cut_answer_gets_more_room_once() -> None:
    backend, trying = remote(lambda asked: read_back(asked) if asked.output_tokens else Reply(text="{", finish=Finish.LENGTH))
    await trying.ensure(READ, backend.generate)
    assert [asked.output_tokens for asked in backend.requests] == [None, 8192]
    backend, trying = remote(lambda asked: Reply(text="{", finish=Finish.LENGTH))
    with pytest.raises(StageError, match=r"cut at the output limit.*\n.*llm\.openai\.max_tokens"):
        await trying.ensure(READ, backend.generate)


@pytest.mark.parametrize("name", ["opencv", "scripted"])
async def test_what_answers_without_an_endpoint_is_not_tried(name: str) -> None:
    backend = ScriptedBackend([])
    backend.name = name
    trying = Preflight(backend, settings=ModelSettings(), known=None, endpoint_name="vlm", now=lambda: NOON)
    await trying.ensure(SEEN, backend.generate)
    assert backend.requests == []


@pytest.mark.parametrize("boxes", list(BoxConvention))
async def test_the_box_convention_is_recognised(boxes: BoxConvention) -> None:
    with serve(openai.DIALECT, Behaviour(eyes=Eyes(boxes=boxes))) as server:
        found = await report(openai_settings(server.url))
    assert found.boxes is boxes
    expected = CheckOutcome.UNKNOWN if boxes is BoxConvention.UNKNOWN else CheckOutcome.OK
    assert found.outcome(CheckName.BOXES) is expected


@BOTH
async def test_a_report_tells_of_everything_and_what_it_cost(dialect: Dialect, settings: Settings) -> None:
    with serve(dialect) as server:
        found = await report(settings(server.url))
    assert {check.name: check.outcome for check in found.checks} == dict.fromkeys(CheckName, CheckOutcome.OK)
    assert len(server.questions) == 4
    assert found.input_tokens > 0 and found.output_tokens > 0


@BOTH
async def test_a_report_of_a_model_that_sees_pictures_only_says_so(dialect: Dialect, settings: Settings) -> None:
    with serve(dialect, Behaviour(eyes=seeing(Sight.IMAGES))) as server:
        found = await report(settings(server.url))
    failed = [check.name for check in found.checks if check.outcome is CheckOutcome.FAILED]
    assert failed == [CheckName.VIDEO]
    assert found.outcome(CheckName.FRAMES) is found.outcome(CheckName.IMAGE) is CheckOutcome.OK


async def test_a_report_on_a_refused_key_stops_there() -> None:
    with serve(gemini.DIALECT, Behaviour(key="another")) as server:
        found = await report(gemini_settings(server.url))
    assert [(check.name, check.outcome) for check in found.checks] == [(CheckName.KEY_AND_MODEL, CheckOutcome.FAILED)]
    assert "set GOOGLE_API_KEY" in found.checks[0].cure
    assert len(server.served) == 1

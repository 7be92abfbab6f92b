import json
import socket
from contextlib import suppress
from dataclasses import replace

import pytest
from pydantic import JsonValue

from vr_assets.backends.gemini import GeminiBackend
from vr_assets.errors import Cause, RefusedError, StageError, TransientError, VrAssetsError
from vr_assets.records.call import Finish, Reply, Request
from vr_assets.settings import GeminiSettings, MediaResolution, Task
from vr_assets_tests.backends.asked import CLIP_BYTES, FRAMES, VIDEO, BytesMedia, request
from vr_assets_tests.servers.gemini import DIALECT
from vr_assets_tests.servers.serving import THOUGHTS, Behaviour, Fault, Medium, ModelServer, Thinking, serve

pytestmark = pytest.mark.anyio

WATCHING = request(Task.GLOBAL_CAPTION, VIDEO)


def backend(url: str, **settings: object) -> GeminiBackend:
    made = GeminiSettings.model_validate({"base_url": url, "model": "gemini-test", **settings})
    return GeminiBackend(made, environ={"GOOGLE_API_KEY": "g-key"})


async def ask(server: ModelServer, asked: Request | None = None, **settings: object) -> Reply:
    asking = backend(server.url, **settings)
    try:
        return await asking.generate(asked or request())
    finally:
        await asking.aclose()


async def error_of(fault: Fault, asked: Request | None = None, **settings: object) -> VrAssetsError:
    with serve(DIALECT, Behaviour(always=fault)) as server, pytest.raises(VrAssetsError) as caught:
        await ask(server, asked, **settings)
    assert len(server.served) == 1, "one attempt is one request"
    return caught.value


def cause(error: VrAssetsError) -> Cause:
    assert type(error) is TransientError
    return error.cause


def google_error(status: int, name: str, message: str, *details: dict[str, JsonValue]) -> Fault:
    error = {"code": status, "message": message, "status": name, "details": list(details)}
    return Fault(status=status, body=json.dumps({"error": error}).encode())


def odd(body: JsonValue) -> Fault:
    return Fault(status=200, body=json.dumps(body).encode())


def candidate(reason: str, *parts: JsonValue) -> Fault:
    return odd({"candidates": [{"content": {"parts": list(parts)}, "finishReason": reason}]})


async def test_an_inline_video_arrives_byte_for_byte_before_the_prompt() -> None:
    with serve(DIALECT, Behaviour(key="g-key")) as server:
        reply = await ask(server, WATCHING)
    assert server.questions[0].parts == (Medium("video", "video/mp4", CLIP_BYTES), server.questions[0].prompt)
    assert json.loads(reply.text)["caption"]
    assert reply.finish is Finish.STOP
    assert reply.usage.input_tokens and reply.usage.output_tokens


@pytest.mark.parametrize("asked", [request(), WATCHING, request(Task.CHUNK_CAPTION, FRAMES)], ids=["text", "video", "frames"])
async def test_10_settings_reach_every_call(asked: Request) -> None:
    with serve(DIALECT) as server:
        await ask(server, asked, temperature=0.15, max_output_tokens=321, media_resolution=MediaResolution.HIGH, timeout=33)
    served = server.served[0]
    config = server.questions[0].parameters
    assert served.path == "/v1beta/models/gemini-test:generateContent"
    assert config["mediaResolution"] == "MEDIA_RESOLUTION_HIGH"
    assert (config["temperature"], config["maxOutputTokens"]) == (0.15, 321)
    assert served.headers["x-server-timeout"] == "33"


async def test_an_attempt_may_have_an_output_limit_of_its_own() -> None:
    with serve(DIALECT) as server:
        await ask(server, replace(WATCHING, output_tokens=4321), max_output_tokens=321)
    assert server.questions[0].parameters["maxOutputTokens"] == 4321


async def test_the_reply_schema_is_enforced_and_named() -> None:
    with serve(DIALECT) as server:
        await ask(server, request(Task.CHUNK_CAPTION))
    question = server.questions[0]
    assert question.parameters["responseMimeType"] == "application/json"
    assert question.parameters["responseJsonSchema"] == {"title": "chunk_caption", **request().reply_schema}
    assert question.prompt.endswith("Reply as JSON.")


async def test_without_a_schema_the_layout_is_asked_for() -> None:
    with serve(DIALECT) as server:
        await ask(server, request(reply_schema={}))
    question = server.questions[0]
    assert "responseMimeType" not in question.parameters
    assert question.prompt.endswith("Reply as text.")


async def test_17_each_frame_is_preceded_by_its_time() -> None:
    with serve(DIALECT) as server:
        await ask(server, request(Task.GLOBAL_CAPTION, FRAMES))
    first, second, third = [Medium("image", "image/jpeg", frame.content) for frame in await FRAMES.frames()]
    assert server.questions[0].parts[:-1] == ("00:00.0", first, "00:02.5", second, "00:07.9", third)


async def test_thoughts_are_no_part_of_the_answer_but_are_counted() -> None:
    with serve(DIALECT, Behaviour(thinking=Thinking.FIELD)) as server:
        thoughtful = await ask(server)
    with serve(DIALECT) as server:
        plain = await ask(server)
    assert thoughtful.text == plain.text
    assert (thoughtful.thinking, plain.thinking) == (THOUGHTS, "")
    assert thoughtful.usage.output_tokens == (plain.usage.output_tokens or 0) + 7


@pytest.mark.parametrize(
    ("fault", "finish", "text"),
    [
        pytest.param(candidate("STOP", {"text": "a"}, {"text": "b"}), "stop", "ab", id="several-parts"),
        pytest.param(candidate("MAX_TOKENS", {"text": '{"cap'}), "length", '{"cap', id="cut"),
        pytest.param(
            odd(
                {
                    "candidates": [
                        {"content": {"parts": [{"text": "A"}]}, "finishReason": "CONTINUATION", "continuationToken": "dG8="}
                    ]
                }
            ),
            "length",
            "A",
            id="to-be-continued",
        ),
        pytest.param(odd({"candidates": [{"finishReason": "MAX_TOKENS"}]}), "length", "", id="cut-while-thinking"),
        pytest.param(candidate("SAFETY"), "refused", "", id="safety"),
        pytest.param(candidate("PROHIBITED_CONTENT"), "refused", "", id="prohibited"),
        pytest.param(candidate("RECITATION", {"text": "Call me"}), "refused", "Call me", id="recitation"),
        pytest.param(candidate("BLOCKLIST"), "refused", "", id="blocklist"),
        pytest.param(odd({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), "refused", "", id="prompt-blocked"),
        pytest.param(odd({}), "stop", "", id="no-candidates"),
    ],
)
async def test_odd_answers_are_read_for_what_they_are(fault: Fault, finish: str, text: str) -> None:
    with serve(DIALECT, Behaviour(always=fault)) as server:
        reply = await ask(server)
    assert len(server.served) == 1
    assert (reply.finish, reply.text) == (finish, text)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(candidate("OTHER", {"text": "A van"}), id="other"),
        pytest.param(candidate("MALFORMED_RESPONSE"), id="malformed"),
        pytest.param(candidate("SOMETHING_NEW"), id="unheard-of"),
        pytest.param(Fault(status=200, body=b"<html>Bad gateway</html>"), id="html"),
        pytest.param(odd([1, 2]), id="a-list"),
        pytest.param(odd("busy"), id="a-string"),
        pytest.param(odd({"candidates": "none"}), id="wrong-types"),
        pytest.param(Fault(drop=True), id="dropped-in-the-body"),
    ],
)
async def test_what_is_no_answer_may_be_tried_again(fault: Fault) -> None:
    assert cause(await error_of(fault)) is (Cause.DROPPED if fault.drop else Cause.NOT_AN_ANSWER)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (408, Cause.TIMED_OUT),
        (429, Cause.RATE_LIMITED),
        (500, Cause.SERVER_ERROR),
        (503, Cause.SERVER_ERROR),
        (504, Cause.SERVER_ERROR),
    ],
)
async def test_a_busy_endpoint_may_be_tried_again_but_not_by_the_sdk(status: int, why: Cause) -> None:
    assert cause(await error_of(Fault(status=status), WATCHING)) is why


async def test_the_retry_delay_of_a_429_is_told() -> None:
    delay: dict[str, JsonValue] = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    error = await error_of(google_error(429, "RESOURCE_EXHAUSTED", "slow down", delay))
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 34.5


async def test_a_retry_after_header_is_told_too() -> None:
    error = await error_of(Fault(status=503, headers={"Retry-After": "9"}))
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 9.0


async def test_a_quota_of_the_day_stops_the_stage_whatever_delay_it_names() -> None:
    delay: dict[str, JsonValue] = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "35s"}
    quota: dict[str, JsonValue] = {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}],
    }
    assert type(await error_of(google_error(429, "RESOURCE_EXHAUSTED", "quota", quota, delay))) is StageError


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=401),
        Fault(status=403),
        Fault(status=400, code="API_KEY_INVALID"),
        google_error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    ],
    ids=["401", "403", "400-with-a-reason", "400-in-words"],
)
async def test_a_refused_key_stops_the_stage_and_names_the_variable(fault: Fault) -> None:
    error = await error_of(fault, WATCHING)
    assert type(error) is StageError
    assert "GOOGLE_API_KEY" in str(error)


async def test_an_account_that_may_not_use_the_api_stops_the_stage() -> None:
    fault = google_error(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")
    assert type(await error_of(fault, WATCHING)) is StageError


async def test_an_unknown_model_stops_the_stage_and_names_the_setting() -> None:
    error = await error_of(google_error(404, "NOT_FOUND", "models/gemini-test is not found"))
    assert type(error) is StageError
    assert "vlm.gemini.model" in str(error) and "gemini-test" in str(error)


async def test_a_400_on_video_may_be_random() -> None:
    invalid = google_error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    assert cause(await error_of(invalid, WATCHING)) is Cause.ERRATIC
    assert type(await error_of(invalid, request(Task.GLOBAL_CAPTION, FRAMES))) is RefusedError
    assert type(await error_of(invalid)) is RefusedError


@pytest.mark.parametrize(
    "said",
    [
        "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
        "Request payload size exceeds the limit: 20971520 bytes.",
        "Unsupported MIME type: video/x-none",
        "The specified schema produces a constraint that has too many states for serving.",
        "Please use fewer than 3600 images in your request",
        "Video input modality is not enabled for models/gemini-test",
        'Invalid JSON payload received. Unknown name "fps": Cannot find field.',
        "Budget 0 is not supported by this model.",
    ],
)
async def test_a_400_that_says_what_is_wrong_is_not_paid_for_again(said: str) -> None:
    assert type(await error_of(google_error(400, "INVALID_ARGUMENT", said), WATCHING)) is RefusedError


async def test_a_400_that_names_a_field_is_not_paid_for_again() -> None:
    field: dict[str, JsonValue] = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "generation_config.top_k", "description": "must be positive"}],
    }
    error = await error_of(google_error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", field), WATCHING)
    assert type(error) is RefusedError


async def test_a_body_over_the_limit_is_not_sent() -> None:
    large = request(Task.GLOBAL_CAPTION, BytesMedia(content=bytes(900_000)))
    said = r"1\.2 MB.* 1 MB.*vlm\.gemini\.max_inline_mb.*asked\.mp4 \(1\.2 MB\).*upload=auto"
    with serve(DIALECT) as server:
        with pytest.raises(RefusedError, match=said):
            await ask(server, large, max_inline_mb=1, upload="never")
        await ask(server, large, max_inline_mb=1.25, upload="never")
    assert len(server.served) == 1


@pytest.mark.parametrize("short_of_it_bytes", [100, 300, 2_000, 10_000])
async def test_what_is_sent_is_within_the_limit_with_all_that_goes_around_it(short_of_it_bytes: int) -> None:
    asked = request(Task.GLOBAL_CAPTION, BytesMedia(content=bytes((100_000 - short_of_it_bytes) // 4 * 3)))
    with serve(DIALECT) as server, suppress(RefusedError):
        await ask(server, asked, max_inline_mb=0.1, upload="never")
    sizes = [served.size_bytes for served in server.served]
    assert sizes == [] or sizes[0] <= 100_000
    assert len(sizes) == 1 or short_of_it_bytes < 10_000


async def test_a_server_that_is_not_there_may_come_up() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        asking = backend(f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(TransientError, match=r"127\.0\.0\.1") as caught:
            await asking.generate(request())
        await asking.aclose()
    assert cause(caught.value) is Cause.DROPPED


async def test_a_server_that_says_nothing_is_given_up_after_the_timeout() -> None:
    with (
        serve(DIALECT, Behaviour(delay_s=0.5)) as server,
        pytest.raises(TransientError, match=r"within 0\.05 s.*vlm\.gemini\.timeout") as caught,
    ):
        await ask(server, timeout=0.05)
    assert cause(caught.value) is Cause.TIMED_OUT


async def test_the_timeout_is_for_the_whole_answer_however_it_dribbles_in() -> None:
    error = await error_of(Fault(dribble_s=0.02), timeout=0.1)
    assert cause(error) is Cause.TIMED_OUT
    assert "within 0.1 s" in str(error)


async def test_the_process_environment_redirects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_API_KEY", "ambient-key")
    with serve(DIALECT, Behaviour(key="g-key")) as server:
        assert (await ask(server)).finish is Finish.STOP


def test_without_a_key_it_lists_the_ways() -> None:
    with pytest.raises(StageError) as caught:
        GeminiBackend(GeminiSettings(), environ={}, role="llm").check_ready()
    said = str(caught.value)
    for way in (
        "GOOGLE_API_KEY",
        "llm.backend=openai (VR_LLM__BACKEND=openai)",
        "llm.openai.base_url=http://HOST:PORT/v1 (VR_LLM__OPENAI__BASE_URL=http://HOST:PORT/v1)",
        "llm.openai.model_name=NAME (VR_LLM__OPENAI__MODEL_NAME=NAME)",
        "llm.backend=opencv (VR_LLM__BACKEND=opencv)",
    ):
        assert way in said


def test_what_changes_the_answer_changes_the_identity_and_nothing_else_does() -> None:
    def identity(asked: Request = WATCHING, **settings: object) -> str:
        return backend(str(settings.pop("url", "http://a")), **settings).identity(asked)

    same = [identity(), identity(url="http://b"), identity(timeout=5), identity(max_output_tokens=9), identity(max_inline_mb=50)]
    other = [identity(model="m"), identity(temperature=0.1), identity(media_resolution=MediaResolution.HIGH)]
    assert len(set(same)) == 1
    assert len({*same, *other}) == 4
    assert identity(request()) == identity(request(), media_resolution=MediaResolution.HIGH)

import json
import socket

import pytest
from pydantic import JsonValue

from vr_assets.backends.openai import OpenAIBackend
from vr_assets.errors import RefusedError, StageError, TransientError, VrAssetsError
from vr_assets.records.call import Finish, Reply, Request
from vr_assets.settings import OpenAISettings, ReplyFormat, Task, VideoInput
from vr_assets_tests.backends.asked import CLIP_BYTES, FRAMES, VIDEO, BytesMedia, request
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import THOUGHTS, Behaviour, Fault, Medium, ModelServer, Thinking, serve

pytestmark = pytest.mark.anyio


def backend(url: str, **settings: object) -> OpenAIBackend:
    made = OpenAISettings.model_validate({"base_url": url, "model_name": "eye-7b", **settings})
    return OpenAIBackend(made, environ={"MY_KEY": " k-1\n"})


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


def odd(status: int, body: str) -> Fault:
    return Fault(status=status, body=body.encode())


def completion(**choice: JsonValue) -> Fault:
    return odd(200, json.dumps({"choices": [choice]}))


async def test_a_reply_comes_back_with_its_usage() -> None:
    with serve(DIALECT) as server:
        reply = await ask(server)
    assert json.loads(reply.text)["caption"]
    assert reply.finish is Finish.STOP
    assert reply.usage.input_tokens and reply.usage.output_tokens


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_the_base_url_is_accepted_as_people_write_it(suffix: str) -> None:
    with serve(DIALECT) as server:
        asking = backend(server.url + suffix)
        await asking.generate(request())
        await asking.aclose()
        assert asking.endpoint == server.url + "/v1"


async def test_10_settings_reach_the_endpoint() -> None:
    with serve(DIALECT) as server:
        await ask(server, temperature=0.25, max_tokens=77)
    body = server.served[0].body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("eye-7b", 0.25, 77)


async def test_a_server_without_keys_is_sent_none() -> None:
    with serve(DIALECT) as server:
        await ask(server)
    assert "authorization" not in server.served[0].headers


async def test_the_key_is_read_from_the_variable_that_the_setting_names() -> None:
    with serve(DIALECT, Behaviour(key="k-1")) as server:
        asking = backend(server.url, api_key_env="MY_KEY")
        assert (await asking.generate(request())).finish is Finish.STOP
        await asking.aclose()


async def test_no_key_of_the_process_goes_to_an_endpoint_that_was_given_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "ambient-key")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "ambient-admin-key")
    with serve(DIALECT) as server:
        await ask(server)
    assert "ambient" not in json.dumps(server.served[0].headers)


@pytest.mark.parametrize("kind", [VideoInput.VIDEO_URL, VideoInput.IMAGE_URL])
async def test_a_video_arrives_byte_for_byte_before_the_prompt(kind: VideoInput) -> None:
    with serve(DIALECT) as server:
        await ask(server, request(Task.GLOBAL_CAPTION, VIDEO), video_input=kind)
    assert server.questions[0].parts == (
        Medium(kind.removesuffix("_url"), "video/mp4", CLIP_BYTES),
        server.questions[0].prompt,
    )


@pytest.mark.parametrize(
    ("media", "kind"), [(VIDEO, VideoInput.FRAMES), (FRAMES, VideoInput.VIDEO_URL), (FRAMES, VideoInput.IMAGE_URL)]
)
async def test_17_each_frame_is_preceded_by_its_time(media: BytesMedia, kind: VideoInput) -> None:
    with serve(DIALECT) as server:
        await ask(server, request(Task.GLOBAL_CAPTION, media), video_input=kind)
    first, second, third = [Medium("image", "image/jpeg", frame.content) for frame in await media.frames()]
    assert server.questions[0].parts[:-1] == ("00:00.0", first, "00:02.5", second, "00:07.9", third)


async def test_several_media_keep_their_order() -> None:
    with serve(DIALECT) as server:
        await ask(server, request(Task.GLOBAL_CAPTION, FRAMES, VIDEO))
    assert [shown.kind for shown in server.questions[0].media] == ["image", "image", "image", "video"]


async def test_a_reply_schema_is_asked_for_strictly_under_the_tasks_name() -> None:
    with serve(DIALECT) as server:
        await ask(server, request(Task.CHUNK_CAPTION))
    assert server.served[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "chunk_caption", "strict": True, "schema": request().reply_schema},
    }
    assert server.questions[0].prompt.endswith("Reply as JSON.")


async def test_a_request_without_a_schema_asks_for_the_layout() -> None:
    with serve(DIALECT) as server:
        await ask(server, request(reply_schema={}))
    assert "response_format" not in server.served[0].body
    assert server.questions[0].prompt.endswith("Reply as text.")


@pytest.mark.parametrize("status", [400, 422])
async def test_an_endpoint_that_refuses_schemas_is_asked_for_the_layout_from_then_on(status: int) -> None:
    with serve(DIALECT, Behaviour(refuse=frozenset({"response_format"}), refuse_status=status)) as server:
        asking = backend(server.url)
        structured = [asking.structured]
        replies = [await asking.generate(request()) for _ in range(2)]
        await asking.aclose()
        structured.append(asking.structured)
    assert structured == [True, False]
    assert [served.status for served in server.served] == [status, status, 200, 200]
    assert all(not reply.text.startswith("{") for reply in replies)
    assert server.questions[2].prompt.endswith("Reply as text.")


async def test_a_400_that_quotes_the_request_does_not_give_up_schemas_for_good() -> None:
    quoting = odd(400, json.dumps({"error": {"message": "bad image in {'response_format': {...}, 'temperature': 0.7}"}}))
    with serve(DIALECT, Behaviour(always=quoting)) as server:
        asking = backend(server.url)
        with pytest.raises(RefusedError, match="bad image"):
            await asking.generate(request())
        await asking.aclose()
        assert asking.structured
    assert len(server.served) <= 4


async def test_reply_format_schema_means_schema() -> None:
    with serve(DIALECT, Behaviour(refuse=frozenset({"response_format"}))) as server:
        with pytest.raises(RefusedError, match="response_format"):
            await ask(server, reply_format=ReplyFormat.SCHEMA)
        assert len(server.served) == 1


async def test_reply_format_layout_never_asks_for_a_schema() -> None:
    with serve(DIALECT) as server:
        await ask(server, reply_format=ReplyFormat.LAYOUT)
    assert "response_format" not in server.served[0].body


async def test_a_reasoning_model_gets_max_completion_tokens_and_no_temperature() -> None:
    with serve(DIALECT, Behaviour(refuse=frozenset({"max_tokens", "temperature"}))) as server:
        asking = backend(server.url, max_tokens=99)
        for _ in range(2):
            await asking.generate(request())
        await asking.aclose()
    assert [served.status for served in server.served] == [400, 400, 200, 200]
    assert server.served[3].body["max_completion_tokens"] == 99
    assert not {"max_tokens", "temperature"} & set(server.served[3].body)
    assert "response_format" in server.served[3].body


async def test_an_endpoint_that_refuses_everything_is_asked_a_bounded_number_of_times() -> None:
    refuses = frozenset({"response_format", "max_tokens", "max_completion_tokens", "temperature"})
    with serve(DIALECT, Behaviour(refuse=refuses)) as server, pytest.raises(RefusedError, match="max_completion_tokens"):
        await ask(server)
    assert len(server.served) <= 4


async def test_16_a_cut_reply_says_so() -> None:
    with serve(DIALECT, Behaviour(cut=frozenset({Task.GLOBAL_CAPTION}))) as server:
        reply = await ask(server)
    assert reply.finish is Finish.LENGTH


@pytest.mark.parametrize("thinking", [Thinking.TAGS, Thinking.FIELD])
async def test_thinking_is_no_part_of_the_answer(thinking: Thinking) -> None:
    with serve(DIALECT, Behaviour(thinking=thinking)) as server:
        reply = await ask(server)
    assert "THOUGHT" not in reply.text
    assert json.loads(reply.text)["caption"]


async def test_thinking_that_never_ends_leaves_no_answer() -> None:
    with serve(DIALECT, Behaviour(thinking=Thinking.UNCLOSED, cut=frozenset({Task.GLOBAL_CAPTION}))) as server:
        reply = await ask(server)
    assert (reply.text, reply.finish) == ("", Finish.LENGTH)
    assert reply.thinking == THOUGHTS


@pytest.mark.parametrize(
    ("fault", "finish", "text"),
    [
        pytest.param(
            completion(message={"content": None, "refusal": "I can't"}, finish_reason="stop"), "refused", "", id="refusal"
        ),
        pytest.param(completion(message={"content": ""}, finish_reason="content_filter"), "refused", "", id="content-filter"),
        pytest.param(completion(message={"content": ""}, finish_reason="length"), "length", "", id="cut-and-empty"),
        pytest.param(completion(message={"content": None}, finish_reason="stop"), "stop", "", id="null-content"),
        pytest.param(completion(message={"content": "Hi"}), "stop", "Hi", id="no-finish-reason"),
        pytest.param(completion(message={"content": [{"type": "text", "text": "Hi"}]}), "stop", "Hi", id="content-in-parts"),
        pytest.param(odd(200, '{"choices": []}'), "stop", "", id="empty-choices"),
        pytest.param(odd(200, "{}"), "stop", "", id="no-choices"),
    ],
)
async def test_odd_answers_are_read_for_what_they_are(fault: Fault, finish: str, text: str) -> None:
    with serve(DIALECT, Behaviour(always=fault)) as server:
        reply = await ask(server)
    assert (reply.finish, reply.text) == (finish, text)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(odd(200, "<html>Bad gateway</html>"), id="html"),
        pytest.param(odd(200, "[1, 2]"), id="a-list"),
        pytest.param(odd(200, ""), id="nothing"),
        pytest.param(odd(200, '{"error": {"message": "upstream is busy", "code": 503}}'), id="error-in-a-200"),
        pytest.param(completion(message={"content": "A van tur"}, finish_reason="error"), id="broken-off"),
        pytest.param(Fault(drop=True), id="dropped-in-the-body"),
    ],
)
async def test_what_is_no_answer_may_be_tried_again(fault: Fault) -> None:
    assert isinstance(await error_of(fault), TransientError)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_a_busy_endpoint_may_be_tried_again(status: int) -> None:
    assert type(await error_of(Fault(status=status))) is TransientError


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_bad_request_is_refused_for_good(status: int) -> None:
    error = await error_of(Fault(status=status, message="image is too small"))
    assert type(error) is RefusedError
    assert "image is too small" in str(error)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_stops_the_stage_and_names_the_variable(status: int) -> None:
    error = await error_of(Fault(status=status), api_key_env="MY_KEY")
    assert type(error) is StageError
    assert "MY_KEY" in str(error)


async def test_an_unknown_model_stops_the_stage_and_names_the_setting() -> None:
    error = await error_of(Fault(status=404, message="The model `eye-7b` does not exist"))
    assert type(error) is StageError
    assert "vlm.openai.model_name" in str(error) and "VR_VLM__OPENAI__MODEL_NAME" in str(error) and "eye-7b" in str(error)


@pytest.mark.parametrize("fault", [Fault(status=429, code="insufficient_quota"), Fault(status=402)])
async def test_a_used_up_quota_stops_the_stage(fault: Fault) -> None:
    assert type(await error_of(fault)) is StageError


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25), ({}, None)],
    ids=["seconds", "milliseconds", "none"],
)
async def test_the_pause_that_a_429_asks_for_is_told(headers: dict[str, str], seconds: float | None) -> None:
    error = await error_of(Fault(status=429, headers=headers))
    assert isinstance(error, TransientError)
    assert error.retry_after_s == seconds


async def test_an_error_page_that_is_no_json_is_still_told_by_its_status() -> None:
    error = await error_of(odd(503, "<html>Service unavailable</html>"))
    assert isinstance(error, TransientError)
    assert "Service unavailable" in str(error)


async def test_a_server_that_is_not_there_may_come_up() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        asking = backend(f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(TransientError, match=r"127\.0\.0\.1"):
            await asking.generate(request())
        await asking.aclose()


async def test_a_server_that_says_nothing_is_given_up_after_the_timeout() -> None:
    with (
        serve(DIALECT, Behaviour(delay_s=0.5)) as server,
        pytest.raises(TransientError, match=r"within 0\.05 s.*vlm\.openai\.timeout"),
    ):
        await ask(server, timeout=0.05)


async def test_the_timeout_is_for_the_whole_answer_however_it_dribbles_in() -> None:
    error = await error_of(Fault(dribble_s=0.02), timeout=0.1)
    assert isinstance(error, TransientError)
    assert "within 0.1 s" in str(error)


def test_without_a_model_name_it_says_what_to_set() -> None:
    asking = OpenAIBackend(OpenAISettings(base_url="http://127.0.0.1:1"), environ={}, role="llm")
    with pytest.raises(StageError, match=r"(?s)llm\.openai\.model_name=NAME.*VR_LLM__OPENAI__MODEL_NAME=NAME"):
        asking.check_ready()


def test_openais_own_endpoint_wants_a_key() -> None:
    settings = OpenAISettings(model_name="gpt")
    with pytest.raises(StageError) as caught:
        OpenAIBackend(settings, environ={}).check_ready()
    said = str(caught.value)
    assert "OPENAI_API_KEY" in said and "vlm.openai.base_url" in said and "vlm.backend=opencv" in said
    OpenAIBackend(settings, environ={"OPENAI_API_KEY": "k"}).check_ready()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://"])
def test_an_address_that_is_none_is_told_before_the_first_call(url: str) -> None:
    with pytest.raises(StageError, match=r"vlm\.openai\.base_url"):
        backend(url).check_ready()


def test_credentials_in_the_address_are_not_shown() -> None:
    assert backend("https://me:secret@host/v1?token=secret").endpoint == "https://host/v1"


def test_what_changes_the_answer_changes_the_identity_and_nothing_else_does() -> None:
    def identity(*, asked: Request | None = None, **settings: object) -> str:
        return backend(str(settings.pop("url", "http://a")), **settings).identity(asked or request(Task.GLOBAL_CAPTION, VIDEO))

    same = [
        identity(),
        identity(url="http://b/v1"),
        identity(timeout=5),
        identity(max_tokens=9),
        identity(reply_format=ReplyFormat.LAYOUT),
        identity(video_input=VideoInput.IMAGE_URL),
    ]
    other = [identity(model_name="ear-7b"), identity(temperature=0.1), identity(video_input=VideoInput.FRAMES)]
    assert len(set(same)) == 1
    assert len({*same, *other}) == 4
    text = request()
    assert identity(asked=text) == identity(asked=text, video_input=VideoInput.FRAMES)

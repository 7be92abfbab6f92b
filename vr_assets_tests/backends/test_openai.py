import json

import pytest

from vr_assets.backends.openai import OpenAIBackend
from vr_assets.errors import StageError
from vr_assets.records.call import Finish, Request
from vr_assets.settings import OpenAISettings, ReplyFormat, Task, VideoInput
from vr_assets_tests.backends.asked import CLIP_BYTES, FRAMES, VIDEO, BytesMedia, request
from vr_assets_tests.backends.compatible import ask, backend
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Medium, serve

pytestmark = pytest.mark.anyio


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

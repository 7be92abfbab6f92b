"""What it means that an OpenAI-compatible endpoint gave no answer."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import anyio
import anyio.to_thread
import pytest

from vr_assets.errors import Cause, RefusedError, StageError, TransientError
from vr_assets_tests.backends.asked import request
from vr_assets_tests.backends.compatible import ask, backend, completion, error_of, odd
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Fault, serve

pytestmark = pytest.mark.anyio


@contextmanager
def hanging(dribble: bytes) -> Iterator[tuple[str, threading.Event]]:
    """A server that takes one request and answers `dribble` and then a byte now and then, or nothing, until hung up on."""
    hung_up = threading.Event()

    def serve_one() -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            connection.settimeout(0.02)
            sent, byte = dribble, b" " if dribble else b""
            while True:
                connection.sendall(sent)
                sent = byte
                with suppress(TimeoutError):
                    if not connection.recv(65536):
                        break
        hung_up.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve_one, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", hung_up
        thread.join(10)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        pytest.param(odd(200, "<html>Bad gateway</html>"), Cause.NOT_AN_ANSWER, id="html"),
        pytest.param(odd(200, '{"choices": [{"mess'), Cause.NOT_AN_ANSWER, id="broken-json"),
        pytest.param(odd(200, "[1, 2]"), Cause.NOT_AN_ANSWER, id="a-list"),
        pytest.param(odd(200, ""), Cause.NOT_AN_ANSWER, id="nothing"),
        pytest.param(odd(200, '{"error": {"message": "busy", "code": 503}}'), Cause.SERVER_ERROR, id="error-in-a-200"),
        pytest.param(odd(200, '{"error": {"message": "slowly", "code": "429"}}'), Cause.RATE_LIMITED, id="429-in-a-200"),
        pytest.param(odd(200, '{"error": "upstream went away"}'), Cause.NOT_AN_ANSWER, id="words-in-a-200"),
        pytest.param(completion(message={"content": "A v"}, finish_reason="error"), Cause.NOT_AN_ANSWER, id="broken-off"),
        pytest.param(completion(error={"code": 502, "message": "provider"}), Cause.SERVER_ERROR, id="error-in-a-choice"),
        pytest.param(Fault(drop=True), Cause.DROPPED, id="dropped-in-the-body"),
        pytest.param(Fault(status=400, code="json_validate_failed"), Cause.ERRATIC, id="json-failed-by-chance"),
    ],
)
async def test_what_is_no_answer_may_be_tried_again(fault: Fault, cause: Cause) -> None:
    error = await error_of(fault)
    assert isinstance(error, TransientError)
    assert error.cause is cause


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (408, Cause.TIMED_OUT),
        (409, Cause.SERVER_ERROR),
        (425, Cause.SERVER_ERROR),
        (429, Cause.RATE_LIMITED),
        (499, Cause.SERVER_ERROR),
        *((status, Cause.SERVER_ERROR) for status in (500, 502, 503, 504, 529)),
    ],
)
async def test_a_busy_endpoint_may_be_tried_again(status: int, cause: Cause) -> None:
    error = await error_of(Fault(status=status))
    assert isinstance(error, TransientError)
    assert error.cause is cause


async def test_what_is_wrong_with_a_request_may_be_told_in_a_200() -> None:
    assert type(await error_of(odd(200, '{"error": {"message": "no such image", "code": 400}}'))) is RefusedError
    assert type(await error_of(odd(200, '{"error": {"message": "pay", "code": "insufficient_quota"}}'))) is StageError


async def test_a_request_that_moderation_flags_does_not_stop_the_others() -> None:
    flagged = {"error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["x"], "flagged_input": "..."}}}
    assert type(await error_of(odd(403, json.dumps(flagged)))) is RefusedError


async def test_what_an_endpoint_finds_too_large_names_the_setting() -> None:
    assert "vlm.openai.max_request_mb" in str(await error_of(odd(413, "<html>Request Entity Too Large</html>")))


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


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1m2.5s"}, 0.0),
        ({"x-ratelimit-remaining-requests": "0"}, 0.0),
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1m0s",
            },
            1.0,
        ),
        (
            {"x-ratelimit-limit-tokens": "90000", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "60s"},
            6.0,
        ),
    ],
    ids=["used-up", "some-left", "no-time", "one-of-a-known-limit", "a-tenth-of-the-tokens"],
)
async def test_an_answer_tells_the_pause_after_the_last_request_of_a_quota(headers: dict[str, str], seconds: float) -> None:
    last = Fault(status=200, headers=headers, body=completion(message={"content": "Hi"}).body)
    with serve(DIALECT, Behaviour(always=last)) as server:
        reply = await ask(server)
    assert (reply.text, reply.pause_s) == ("Hi", seconds)


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
        pytest.raises(TransientError, match=r"within 0\.05 s.*vlm\.openai\.timeout") as caught,
    ):
        await ask(server, timeout=0.05)
    assert caught.value.cause is Cause.TIMED_OUT


@pytest.mark.parametrize("dribble", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"], ids=["silent", "dribbling"])
async def test_a_call_that_hangs_ends_at_its_timeout_and_hangs_up(dribble: bytes) -> None:
    with hanging(dribble) as (url, hung_up):
        asking = backend(url, timeout=0.2)
        with pytest.raises(TransientError, match=r"within 0\.2 s"):
            await asking.generate(request())
        assert await anyio.to_thread.run_sync(hung_up.wait, 10.0)
        await asking.aclose()


async def test_the_timeout_is_for_the_whole_answer_however_it_dribbles_in() -> None:
    error = await error_of(Fault(dribble_s=0.02), timeout=0.1)
    assert isinstance(error, TransientError)
    assert "within 0.1 s" in str(error)

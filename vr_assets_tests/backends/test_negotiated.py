"""What an endpoint takes is found out once, by one call, and remembered."""

import json

import pytest

from vr_assets.errors import RefusedError
from vr_assets.settings import ReplyFormat
from vr_assets_tests.backends.asked import request
from vr_assets_tests.backends.compatible import ask, backend, odd
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, serve

pytestmark = pytest.mark.anyio


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

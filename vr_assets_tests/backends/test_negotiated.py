"""What an endpoint takes is found out once, by one call, and remembered."""

import json
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from vr_assets.backends.known import Known
from vr_assets.errors import RefusedError, TransientError
from vr_assets.records.call import Reply
from vr_assets.settings import ReplyFormat, Task
from vr_assets_tests.backends.asked import request
from vr_assets_tests.backends.compatible import ask, backend, made, odd
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Fault, ModelServer, serve

pytestmark = pytest.mark.anyio

NO_SCHEMA = Behaviour(refuse=frozenset({"json_schema"}))


def styles(server: ModelServer) -> list[str]:
    """What each request asked its reply to be, in the order in which they were served."""
    forms = [served.body.get("response_format") for served in server.served]
    return [str(form["type"]) if isinstance(form, dict) else "text" for form in forms]


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


@pytest.mark.parametrize("task", [Task.GLOBAL_CAPTION, Task.MCQ])
async def test_an_endpoint_without_schemas_is_asked_for_a_json_object(task: Task) -> None:
    with serve(DIALECT, NO_SCHEMA) as server:
        asking = backend(server.url)
        reply = await asking.generate(request(task))
        await asking.aclose()
    assert styles(server) == ["json_schema", "json_object"]
    assert isinstance(json.loads(reply.text), dict)
    assert asking.structured
    assert json.dumps(request().reply_schema) in server.questions[1].prompt


async def test_reply_format_json_means_a_json_object() -> None:
    with serve(DIALECT) as server:
        await ask(server, reply_format=ReplyFormat.JSON)
    assert styles(server) == ["json_object"]


async def test_a_500_that_refuses_the_style_is_no_broken_server() -> None:
    body = {"error": {"code": 500, "message": 'response_format type must be one of "text" or "json_object"'}}
    with serve(DIALECT, Behaviour(faults={1: odd(500, json.dumps(body))})) as server:
        await ask(server)
    assert styles(server) == ["json_schema", "json_object"]


async def test_a_later_run_does_not_find_out_again(tmp_path: Path) -> None:
    with serve(DIALECT, Behaviour(refuse=frozenset({"json_schema", "max_tokens"}))) as server:
        for days in (0, 20):
            known = Known(tmp_path / "known.sqlite")
            asking = made({"base_url": server.url}, known=known, days_later=days)
            await asking.generate(request())
            await asking.aclose()
            known.close()
    assert [served.status for served in server.served] == [400, 400, 200, 200]


async def test_what_was_found_out_long_ago_is_tried_again() -> None:
    known = Known()
    with serve(DIALECT, NO_SCHEMA) as server:
        for days in (0, 29, 31):
            asking = made({"base_url": server.url}, known=known, days_later=days)
            await asking.generate(request())
            await asking.aclose()
    assert styles(server) == ["json_schema", "json_object", "json_object", "json_schema", "json_object"]


async def test_using_what_is_known_does_not_keep_it_from_growing_old() -> None:
    known = Known()
    with serve(DIALECT, NO_SCHEMA) as server:
        for days in (0, 25, 40):
            asking = made({"base_url": server.url}, known=known, days_later=days)
            await asking.generate(request())
            await asking.aclose()
    assert styles(server)[-2:] == ["json_schema", "json_object"]


async def test_a_remembered_style_that_is_refused_now_is_stepped_down() -> None:
    known = Known()
    refuses = odd(400, json.dumps({"error": {"message": "response_format is not supported"}}))
    with serve(DIALECT, Behaviour(refuse=frozenset({"json_schema"}), faults={3: refuses})) as server:
        for _ in range(2):
            asking = made({"base_url": server.url}, known=known)
            await asking.generate(request())
            await asking.aclose()
    assert styles(server) == ["json_schema", "json_object", "json_object", "text"]
    assert not made({"base_url": server.url}, known=known).structured


async def test_other_models_and_formats_are_found_out_for_themselves() -> None:
    known = Known()
    with serve(DIALECT, NO_SCHEMA) as server:
        for model, style in [("eye", "auto"), ("ear", "auto"), ("eye", "layout"), ("eye", "auto")]:
            asking = made({"base_url": server.url, "model_name": model, "reply_format": style}, known=known)
            await asking.generate(request())
            await asking.aclose()
    assert styles(server) == ["json_schema", "json_object", "json_schema", "json_object", "text", "json_object"]


async def test_of_many_calls_at_once_one_finds_out_for_all() -> None:
    replies: list[Reply] = []
    with serve(DIALECT, Behaviour(refuse=frozenset({"response_format", "temperature"}))) as server:
        asking = backend(server.url)

        async def one() -> None:
            replies.append(await asking.generate(request()))

        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                for _ in range(16):
                    group.start_soon(one)
        await asking.aclose()
    assert len(replies) == 16
    assert sorted(served.status for served in server.served) == [200] * 16 + [400] * 3


async def test_calls_do_not_wait_for_one_that_failed() -> None:
    replies: list[Reply] = []
    with serve(DIALECT, Behaviour(faults={1: Fault(status=500)})) as server:
        asking = backend(server.url)

        async def first() -> None:
            with pytest.raises(TransientError):
                await asking.generate(request())

        async def other() -> None:
            replies.append(await asking.generate(request()))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(first)
                for _ in range(4):
                    group.start_soon(other)
        await asking.aclose()
    assert len(replies) == 4


async def test_calls_do_not_wait_for_one_that_was_cancelled() -> None:
    replies: list[Reply] = []
    with serve(DIALECT, Behaviour(delay_s=0.2)) as server:
        asking = backend(server.url)

        async def first(scope: anyio.CancelScope) -> None:
            with scope:
                await asking.generate(request())

        async def other() -> None:
            replies.append(await asking.generate(request()))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(first, given_up := anyio.CancelScope())
                await anyio.sleep(0.05)
                for _ in range(4):
                    group.start_soon(other)
                await anyio.lowlevel.checkpoint()
                given_up.cancel()
        await asking.aclose()
    assert len(replies) == 4


async def test_replies_in_no_style_asked_for_are_asked_for_more_plainly() -> None:
    known = Known()
    with serve(DIALECT) as server:
        asking = made({"base_url": server.url}, known=known)
        for _ in range(3):
            await asking.generate(request())
            assert asking.plainer() or not asking.structured
        await asking.generate(request())
        assert not asking.plainer()
        await asking.aclose()
        assert not made({"base_url": server.url}, known=known).structured
    assert styles(server) == ["json_schema", "json_object", "text", "text"]


async def test_replies_to_one_style_step_down_once_however_many_they_are() -> None:
    with serve(DIALECT) as server:
        asking = backend(server.url)
        await asking.generate(request())
        assert all(asking.plainer() for _ in range(16))
        await asking.generate(request())
        await asking.aclose()
    assert styles(server) == ["json_schema", "json_object"]


@pytest.mark.parametrize("style", [ReplyFormat.SCHEMA, ReplyFormat.JSON, ReplyFormat.LAYOUT])
def test_a_style_that_is_set_gets_no_plainer(style: ReplyFormat) -> None:
    assert not backend("http://a", reply_format=style).plainer()

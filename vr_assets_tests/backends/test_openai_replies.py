"""What OpenAI-compatible endpoints answer, read."""

import json

import pytest
from pydantic import JsonValue

from vr_assets.records.call import Finish
from vr_assets.settings import Task
from vr_assets_tests.backends.compatible import ask, completion, odd
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import THOUGHTS, Behaviour, Fault, Thinking, serve

pytestmark = pytest.mark.anyio


async def test_16_a_cut_reply_says_so() -> None:
    with serve(DIALECT, Behaviour(cut=frozenset({Task.GLOBAL_CAPTION}))) as server:
        reply = await ask(server)
    assert reply.finish is Finish.LENGTH


@pytest.mark.parametrize("thinking", [Thinking.TAGS, Thinking.FIELD])
async def test_thinking_is_no_part_of_the_answer(thinking: Thinking) -> None:
    with serve(DIALECT, Behaviour(thinking=thinking)) as server:
        reply = await ask(server)
    assert reply.thinking == THOUGHTS
    assert "THOUGHT" not in reply.text
    assert json.loads(reply.text)["caption"]


@pytest.mark.parametrize(
    ("message", "text", "thinking"),
    [
        pytest.param({"content": "Hi", "reasoning": "Hm."}, "Hi", "Hm.", id="reasoning"),
        pytest.param({"content": "Hi", "reasoning_content": "Hm.", "reasoning": "Hm."}, "Hi", "Hm.", id="said-twice"),
        pytest.param({"content": "<think>Oh.</think>Hi", "reasoning": "Hm."}, "Hi", "Hm.\nOh.", id="field-and-tags"),
        pytest.param({"content": "Hm.</think>Hi"}, "Hi", "Hm.", id="only-closed"),
        pytest.param({"content": None, "reasoning_content": "Hm."}, "", "Hm.", id="nothing-else"),
        pytest.param({"content": "Hi", "reasoning": [{"type": "text", "text": "Hm."}]}, "Hi", "Hm.", id="in-parts"),
        pytest.param({"content": "Hi", "reasoning": {"effort": "low"}}, "Hi", "", id="no-text"),
        pytest.param({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Hi"}]}, "Hi", "", id="mistral"),
    ],
)
async def test_thinking_is_found_wherever_an_endpoint_puts_it(message: JsonValue, text: str, thinking: str) -> None:
    with serve(DIALECT, Behaviour(always=completion(message=message, finish_reason="stop"))) as server:
        reply = await ask(server)
    assert (reply.text, reply.thinking, reply.finish) == (text, thinking, Finish.STOP)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        pytest.param({"prompt_tokens": 900, "completion_tokens": 7, "total_tokens": 907}, (900, 7), id="openai"),
        pytest.param(
            {"prompt_tokens": 900, "completion_tokens": 7, "total_tokens": 1000}, (900, 100), id="thinking-in-total-only"
        ),
        pytest.param({"prompt_tokens": 900.0, "completion_tokens": None}, (900, None), id="odd-numbers"),
        pytest.param("none", (None, None), id="words"),
        pytest.param(None, (None, None), id="none"),
    ],
)
async def test_what_was_used_is_kept_also_of_an_empty_answer(usage: JsonValue, counted: tuple[int | None, int | None]) -> None:
    empty = {"choices": [{"message": {"content": ""}, "finish_reason": "stop"}], "usage": usage}
    with serve(DIALECT, Behaviour(always=odd(200, json.dumps(empty)))) as server:
        reply = await ask(server)
    assert (reply.text, reply.thinking, reply.finish) == ("", "", Finish.STOP)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == counted


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

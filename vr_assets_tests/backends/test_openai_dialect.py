"""Refusals as endpoints word them."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from vr_assets.backends.openai_dialect import Dialect, api_url
from vr_assets.backends.openai_error import Refusal, read_error
from vr_assets.settings import ReplyFormat
from vr_assets_tests.backends.asked import request

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FULL = Dialect()
BARE = Dialect(style=ReplyFormat.LAYOUT, tokens="max_completion_tokens", temperature=False)


def refusal(status: int, body: JsonValue) -> Refusal:
    return read_error(status, body, {}, now=NOW)


def given_up(status: int, body: JsonValue, dialect: Dialect = FULL) -> set[str]:
    plainer = dialect.without(refusal(status, body), style_fixed=False)
    return set() if plainer is None else {name for name, value in plainer if value != getattr(dialect, name)}


# The words of the servers' own, each as its API wraps them.
STYLE = [
    pytest.param(400, {"message": "Unsupported value: 'response_format' of type 'json_schema' is not supported."}, id="openai"),
    pytest.param(
        400, {"message": "Invalid schema for response_format 'mcq': ...", "param": "response_format"}, id="openai-schema"
    ),
    pytest.param(400, {"message": "This response_format type is unavailable now"}, id="deepseek"),
    pytest.param(400, {"message": "This model does not support response format `json_schema`."}, id="groq"),
    pytest.param(400, "'response_format.type' must be 'json_schema' or 'text'", id="lm-studio"),
    pytest.param(400, {"message": "The provided JSON schema contains features not supported by xgrammar."}, id="vllm"),
    pytest.param(400, {"message": 'Grammar error: Unimplemented keys: ["propertyNames"]', "code": 400}, id="vllm-guidance"),
    pytest.param(400, {"message": "Failed to compile json_schema grammar"}, id="sglang"),
    pytest.param(
        400,
        {"message": "Grammar-based generation (json_schema, regex, ebnf) is not supported with --grammar-backend none"},
        id="sglang-without-grammar",
    ),
    pytest.param(
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}]},
        id="nim-fastapi",
    ),
    pytest.param(
        500,
        {"code": 500, "message": 'response_format type must be one of "text" or "json_object", but got: json_schema'},
        id="llama.cpp-500",
    ),
    pytest.param(500, "invalid JSON schema in format", id="ollama-500"),
    pytest.param(400, 'invalid format: expected "json" or a JSON schema', id="ollama"),
    pytest.param(
        404, {"code": 404, "message": "No endpoints found that can handle the requested parameters."}, id="openrouter-404"
    ),
    pytest.param(
        400,
        {
            "message": "Provider returned error",
            "code": 400,
            "metadata": {"raw": '{"error":{"message":"response_format is not supported"}}', "provider_name": "X"},
        },
        id="openrouter-raw",
    ),
    pytest.param(
        400,
        {"message": "litellm.UnsupportedParamsError: together_ai does not support parameters: ['response_format'], for model=m"},
        id="litellm",
    ),
    pytest.param(500, {"message": "litellm.UnsupportedParamsError: `response_format` is not supported by x"}, id="litellm-500"),
]


@pytest.mark.parametrize(("status", "body"), STYLE)
def test_a_refused_style_is_stepped_down_once(status: int, body: JsonValue) -> None:
    assert given_up(status, body) == {"style"}
    plainer = Dialect().without(refusal(status, body), style_fixed=False)
    assert plainer is not None and plainer.style is ReplyFormat.JSON
    plainest = plainer.without(refusal(status, body), style_fixed=False)
    assert plainest is not None and plainest.style is ReplyFormat.LAYOUT
    assert plainest.without(refusal(status, body), style_fixed=False) is None


@pytest.mark.parametrize(("status", "body"), STYLE)
def test_a_style_that_a_setting_fixes_stays(status: int, body: JsonValue) -> None:
    assert Dialect().without(refusal(status, body), style_fixed=True) is None


@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "tokens"),
        ("Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) is.", "temperature"),
        (
            "litellm.UnsupportedParamsError: gpt-5 doesn't support temperature=0.1. Only temperature=1 is supported.",
            "temperature",
        ),
        ("this model has beta-limitations, temperature, top_p and n are fixed at 1", "temperature"),
        ("invalid temperature: only 1 is allowed for this model", "temperature"),
    ],
)
def test_a_parameter_that_a_model_refuses_is_given_up(said: str, parameter: str) -> None:
    assert given_up(400, {"message": said}) == {parameter}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Invalid image: cannot identify image file"),
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."),
        (400, "max_tokens is too large: 5000. This model supports at most 4096 completion tokens."),
        (400, "Invalid 'temperature': decimal above maximum value. Expected a value <= 1, but got 1.5 instead."),
        (500, "Internal error while compiling the grammar"),
        (503, "temperature of the GPU is unknown"),
        (404, "The model `eye-7b` does not exist"),
    ],
)
def test_what_names_nothing_that_can_be_given_up_is_an_error(status: int, said: str) -> None:
    assert not given_up(status, {"message": said})


def test_the_errors_own_parameter_goes_before_its_words() -> None:
    assert given_up(400, {"message": "temperature and response_format clash", "param": "temperature"}) == {"temperature"}


def test_json_that_a_model_failed_at_by_chance_gives_nothing_up() -> None:
    by_chance: JsonValue = {"message": "Generated JSON does not match the json schema", "code": "json_validate_failed"}
    assert not given_up(400, by_chance)
    assert refusal(400, by_chance).no_answer.erratic


def test_what_was_given_up_is_not_given_up_again() -> None:
    assert not given_up(400, {"message": "response_format max_tokens temperature"}, BARE)


def test_a_name_for_the_output_limit_that_is_refused_today_is_the_other_one() -> None:
    assert given_up(422, {"message": "max_completion_tokens: extra inputs are not permitted"}, BARE) == {"tokens"}


def test_calls_that_found_out_different_things_are_both_remembered() -> None:
    start = Dialect()
    first = start.learned(before=start, after=Dialect(style=ReplyFormat.JSON))
    both = first.learned(before=start, after=Dialect(tokens="max_completion_tokens"))
    assert both == Dialect(style=ReplyFormat.JSON, tokens="max_completion_tokens")


def test_json_mode_tells_the_schema_in_the_prompt() -> None:
    asked, dialect = request(), Dialect(style=ReplyFormat.JSON)
    before, _, schema = dialect.text(asked).partition("JSON schema: ")
    assert before.startswith(asked.prompt.schema_text)
    assert json.loads(schema) == asked.reply_schema
    assert dialect.parameters(asked, temperature=0, max_tokens=1)["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("style", [ReplyFormat.SCHEMA, ReplyFormat.JSON, ReplyFormat.LAYOUT])
def test_a_request_without_a_schema_is_asked_in_the_layout(style: ReplyFormat) -> None:
    asked, dialect = request(reply_schema={}), Dialect(style=style)
    assert dialect.text(asked) == asked.prompt.layout_text
    assert "response_format" not in dialect.parameters(asked, temperature=0, max_tokens=1)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("", "https://api.openai.com/v1"),
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/v1/chat/completions/", "http://host:8000/v1"),
        ("https://gateway/api/v3", "https://gateway/api/v3"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("https://api.perplexity.ai/chat/completions", "https://api.perplexity.ai"),
    ],
)
def test_where_completions_lie(given: str, used: str) -> None:
    assert api_url(given) == used

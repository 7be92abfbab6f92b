"""Refusals as endpoints word them."""

import pytest

from vr_assets.backends.openai_dialect import Dialect, api_url


@pytest.mark.parametrize(
    ("said", "given_up"),
    [
        ("Unsupported value: 'response_format' of type 'json_schema' is not supported with this model.", "schema"),
        ("This response_format type is unavailable now", "schema"),
        ("This model does not support response format `json_schema`.", "schema"),
        ("Invalid schema for response_format 'mcq': ...", "schema"),
        ("Failed to compile json_schema grammar", "schema"),
        ("'response_format.type' must be 'text'", "schema"),
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "tokens"),
        ("Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) is.", "temperature"),
        ("Invalid image: cannot identify image file", None),
        ("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.", None),
    ],
)
def test_a_refusal_gives_up_what_it_names(said: str, given_up: str | None) -> None:
    plainer = Dialect().plainer(parameter="", said=said, give_up_schema=True)
    if given_up is None:
        assert plainer is None
        return
    assert plainer is not None
    changed = {name for name in ("schema", "tokens", "temperature") if getattr(plainer, name) != getattr(Dialect(), name)}
    assert changed == {given_up}


def test_the_errors_own_parameter_goes_before_its_words() -> None:
    plainer = Dialect().plainer(parameter="temperature", said="temperature and response_format clash", give_up_schema=True)
    assert plainer == Dialect(temperature=False)


def test_what_was_given_up_is_not_given_up_again() -> None:
    bare = Dialect(schema=False, tokens="max_completion_tokens", temperature=False)
    assert bare.plainer(parameter="", said="response_format max_tokens temperature", give_up_schema=True) is None


def test_calls_that_found_out_different_things_are_both_remembered() -> None:
    joined = Dialect(schema=False).joined(Dialect(tokens="max_completion_tokens"))
    assert joined == Dialect(schema=False, tokens="max_completion_tokens")


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

"""A chat completion, read. Endpoints leave out, rename and null what OpenAI's own always fills, so nothing is required."""

import json

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from vr_assets.parsing.text import strip_thinking
from vr_assets.records.call import Finish, Reply, Usage

# Mistral says model_length; Anthropic's and Google's words come through gateways.
_CUT = {"length", "max_tokens", "model_length"}
_REFUSED = {"content_filter", "refusal", "safety", "prohibited_content", "recitation", "blocklist"}
# vLLM, OpenRouter, DeepSeek: the server gave up in the middle.
_BROKEN = {"abort", "error", "insufficient_system_resource"}


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Message(_Lenient):
    content: str | list[JsonValue] | None = None
    refusal: str | None = None


class _Choice(_Lenient):
    message: _Message | None = None
    finish_reason: str | None = None


class _Usage(_Lenient):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(_Lenient):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: JsonValue = None


class NotACompletion(Exception):
    """A 200 that holds no answer. `status` is what the body says in place of the header, else 502."""

    def __init__(self, said: str, status: int = 502) -> None:
        super().__init__(said)
        self.status = status


def read_completion(body: bytes) -> Reply:
    """The reply in a 200's body. `text` is empty when the model said nothing.

    Raises:
        NotACompletion: no JSON, none of this API, an error in disguise, or an answer that the server broke off.
    """
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError:
        raise NotACompletion(
            f"answered 200 with something else than a completion: {body[:200].decode(errors='replace')}"
        ) from None
    if completion.error:
        raise NotACompletion(f"answered 200 with an error: {json.dumps(completion.error)}", _status(completion.error))
    used = completion.usage or _Usage()
    usage = Usage(input_tokens=used.prompt_tokens, output_tokens=used.completion_tokens)
    if not completion.choices:
        return Reply(text="", finish=Finish.STOP, usage=usage, finish_words="no choices")
    choice = completion.choices[0]
    said = choice.message or _Message()
    words = (choice.finish_reason or "").lower()
    if words in _BROKEN:
        raise NotACompletion(f"broke off its answer ({words})")
    if said.refusal and not said.content:
        return Reply(text="", finish=Finish.REFUSED, usage=usage, finish_words=f"refusal: {said.refusal}")
    answer, _ = strip_thinking(_text(said.content))
    return Reply(text=answer, finish=_finish(words), usage=usage, finish_words=words)


def _finish(words: str) -> Finish:
    if words in _CUT:
        return Finish.LENGTH
    return Finish.REFUSED if words in _REFUSED else Finish.STOP


def _text(content: str | list[JsonValue] | None) -> str:
    if isinstance(content, str):
        return content
    parts = [part for part in content or [] if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(str(part.get("text", "")) for part in parts)


def _status(error: JsonValue) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 502

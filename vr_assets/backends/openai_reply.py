"""A chat completion, read. Endpoints leave out, rename and null what OpenAI's own always fills, so nothing is required."""

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from vr_assets.parsing.text import strip_thinking
from vr_assets.records.call import Finish, Reply, Usage

# Mistral says model_length; Anthropic's and Google's words come through gateways.
_CUT = {"length", "max_tokens", "model_length"}
_REFUSED = {"content_filter", "refusal", "safety", "prohibited_content", "recitation", "blocklist"}
# vLLM, OpenRouter, DeepSeek: the server gave up in the middle.
_BROKEN = {"abort", "error", "insufficient_system_resource"}


class _Lenient(BaseModel):
    """What an answer can be read without is any JSON: an odd count of tokens must not lose an answer that was paid for."""

    model_config = ConfigDict(extra="ignore")


class _Message(_Lenient):
    content: str | list[JsonValue] | None = None
    refusal: str | None = None
    # vLLM, SGLang, DeepSeek, llama.cpp; then Ollama, OpenRouter, newer vLLM.
    reasoning_content: JsonValue = None
    reasoning: JsonValue = None


class _Choice(_Lenient):
    message: _Message | None = None
    finish_reason: str | None = None
    error: JsonValue = None


class _Completion(_Lenient):
    choices: list[_Choice] | None = None
    usage: JsonValue = None
    error: JsonValue = None


class NotACompletion(Exception):
    """A 200 that holds no answer. `error` is the error it holds in place of one, None where it holds neither."""

    def __init__(self, said: str, error: JsonValue = None) -> None:
        super().__init__(said)
        self.error = error


def read_completion(body: bytes) -> Reply:
    """The reply in a 200's body. `text` is empty when the model said nothing beside its thinking.

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
        raise NotACompletion("answered 200 with an error", completion.error)
    usage = _usage(completion.usage)
    if not completion.choices:
        return Reply(text="", finish=Finish.STOP, usage=usage, finish_words="no choices")
    choice = completion.choices[0]
    said = choice.message or _Message()
    words = (choice.finish_reason or "").lower()
    if choice.error or words in _BROKEN:
        raise NotACompletion(f"broke off its answer ({words})", choice.error)
    text, tagged = strip_thinking(_text(said.content))
    thinking = "\n".join(part for part in (_text(said.reasoning_content) or _text(said.reasoning), tagged) if part)
    if said.refusal and not text:
        return Reply(text="", finish=Finish.REFUSED, usage=usage, finish_words=f"refusal: {said.refusal}", thinking=thinking)
    return Reply(text=text, finish=_finish(words), usage=usage, finish_words=words, thinking=thinking)


def _finish(words: str) -> Finish:
    if words in _CUT:
        return Finish.LENGTH
    return Finish.REFUSED if words in _REFUSED else Finish.STOP


def _text(content: JsonValue) -> str:
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict) and part.get("type") == "text").strip()


def _usage(counts: JsonValue) -> Usage:
    """Google's and xAI's endpoints count thinking, which is billed as output, in the total alone."""
    read = counts if isinstance(counts, dict) else {}
    asked, said, total = (_count(read.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if asked is not None and said is not None and total is not None:
        said = max(said, total - asked)
    return Usage(input_tokens=asked, output_tokens=said)


def _count(value: JsonValue) -> int | None:
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return int(value) if whole and isinstance(value, int | float) else None

"""A generateContent response, read from its JSON: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from vr_assets.records.call import Finish, Reply, Usage

_FINISHES = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    # "Can be continued by another request", which nobody asked to pay for.
    "CONTINUATION": Finish.LENGTH,
    "SAFETY": Finish.REFUSED,
    "RECITATION": Finish.REFUSED,
    "LANGUAGE": Finish.REFUSED,
    "BLOCKLIST": Finish.REFUSED,
    "PROHIBITED_CONTENT": Finish.REFUSED,
    "SPII": Finish.REFUSED,
    "IMAGE_SAFETY": Finish.REFUSED,
}


class _Lenient(BaseModel):
    """The API grows fields and finish reasons; the SDK's own types forbid the ones they do not know."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class _Part(_Lenient):
    text: str = ""
    thought: bool = False


class _Content(_Lenient):
    parts: list[_Part] = Field(default_factory=list)


class _Candidate(_Lenient):
    content: _Content = _Content()
    finish_reason: str = "STOP"
    finish_message: str = ""


class _Feedback(_Lenient):
    block_reason: str = ""
    block_reason_message: str = ""


class _Counts(_Lenient):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None


class _Response(_Lenient):
    candidates: list[_Candidate] = Field(default_factory=list)
    prompt_feedback: _Feedback = _Feedback()
    usage_metadata: _Counts = _Counts()


class NotAResponse(Exception):
    """A 200 that holds no answer."""


def read_response(body: str) -> Reply:
    """The reply in a 200's body. `text` is without thoughts, which are `thinking`, and empty when the model said nothing.

    Raises:
        NotAResponse: no JSON, none of this API, or a model that did not get to an end of its own (OTHER,
            MALFORMED_RESPONSE, ...).
    """
    try:
        response = _Response.model_validate_json(body)
    except ValidationError:
        raise NotAResponse(f"answered 200 with something else than a response: {body[:200]}") from None
    counts = response.usage_metadata
    # Thoughts are billed as output.
    output = [count for count in (counts.candidates_token_count, counts.thoughts_token_count) if count is not None]
    usage = Usage(input_tokens=counts.prompt_token_count, output_tokens=sum(output) if output else None)
    feedback = response.prompt_feedback
    if feedback.block_reason:
        words = f"prompt blocked: {feedback.block_reason} {feedback.block_reason_message}".rstrip()
        return Reply(text="", finish=Finish.REFUSED, usage=usage, finish_words=words)
    if not response.candidates:
        return Reply(text="", finish=Finish.STOP, usage=usage, finish_words="no candidates")
    candidate = response.candidates[0]
    finish = _FINISHES.get(candidate.finish_reason)
    if finish is None:
        raise NotAResponse(f"stopped without an answer: {candidate.finish_reason} {candidate.finish_message}".rstrip())
    parts = candidate.content.parts
    return Reply(
        text="".join(part.text for part in parts if not part.thought),
        finish=finish,
        usage=usage,
        finish_words=candidate.finish_reason,
        thinking="".join(part.text for part in parts if part.thought),
    )

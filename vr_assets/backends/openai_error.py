"""An error of an OpenAI-compatible API, read. Each server has a shape of its own for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from vr_assets.backends.failures import FLAGGED, NoAnswer, asked_wait_s
from vr_assets.errors import Cause

# Groq: the model did not keep to JSON this time, https://console.groq.com/docs/structured-outputs.
_AT_RANDOM = {"json_validate_failed"}


@dataclass(frozen=True)
class Refusal:
    """An error response. `parameter` is the request's own that the error names outright, or ""."""

    no_answer: NoAnswer
    parameter: str = ""


class _Detail(BaseModel):
    """FastAPI's: vLLM, NIM and many gateways. `loc` is a path into the request."""

    model_config = ConfigDict(extra="ignore")

    loc: list[str | int]
    msg: str = ""


class _Error(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: JsonValue = None
    detail: list[_Detail] | JsonValue = None
    code: JsonValue = None
    status: JsonValue = None
    type: JsonValue = None
    param: JsonValue = None
    metadata: JsonValue = None


def read_error(status: int, body: object, headers: Mapping[str, str], *, now: datetime) -> Refusal:
    """What an error response says.

    Args:
        status: 200 for an error in disguise: its status is then what the body says, if it says one.
        body: the error in decoded JSON, or text where there was none.
    """
    try:
        error = _Error.model_validate(body)
    except ValidationError:
        error = _Error(message=str(body))
    status, cause = (status, None) if status >= 400 else _disguised(error)
    metadata = error.metadata if isinstance(error.metadata, dict) else {}
    codes = {code for code in (error.code, error.type) if isinstance(code, str)}
    no_answer = NoAnswer(
        status,
        _said(error, metadata) or str(body),
        # OpenRouter's moderation is a 403, https://openrouter.ai/docs/api/reference/errors-and-debugging.
        codes=frozenset(codes | ({FLAGGED} if "flagged_input" in metadata else set())),
        retry_after_s=asked_wait_s(headers, now=now),
        erratic=bool(codes & _AT_RANDOM),
        cause=cause,
    )
    return Refusal(no_answer, _parameter(error))


def _disguised(error: _Error) -> tuple[int, Cause | None]:
    for value in (error.code, error.status):
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        if isinstance(number, int) and 400 <= number < 600:
            return number, None
    return 200, Cause.NOT_AN_ANSWER


def _said(error: _Error, metadata: Mapping[str, JsonValue]) -> str:
    """OpenRouter's message is often no more than "Provider returned error"; what the provider said is in `raw`."""
    if isinstance(error.detail, list):
        detail: JsonValue = "; ".join(
            f"{'.'.join(map(str, one.loc))}: {one.msg}" if isinstance(one, _Detail) else json.dumps(one) for one in error.detail
        )
    else:
        detail = error.detail
    words = [error.message or detail, metadata.get("raw")]
    return " ".join(word if isinstance(word, str) else json.dumps(word) for word in words if word)


def _parameter(error: _Error) -> str:
    if isinstance(error.param, str):
        return error.param
    first = error.detail[0] if isinstance(error.detail, list) and error.detail else None
    return ".".join(part for part in first.loc if isinstance(part, str) and part != "body") if isinstance(first, _Detail) else ""

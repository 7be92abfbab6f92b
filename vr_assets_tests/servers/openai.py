"""OpenAI's chat completions. `python -m vr_assets_tests.servers.openai --port 0 --log FILE` prints its URL first."""

import base64
import json
from collections.abc import Mapping

from pydantic import JsonValue

from vr_assets_tests.servers.answers import task_of_layout, task_of_schema
from vr_assets_tests.servers.dialect import THOUGHTS, Dialect, Medium, Question, Thinking, prompt_of
from vr_assets_tests.servers.process import main

_LIMITS = ("max_completion_tokens", "max_tokens")


class OpenAIDialect:
    """POST /v1/chat/completions."""

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("authorization", "").removeprefix("Bearer ")

    def read(self, path: str, body: Mapping[str, JsonValue]) -> Question | None:
        if path != "/v1/chat/completions":
            return None
        parts = _parts(body)
        form = body.get("response_format")
        schema = form.get("json_schema") if isinstance(form, dict) else None
        inner = schema.get("schema") if isinstance(schema, dict) else None
        if isinstance(schema, dict) and isinstance(inner, dict):
            task = task_of_schema(str(schema["name"]), inner)
        elif _style(body) == "json_object":
            # The schema is told in the prompt, last.
            told = prompt_of(parts).rpartition("JSON schema: ")[2]
            task = task_of_schema("", json.loads(told))
        else:
            task = task_of_layout(prompt_of(parts))
        return Question(
            task=task,
            structured=_style(body) in ("json_schema", "json_object"),
            model=str(body["model"]),
            parts=parts,
            parameters={name: value for name, value in body.items() if name not in {"messages", "model"}},
        )

    def names(self, body: Mapping[str, JsonValue]) -> set[str]:
        """`json_schema` and `json_object` stand for that kind of `response_format`."""
        return {*body, _style(body)}

    def output_limit(self, body: Mapping[str, JsonValue]) -> int | None:
        limits = [body.get(name) for name in _LIMITS]
        return next((limit for limit in limits if isinstance(limit, int)), None)

    def unlimited(self, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        return {name: value for name, value in body.items() if name not in _LIMITS}

    def answer(self, text: str, *, question: Question, cut: bool, thinking: Thinking) -> JsonValue:
        message: dict[str, JsonValue] = {"role": "assistant", "content": text}
        match thinking:
            case Thinking.TAGS:
                message["content"] = f"<think>\n{THOUGHTS}\n</think>\n\n{text}"
            case Thinking.UNCLOSED:
                message["content"] = f"<think>\n{THOUGHTS}\n"
            case Thinking.FIELD:
                message["reasoning_content"] = THOUGHTS
            case Thinking.NONE:
                pass
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": question.model,
            "choices": [{"index": 0, "message": message, "finish_reason": "length" if cut else "stop"}],
            "usage": {
                "prompt_tokens": len(question.prompt) // 4 + 258 * len(question.media),
                "completion_tokens": len(text) // 4,
                "total_tokens": len(question.prompt) // 4 + 258 * len(question.media) + len(text) // 4,
            },
        }

    def tokens(self, answer: JsonValue) -> tuple[int, int]:
        usage = answer["usage"] if isinstance(answer, dict) else None
        assert isinstance(usage, dict)
        return int(str(usage["prompt_tokens"])), int(str(usage["completion_tokens"]))

    def headers(self, retry_after_s: float) -> Mapping[str, str]:
        return {"Retry-After": f"{retry_after_s:g}"}

    def refusal(
        self, status: int, message: str, *, code: str, parameter: str | None = None, retry_after_s: float | None = None
    ) -> JsonValue:
        return {"error": {"message": message, "type": "invalid_request_error", "param": parameter, "code": code or None}}


def _style(body: Mapping[str, JsonValue]) -> str:
    form = body.get("response_format")
    return str(form.get("type", "")) if isinstance(form, dict) else ""


def _parts(body: Mapping[str, JsonValue]) -> tuple[str | Medium, ...]:
    parts: list[str | Medium] = []
    messages = body["messages"]
    for message in messages if isinstance(messages, list) else []:
        content = message["content"] if isinstance(message, dict) else None
        if isinstance(content, str):
            parts.append(content)
        if isinstance(content, list):
            parts += [_part(str(part["type"]), part) for part in content if isinstance(part, dict)]
    return tuple(parts)


def _part(kind: str, part: Mapping[str, JsonValue]) -> str | Medium:
    carried = part[kind]
    if not isinstance(carried, dict):
        return str(carried)
    head, _, encoded = str(carried["url"]).partition(";base64,")
    return Medium(kind.removesuffix("_url"), head.removeprefix("data:"), base64.b64decode(encoded, validate=True))


DIALECT: Dialect = OpenAIDialect()

if __name__ == "__main__":
    main(DIALECT)

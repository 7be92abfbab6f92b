"""Gemini's generateContent and Files API. `python -m vr_assets_tests.servers.gemini --port 0 --log FILE` prints its URL first."""

import base64
import re
from collections.abc import Mapping

from pydantic import JsonValue

from vr_assets_tests.servers.answers import task_of_layout, task_of_schema
from vr_assets_tests.servers.dialect import THOUGHTS, Dialect, Medium, Question, Thinking, prompt_of
from vr_assets_tests.servers.gemini_files import FileStore
from vr_assets_tests.servers.process import main
from vr_assets_tests.servers.serving import Beside

# The names of google.rpc.Code that go with an HTTP status.
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_PATH = re.compile(r"/v1beta/models/([^/:?]+):generateContent(?:\?.*)?")


class GeminiDialect:
    """POST /v1beta/models/MODEL:generateContent, with media inline or in files."""

    def __init__(self, files: FileStore | None = None) -> None:
        self.files = files or FileStore()

    def beside(self, method: str, path: str, headers: Mapping[str, str], raw: bytes, *, url: str) -> Beside | None:
        return self.files.serve(method, path, headers, raw, url=url)

    def key(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-goog-api-key", "")

    def read(self, path: str, body: Mapping[str, JsonValue]) -> Question | None:
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        parts = _parts(body, self.files)
        config = _object(body.get("generationConfig"))
        schema = config.get("responseJsonSchema")
        if isinstance(schema, dict):
            task = task_of_schema(str(schema.get("title", "")), schema)
        else:
            task = task_of_layout(prompt_of(parts))
        return Question(task=task, structured=schema is not None, model=found[1], parts=parts, parameters=config)

    def names(self, body: Mapping[str, JsonValue]) -> set[str]:
        return set(_object(body.get("generationConfig")))

    def output_limit(self, body: Mapping[str, JsonValue]) -> int | None:
        limit = _object(body.get("generationConfig")).get("maxOutputTokens")
        return limit if isinstance(limit, int) else None

    def unlimited(self, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        config = _object(body.get("generationConfig"))
        return {**body, "generationConfig": {name: value for name, value in config.items() if name != "maxOutputTokens"}}

    def answer(self, text: str, *, question: Question, cut: bool, thinking: Thinking) -> JsonValue:
        thoughts: list[JsonValue] = [] if thinking is Thinking.NONE else [{"text": THOUGHTS, "thought": True}]
        return {
            "candidates": [
                {
                    "content": {"role": "model", "parts": [*thoughts, {"text": text}]},
                    "finishReason": "MAX_TOKENS" if cut else "STOP",
                    "index": 0,
                }
            ],
            "usageMetadata": {
                "promptTokenCount": len(question.prompt) // 4 + 258 * len(question.media),
                "candidatesTokenCount": len(text) // 4,
                "thoughtsTokenCount": len(thoughts) * 7,
            },
            "modelVersion": question.model,
        }

    def tokens(self, answer: JsonValue) -> tuple[int, int]:
        usage = _object(_object(answer).get("usageMetadata"))
        counts = {name: count for name, count in usage.items() if isinstance(count, int)}
        return counts["promptTokenCount"], counts["candidatesTokenCount"] + counts["thoughtsTokenCount"]

    def headers(self, retry_after_s: float) -> Mapping[str, str]:
        """None: Google says it in the error's details."""
        return {}

    def refusal(
        self, status: int, message: str, *, code: str, parameter: str | None = None, retry_after_s: float | None = None
    ) -> JsonValue:
        details: list[JsonValue] = []
        if code:
            details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code})
        if retry_after_s is not None:
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after_s:g}s"})
        error: dict[str, JsonValue] = {"code": status, "message": message, "status": _STATUSES.get(status, "UNKNOWN")}
        return {"error": error | ({"details": details} if details else {})}


def _parts(body: Mapping[str, JsonValue], files: FileStore) -> tuple[str | Medium, ...]:
    parts: list[str | Medium] = []
    contents = body["contents"]
    for content in contents if isinstance(contents, list) else []:
        inner = _object(content).get("parts")
        parts += [_part(_object(part), files) for part in inner] if isinstance(inner, list) else []
    return tuple(parts)


def _part(part: Mapping[str, JsonValue], files: FileStore) -> str | Medium:
    if filed := _object(part.get("fileData")):
        mime_type, content = files.find(str(filed.get("fileUri") or filed["file_uri"]))
        return Medium(mime_type.partition("/")[0], mime_type, content)
    blob = _object(part.get("inlineData"))
    if not blob:
        return str(part["text"])
    # Google reads both spellings, and the SDK writes the second; its base64 is the URL-safe one.
    mime_type = str(blob.get("mimeType") or blob["mime_type"])
    return Medium(mime_type.partition("/")[0], mime_type, base64.urlsafe_b64decode(str(blob["data"])))


def _object(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


DIALECT: Dialect = GeminiDialect()

if __name__ == "__main__":
    main(DIALECT)

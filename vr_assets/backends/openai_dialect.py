"""What one OpenAI-compatible endpoint takes, found out from what it refuses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

from pydantic import JsonValue

from vr_assets.records.call import Request

OPENAI_URL = "https://api.openai.com/v1"

_COMPLETIONS = "/chat/completions"
_NAMES_SCHEMA = re.compile(r"response[ _]?format|json[ _]?schema|structured[ _]?output|guided|grammar", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """The parameters of a request that endpoints differ in. Starts with what most take; `plainer` gives one up."""

    schema: bool = True
    tokens: str = "max_tokens"
    temperature: bool = True

    def plainer(self, *, parameter: str, said: str, give_up_schema: bool) -> Self | None:
        """The dialect without what a 400 or 422 names; None when it names nothing that can be given up.

        Args:
            parameter: the error's own `param`, or "".
            said: the error's message, for endpoints that fill no `param`.
        """
        named = parameter or said
        if self.schema and give_up_schema and _NAMES_SCHEMA.search(named):
            return replace(self, schema=False)
        if self.tokens == "max_tokens" and re.search(r"\bmax_tokens\b", named):
            return replace(self, tokens="max_completion_tokens")
        if self.temperature and re.search(r"\btemperature\b", named):
            return replace(self, temperature=False)
        return None

    def joined(self, other: Self) -> Self:
        """What both know to be refused is refused: calls in flight find out at the same time."""
        return replace(
            self,
            schema=self.schema and other.schema,
            tokens=max(self.tokens, other.tokens, key=len),
            temperature=self.temperature and other.temperature,
        )

    def asks_schema(self, request: Request) -> bool:
        return self.schema and bool(request.reply_schema)

    def parameters(self, request: Request, *, temperature: float, max_tokens: int) -> dict[str, JsonValue]:
        """Everything of the request's body beside model and messages."""
        body: dict[str, JsonValue] = {self.tokens: max_tokens}
        if self.temperature:
            body["temperature"] = temperature
        if self.asks_schema(request):
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": request.task.value, "strict": True, "schema": request.reply_schema},
            }
        return body

    def text(self, request: Request) -> str:
        return request.prompt.schema_text if self.asks_schema(request) else request.prompt.layout_text


def api_url(base_url: str) -> str:
    """The address under which `/chat/completions` lies.

    `host`, `host/v1` and `host/v1/chat/completions` are one. `/v1` is added unless the path names a version of its own
    or ended in `/chat/completions`. "" is OpenAI's own.
    """
    url = base_url.strip().rstrip("/")
    if not url:
        return OPENAI_URL
    if url.endswith(_COMPLETIONS):
        return url.removesuffix(_COMPLETIONS)
    versions = [part for part in urlsplit(url).path.split("/") if re.fullmatch(r"v\d+(alpha\d*|beta\d*)?", part)]
    return url if versions else f"{url}/v1"


def message(parts: Sequence[dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """A user message; text alone goes as a string, which every server takes."""
    texts = [part["text"] for part in parts if part["type"] == "text"]
    return {"role": "user", "content": texts[0] if len(texts) == len(parts) == 1 else list(parts)}

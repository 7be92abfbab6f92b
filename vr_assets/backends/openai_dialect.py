"""What one OpenAI-compatible endpoint takes, found out from what it refuses."""

import json
import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import JsonValue

from vr_assets.backends.openai_error import Refusal
from vr_assets.records.base import Record
from vr_assets.records.call import Request
from vr_assets.settings import ReplyFormat

OPENAI_URL = "https://api.openai.com/v1"

_COMPLETIONS = "/chat/completions"
_STYLES = (ReplyFormat.SCHEMA, ReplyFormat.JSON, ReplyFormat.LAYOUT)

# "grammar" and "guided" are vLLM, SGLang and llama.cpp; "invalid format" Ollama; "requested parameters" OpenRouter.
_NAMES_STYLE = re.compile(
    r"response[ _]?(format|schema)|json[ _]?(schema|object|mode)|structured[ _]?(output|generation|decoding)"
    r"|guided|grammar|constrained|invalid format|requested parameters",
    re.IGNORECASE,
)
# OpenRouter refuses a style with a 404, llama.cpp, Ollama and LiteLLM with a 500; most of those statuses mean something else.
_REFUSES = re.compile(
    r"must be|(not|n't) support|unsupported|unavailable|unrecogni|unknown|invalid|unimplemented|requested parameters",
    re.IGNORECASE,
)
# The parameter is taken, its value is not: without it, the endpoint would answer under a value that nobody set.
_OUT_OF_BOUNDS = re.compile(
    r"too (large|high|low|small|many)|at (most|least)|m(ax|in)imum|exceed|between|greater|less than|range|[<>]", re.IGNORECASE
)


class Dialect(Record):
    """The parameters of a request that endpoints differ in. Starts with what serves best and gives up what is refused."""

    style: ReplyFormat = ReplyFormat.SCHEMA
    tokens: str = "max_tokens"
    temperature: bool = True
    top_p: bool = True

    def without(self, refusal: Refusal, *, style_fixed: bool) -> Self | None:
        """The dialect without what an error names; None when it names nothing that can be given up."""
        status, said = refusal.no_answer.status, refusal.no_answer.said
        named = refusal.parameter or said
        refused = status in (400, 422)
        if (
            _NAMES_STYLE.search(named)
            and (refused or _REFUSES.search(said))
            and not style_fixed
            and not refusal.no_answer.erratic
        ):
            stepped = self.stepped_down()
            if stepped is not None:
                return stepped
        if not refused or _OUT_OF_BOUNDS.search(said):
            return None
        if re.search(rf"\b{self.tokens}\b", named):
            other = "max_completion_tokens" if self.tokens == "max_tokens" else "max_tokens"
            return self.model_copy(update={"tokens": other})
        if self.temperature and re.search(r"\btemperature\b", named):
            return self.model_copy(update={"temperature": False})
        if self.top_p and re.search(r"\btop_p\b", named):
            return self.model_copy(update={"top_p": False})
        return None

    def stepped_down(self) -> Self | None:
        """Replies in the next plainer style; None when there is none."""
        following = _STYLES[_STYLES.index(self.style) + 1 :]
        return self.model_copy(update={"style": following[0]}) if following else None

    def learned(self, *, before: Self, after: Self) -> Self:
        """This one with what a call gave up: calls in flight find out different things at the same time."""
        return self.model_copy(
            update={
                "style": max(self.style, after.style, key=_STYLES.index),
                "tokens": after.tokens if after.tokens != before.tokens else self.tokens,
                "temperature": self.temperature and after.temperature,
                "top_p": self.top_p and after.top_p,
            }
        )

    def parameters(self, request: Request, *, temperature: float, max_tokens: int, top_p: float = 0.0) -> dict[str, JsonValue]:
        """Everything of the request's body beside model and messages. `top_p` 0 is not sent."""
        body: dict[str, JsonValue] = {self.tokens: max_tokens}
        if self.temperature:
            body["temperature"] = temperature
        if self.top_p and top_p:
            body["top_p"] = top_p
        match self._style_of(request):
            case ReplyFormat.SCHEMA:
                body["response_format"] = {
                    "type": "json_schema",
                    "json_schema": {"name": request.task.value, "strict": True, "schema": request.reply_schema},
                }
            case ReplyFormat.JSON:
                body["response_format"] = {"type": "json_object"}
        return body

    def text(self, request: Request) -> str:
        match self._style_of(request):
            case ReplyFormat.SCHEMA:
                return request.prompt.schema_text
            case ReplyFormat.JSON:
                # Nothing holds the model to the schema but that it is told; and OpenAI's JSON mode wants the word in the prompt.
                schema = json.dumps(request.reply_schema)
                return f"{request.prompt.schema_text}\n\nReply with one JSON object that fits this JSON schema: {schema}"
            case _:
                return request.prompt.layout_text

    def _style_of(self, request: Request) -> ReplyFormat:
        return self.style if request.reply_schema else ReplyFormat.LAYOUT


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

"""Any OpenAI-compatible endpoint: OpenAI, NVIDIA NIM, vLLM, the TAO inference service, gateways."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

import anyio
import openai
from openai.types.chat import ChatCompletionMessageParam
from pydantic import JsonValue

from vr_assets.backends import ways
from vr_assets.backends.failures import Endpoint, NoAnswer, asked_wait_s, dropped, failure, timed_out
from vr_assets.backends.keys import hide, read_key
from vr_assets.backends.openai_dialect import OPENAI_URL, Dialect, api_url, message
from vr_assets.backends.openai_reply import NotACompletion, read_completion
from vr_assets.backends.shown import Part, prepared, show, shown_as
from vr_assets.errors import CallError, StageError, TransientError
from vr_assets.records.call import Clip, Frame, Reply, Request
from vr_assets.settings import OpenAISettings, ReplyFormat, VideoInput


class OpenAIBackend:
    """Chat completions.

    What an endpoint does not take (a reply schema, `max_tokens`, `temperature`) is found out by its refusal and remembered as
    long as the backend lives; the request that found out is repeated at once. It is remembered only when the plainer request
    passed: endpoints quote a whole request back when something else is wrong with it.

    Args:
        environ: where the key is read from.
        role: `vlm` or `llm`, for messages.
    """

    name = "openai"

    def __init__(self, settings: OpenAISettings, *, environ: Mapping[str, str], role: str = "vlm") -> None:
        self._settings = settings
        self._environ = environ
        self._role = role
        self._url = api_url(settings.base_url)
        self._dialect = Dialect(schema=settings.reply_format is not ReplyFormat.LAYOUT)
        self._frames_only = settings.video_input is VideoInput.FRAMES
        self._client: openai.AsyncOpenAI | None = None

    @property
    def model(self) -> str:
        return self._settings.model_name

    @property
    def endpoint(self) -> str:
        """The base URL without credentials and query."""
        parts = urlsplit(self._url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    @property
    def structured(self) -> bool:
        return self._dialect.schema

    def identity(self, request: Request) -> str:
        """Includes the temperature as set, also where the model turns out to refuse one."""
        shown = sorted(set(shown_as(request.media, frames_only=self._frames_only)))
        return json.dumps(
            {"model": self.model, "temperature": self._settings.temperature} | ({"shown_as": shown} if shown else {}),
            sort_keys=True,
        )

    def check_ready(self) -> None:
        settings, role = self._settings, self._role
        if not settings.model_name:
            raise StageError(
                ways.listed(
                    f"{role}.backend is openai, and no model is named.",
                    f"name it as the endpoint knows it: {ways.setting(f'{role}.openai.model_name', 'NAME')}; "
                    f"GET {self.endpoint}/models lists the names",
                    ways.offline(role),
                )
            )
        if not self._url.startswith(("http://", "https://")) or not urlsplit(self._url).hostname:
            raise StageError(f"{ways.setting(f'{role}.openai.base_url')} is no http:// or https:// address: {self.endpoint!r}")
        if self._url == OPENAI_URL and not read_key(self._environ, settings.api_key_env):
            raise StageError(
                ways.listed(
                    f"{role}.backend is openai, and {settings.api_key_env} is not set.",
                    f"OpenAI's own models: {settings.api_key_env}, a key from https://platform.openai.com/api-keys",
                    ways.compatible(role),
                    ways.gemini(role, "GOOGLE_API_KEY"),
                    ways.offline(role),
                )
            )

    @property
    def output_limit(self) -> int:
        return self._settings.max_tokens

    async def prepare(self, request: Request) -> Request:
        return await prepared(request, frames_only=self._frames_only)

    async def generate(self, request: Request) -> Reply:
        shown = [self._part(part) for part in await show(request, frames_only=self._frames_only)]
        dialect = self._dialect
        while True:
            try:
                reply = await self._call(request, shown, dialect)
            except openai.APIStatusError as error:
                plainer = self._plainer(dialect, error)
                if plainer is None:
                    raise self._failure(error) from None
                dialect = plainer
            else:
                self._dialect = self._dialect.joined(dialect)
                return reply

    def plainer(self) -> bool:
        """Its style is fixed."""
        return False

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _call(self, request: Request, shown: Sequence[dict[str, JsonValue]], dialect: Dialect) -> Reply:
        settings = self._settings
        client = self._opened()
        asked = message([*shown, _text(dialect.text(request))])
        # A key-less server gets no Authorization header at all.
        headers: dict[str, str | openai.Omit] = {} if self._key() else {"Authorization": openai.Omit()}
        try:
            with anyio.fail_after(settings.timeout):
                response = await client.chat.completions.with_raw_response.create(
                    model=settings.model_name,
                    # The SDK's types know no video part.
                    messages=[cast(ChatCompletionMessageParam, asked)],
                    extra_headers=headers,
                    extra_body=dialect.parameters(
                        request, temperature=settings.temperature, max_tokens=request.output_tokens or settings.max_tokens
                    ),
                )
            return read_completion(response.http_response.content)
        except NotACompletion as error:
            raise failure(NoAnswer(error.status, str(error)).hiding(self._key()), self._endpoint()) from None
        except (TimeoutError, openai.APITimeoutError):
            raise timed_out(self._endpoint()) from None
        except openai.APIConnectionError as error:
            raise self._dropped(error.__cause__ or error) from None

    def _plainer(self, dialect: Dialect, error: openai.APIStatusError) -> Dialect | None:
        if error.status_code not in (400, 422):
            return None
        give_up_schema = self._settings.reply_format is ReplyFormat.AUTO
        return dialect.plainer(parameter=error.param or "", said=_said(error), give_up_schema=give_up_schema)

    def _failure(self, error: openai.APIStatusError) -> CallError | StageError:
        no_answer = NoAnswer(
            error.status_code,
            _said(error),
            codes=frozenset({error.code or "", error.type or ""}),
            retry_after_s=asked_wait_s(error.response.headers, now=datetime.now(UTC)),
        )
        return failure(no_answer.hiding(self._key()), self._endpoint())

    def _dropped(self, error: BaseException) -> TransientError:
        return dropped(self._endpoint(), hide(self._key(), f"{type(error).__name__}: {error}"))

    def _part(self, part: Part) -> dict[str, JsonValue]:
        match part:
            case Clip():
                kind = "image_url" if self._settings.video_input is VideoInput.IMAGE_URL else "video_url"
                return {"type": kind, kind: {"url": _data_url(part.mime_type, part.content)}}
            case Frame():
                return {"type": "image_url", "image_url": {"url": _data_url("image/jpeg", part.content)}}
            case str():
                return _text(part)

    def _opened(self) -> openai.AsyncOpenAI:
        if self._client is None:
            self.check_ready()
            self._client = openai.AsyncOpenAI(
                # Never empty: the SDK would then look for keys of its own in the process's environment.
                api_key=self._key() or "none",
                base_url=self._url,
                timeout=self._settings.timeout,
                max_retries=0,
            )
        return self._client

    def _key(self) -> str:
        return read_key(self._environ, self._settings.api_key_env)

    def _endpoint(self) -> Endpoint:
        prefix = f"{self._role}.openai"
        return Endpoint(
            url=self.endpoint,
            url_setting=f"{prefix}.base_url",
            model=self.model,
            model_setting=f"{prefix}.model_name",
            key_env=self._settings.api_key_env,
            timeout_s=self._settings.timeout,
            timeout_setting=f"{prefix}.timeout",
        )


def _text(text: str) -> dict[str, JsonValue]:
    return {"type": "text", "text": text}


def _data_url(mime_type: str, content: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(content).decode('ascii')}"


def _said(error: openai.APIStatusError) -> str:
    """The body where it says more than the SDK's own message does."""
    body = error.body
    if isinstance(body, dict):
        said = body.get("message") or body.get("detail") or body
        return said if isinstance(said, str) else json.dumps(said, default=str)
    return str(body or error.message)

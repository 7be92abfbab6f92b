"""Google's Gemini, by API key."""

import importlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import anyio
from google import genai
from google.genai import errors, types
from pydantic import JsonValue

from vr_assets.backends import ways
from vr_assets.backends.failures import Endpoint, dropped, failure, timed_out
from vr_assets.backends.gemini_error import read_error
from vr_assets.backends.gemini_reply import NotAResponse, read_response
from vr_assets.backends.keys import hide, read_key
from vr_assets.backends.shown import Part, prepared, show
from vr_assets.errors import CallError, RefusedError, StageError, TransientError
from vr_assets.records.call import Clip, Frame, Reply, Request
from vr_assets.settings import GeminiSettings

GEMINI_URL = "https://generativelanguage.googleapis.com"
# Preview models and the -latest aliases are not on v1, which SDK 3 goes to by itself.
API_VERSION = "v1beta"

# Of a request's body beside media and prompt: the rest of its JSON, measured below 1 kB without the schema.
_ENVELOPE_BYTES = 4096


def _wire_errors() -> tuple[type[Exception], ...]:
    """What the HTTP clients raise that the SDK may run on; it lets their errors through as they are."""
    found: list[type[Exception]] = [OSError]
    for module, name in (("httpx", "HTTPError"), ("httpx2", "HTTPError"), ("aiohttp", "ClientError")):
        try:
            found.append(getattr(importlib.import_module(module), name))
        except ImportError:
            continue
    return tuple(found)


_WIRE_ERRORS = _wire_errors()


class GeminiBackend:
    """generateContent with inline media. Replies always come as JSON under the request's schema.

    Args:
        environ: where the key is read from.
        role: `vlm` or `llm`, for messages.
    """

    name = "gemini"
    structured = True

    def __init__(self, settings: GeminiSettings, *, environ: Mapping[str, str], role: str = "vlm") -> None:
        self._settings = settings
        self._environ = environ
        self._role = role
        self._client: genai.Client | None = None

    @property
    def model(self) -> str:
        return self._settings.model

    @property
    def endpoint(self) -> str:
        """The base URL without credentials and query."""
        parts = urlsplit(self._url())
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    def identity(self, request: Request) -> str:
        """Media resolution counts where media are shown."""
        identity: dict[str, JsonValue] = {"model": self.model, "temperature": self._settings.temperature}
        if request.media:
            identity["media_resolution"] = self._settings.media_resolution
        return json.dumps(identity, sort_keys=True)

    def check_ready(self) -> None:
        role, key_env = self._role, self._settings.api_key_env
        if not self._url().startswith(("http://", "https://")) or not urlsplit(self._url()).hostname:
            raise StageError(f"{ways.setting(f'{role}.gemini.base_url')} is no http:// or https:// address: {self.endpoint!r}")
        if not self._key():
            raise StageError(
                ways.listed(
                    f"{role}.backend is gemini, and {key_env} is not set.",
                    ways.gemini(role, key_env),
                    ways.compatible(role),
                    ways.offline(role),
                )
            )

    @property
    def output_limit(self) -> int:
        return self._settings.max_output_tokens

    async def prepare(self, request: Request) -> Request:
        return await prepared(request)

    async def generate(self, request: Request) -> Reply:
        client = self._opened()
        parts = await show(request)
        schema = {"title": request.task.value, **request.reply_schema} if request.reply_schema else None
        prompt = request.prompt.schema_text if schema else request.prompt.layout_text
        self._check_size(parts, prompt, schema)
        try:
            with anyio.fail_after(self._settings.timeout):
                response = await client.aio.models.generate_content(
                    model=self._settings.model,
                    contents=types.Content(role="user", parts=[*map(_part, parts), types.Part(text=prompt)]),
                    config=types.GenerateContentConfig(
                        temperature=self._settings.temperature,
                        max_output_tokens=request.output_tokens or self._settings.max_output_tokens,
                        media_resolution=types.MediaResolution(self._settings.media_resolution.value),
                        response_mime_type="application/json" if schema else None,
                        response_json_schema=schema,
                        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                        should_return_http_response=True,
                    ),
                )
            return read_response((response.sdk_http_response and response.sdk_http_response.body) or "")
        except NotAResponse as error:
            raise self._dropped(str(error)) from None
        except errors.APIError as error:
            raise self._failure(error, shows_video=any(isinstance(part, Clip) for part in parts)) from None
        except TimeoutError:
            raise timed_out(self._endpoint()) from None
        except _WIRE_ERRORS as error:
            raise self._dropped(f"{type(error).__name__}: {error}") from None

    def plainer(self) -> bool:
        """Its style is fixed."""
        return False

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aio.aclose()
            self._client.close()

    def _check_size(self, parts: Sequence[Part], prompt: str, schema: dict[str, JsonValue] | None) -> None:
        size = _ENVELOPE_BYTES + len(json.dumps([prompt, schema]).encode())
        size += sum(len(part) if isinstance(part, str) else _base64_size(len(part.content)) for part in parts)
        limit_mb = self._settings.max_inline_mb
        if size > limit_mb * 1e6:
            raise RefusedError(
                f"the request would have {size / 1e6:.1f} MB, more than the {limit_mb:g} MB of "
                f"{ways.setting(f'{self._role}.gemini.max_inline_mb')}; it was not sent. Raise the setting where the API takes "
                "more (100 MB since 2026), or make proxies smaller (media.crf, media.longest_side_px)."
            )

    def _failure(self, error: errors.APIError, *, shows_video: bool) -> CallError | StageError:
        headers = dict(getattr(error.response, "headers", {}))
        no_answer = read_error(error.code, error.details, headers, now=datetime.now(UTC), shows_video=shows_video)
        return failure(no_answer.hiding(self._key()), self._endpoint())

    def _dropped(self, why: str) -> TransientError:
        return dropped(self._endpoint(), hide(self._key(), why))

    def _opened(self) -> genai.Client:
        if self._client is None:
            self.check_ready()
            self._client = genai.Client(
                # Said outright: the SDK would look in the process's environment for what is left open.
                vertexai=False,
                api_key=self._key(),
                http_options=types.HttpOptions(
                    base_url=self._url(),
                    api_version=API_VERSION,
                    timeout=round(self._settings.timeout * 1000),
                    retry_options=types.HttpRetryOptions(attempts=1),
                ),
            )
        return self._client

    def _key(self) -> str:
        return read_key(self._environ, self._settings.api_key_env)

    def _url(self) -> str:
        return self._settings.base_url.strip().rstrip("/") or GEMINI_URL

    def _endpoint(self) -> Endpoint:
        prefix = f"{self._role}.gemini"
        return Endpoint(
            url=self.endpoint,
            url_setting=f"{prefix}.base_url",
            model=self.model,
            model_setting=f"{prefix}.model",
            key_env=self._settings.api_key_env,
            timeout_s=self._settings.timeout,
            timeout_setting=f"{prefix}.timeout",
        )


def _part(part: Part) -> types.Part:
    match part:
        case Clip():
            return types.Part.from_bytes(data=part.content, mime_type=part.mime_type)
        case Frame():
            return types.Part.from_bytes(data=part.content, mime_type="image/jpeg")
        case str():
            return types.Part(text=part)


def _base64_size(size: int) -> int:
    return (size + 2) // 3 * 4

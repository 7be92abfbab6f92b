"""Google's Gemini, by API key."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import anyio
from pydantic import JsonValue

from vr_assets.backends import ways
from vr_assets.backends.failures import Endpoint
from vr_assets.backends.gemini_client import GeminiClient, Part
from vr_assets.backends.gemini_files import FileGone, GeminiFiles
from vr_assets.backends.gemini_media import Filed, GeminiMedia
from vr_assets.backends.keys import read_key
from vr_assets.backends.known import Known
from vr_assets.backends.shown import labels, show
from vr_assets.errors import CallError, RefusedError, StageError
from vr_assets.records.call import Clip, Frame, Reply, Request
from vr_assets.settings import GeminiSettings

GEMINI_URL = "https://generativelanguage.googleapis.com"

# Of a request's body beside media and prompt: the rest of its JSON, measured below 1 kB without the schema.
_ENVELOPE_BYTES = 4096


class GeminiBackend:
    """generateContent, with media inline or by the Files API. Replies always come as JSON under the request's schema.

    Args:
        environ: where the key is read from.
        role: `vlm`, `llm` or `endpoints.NAME`, for messages.
        known: remembers uploads, so that the next run can delete those of a killed one.
        sleep: takes seconds; between two looks at a file that is being processed.
    """

    name = "gemini"
    structured = True

    def __init__(
        self,
        settings: GeminiSettings,
        *,
        environ: Mapping[str, str],
        role: str = "vlm",
        known: Known | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._role = role
        self._client: GeminiClient | None = None
        self._files = GeminiFiles(
            self._opened,
            endpoint=self.endpoint,
            deadline_s=settings.upload_deadline_s,
            deadline_setting=f"{role}.gemini.upload_deadline_s",
            known=known,
            sleep=sleep,
        )
        self._media = GeminiMedia(self._files, settings, section=f"{role}.gemini")

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
        if self._settings.top_p:
            identity["top_p"] = self._settings.top_p
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
        await self._files.tidy_up_once()
        around_bytes = _ENVELOPE_BYTES + len(json.dumps([_prompt(request), _schema(request)]).encode())
        return await self._media.fit(request, around_bytes=around_bytes)

    async def generate(self, request: Request) -> Reply:
        client = self._opened()
        request = await self.prepare(request)
        parts: list[Part] = []
        for media, label in zip(request.media, labels(request.media), strict=True):
            parts += [label] if label else []
            parts += [media.file] if isinstance(media, Filed) else await show(replace(request, media=(media,)))
        filed = [media for media in request.media if isinstance(media, Filed)]
        try:
            reply = await client.generate(
                [*parts, _prompt(request)], schema=_schema(request), output_tokens=request.output_tokens
            )
        except FileGone as error:
            raise self._forget(filed, str(error)) from None
        for media in filed:
            self._files.prove(media)
        reduced = [part.reduced for part in parts if isinstance(part, Clip | Frame) and part.reduced]
        return reply.model_copy(update={"remarks": tuple(dict.fromkeys(reduced))})

    def plainer(self) -> bool:
        """Its style is fixed."""
        return False

    async def aclose(self) -> None:
        """Uploaded files are deleted, as far as there is time; a cancelled caller waits for that too."""
        if self._client is not None:
            with anyio.CancelScope(shield=True):
                await self._files.aclose()
                await self._client.aclose()

    def _forget(self, filed: Sequence[Filed], said: str) -> CallError:
        """Where the API names none of the files, it may mean each of them."""
        named = [media for media in filed if media.file.name.removeprefix("files/") in said]
        forgotten = [self._files.forget(media, media.file, said=said) for media in named or filed]
        return next((error for error in forgotten if isinstance(error, RefusedError)), forgotten[0])

    def _opened(self) -> GeminiClient:
        if self._client is None:
            self.check_ready()
            self._client = GeminiClient(
                self._settings,
                key=self._key(),
                base_url=self._url(),
                own_address=bool(self._settings.base_url.strip()),
                endpoint=self._endpoint(),
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


def _prompt(request: Request) -> str:
    return request.prompt.schema_text if request.reply_schema else request.prompt.layout_text


def _schema(request: Request) -> dict[str, JsonValue] | None:
    return {"title": request.task.value, **request.reply_schema} if request.reply_schema else None

"""Any OpenAI-compatible endpoint: OpenAI, NVIDIA NIM, vLLM, the TAO inference service, gateways."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

import anyio
import openai
from openai.types.chat import ChatCompletionMessageParam

from vr_assets.backends import ways
from vr_assets.backends.failures import Endpoint, dropped, failure, timed_out, used_up_s
from vr_assets.backends.keys import hide, read_key
from vr_assets.backends.known import Known
from vr_assets.backends.negotiated import Negotiated
from vr_assets.backends.openai_dialect import OPENAI_URL, Dialect, api_url
from vr_assets.backends.openai_error import Refusal, read_error
from vr_assets.backends.openai_reply import NotACompletion, read_completion
from vr_assets.backends.openai_request import room_bytes, size_bytes, user_message
from vr_assets.backends.replicas import Replicas
from vr_assets.backends.shown import Held, Part, prepared, show, shown_as
from vr_assets.errors import Cause, RefusedError, SettingsError, StageError
from vr_assets.records.call import Reply, Request
from vr_assets.settings import OpenAISettings, ReplyFormat, VideoInput


class _Unanswered(Exception):
    """An error response, not yet judged: without what it names, the same request may pass."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.no_answer.status)
        self.refusal = refusal


class OpenAIBackend:
    """Chat completions.

    What an endpoint does not take (a style of reply, `max_tokens`, `temperature`) is found out by its refusal; the request that
    found out is repeated at once. It is remembered only when the plainer request passed: endpoints quote a whole request back
    when something else is wrong with it.

    Args:
        environ: where the key is read from.
        role: the settings' section as messages name it: `vlm`, `llm` or `endpoints.NAME`.
        known: what was found out before, and where to keep what is found out now.
        now: the time in UTC.
        clock: seconds, from any start.

    Raises:
        SettingsError: `base_url` and `base_urls` are both set.
    """

    name = "openai"

    def __init__(
        self,
        settings: OpenAISettings,
        *,
        environ: Mapping[str, str],
        role: str = "vlm",
        known: Known | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if settings.base_url and settings.base_urls:
            one, several = ways.setting(f"{role}.openai.base_url"), ways.setting(f"{role}.openai.base_urls")
            raise SettingsError(f"{one} and {several} are both set: keep the first for one address, the second for replicas")
        self._settings = settings
        self._environ = environ
        self._role = role
        self._now = now
        self._urls = tuple(dict.fromkeys(map(api_url, settings.base_urls or (settings.base_url,))))
        self._url_setting = f"{role}.openai.{'base_urls' if settings.base_urls else 'base_url'}"
        self._replicas = Replicas(self._urls, clock=clock)
        self._negotiated = Negotiated(
            self.endpoint, settings.model_name, reply_format=settings.reply_format, known=known, now=now
        )
        self._frames_only = settings.video_input is VideoInput.FRAMES
        self._clients: dict[str, openai.AsyncOpenAI] = {}

    @property
    def model(self) -> str:
        return self._settings.model_name

    @property
    def endpoint(self) -> str:
        """The base URLs without credentials and query, in alphabetical order."""
        return ",".join(sorted(map(_shown, self._urls)))

    @property
    def structured(self) -> bool:
        return self._negotiated.dialect.style is not ReplyFormat.LAYOUT

    def identity(self, request: Request) -> str:
        """Includes temperature and top_p as set, also where the model turns out to refuse them."""
        shown = sorted(set(shown_as(request.media, frames_only=self._frames_only)))
        return json.dumps(
            {"model": self.model, "temperature": self._settings.temperature}
            | ({"top_p": self._settings.top_p} if self._settings.top_p else {})
            | ({"shown_as": shown} if shown else {}),
            sort_keys=True,
        )

    def check_ready(self) -> None:
        settings, role = self._settings, self._role
        if not settings.model_name:
            raise StageError(
                ways.listed(
                    f"{role}.backend is openai, and no model is named.",
                    f"name it as the endpoint knows it: {ways.setting(f'{role}.openai.model_name', 'NAME')}; "
                    f"GET {_shown(self._urls[0])}/models lists the names",
                    ways.offline(role),
                )
            )
        for url in self._urls:
            if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
                raise StageError(f"{ways.setting(self._url_setting)} is no http:// or https:// address: {_shown(url)!r}")
        if OPENAI_URL in self._urls and not read_key(self._environ, settings.api_key_env):
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
        limit_bytes = self._settings.max_request_mb * 1e6
        room = room_bytes(request, limit_bytes)
        made, size = await self._made(request, room)
        if size > limit_bytes and request.media:
            # The labels of frames and their JSON are known when the frames are.
            made, size = await self._made(request, max(1, room - round(size - limit_bytes)))
        if size > limit_bytes:
            raise RefusedError(self._too_large(size, made))
        return made

    async def generate(self, request: Request) -> Reply:
        if not all(isinstance(media, Held) for media in request.media):
            request = await self.prepare(request)
        shown = await self._show(request)
        async with self._negotiated.turn(request):
            with self._replicas.call() as url:
                reply = await self._negotiate(request, shown, url)
        return reply.model_copy(update={"remarks": _reduced(shown)})

    def plainer(self) -> bool:
        return self._negotiated.plainer()

    async def aclose(self) -> None:
        while self._clients:
            _, client = self._clients.popitem()
            await client.close()

    async def _made(self, request: Request, at_most_bytes: int) -> tuple[Request, int]:
        made = await prepared(request, frames_only=self._frames_only, at_most_bytes=at_most_bytes)
        return made, size_bytes(made, await self._show(made))

    async def _show(self, request: Request) -> tuple[Part, ...]:
        return await show(request, frames_only=self._frames_only)

    async def _negotiate(self, request: Request, shown: Sequence[Part], url: str) -> Reply:
        before = dialect = self._negotiated.dialect
        tried = {dialect}
        while True:
            try:
                reply = await self._call(request, shown, dialect, url)
            except _Unanswered as error:
                plainer = dialect.without(error.refusal, style_fixed=self._negotiated.style_fixed)
                if plainer is None or plainer in tried:
                    raise failure(error.refusal.no_answer.hiding(self._key()), self._endpoint(url)) from None
                dialect = plainer
                tried.add(dialect)
            else:
                self._negotiated.found(request, before=before, after=dialect)
                return reply

    async def _call(self, request: Request, shown: Sequence[Part], dialect: Dialect, url: str) -> Reply:
        settings = self._settings
        client = self._opened(url)
        asked = user_message(shown, dialect.text(request), video_input=settings.video_input)
        # A key-less server gets no Authorization header at all.
        headers: dict[str, str | openai.Omit] = {} if self._key() else {"Authorization": openai.Omit()}
        parameters = dialect.parameters(
            request,
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_tokens=request.output_tokens or settings.max_tokens,
        )
        try:
            # The SDK's own timeout is for each read: a body that dribbles in would never meet it.
            with anyio.fail_after(settings.timeout):
                response = await client.chat.completions.with_raw_response.create(
                    model=settings.model_name,
                    # The SDK's types know no video part.
                    messages=[cast(ChatCompletionMessageParam, asked)],
                    extra_headers=headers,
                    extra_body=parameters,
                )
        except openai.APIStatusError as error:
            raise self._unanswered(error.status_code, error.body or error.message, error.response.headers) from None
        except (TimeoutError, openai.APITimeoutError):
            raise timed_out(self._endpoint(url)) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise dropped(self._endpoint(url), hide(self._key(), f"{type(cause).__name__}: {cause}")) from None
        try:
            reply = read_completion(response.http_response.content)
        except NotACompletion as error:
            if error.error is not None:
                raise self._unanswered(200, error.error, response.headers) from None
            raise dropped(self._endpoint(url), hide(self._key(), str(error)), cause=Cause.NOT_AN_ANSWER) from None
        return reply.model_copy(update={"pause_s": used_up_s(response.headers) or 0.0})

    def _unanswered(self, status: int, body: object, headers: Mapping[str, str]) -> _Unanswered:
        return _Unanswered(read_error(status, body, headers, now=self._now()))

    def _too_large(self, size: int, made: Request) -> str:
        limit = f"{self._settings.max_request_mb:g} MB of {ways.setting(f'{self._role}.openai.max_request_mb')}"
        shown = ", ".join(media.name for media in made.media) or "text alone"
        return (
            f"the request ({shown}) would have {size / 1e6:.3g} MB however small it is shown, more than the {limit}; it was not "
            "sent. Raise the setting where the endpoint takes more, or show less of a long video "
            "(long_video.long_video_max_frames, chunks.chunk_duration_options)."
        )

    def _opened(self, url: str) -> openai.AsyncOpenAI:
        if url not in self._clients:
            self.check_ready()
            self._clients[url] = openai.AsyncOpenAI(
                # Never empty: the SDK would then look for keys of its own in the process's environment.
                api_key=self._key() or "none",
                base_url=url,
                timeout=self._settings.timeout,
                max_retries=0,
            )
        return self._clients[url]

    def _key(self) -> str:
        return read_key(self._environ, self._settings.api_key_env)

    def _endpoint(self, url: str) -> Endpoint:
        prefix = f"{self._role}.openai"
        return Endpoint(
            url=_shown(url),
            url_setting=self._url_setting,
            model=self.model,
            model_setting=f"{prefix}.model_name",
            key_env=self._settings.api_key_env,
            timeout_s=self._settings.timeout,
            timeout_setting=f"{prefix}.timeout",
            size_setting=f"{prefix}.max_request_mb",
            key_setting=f"{prefix}.api_key_env",
        )


def _shown(url: str) -> str:
    """Without credentials and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _reduced(shown: Sequence[Part]) -> tuple[str, ...]:
    words = (part.reduced for part in shown if not isinstance(part, str))
    return tuple(dict.fromkeys(word for word in words if word))

"""Google's SDK, held to one HTTP request a call. Its errors come out as ours, without the key."""

import io
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import anyio
import httpx2
from google import genai
from google.genai import errors, types
from pydantic import JsonValue

from vr_assets.backends.failures import Endpoint, NoAnswer, dropped, failure, timed_out
from vr_assets.backends.gemini_error import read_error, speaks_of_a_file
from vr_assets.backends.gemini_files import FileGone, FileState, RemoteFile, UploadRefused
from vr_assets.backends.gemini_reply import NotAResponse, read_response
from vr_assets.backends.keys import hide
from vr_assets.errors import Cause, RefusedError, TransientError
from vr_assets.records.call import Clip, Frame, Reply
from vr_assets.settings import GeminiSettings

# Preview models and the -latest aliases are not on v1, which SDK 3 goes to by itself.
API_VERSION = "v1beta"

# What a question is made of: a text, bytes that travel with it, or a file that lies there.
Part = str | Clip | Frame | RemoteFile

# What the SDK stumbles over where a 200 from the Files API is not what it should be: no JSON, no `file` in it, no upload URL.
_ODD = (ValueError, KeyError, TypeError, AttributeError)
# An API, or a gateway before it, that has no Files API, or not for this key.
_NO_UPLOADS = (403, 404, 405, 501)


class GeminiClient:
    """The calls that the backend makes.

    Args:
        base_url: where requests go; uploads too, whatever address the API names for them, when `own_address` is set.
        endpoint: how errors name it.
    """

    def __init__(self, settings: GeminiSettings, *, key: str, base_url: str, own_address: bool, endpoint: Endpoint) -> None:
        self._settings = settings
        self._key = key
        self._endpoint = endpoint
        self._upload_options = types.HttpOptions(base_url=base_url) if own_address else None
        # A client of our own: with aiohttp installed the SDK would use that, where nothing ends its repetitions of an upload.
        # How many connections there are is the limiter's business.
        self._http = httpx2.AsyncClient(
            timeout=None,
            follow_redirects=True,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
            event_hooks={"response": [_end_a_refused_upload]},
        )
        self._sdk = genai.Client(
            # Said outright: the SDK would look in the process's environment for what is left open.
            vertexai=False,
            api_key=key,
            http_options=types.HttpOptions(
                base_url=base_url,
                api_version=API_VERSION,
                timeout=round(settings.timeout * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_async_client=self._http,
            ),
        )
        self._quiet = _Without(key)

    async def generate(
        self, parts: Sequence[Part], *, schema: dict[str, JsonValue] | None, output_tokens: int | None = None
    ) -> Reply:
        """One generateContent request.

        Raises:
            FileGone: the API does not know a file among the parts.
        """
        shows_video = any(isinstance(part, Clip | RemoteFile) for part in parts)
        files = any(isinstance(part, RemoteFile) for part in parts)

        def judge(no_answer: NoAnswer) -> Exception:
            return FileGone(no_answer.said) if files and speaks_of_a_file(no_answer) else self._failure(no_answer)

        with self._errors(judge, shows_video=shows_video), anyio.fail_after(self._settings.timeout):
            response = await self._sdk.aio.models.generate_content(
                model=self._settings.model,
                contents=types.Content(role="user", parts=[_part(part) for part in parts]),
                config=types.GenerateContentConfig(
                    temperature=self._settings.temperature,
                    max_output_tokens=output_tokens or self._settings.max_output_tokens,
                    media_resolution=types.MediaResolution(self._settings.media_resolution.value),
                    response_mime_type="application/json" if schema else None,
                    response_json_schema=schema,
                    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                    should_return_http_response=True,
                ),
            )
            return read_response((response.sdk_http_response and response.sdk_http_response.body) or "")

    async def upload(self, clip: Clip, *, name: str) -> RemoteFile:
        def judge(no_answer: NoAnswer) -> Exception:
            error = self._failure(no_answer)
            if no_answer.status in _NO_UPLOADS or isinstance(error, RefusedError):
                return UploadRefused(str(error), everywhere=no_answer.status in _NO_UPLOADS)
            return error

        with self._errors(judge, odd=_ODD):
            config = types.UploadFileConfig(name=name, mime_type=clip.mime_type, http_options=self._upload_options)
            return _remote(await self._sdk.aio.files.upload(file=io.BytesIO(clip.content), config=config))

    async def look(self, name: str) -> RemoteFile:
        with self._errors(self._gone_or_failed, odd=_ODD):
            return _remote(await self._sdk.aio.files.get(name=name))

    async def delete(self, name: str) -> None:
        with self._errors(self._gone_or_failed, odd=_ODD):
            await self._sdk.aio.files.delete(name=name)

    async def aclose(self) -> None:
        await self._sdk.aio.aclose()
        self._sdk.close()
        await self._http.aclose()
        self._quiet.lift()

    @contextmanager
    def _errors(
        self,
        judge: Callable[[NoAnswer], Exception],
        *,
        shows_video: bool = False,
        odd: tuple[type[Exception], ...] = (),
    ) -> Iterator[None]:
        """What the SDK raises, as our errors. `judge` makes one of an error response, `odd` are errors over a strange 200."""
        try:
            yield
        except errors.APIError as error:
            headers = dict(getattr(error.response, "headers", {}))
            no_answer = read_error(error.code, error.details, headers, now=datetime.now(UTC), shows_video=shows_video)
            raise judge(no_answer.hiding(self._key)) from None
        except NotAResponse as error:
            raise self._dropped(str(error), Cause.NOT_AN_ANSWER) from None
        except (TimeoutError, httpx2.TimeoutException):
            raise timed_out(self._endpoint) from None
        except (OSError, httpx2.HTTPError) as error:
            raise self._dropped(f"{type(error).__name__}: {error}", Cause.DROPPED) from None
        except odd as error:
            said = f"answered with something else than a file: {type(error).__name__}: {error}"
            raise self._dropped(said, Cause.NOT_AN_ANSWER) from None

    def _gone_or_failed(self, no_answer: NoAnswer) -> Exception:
        return FileGone(no_answer.said) if no_answer.status in (403, 404) else self._failure(no_answer)

    def _failure(self, no_answer: NoAnswer) -> Exception:
        return failure(no_answer, self._endpoint)

    def _dropped(self, why: str, cause: Cause) -> TransientError:
        return dropped(self._endpoint, hide(self._key, why), cause=cause)


async def _end_a_refused_upload(response: httpx2.Response) -> None:
    """The SDK sends a piece of an upload three times, whatever its retry options say, where the answer has no upload status:
    errors have none. Here such an answer is raised the first time.
    """
    if "upload" in response.request.headers.get("x-goog-upload-command", "") and not response.headers.get("x-goog-upload-status"):
        await errors.APIError.raise_for_async_response(response)
        raise NotAResponse("answered an upload without saying how far it is")


class _Without(logging.Filter):
    """Keeps a key out of what the HTTP client logs: URLs at info, headers of answers at debug. A gateway may put it there."""

    _LOGGERS = ("httpx2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2", "httpcore2.proxy", "httpcore2.socks")

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        for name in self._LOGGERS:
            logging.getLogger(name).addFilter(self)

    def lift(self) -> None:
        for name in self._LOGGERS:
            logging.getLogger(name).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide(self._key, record.getMessage()), ()
        return True


def _part(part: Part) -> types.Part:
    match part:
        case Clip():
            return types.Part.from_bytes(data=part.content, mime_type=part.mime_type)
        case Frame():
            return types.Part.from_bytes(data=part.content, mime_type=part.mime_type)
        case RemoteFile():
            return types.Part.from_uri(file_uri=part.uri, mime_type=part.mime_type)
        case str():
            return types.Part(text=part)


def _remote(file: types.File) -> RemoteFile:
    """A file of a state that nobody has heard of is not ready yet.

    Raises:
        KeyError: it has no name or URI.
    """
    if not file.name or not file.uri:
        raise KeyError("name" if file.uri else "uri")
    said = (file.error and file.error.message) or "it gave no reason"
    state = next((state for state in FileState if file.state and state == file.state.value), FileState.PROCESSING)
    return RemoteFile(name=file.name, uri=file.uri, mime_type=file.mime_type or "video/mp4", state=state, said=said)

"""How a request's media get to Gemini: inline, as a file at the API, or inline and smaller."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vr_assets.backends import ways
from vr_assets.backends.failures import shortened
from vr_assets.backends.gemini_files import GeminiFiles, RemoteFile, UploadRefused
from vr_assets.backends.shown import Held, InPlaceOf, prepared, show
from vr_assets.errors import RefusedError
from vr_assets.records.call import Clip, Frame, Media, MediaForm, Request
from vr_assets.settings import GeminiSettings, Upload

# Of each part beside its content: its JSON, with a file's URI where there is one.
_PART_BYTES = 256


@dataclass(frozen=True)
class Filed(InPlaceOf):
    """A video that is shown by its file at the API. Its bytes are not kept."""

    file: RemoteFile

    @property
    def form(self) -> MediaForm:
        return MediaForm.VIDEO


@dataclass
class _Shown:
    """One of a request's media, made. `inline_bytes`: in base64, 0 for a file; `other_bytes`: its labels and JSON."""

    media: Media
    inline_bytes: int
    other_bytes: int
    is_clip: bool


class GeminiMedia:
    """Fits requests into `max_inline_mb`.

    Args:
        section: the settings' section as messages name it, such as `vlm.gemini`.
    """

    def __init__(self, files: GeminiFiles, settings: GeminiSettings, *, section: str) -> None:
        self._files = files
        self._settings = settings
        self._section = section

    async def fit(self, request: Request, *, around_bytes: int) -> Request:
        """The request with its media made. Where they do not fit inline, the largest videos are uploaded until the rest fits;
        what may or can not be uploaded is made smaller.

        Args:
            around_bytes: what the request's body holds beside the media.

        Raises:
            MediaError, RefusedError, TransientError, StageError: as `Backend.prepare`.
        """
        room_bytes = int(self._settings.max_inline_mb * 1e6) - around_bytes
        shown = [await self._made(media, request) for media in request.media]
        refused = await self._upload(shown, room_bytes) if self._settings.upload is Upload.AUTO else ""
        if 0 < _free(shown, room_bytes) + _inline(shown) < _inline(shown):
            shown = await self._smaller(shown, request, room_bytes)
        if _free(shown, room_bytes) < 0:
            raise self._too_large(request, shown, room_bytes, refused)
        return replace(request, media=tuple(one.media for one in shown))

    async def _made(self, media: Media, request: Request) -> _Shown:
        if isinstance(media, Filed):
            media = media.of
        if media.form is MediaForm.VIDEO and (file := self._files.ready(media)):
            return _filed(media, file)
        return await _inlined(media, request)

    async def _upload(self, shown: list[_Shown], room_bytes: int) -> str:
        """Why a video that does not fit could not be uploaded, or nothing."""
        refused = ""
        for place in sorted(range(len(shown)), key=lambda place: -shown[place].inline_bytes):
            one = shown[place]
            if one.is_clip and _free(shown, room_bytes) < 0:
                try:
                    shown[place] = _filed(_source(one.media), await self._files.put(one.media))
                except UploadRefused as error:
                    refused = str(error)
        return refused

    async def _smaller(self, shown: Sequence[_Shown], request: Request, room_bytes: int) -> list[_Shown]:
        """All that is inline, by the same factor."""
        factor = 1 + _free(shown, room_bytes) / _inline(shown)
        smaller = []
        for one in shown:
            # Base64 makes four bytes of three, and fills up the last four.
            at_most_bytes = max(1, int(one.inline_bytes * factor) // 4 * 3 - 3)
            is_inline = not isinstance(one.media, Filed)
            smaller.append(await _inlined(_source(one.media), request, at_most_bytes=at_most_bytes) if is_inline else one)
        return smaller

    def _too_large(self, request: Request, shown: Sequence[_Shown], room_bytes: int, refused: str) -> RefusedError:
        limit_mb = self._settings.max_inline_mb
        size_mb = limit_mb - _free(shown, room_bytes) / 1e6
        what = ", ".join(f"{one.media.name} ({one.inline_bytes / 1e6:.1f} MB)" for one in shown if one.inline_bytes)
        said = (
            f"the request would have {size_mb:.1f} MB, more than the {limit_mb:g} MB of "
            f"{ways.setting(f'{self._section}.max_inline_mb')}; it was not sent."
        )
        if what:
            said += f" In base64, as small as they are still legible: {what}."
        if refused:
            said += f" The Files API did not take what is too large: {shortened(refused)}"
        if what and self._settings.upload is Upload.NEVER:
            said += f" Let videos be uploaded: {ways.setting(f'{self._section}.upload', 'auto')}."
        return RefusedError(f"{said} Raise the limit where the API takes more (100 MB since 2026).")


async def _inlined(media: Media, request: Request, *, at_most_bytes: int | None = None) -> _Shown:
    alone = replace(request, media=(media,))
    if not isinstance(media, Held):
        alone = await prepared(alone, at_most_bytes=at_most_bytes)
    parts = await show(alone)
    contents = [part.content for part in parts if isinstance(part, Clip | Frame)]
    return _Shown(
        media=alone.media[0],
        inline_bytes=sum((len(content) + 2) // 3 * 4 for content in contents),
        other_bytes=_PART_BYTES * len(parts),
        is_clip=any(isinstance(part, Clip) for part in parts),
    )


def _filed(media: Media, file: RemoteFile) -> _Shown:
    return _Shown(Filed(_source(media), file), inline_bytes=0, other_bytes=_PART_BYTES + len(file.uri), is_clip=True)


def _source(media: Media) -> Media:
    """The media themselves, which can be made again in another size."""
    return media.of if isinstance(media, Held) else media


def _inline(shown: Sequence[_Shown]) -> int:
    return sum(one.inline_bytes for one in shown)


def _free(shown: Sequence[_Shown], room_bytes: int) -> int:
    """What is left of the room, below 0 where it does not do."""
    return room_bytes - _inline(shown) - sum(one.other_bytes for one in shown)

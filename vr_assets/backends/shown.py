"""What a model is shown, in neutral parts that each backend writes in its own API's way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vr_assets.parsing.clock import format_clock
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, Frame, Media, MediaForm, Request
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.scene import Scene

# A time label, a clip, or a picture.
Part = str | Clip | Frame


def shown_as(media: Sequence[Media], *, frames_only: bool) -> tuple[MediaForm, ...]:
    """The form in which each of the media is shown."""
    return tuple(MediaForm.FRAMES if frames_only and one.form is MediaForm.VIDEO else one.form for one in media)


@dataclass(frozen=True)
class InPlaceOf:
    """Media that stand for others: the same in all that is not said otherwise."""

    of: Media

    @property
    def identity(self) -> str:
        return self.of.identity

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def form(self) -> MediaForm:
        return self.of.form

    @property
    def span(self) -> Span:
        return self.of.span

    @property
    def frame_count(self) -> int:
        return self.of.frame_count

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        return await self.of.clip(at_most_bytes=at_most_bytes)

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        return await self.of.frames(at_most_bytes=at_most_bytes)

    async def scene(self) -> Scene:
        return await self.of.scene()

    async def image_scene(self) -> ImageScene:
        return await self.of.image_scene()


@dataclass(frozen=True)
class Held(InPlaceOf):
    """Media that were made, in the form in which they are shown; making them again costs nothing."""

    made: Clip | Sequence[Frame]

    @property
    def form(self) -> MediaForm:
        if isinstance(self.made, Clip):
            return MediaForm.VIDEO
        return MediaForm.FRAMES if self.of.form is MediaForm.VIDEO else self.of.form

    @property
    def frame_count(self) -> int:
        return self.of.frame_count if isinstance(self.made, Clip) else len(self.made)

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        return self.made if isinstance(self.made, Clip) else await self.of.clip(at_most_bytes=at_most_bytes)

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        return await self.of.frames(at_most_bytes=at_most_bytes) if isinstance(self.made, Clip) else self.made


async def prepared(request: Request, *, frames_only: bool = False, at_most_bytes: int | None = None) -> Request:
    """The request with its media made, together at most `at_most_bytes` where they can be made that small.

    Raises:
        MediaError: the media cannot be made.
    """
    share = at_most_bytes // len(request.media) if at_most_bytes and request.media else None
    held: list[Media] = []
    for media, form in zip(request.media, shown_as(request.media, frames_only=frames_only), strict=True):
        make = media.clip if form is MediaForm.VIDEO else media.frames
        held.append(Held(media, await make(at_most_bytes=share)))
    return replace(request, media=tuple(held))


async def show(request: Request, *, frames_only: bool = False) -> tuple[Part, ...]:
    """The media of a request, in order; each frame of a video is preceded by its time, such as `00:12.5`.

    Models lose the sense of time over many pictures; the label is what they can name.

    Raises:
        MediaError: the media cannot be made.
    """
    parts: list[Part] = []
    for media, form in zip(request.media, shown_as(request.media, frames_only=frames_only), strict=True):
        if form is MediaForm.VIDEO:
            parts.append(await media.clip())
            continue
        if form is MediaForm.IMAGE:
            parts += await media.frames()
            continue
        for frame in await media.frames():
            parts += [format_clock(frame.time_s - frame.zero_s, tenths=True), frame]
    return tuple(parts)

"""What a model is shown, in neutral parts that each backend writes in its own API's way."""

from collections.abc import Sequence

from vr_assets.parsing.clock import format_clock
from vr_assets.records.call import Clip, Frame, Media, MediaForm, Request

# A time label, a clip, or a picture.
Part = str | Clip | Frame


def shown_as(media: Sequence[Media], *, frames_only: bool) -> tuple[MediaForm, ...]:
    """The form in which each of the media is shown."""
    return tuple(MediaForm.FRAMES if frames_only else one.form for one in media)


async def show(request: Request, *, frames_only: bool = False) -> tuple[Part, ...]:
    """The media of a request, in order; each frame is preceded by its time, such as `00:12.5`.

    Models lose the sense of time over many pictures; the label is what they can name.

    Raises:
        MediaError: the media cannot be made.
    """
    parts: list[Part] = []
    for media, form in zip(request.media, shown_as(request.media, frames_only=frames_only), strict=True):
        if form is MediaForm.VIDEO:
            parts.append(await media.clip())
            continue
        for frame in await media.frames():
            parts += [format_clock(frame.time_s, tenths=True), frame]
    return tuple(parts)

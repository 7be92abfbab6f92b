"""Pictures for a batch's review page: thumbnails, stills and clips, made once and kept beside the page."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.media.library import MediaLibrary
from vr_assets.media.watched import part_of
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ImageMedia, ImageRow
from vr_assets.records.review import Pictures
from vr_assets.records.row import Row, VideoMedia, VideoRow
from vr_assets.storage import write_atomically

PICTURES_VERSION = 1
"""Raise it when the same video or image would be shown otherwise."""

THUMB_PX = 320
STILL_PX = 1280
_AT_ONCE = 16


async def picture(rows: Sequence[Row], media: MediaLibrary, folder: Path) -> list[Pictures]:
    """Pictures of each row's video or image in a page's folder, in the rows' order. What is there is not made again; what cannot
    be made is told of. A video that was never decoded, such as one that is too long, is not decoded for this.

    Raises:
        StageError: no picture can be made.
    """

    async def one(row: Row) -> Pictures:
        if isinstance(row, VideoRow) and row.media is not None:
            return await _of_video(row.media, media, folder)
        if isinstance(row, ImageRow) and row.media is not None:
            return await _of_image(row.media, media, folder)
        if isinstance(row, CaptionedConversation):
            return await _of_several(row, media, folder)
        return Pictures()

    made = await batch.run(rows, one, at_once=_AT_ONCE)
    return [Pictures(problem=found.reason) if isinstance(found, Failed) else found for found in made]


async def _of_several(row: CaptionedConversation, media: MediaLibrary, folder: Path) -> Pictures:
    videos = [await _of_video(one, media, folder) for one in row.video_media]
    first, *more = [*videos, *[await _of_image(one, media, folder) for one in row.image_media]] or [Pictures()]
    return first.model_copy(update={"more": tuple(more)})


async def _of_video(video: VideoMedia, media: MediaLibrary, folder: Path) -> Pictures:
    name = _name(video.content, part_of(video), media.recipe.name)
    shown = Pictures(thumb=f"thumbs/{name}.jpg", clip=f"clips/{name}.mp4")
    thumb, clip = folder / shown.thumb, folder / shown.clip
    if thumb.is_file() and clip.is_file():
        return shown
    facts = await asyncio.to_thread(media.known_facts, video)
    if facts is None:
        return Pictures(problem="it was not decoded, so there is nothing to play")
    if not clip.is_file():
        await media.put_playable(video, clip)
    if not thumb.is_file():
        write_atomically(thumb, await media.thumbnail(video, facts, longest_side_px=THUMB_PX))
    return shown


async def _of_image(image: ImageMedia, media: MediaLibrary, folder: Path) -> Pictures:
    name = _name(image.content)
    made = {}
    for what, longest_side_px in {"thumb": THUMB_PX, "still": STILL_PX}.items():
        found = next(
            (path for path in (folder / f"{what}s" / f"{name}.{form}" for form in ("jpg", "png")) if path.is_file()), None
        )
        if found is None:
            frame = await media.images.picture(media.images.show(image, longest_side_px=longest_side_px))
            found = folder / f"{what}s" / f"{name}.{'png' if frame.mime_type == 'image/png' else 'jpg'}"
            write_atomically(found, frame.content)
        made[what] = found.relative_to(folder).as_posix()
    return Pictures(thumb=made["thumb"], still=made["still"])


def _name(*parts: object) -> str:
    """Of a picture: another source, recipe or version has another."""
    return hashlib.sha256(repr((PICTURES_VERSION, *parts)).encode()).hexdigest()[:16]

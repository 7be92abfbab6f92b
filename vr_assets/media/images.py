"""Images as the steps see them: read, and ready to be shown to a model."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.boxed import LabelledBox, boxed
from vr_assets.media.memo import FileMemo
from vr_assets.media.sharing import Shared
from vr_assets.media.sources import Sources, named
from vr_assets.media.stills import RENDERING_VERSION, STILL_VERSION, Size, Still, read_still, render, upright
from vr_assets.media.workers import Workers
from vr_assets.records.base import STILL, Span
from vr_assets.records.call import Clip, Frame, MediaForm
from vr_assets.records.image import ImageMedia
from vr_assets.records.image_scene import IMAGE_SCENE_VERSION, ImageScene
from vr_assets.records.scene import Scene
from vr_assets.storage import write_atomically

_MEASURED_PX = 2048


@dataclass(frozen=True)
class Picture:
    """An image as a model is shown it, in `sent` pixels; satisfies `records.call.Media`."""

    library: "ImageLibrary"
    media: ImageMedia
    sent: Size

    form = MediaForm.IMAGE
    span: Span = STILL
    frame_count = 1

    @property
    def identity(self) -> str:
        """Canonical JSON: equal where equal pixels are sent."""
        named = {"content": self.media.content, "form": self.form, "sent": list(self.sent), "rendering": RENDERING_VERSION}
        return json.dumps(named, sort_keys=True, separators=(",", ":"))

    @property
    def name(self) -> str:
        return self.media.path

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        raise MediaError(f"{self.name} is an image, not a video")

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        return [await self.library.picture(self, at_most_bytes=at_most_bytes)]

    async def scene(self) -> Scene:
        raise MediaError(f"{self.name} is an image, not a video")

    async def image_scene(self) -> ImageScene:
        return await self.library.scene(self.media)


class ImageLibrary:
    """Everything made from images, under one folder: `images.sqlite` (can be made again) and `facts/`."""

    def __init__(self, folder: Path, workers: Workers, sources: Sources) -> None:
        self._folder = folder
        self._workers = workers
        self._sources = sources
        self._memo = FileMemo(folder / "images.sqlite", Still, version=STILL_VERSION)
        self._shared = Shared()

    async def read(self, path: str) -> Still:
        """What a file holds. One that did not change since it was last read is not opened.

        Raises:
            MediaError: there is none, or it is no image, damaged or too small.
        """

        async def remembered() -> Still:
            return await self._memo.remembered(path, await self._sources.state(path), lambda: self._read(path))

        return await self._shared.once(("read", path), remembered)

    def show(self, media: ImageMedia, *, longest_side_px: int) -> Picture:
        """An image as a model will be shown it: no larger than it is. Decodes nothing."""
        return Picture(self, media, scaled((media.width_px, media.height_px), longest_side_px))

    async def picture(self, picture: Picture, *, at_most_bytes: int | None = None) -> Frame:
        """See `Media.frames`."""
        key = ("picture", picture.identity, at_most_bytes)
        content, mime_type, reduced = await self._shared.once(key, lambda: self._rendered(picture, at_most_bytes))
        return Frame(content=content, time_s=0.0, mime_type=mime_type, reduced=reduced)

    async def boxed(
        self, media: ImageMedia, boxes: Sequence[LabelledBox], *, longest_side_px: int, at_most_bytes: int | None = None
    ) -> bytes:
        """A JPEG of it with boxes drawn on it; see `boxed.boxed`. Raises MediaError."""
        source = await self._source(media)
        size = (media.width_px, media.height_px)
        with named(media.path, source):
            return await self._workers.run(_boxed, source, size, list(boxes), longest_side_px, at_most_bytes)

    async def scene(self, media: ImageMedia) -> ImageScene:
        """What can be measured in it, from disk where it was measured before. Raises MediaError."""
        path = self._folder / "facts" / f"{media.content}.image{IMAGE_SCENE_VERSION}.json"
        if path.is_file():
            return ImageScene.model_validate_json(path.read_bytes())
        return await self._shared.once(path, lambda: self._scene(media, path))

    async def _read(self, path: str) -> Still:
        file = await self._sources.file(path)
        with named(path, file):
            return await self._workers.run(read_still, file)

    async def _rendered(self, picture: Picture, at_most_bytes: int | None) -> tuple[bytes, str, str]:
        source = await self._source(picture.media)
        with named(picture.media.path, source):
            return await self._workers.run(render, source, picture.sent, at_most_bytes)

    async def _scene(self, media: ImageMedia, path: Path) -> ImageScene:
        source = await self._source(media)
        with named(media.path, source):
            scene = await self._workers.run(_measure, source, media.width_px, media.height_px)
        await asyncio.to_thread(write_atomically, path, scene.to_line().encode())
        return scene

    async def _source(self, media: ImageMedia) -> Path:
        """The file, which must hold what it did when it was read."""
        if (await self.read(media.path)).content != media.content:
            raise MediaError(f"{media.path}: changed since raw_images read it; materialize raw_images again")
        return await self._sources.file(media.path)


def scaled(size: Size, longest_side_px: int) -> Size:
    """The size in which an image is sent: its own, or as much smaller as it takes."""
    factor = min(1.0, longest_side_px / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _boxed(path: Path, size: Size, boxes: list[LabelledBox], longest_side_px: int, at_most_bytes: int | None) -> bytes:
    import numpy as np

    image = upright(path, scaled(size, longest_side_px))
    across, down = image.width / size[0], image.height / size[1]
    placed = [replace(one, box=(one.box[0] * across, one.box[1] * down, one.box[2] * across, one.box[3] * down)) for one in boxes]
    pixels = np.ascontiguousarray(np.asarray(image, np.uint8)[:, :, ::-1])
    return boxed(pixels, placed, longest_side_px=longest_side_px, at_most_bytes=at_most_bytes)


def _measure(path: Path, width_px: int, height_px: int) -> ImageScene:
    """In pixels of the original; a large image is measured smaller than it is, for what it takes in memory."""
    import numpy as np

    from vr_assets.media.image_scene import measure_image

    size = scaled((width_px, height_px), _MEASURED_PX)
    scene = measure_image(np.ascontiguousarray(np.asarray(upright(path, size), np.uint8)[:, :, ::-1]))
    if size == (width_px, height_px):
        return scene
    across, down = width_px / size[0], height_px / size[1]
    regions = tuple(
        one.model_copy(
            update={
                "left": round(one.left * across),
                "top": round(one.top * down),
                "right": round(one.right * across),
                "bottom": round(one.bottom * down),
            }
        )
        for one in scene.regions
    )
    return scene.model_copy(update={"width_px": width_px, "height_px": height_px, "regions": regions})

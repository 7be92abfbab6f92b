"""A clip and an image whose content is known, to find out what a model sees.

What they show is chosen by a seed among things that a model which sees nothing would not guess first. Everything is large and
far apart in colour, so that it stays legible at the lowest resolution a model may scale it down to.
"""

import functools
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vr_assets.errors import MediaError
from vr_assets.media.decode import Image
from vr_assets.media.drawing import jpeg
from vr_assets.media.mp4 import Mp4Writer, ticks
from vr_assets.records.base import STILL, Span
from vr_assets.records.call import Clip, Frame, MediaForm
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.preflight import Colour, Direction, KnownBox, Shape, Shown
from vr_assets.records.scene import Scene

# Sides are multiples of 28 and 32, the patches of Qwen's models: a picture that is not scaled keeps its pixel coordinates.
CLIP_WIDTH_PX, CLIP_HEIGHT_PX = 448, 224
IMAGE_WIDTH_PX, IMAGE_HEIGHT_PX = 672, 448
# Longer than the half a second at which a sampler takes a frame, and three times the one second at which Gemini does.
CLIP_S = 3.0
_FPS = 12
# One a second, in the middle of each, as the frames of a video are taken elsewhere.
_FRAME_TIMES_S = (0.5, 1.5, 2.5)
_CRF = 23

_PAINT = {
    Colour.GREEN: (60, 190, 60),
    Colour.BLUE: (235, 95, 30),
    Colour.YELLOW: (40, 220, 240),
    Colour.PURPLE: (190, 50, 150),
}
_GROUND, _WHITE = (60, 60, 60), (255, 255, 255)
_DIGITS = (2, 4, 6, 9)
_RADIUS_PX = 40
# From where to where, in pixels; the digit's corner is never crossed.
_WAYS = {
    Direction.LEFT: ((386, 128), (130, 128)),
    Direction.UP: ((224, 176), (224, 48)),
    Direction.DOWN: ((224, 48), (224, 176)),
}
# Off the diagonal, so that no convention's numbers are near another's.
_BOXES = ((420, 56, 588, 156), (84, 292, 252, 392))

# A point of a shape, in radii from its centre.
_Points = Sequence[tuple[float, float]]
_STAR: _Points = tuple(
    (float(np.sin(turn * np.pi / 5)) * reach, float(-np.cos(turn * np.pi / 5)) * reach)
    for turn, reach in zip(range(10), (1.1, 0.45) * 5, strict=True)
)
_CROSS: _Points = tuple(
    (x, y)
    for x, y in (
        (-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3),
        (0.3, 1), (-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3),
    )
)  # fmt: skip
_OUTLINES: dict[Shape, _Points] = {
    Shape.SQUARE: ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    Shape.TRIANGLE: ((0, -1), (1.05, 0.9), (-1.05, 0.9)),
    Shape.STAR: _STAR,
    Shape.CROSS: _CROSS,
}


def chosen(seed: str) -> tuple[Shown, KnownBox]:
    """What the clip and the image of a seed show; the colours of the two differ."""
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest())

    def draw(among: int) -> int:
        nonlocal drawn
        drawn, rest = divmod(drawn, among)
        return rest

    colours = list(Colour)
    colour = colours.pop(draw(len(colours)))
    shown = Shown(
        colour=colour,
        shape=list(Shape)[draw(len(Shape))],
        direction=list(Direction)[draw(len(Direction))],
        digit=_DIGITS[draw(len(_DIGITS))],
    )
    left, top, right, bottom = _BOXES[draw(len(_BOXES))]
    return shown, KnownBox(
        colour=colours[draw(len(colours))],
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        width_px=IMAGE_WIDTH_PX,
        height_px=IMAGE_HEIGHT_PX,
    )


@functools.lru_cache(maxsize=4)
def draw_clip(shown: Shown) -> bytes:
    """The clip as MP4, written as proxies are; the same bytes each time."""
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder:
        path = Path(folder) / "known.mp4"
        writer: Mp4Writer | None = None
        for index in range(round(CLIP_S * _FPS)):
            frame = VideoFrame.from_ndarray(draw_picture(shown, index / _FPS), format="bgr24").reformat(
                format="yuv420p", threads=1
            )
            writer = writer or Mp4Writer(path, frame, fps=_FPS, crf=_CRF)
            writer.write(frame, ticks(index / _FPS), keyframe=index % _FPS == 0)
        assert writer is not None
        writer.close(ticks(CLIP_S))
        return path.read_bytes()


def draw_picture(shown: Shown, time_s: float) -> Image:
    """The clip at one moment, BGR (224, 448, 3) uint8."""
    image = np.full((CLIP_HEIGHT_PX, CLIP_WIDTH_PX, 3), _GROUND, np.uint8)
    cv2.putText(image, str(shown.digit), (16, 84), cv2.FONT_HERSHEY_SIMPLEX, 2.8, _WHITE, 8, cv2.LINE_AA)
    start, end = np.array(_WAYS[shown.direction], float)
    centre = start + (end - start) * min(1.0, time_s / (CLIP_S - 1 / _FPS))
    outline: NDArray[np.int32] = np.round((centre + np.array(_OUTLINES[shown.shape]) * _RADIUS_PX) * 16).astype(np.int32)
    cv2.fillPoly(image, [outline], _PAINT[shown.colour], cv2.LINE_AA, 4)
    return image


def draw_image(box: KnownBox) -> bytes:
    """The image as JPEG."""
    image = np.full((box.height_px, box.width_px, 3), _GROUND, np.uint8)
    image[box.top : box.bottom, box.left : box.right] = _PAINT[box.colour]
    return jpeg(image)


@dataclass(frozen=True)
class KnownClip:
    """The clip as a model is shown it (`records.call.Media`)."""

    shown: Shown
    form: MediaForm = MediaForm.VIDEO

    name = "the preflight clip"
    span = Span(start_s=0.0, end_s=CLIP_S)

    frame_count = len(_FRAME_TIMES_S)

    @property
    def identity(self) -> str:
        return f"preflight {self.form} {self.shown.to_line()}"

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        """About 10 kB: it is never too large."""
        content = await anyio.to_thread.run_sync(draw_clip, self.shown)
        return Clip(content=content, mime_type="video/mp4", span=self.span)

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        """A picture from each second."""
        return [Frame(content=jpeg(draw_picture(self.shown, time_s)), time_s=time_s) for time_s in _FRAME_TIMES_S]

    async def scene(self) -> Scene:
        raise MediaError(f"{self.name} is drawn: there is nothing to measure in it")

    async def image_scene(self) -> ImageScene:
        raise MediaError(f"{self.name} is drawn: there is nothing to measure in it")


@dataclass(frozen=True)
class KnownImage:
    """The image as a model is shown it: one frame."""

    box: KnownBox

    name = "the preflight image"
    form = MediaForm.IMAGE
    frame_count = 1
    span = STILL

    @property
    def identity(self) -> str:
        return f"preflight image {self.box.to_line()}"

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        raise MediaError(f"{self.name} is no video")

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        return [Frame(content=draw_image(self.box), time_s=0.0)]

    async def scene(self) -> Scene:
        raise MediaError(f"{self.name} is drawn: there is nothing to measure in it")

    async def image_scene(self) -> ImageScene:
        raise MediaError(f"{self.name} is drawn: there is nothing to measure in it")

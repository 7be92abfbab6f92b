"""Scenes drawn with known truth for the offline annotator. Shares no code with what it tests."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets_tests.clips import write_clip

Image = NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 320, 240, 8
PAINTS = {
    "red": (40, 30, 205),
    "blue": (200, 90, 30),
    "green": (50, 160, 40),
    "yellow": (30, 215, 235),
    "orange": (20, 130, 245),
    "white": (240, 240, 240),
    "black": (18, 18, 18),
    "dark": (75, 75, 75),
}


@dataclass(frozen=True)
class Mover:
    """An oval body with a dark window; of paint `shadow` a soft shadow without a body.

    `way` is (time, x, y) of its centre in pixels, straight in between; it is absent outside of it.
    """

    paint: str
    way: Sequence[tuple[float, float, float]]
    wide: int = 46
    high: int = 28

    def at(self, time_s: float) -> tuple[float, float] | None:
        times = [time for time, _, _ in self.way]
        if not times[0] <= time_s <= times[-1]:
            return None
        return (
            float(np.interp(time_s, times, [x for _, x, _ in self.way])),
            float(np.interp(time_s, times, [y for _, _, y in self.way])),
        )

    def visible(self) -> tuple[float, float]:
        """First and last moment at which any of it is inside the frame."""
        inside = [time for time in np.arange(self.way[0][0], self.way[-1][0], 0.01) if self._shows(float(time))]
        return float(inside[0]), float(inside[-1])

    def _shows(self, time_s: float) -> bool:
        place = self.at(time_s)
        if place is None:
            return False
        x, y = place
        return -self.wide / 2 < x < WIDTH + self.wide / 2 and -self.high / 2 < y < HEIGHT + self.high / 2


def across(
    paint: str, start_s: float, end_s: float, *, y: float = 120, to: str = "right", wide: int = 46, high: int = 28
) -> Mover:
    """All the way through the frame along one axis; `y` is the lane (x for a vertical way)."""
    extent, half = (WIDTH, wide / 2) if to in ("left", "right") else (HEIGHT, high / 2)
    ends = (-half, extent + half) if to in ("right", "bottom") else (extent + half, -half)
    way = [(start_s, ends[0], y), (end_s, ends[1], y)]
    if to in ("top", "bottom"):
        way = [(time, lane, along) for time, along, lane in way]
    return Mover(paint, way, wide, high)


def draw(
    movers: Sequence[Mover],
    seconds: float,
    *,
    noise: float = 2.0,
    level: int = 120,
    gain: Callable[[float], float] = lambda time_s: 1.0,
    camera: Callable[[float], tuple[float, float]] = lambda time_s: (0.0, 0.0),
) -> Iterator[Image]:
    """Frames of FPS a second: grey textured ground, movers in order (later ones in front), sensor noise.

    Args:
        gain: exposure at a time. camera: how far the camera has turned, in pixels.
    """
    grain = np.random.default_rng(5)
    ground = _ground(level)
    for index in range(round(seconds * FPS)):
        time_s = index / FPS
        dx, dy = camera(time_s)
        image = np.asarray(cv2.getRectSubPix(ground, (WIDTH, HEIGHT), (WIDTH * 1.5 + dx, HEIGHT * 1.5 + dy)), np.uint8)
        for mover in movers:
            place = mover.at(time_s)
            if place is not None:
                _paint(image, mover, place[0] - dx, place[1] - dy)
        shown = image * gain(time_s) + grain.normal(0, noise, image.shape)
        yield np.clip(shown, 0, 255).astype(np.uint8)


def film(path: Path, images: Iterator[Image]) -> Path:
    """Encoded as the pipeline's proxies are."""
    return write_clip(path, images, FPS, gop=FPS, options={"preset": "veryfast", "crf": "28", "bf": "0"})


def _paint(image: Image, mover: Mover, x: float, y: float) -> None:
    def ellipse(centre_x: float, wide: float, high: float, paint: tuple[int, int, int]) -> None:
        centre = (round(centre_x * 16), round(y * 16))
        axes = (round(wide * 8), round(high * 8))
        cv2.ellipse(image, centre, axes, 0, 0, 360, paint, -1, cv2.LINE_AA, 4)

    if mover.paint == "shadow":
        light = np.ones(image.shape[:2], np.float32)
        cv2.ellipse(light, (round(x), round(y)), (mover.wide // 2, mover.high // 2), 0, 0, 360, (0.6,), -1)
        image[:] = (image * cv2.GaussianBlur(light, (0, 0), 9)[..., None]).astype(np.uint8)
        return
    ellipse(x, mover.wide, mover.high, PAINTS[mover.paint])
    ellipse(x + mover.wide * 0.15, mover.wide * 0.3, mover.high * 0.5, (60, 50, 45))


def _ground(level: int) -> Image:
    rough = np.random.default_rng(3).normal(0, 1, (3 * HEIGHT, 3 * WIDTH))
    fine = cv2.GaussianBlur(rough, (0, 0), 1.5)
    broad = cv2.GaussianBlur(rough, (0, 0), 25)
    texture = level + 9 * fine / fine.std() + 12 * broad / broad.std()
    ground = np.repeat(np.clip(texture, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    for y in range(40, 3 * HEIGHT, 160):
        cv2.line(ground, (0, y), (3 * WIDTH, y + 12), (level + 40,) * 3, 3, cv2.LINE_AA)
    return ground

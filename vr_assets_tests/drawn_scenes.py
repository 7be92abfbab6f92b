"""Scenes drawn with known truth for the offline annotator. Shares no code with what it tests."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from vr_assets_tests.clips import write_clip
from vr_assets_tests.drawn_bodies import PAINTS, Image, body, lay, lay_oval
from vr_assets_tests.drawn_grounds import ground

__all__ = ["FPS", "HEIGHT", "PAINTS", "WIDTH", "Image", "Look", "Mover", "across", "draw", "film", "film_scene"]

WIDTH, HEIGHT, FPS = 320, 240, 8
SIZE = (WIDTH, HEIGHT)
_STEP_PX = 9.0
_FIGURE_FILLS = 0.6  # Of the width it is drawn in, but for its feet.


@dataclass(frozen=True)
class Mover:
    """A body: an oval with a dark window, unless it has another shape; of paint `shadow` a soft shadow without a body.

    `way` is (time, x, y) of its centre in pixels, straight in between; it is absent outside of it. `other` is a second paint.
    `falls`: from when to when it, upright before, turns over to lie.
    """

    paint: str
    way: Sequence[tuple[float, float, float]]
    wide: int = 46
    high: int = 28
    shape: str = "oval"
    other: str | None = None
    falls: tuple[float, float] | None = None

    @cached_property
    def _points(self) -> tuple[list[float], list[float], list[float]]:
        times, xs, ys = zip(*self.way, strict=True)
        return list(times), list(xs), list(ys)

    def at(self, time_s: float) -> tuple[float, float] | None:
        times, xs, ys = self._points
        if not times[0] <= time_s <= times[-1]:
            return None
        return float(np.interp(time_s, times, xs)), float(np.interp(time_s, times, ys))

    def facing(self, time_s: float) -> tuple[float, float]:
        """The way it last moved in, in pixels to the right and down; the way it will, if it has not moved yet."""
        moves = [(one[0], other[1] - one[1], other[2] - one[2]) for one, other in pairwise(self.way) if one[1:] != other[1:]]
        past = [move for move in moves if move[0] <= time_s] or moves[:1]
        return past[-1][1:] if past else (0.0, 0.0)

    def turned(self, time_s: float) -> float:
        """Degrees from upright."""
        return 0.0 if self.falls is None else float(np.interp(time_s, self.falls, (0.0, 90.0)))

    def box(self, time_s: float) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom in pixels, also beyond the frame. A fall turns it about its foot."""
        place = self.at(time_s)
        if place is None:
            return None
        angle = math.radians(self.turned(time_s))
        shown = self.wide * (_FIGURE_FILLS if self.shape == "figure" else 1.0)
        x, y = place[0], place[1] + (self.high - shown) / 2 * math.sin(angle)
        wide = shown * math.cos(angle) + self.high * math.sin(angle)
        high = self.high * math.cos(angle) + shown * math.sin(angle)
        return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2

    def visible(self, size: tuple[int, int] = SIZE) -> tuple[float, float]:
        """First and last moment at which any of it is inside the frame."""
        inside = [time for time in np.arange(self.way[0][0], self.way[-1][0], 0.01) if self._shows(float(time), size)]
        return float(inside[0]), float(inside[-1])

    def _shows(self, time_s: float, size: tuple[int, int]) -> bool:
        place = self.at(time_s)
        if place is None:
            return False
        x, y = place
        return -self.wide / 2 < x < size[0] + self.wide / 2 and -self.high / 2 < y < size[1] + self.high / 2


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


@dataclass(frozen=True)
class Look:
    """How a scene is shown. `dim`: the share of their paint that bodies show, as by night. `shades`: bodies cast shadows so many
    pixels to the right. `posts`: what stands in front of everything, x and width in pixels. `grounds`: of each shot, when it
    begins, and kind and seed of its ground, `reach` times as wide and high as the picture.
    `grains`: so many pictures of noise take turns, which is quicker; 0 for each its own.
    """

    size: tuple[int, int] = SIZE
    fps: int = FPS
    dim: float = 1.0
    shades: float = 0.0
    posts: Sequence[tuple[int, int]] = ()
    grounds: Sequence[tuple[float, str, int]] = ((0.0, "textured", 3),)
    reach: float = 3.0
    seed: int = 5
    grains: int = 0


def draw(
    movers: Sequence[Mover],
    seconds: float,
    *,
    noise: float = 2.0,
    level: int = 120,
    gain: Callable[[float], float] = lambda time_s: 1.0,
    camera: Callable[[float], tuple[float, float]] = lambda time_s: (0.0, 0.0),
    look: Look = Look(),
) -> Iterator[Image]:
    """Frames: ground, movers in order (later ones in front), sensor noise.

    Args:
        gain: exposure at a time. camera: how far the camera has turned, in pixels.
    """
    width, height = look.size
    grain = np.random.default_rng(look.seed)
    grains = [grain.normal(0, noise, (height, width, 3)).astype(np.float32) for _ in range(look.grains)]
    wide, high = round(width * look.reach), round(height * look.reach)
    grounds = [(start_s, ground(kind, (wide, high), level, seed)) for start_s, kind, seed in look.grounds]
    for index in range(round(seconds * look.fps)):
        time_s = index / look.fps
        dx, dy = camera(time_s)
        shown = next(image for start_s, image in reversed(grounds) if start_s <= time_s + 1e-6)
        image = np.asarray(cv2.getRectSubPix(shown, look.size, (wide / 2 + dx, high / 2 + dy)), np.uint8)
        for mover in movers:
            _paint(image, mover, time_s, (dx, dy), look)
        for x, across_px in look.posts:
            left = round(x - dx)
            image[:, max(0, left) : max(0, left + across_px)] = round(level * 0.55)
        rough = grains[int(grain.integers(len(grains)))] if grains else grain.normal(0, noise, image.shape)
        yield np.clip(image * np.float32(gain(time_s)) + rough, 0, 255).astype(np.uint8)


def film(path: Path, images: Iterator[Image]) -> Path:
    """Encoded as the pipeline's proxies are."""
    return write_clip(path, images, FPS, gop=FPS, options={"preset": "veryfast", "crf": "28", "bf": "0"})


def film_scene(path: Path, images: Iterator[Image], fps: int, crf: int) -> Path:
    """Encoded as cameras do, one key frame in two seconds."""
    return write_clip(path, images, fps, gop=2 * fps, options={"preset": "superfast", "crf": str(crf)})


def _paint(image: Image, mover: Mover, time_s: float, camera: tuple[float, float], look: Look) -> None:
    place, box = mover.at(time_s), mover.box(time_s)
    if place is None or box is None:
        return
    if box[2] - camera[0] < -60 or box[0] - camera[0] > look.size[0] + 60:
        return
    x, y = (box[0] + box[2]) / 2 - camera[0], (box[1] + box[3]) / 2 - camera[1]
    if mover.paint == "shadow":
        light = np.ones(image.shape[:2], np.float32)
        cv2.ellipse(light, (round(x), round(y)), (mover.wide // 2, mover.high // 2), 0, 0, 360, (0.6,), -1)
        image[:] = (image * cv2.GaussianBlur(light, (0, 0), 9)[..., None]).astype(np.uint8)
        return
    if look.shades:
        _shade(image, (box[0] - camera[0], box[1] - camera[1], box[2] - camera[0], box[3] - camera[1]), look.shades)
    if mover.shape == "oval":
        lay_oval(image, mover.paint, (x, y), mover.wide, mover.high)
        return
    gone = math.hypot(place[0] - mover.way[0][1], place[1] - mover.way[0][2])
    step = int(gone / _STEP_PX) % 2 if mover.shape == "figure" else 0
    turned = -mover.turned(time_s)
    right, down = mover.facing(time_s)
    mirrored = right < 0 and mover.shape != "top view"
    if mover.shape == "top view":
        turned = 180.0 if down > 0 else 0.0
    sprite = body(mover.shape, mover.paint, mover.other, mover.wide, mover.high, step)
    lay(image, sprite, x, y, turned=turned, mirrored=mirrored, dim=look.dim)


def _shade(image: Image, box: tuple[float, float, float, float], length: float) -> None:
    left, _, right, bottom = box
    first, last = max(0, round(bottom - 16)), min(image.shape[0], round(bottom + 14))
    if last <= first:
        return
    light = np.ones((last - first, image.shape[1]), np.float32)
    centre = (round((left + right) / 2 + length / 2), round(bottom - 2) - first)
    axes = (round((right - left) / 2 + length / 2), max(2, round(min(7, (right - left) * 0.14))))
    cv2.ellipse(light, centre, axes, 0, 0, 360, (0.62,), -1)
    image[first:last] = (image[first:last] * cv2.GaussianBlur(light, (0, 0), 1.5)[..., None]).astype(np.uint8)

"""How the bodies of drawn scenes look: pictures with an opacity, drawn four times as large as they are shown."""

import math
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

PAINTS = {
    "red": (40, 30, 205),
    "blue": (200, 90, 30),
    "green": (50, 160, 40),
    "yellow": (30, 215, 235),
    "orange": (20, 130, 245),
    "purple": (150, 40, 130),
    "pink": (190, 130, 245),
    "brown": (30, 65, 120),
    "white": (240, 240, 240),
    "silver": (190, 185, 182),
    "grey": (125, 125, 125),
    "black": (18, 18, 18),
    "dark": (75, 75, 75),
}
_WINDOW, _TYRE, _SKIN, _CLOTH = (60, 50, 45), (30, 30, 30), (150, 175, 215), (75, 60, 50)
_FINE = 4


@cache
def body(shape: str, paint: str, other: str | None, wide: int, high: int, step: int) -> Image:
    """BGRA, `_FINE` times `wide` by `high`, facing right (`top view`: upwards). `step` 0 or 1 is a figure's leg in front."""
    sprite = np.zeros((high * _FINE, wide * _FINE, 4), np.uint8)
    _SHAPES[shape](sprite, PAINTS[paint], PAINTS[other] if other else None, step)
    return sprite


def lay(
    image: Image, sprite: Image, x: float, y: float, *, turned: float = 0.0, mirrored: bool = False, dim: float = 1.0
) -> None:
    """Blends a body into an image, its centre at (x, y), turned by degrees."""
    height, width = sprite.shape[:2]
    reach = math.hypot(width, height) / _FINE / 2 + 2
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    right, bottom = min(image.shape[1], math.ceil(x + reach)), min(image.shape[0], math.ceil(y + reach))
    if right <= left or bottom <= top:
        return
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turned, 1 / _FINE)
    if mirrored:
        matrix = matrix @ np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1]])
    matrix[:, 2] += (x - width / 2 - left, y - height / 2 - top)
    shown = np.asarray(cv2.warpAffine(_softened(sprite), matrix, (right - left, bottom - top)), np.float32)
    share = shown[..., 3:] / 255
    part = image[top:bottom, left:right]
    # The colours were blurred with the nothing around them, so they carry the opacity already.
    part[:] = np.clip(part * (1 - share) + shown[..., :3] * dim, 0, 255).astype(np.uint8)


def _softened(sprite: Image) -> Image:
    """So that shrinking it by warping does not skip pixels."""
    return np.asarray(cv2.blur(sprite, (_FINE, _FINE)), np.uint8)


def _vehicle(sprite: Image, paint: tuple[int, int, int], other: tuple[int, int, int] | None, step: int) -> None:
    height, width = sprite.shape[:2]
    _block(sprite, (0.0, 0.36, 1.0, 0.86), paint)
    roof = [(0.18, 0.38), (0.3, 0.02), (0.68, 0.02), (0.84, 0.38)]
    cv2.fillPoly(sprite, [np.array([(x * width, y * height) for x, y in roof], np.int32)], (*paint, 255))
    _block(sprite, (0.31, 0.1, 0.48, 0.34), _WINDOW)
    _block(sprite, (0.51, 0.1, 0.68, 0.34), _WINDOW)
    for x in (0.22, 0.78):
        cv2.circle(sprite, (round(x * width), round(0.86 * height)), round(0.14 * height), (*_TYRE, 255), -1)


def _truck(sprite: Image, paint: tuple[int, int, int], other: tuple[int, int, int] | None, step: int) -> None:
    height, width = sprite.shape[:2]
    _block(sprite, (0.0, 0.0, 0.68, 0.86), other or paint)
    _block(sprite, (0.7, 0.2, 1.0, 0.86), paint)
    _block(sprite, (0.84, 0.28, 0.97, 0.5), _WINDOW)
    for x in (0.16, 0.5, 0.85):
        cv2.circle(sprite, (round(x * width), round(0.87 * height)), round(0.12 * height), (*_TYRE, 255), -1)


def _top_view(sprite: Image, paint: tuple[int, int, int], other: tuple[int, int, int] | None, step: int) -> None:
    height, width = sprite.shape[:2]
    _block(sprite, (0.05, 0.0, 0.95, 1.0), paint)
    corner = round(0.12 * height)
    for x, y in ((0, 0), (width, 0), (0, height), (width, height)):
        cv2.circle(sprite, (x, y), corner // 2, (0, 0, 0, 0), -1)
    _block(sprite, (0.16, 0.24, 0.84, 0.38), _WINDOW)
    _block(sprite, (0.2, 0.78, 0.8, 0.88), _WINDOW)


def _figure(sprite: Image, paint: tuple[int, int, int], other: tuple[int, int, int] | None, step: int) -> None:
    height, width = sprite.shape[:2]
    legs = other or (int(paint[0] * 0.8), int(paint[1] * 0.8), int(paint[2] * 0.8))
    foot = (0.3, 0.62) if step else (0.44, 0.5)
    for x, leg in zip(foot, ((0.46, 0.54)), strict=True):
        start, end = (round(leg * width), round(0.54 * height)), (round((x + 0.04) * width), round(0.97 * height))
        cv2.line(sprite, start, end, (*legs, 255), max(2, round(0.2 * width)), cv2.LINE_AA)
    _block(sprite, (0.28, 0.17, 0.72, 0.58), paint)
    hand = (0.72, 0.48) if step else (0.62, 0.56)
    start, end = (round(0.6 * width), round(0.22 * height)), (round(hand[0] * width), round(hand[1] * height))
    cv2.line(sprite, start, end, (*paint, 255), max(2, round(0.16 * width)), cv2.LINE_AA)
    cv2.circle(sprite, (round(0.5 * width), round(0.095 * height)), round(0.09 * height), (*_SKIN, 255), -1)


def _bag(sprite: Image, paint: tuple[int, int, int], other: tuple[int, int, int] | None, step: int) -> None:
    _block(sprite, (0.0, 0.25, 1.0, 1.0), paint)
    height, width = sprite.shape[:2]
    middle, axes = (width // 2, round(0.27 * height)), (round(0.22 * width), round(0.2 * height))
    cv2.ellipse(sprite, middle, axes, 0, 180, 360, (*_CLOTH, 255), _FINE)


def lay_oval(image: Image, paint: str, centre: tuple[float, float], wide: float, high: float) -> None:
    """A body without a front, with a dark window."""

    def ellipse(x: float, across: float, down: float, colour: tuple[int, int, int]) -> None:
        middle, axes = (round(x * 16), round(centre[1] * 16)), (round(across * 8), round(down * 8))
        cv2.ellipse(image, middle, axes, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)

    ellipse(centre[0], wide, high, PAINTS[paint])
    ellipse(centre[0] + wide * 0.15, wide * 0.3, high * 0.5, _WINDOW)


def _block(sprite: Image, part: tuple[float, float, float, float], paint: tuple[int, int, int]) -> None:
    height, width = sprite.shape[:2]
    x0, y0, x1, y1 = part
    sprite[round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)] = (*paint, 255)


_SHAPES = {"vehicle": _vehicle, "truck": _truck, "top view": _top_view, "figure": _figure, "bag": _bag}

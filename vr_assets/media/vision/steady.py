"""By how much a picture is shifted against another, and back."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Image

_ANSWER = 0.05  # Of a phase correlation. Moving leaves and noise bring it near; what is found is tried out in any case.
_LEAST_PX = 0.3  # Interpolation blurs more than a smaller shift disturbs.
_BETTER = 0.9  # Of the difference without the shift: a large mover draws the correlation along and makes the rest fit worse.
_EDGE_LEVELS, _FEWEST = 6.0, 30

Half = NDArray[np.float32]
Shift = tuple[float, float]


class Anchor:
    """A picture that others are laid over. (H, W, 3) BGR uint8."""

    def __init__(self, image: Image) -> None:
        self._known: Half = _half(image)
        slopes = cv2.morphologyEx(self._known, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        # On plain ground there is nothing but noise to compare.
        self._edges = slopes > max(_EDGE_LEVELS, float(np.percentile(slopes, 75)))
        self._window = cast(Half, cv2.createHanningWindow(self._known.shape[::-1], cv2.CV_32F))

    def shift(self, frame: Image) -> Shift | None:
        """By how many pixels the frame is shifted; None when no shift is found that makes the two alike."""
        seen = _half(frame)
        (dx, dy), answer = cv2.phaseCorrelate(self._known, seen, self._window)
        if 2 * np.hypot(dx, dy) < _LEAST_PX:
            return (0.0, 0.0) if answer > _ANSWER else None
        if answer < _ANSWER:
            return None
        back = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        shifted = cast(Half, cv2.warpAffine(seen, back, seen.shape[::-1], borderMode=cv2.BORDER_REPLICATE))
        inside = _inside(seen.shape, dx, dy)
        if self._off(shifted, inside) > _BETTER * self._off(seen, inside):
            return None
        return 2 * dx, 2 * dy

    def align(self, frame: Image, at_most_px: float) -> Image:
        """The frame shifted to where the anchor is; as it is where it lies there, or is not told to lie elsewhere nearby."""
        dx, dy = self.shift(frame) or (0.0, 0.0)
        if not 0 < np.hypot(dx, dy) <= at_most_px:
            return frame
        back = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        return cast(Image, cv2.warpAffine(frame, back, frame.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))

    def _off(self, seen: Half, inside: tuple[slice, slice]) -> float:
        """How much the usual pixel at an edge differs from the anchor, brightness aside: movers are few."""
        difference = (seen[inside] - self._known[inside])[self._edges[inside]]
        if difference.size < _FEWEST:
            return 0.0
        return float(np.mean(np.abs(difference - np.median(difference)).clip(0, 25)))


def _inside(shape: tuple[int, ...], dx: float, dy: float) -> tuple[slice, slice]:
    """Every other pixel of what both pictures show."""
    x, y = int(abs(dx)) + 2, int(abs(dy)) + 2
    return slice(y, max(y + 2, shape[0] - y), 2), slice(x, max(x + 2, shape[1] - x), 2)


def _half(image: Image) -> Half:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cast(Half, small.astype(np.float32))

"""By how much a picture is shifted against another, and back."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Image

_ANSWER = 0.05  # Of a phase correlation. Moving leaves and noise bring it near; what is found is tried out in any case.
_LEAST_PX = 0.3  # Interpolation blurs more than a smaller shift disturbs.
_BETTER, _FAR_BETTER = 0.9, 0.6  # Of the difference without the shift, where it is small or large.
_FAR_PX = 1.0
_EDGE_LEVELS, _FEWEST = 6.0, 12
_FARTHEST = 0.3  # Of the shorter side: beyond it too little is in both pictures.
_ROWS, _COLUMNS, _PARTS, _AGREED = 3, 4, 9, 0.8

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
        # It lays the window over its inputs where their size suits it.
        (dx, dy), answer = cv2.phaseCorrelate(self._known.copy(), seen.copy(), self._window)
        if 2 * np.hypot(dx, dy) < _LEAST_PX:
            return (0.0, 0.0) if answer > _ANSWER else None
        if answer < _ANSWER or max(abs(dx), abs(dy)) > _FARTHEST * min(seen.shape):
            return None
        back = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        shifted = cast(Half, cv2.warpAffine(seen, back, seen.shape[::-1], borderMode=cv2.BORDER_REPLICATE))
        better = _FAR_BETTER if np.hypot(dx, dy) > _FAR_PX else _BETTER
        if not self._fits_better(seen, shifted, _inside(seen.shape, dx, dy), better):
            return None
        return 2 * dx, 2 * dy

    def align(self, frame: Image, at_most_px: float) -> Image:
        """The frame shifted to where the anchor is; as it is where it lies there, or is not told to lie elsewhere nearby."""
        dx, dy = self.shift(frame) or (0.0, 0.0)
        if not 0 < np.hypot(dx, dy) <= at_most_px:
            return frame
        back = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        return cast(Image, cv2.warpAffine(frame, back, frame.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))

    def _fits_better(self, seen: Half, shifted: Half, inside: tuple[slice, slice], better: float) -> bool:
        """Whether nearly all parts of the picture that have edges are more like the anchor when shifted: a mover is in a few."""
        edges, known = self._edges[inside], self._known[inside]
        before, after = (np.abs(picture[inside] - known).clip(0, 25) for picture in (seen, shifted))
        votes = []
        for rows in np.array_split(np.arange(edges.shape[0]), _ROWS):
            for columns in np.array_split(np.arange(edges.shape[1]), _COLUMNS):
                part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
                here = edges[part]
                if np.count_nonzero(here) >= _FEWEST:
                    votes.append(bool(after[part][here].mean() <= better * before[part][here].mean()))
        return len(votes) >= _PARTS and sum(votes) >= _AGREED * len(votes)


def _inside(shape: tuple[int, ...], dx: float, dy: float) -> tuple[slice, slice]:
    """Every other pixel of what both pictures show."""
    x, y = int(abs(dx)) + 2, int(abs(dy)) + 2
    return slice(y, max(y + 2, shape[0] - y), 2), slice(x, max(x + 2, shape[1] - x), 2)


def _half(image: Image) -> Half:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cast(Half, small.astype(np.float32))

"""By how much a picture is shifted against another, and back."""

from functools import cached_property, lru_cache
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
_ROWS, _COLUMNS, _AT_LEAST, _AGREED = 3, 4, 9, 0.8
_MOST_LEVELS = 25.0

Half = NDArray[np.float32]
Shift = tuple[float, float]


class Anchor:
    """A picture that others are laid over. (H, W, 3) BGR uint8."""

    def __init__(self, image: Image) -> None:
        self._grey = _small(image)
        self._known: Half = self._grey.astype(np.float32)

    @cached_property
    def _edges(self) -> Half:
        """1 where there is something to compare: on plain ground there is nothing but noise."""
        slopes = cv2.morphologyEx(self._grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        some = slopes[::2, ::2].ravel()
        steep = int(np.partition(some, len(some) * 3 // 4)[len(some) * 3 // 4])
        return cast(Half, (slopes > max(_EDGE_LEVELS, steep)).astype(np.float32))

    def shift(self, frame: Image) -> Shift | None:
        """By how many pixels the frame is shifted; None when no shift is found that makes the two alike."""
        seen = cast(Half, _small(frame).astype(np.float32))
        # It lays the window over its inputs where their size suits it.
        (dx, dy), answer = cv2.phaseCorrelate(self._known.copy(), seen.copy(), _window(seen.shape))
        if 2 * np.hypot(dx, dy) < _LEAST_PX:
            return 0.0, 0.0
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
        share = _parts(edges)
        telling = share * edges.size / (_ROWS * _COLUMNS) >= _FEWEST
        before, after = (
            _parts(edges * np.minimum(cv2.absdiff(picture[inside], known), np.float32(_MOST_LEVELS)))
            for picture in (seen, shifted)
        )
        votes = (after <= better * before)[telling]
        return len(votes) >= _AT_LEAST and bool(votes.mean() >= _AGREED)


def _parts(picture: Half) -> Half:
    """(_ROWS, _COLUMNS) means."""
    return cast(Half, cv2.resize(picture, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA))


@lru_cache(maxsize=4)
def _window(shape: tuple[int, ...]) -> Half:
    return cast(Half, cv2.createHanningWindow((shape[1], shape[0]), cv2.CV_32F))


def _inside(shape: tuple[int, ...], dx: float, dy: float) -> tuple[slice, slice]:
    """What both pictures show."""
    x, y = int(abs(dx)) + 2, int(abs(dy)) + 2
    return slice(y, max(y + 2, shape[0] - y)), slice(x, max(x + 2, shape[1] - x))


def _small(image: Image) -> Image:
    """Grey, at half size."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cast(Image, cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))

"""Whether the picture as a whole moved from one frame to another."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Image

_COLUMNS, _ROWS = 5, 4
_TEXTURE = 2.5  # Grey levels (standard deviation): less holds nothing that a shift could be told by.
_ANSWER = 0.15  # Of a phase correlation: white noise gives 0.05 in tiles of this size.
_FEWEST = 6
_AGREED = 0.6  # Of the tiles that answer: movers fill fewer.
_SHIFT_PX = 1.0  # At half size: tremor of a pole stays below.


def shifts(one: Image, other: Image) -> bool:
    """Whether most of the picture's tiles agree on one shift: a bright mover outweighs a plain ground only in its own tiles."""
    before, after = _half(one), _half(other)
    high, wide = before.shape[0] // _ROWS, before.shape[1] // _COLUMNS
    window = cv2.createHanningWindow((wide, high), cv2.CV_32F)
    found = []
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            tile = np.s_[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
            if before[tile].std() > _TEXTURE and after[tile].std() > _TEXTURE:
                shift, answer = cv2.phaseCorrelate(before[tile], after[tile], window)
                if answer > _ANSWER:
                    found.append(shift)
    if len(found) < _FEWEST:
        return False
    usual = np.median(found, axis=0)
    agreed = sum(float(np.hypot(*(shift - usual))) < 1.0 for shift in np.array(found))
    return bool(np.hypot(*usual) > _SHIFT_PX) and agreed >= _AGREED * len(found)


def _half(image: Image) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cast(NDArray[np.float32], small.astype(np.float32))

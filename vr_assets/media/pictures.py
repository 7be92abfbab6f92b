"""Small luma pictures, made cheaply: the meters of the proxy's pass look at these."""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

THUMB_PX = 32


def half(luma: Luma) -> Luma:
    """Each side halved, an odd last row or column left out. 2 x 2 means cost a fifth of any other way of scaling (measured)."""
    height, width = max(1, luma.shape[0] // 2), max(1, luma.shape[1] // 2)
    return np.asarray(cv2.resize(luma[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def halved(luma: Luma, under_px: int) -> Luma:
    """Halved until the longest side is under `under_px`."""
    while max(luma.shape) >= under_px:
        luma = half(luma)
    return luma


def thumb(luma: Luma) -> NDArray[np.float32]:
    """(32, 32), whatever the shape of the picture."""
    small = halved(luma, 2 * THUMB_PX)
    return np.asarray(cv2.resize(small, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_LINEAR), np.float32)

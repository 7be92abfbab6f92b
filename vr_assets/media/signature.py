"""What makes a video recognizable after it was encoded again, scaled, brightened or trimmed: its picture, and what moves when.

The picture alone would not do: hours of one camera have the same picture. What moves tells them apart, and where too little moves
nothing is said.
"""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.decode import SAME_TIME_S
from vr_assets.media.pictures import THUMB_PX

SIGNATURE_VERSION = 1
"""Raise it when signatures are made otherwise: those of before are compared with no more."""

Steps = NDArray[np.uint64]
"""(N, 2) uint64: the cells of an 8 x 8 grid that grew brighter, and those that grew darker, every quarter of a second."""

STEP_S = 0.25
# Change over a second: sampled at other moments of the same quarter, it stays nearly the same.
_LAG = 4
_GRID = 8
# Of all changes the strongest eighth count, whatever the contrast, but none that noise could make.
_ACTIVE_SHARE, _LEAST_LEVELS = 0.12, 2.0
# What follows is not looked at: bounded memory.
_MOST_STEPS = 2400
# Fewer changes do not tell one video from another.
_FEWEST = 100


class SignatureMeter:
    """Takes thumbs of frames in order of time, the first at 0 s."""

    def __init__(self) -> None:
        self._sum = np.zeros((THUMB_PX, THUMB_PX), np.float32)
        self._count = 0
        self._grids: list[NDArray[np.float32]] = []

    def add(self, time_s: float, thumb: NDArray[np.float32]) -> None:
        steps = min(_MOST_STEPS + _LAG, int((time_s + SAME_TIME_S) / STEP_S) + 1) - len(self._grids)
        if steps > 0:
            self._sum += thumb
            self._count += 1
            grid = np.asarray(cv2.resize(thumb, (_GRID, _GRID), interpolation=cv2.INTER_AREA), np.float32).ravel()
            self._grids += [grid] * steps

    def picture_hash(self) -> int:
        """64 bits of the mean picture: its 8 x 8 lowest frequencies against their median (the DCT hash of Zauner's
        "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).
        """
        low = cv2.dct(self._sum / self._count)[:8, :8].ravel()
        return int(_packed((low > np.median(low))[None])[0])

    def signature(self) -> str:
        """Empty where too little moves."""
        grids = np.array(self._grids)
        change = grids[_LAG:] - grids[:-_LAG]
        if not change.size:
            return ""
        # What changes everywhere is the exposure.
        change -= np.median(change, axis=1, keepdims=True)
        threshold = max(_LEAST_LEVELS, float(np.quantile(np.abs(change), 1 - _ACTIVE_SHARE)))
        steps = np.stack([_packed(change > threshold), _packed(change < -threshold)], axis=1)
        return base64.b64encode(steps.astype("<u8").tobytes()).decode() if weight(steps) >= _FEWEST else ""


def steps_of(signature: str) -> Steps:
    return np.frombuffer(base64.b64decode(signature), "<u8").reshape(-1, 2).astype(np.uint64)


def weight(steps: Steps) -> int:
    """How many changes it holds."""
    return int(np.bitwise_count(steps).sum())


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """(N, 64) bool as N numbers, the first bit lowest."""
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").ravel().astype(np.uint64)

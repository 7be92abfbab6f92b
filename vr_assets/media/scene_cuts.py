"""Where one scene ends and another begins."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# A slide show of hours may have thousands.
MOST_CUTS = 100

# Frames that are looked at before and after one: at 8 a second, what is back within a second, or was there a second ago, shows
# that there was no cut.
_NEARBY = 8
# Frames on each side whose changes a cut must stand out from.
_AROUND = 3
# Unlikeness of two pictures: 1 - correlation of their thumbs, which a change of exposure leaves alone.
_OTHER, _LEAP = 0.4, 3.0
# Mean levels by which the picture changes: below, noise decides the correlation.
_LEVELS = 8.0
# Levels of deviation within a thumb: less is a picture of nothing, and any two of those are alike.
_FLAT = 2.0


Shape = NDArray[np.float32]


@dataclass(frozen=True)
class _Look:
    """`change` is its unlikeness to the one before."""

    time_s: float
    thumb: NDArray[np.float32]
    shape: Shape | None
    change: float


class CutFinder:
    """Takes thumbs of frames in order of time. Holds two seconds of them.

    A cut is a frame whose picture is another than just before, much more so than the frames around it (the adaptive threshold of
    PySceneDetect; a pan changes all the time), and stays another (after a flash, or a lorry that passes close by, the old one is
    back). A change of exposure alone is none.
    """

    def __init__(self) -> None:
        self._looks: list[_Look] = []
        self._at = 0
        self._cuts: list[tuple[float, float]] = []

    def add(self, time_s: float, thumb: NDArray[np.float32]) -> None:
        shape = shape_of(thumb)
        change = unlike(self._looks[-1].shape, shape) if self._looks else 0.0
        self._looks.append(_Look(time_s, thumb, shape, change))
        if len(self._looks) > self._at + _NEARBY:
            self._judge()
        if self._at > _NEARBY:
            del self._looks[0]
            self._at -= 1

    def cuts_s(self) -> tuple[float, ...]:
        """The hardest MOST_CUTS, in order of time. Nothing may be added afterwards."""
        while self._at < len(self._looks):
            self._judge()
        hardest = sorted(self._cuts, reverse=True)[:MOST_CUTS]
        return tuple(sorted(round(time_s, 3) for _, time_s in hardest))

    def _judge(self) -> None:
        at, looks, look = self._at, self._looks, self._looks[self._at]
        self._at += 1
        if look.change < _OTHER or np.abs(look.thumb - looks[at - 1].thumb).mean() < _LEVELS:
            return
        around = [other.change for other in (*looks[max(1, at - _AROUND) : at], *looks[at + 1 : at + 1 + _AROUND])]
        if not around or look.change < _LEAP * float(np.median(around)):
            return
        before, after = looks[max(0, at - _NEARBY) : at], looks[at : at + _NEARBY]
        if min(unlike(one.shape, other.shape) for one in before for other in after) >= _OTHER:
            self._cuts.append((look.change, look.time_s))


def shape_of(thumb: NDArray[np.float32]) -> Shape | None:
    """A thumb with mean 0 and length 1; None if it is flat."""
    # Three times as fast as NumPy on a picture this small.
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(thumb))
    return (thumb.ravel() - mean) / (deviation * thumb.size**0.5) if deviation > _FLAT else None


def unlike(one: Shape | None, other: Shape | None) -> float:
    """1 - the correlation of two pictures: 0 when they are the same but for exposure, 1 when they have nothing in common."""
    if one is None or other is None:
        return float(one is not other)
    return 1.0 - float(one @ other)

"""Dark and frozen stretches of a video: when is there nothing to see?"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vr_assets.media.pictures import Luma, half
from vr_assets.records.base import Span

# A recording of hours may have thousands.
MOST = 20

# FFmpeg's `blackframe` filter: black when 98 % of the pixels are below 32 of 255; here as limited-range luma.
_DARK_LUMA, _DARK_SHARE = 43, 0.98
# Within that, a dim scene is still a scene: its shapes stand out by 9 levels and more, a covered lens with noise by 6 (measured).
_STANDS_OUT, _BUT_FOR = 7, 0.0005
# Cameras write their clock and name at the top and the bottom.
_EDGE_SHARE = 1 / 8

# Levels of a small picture's pixel: rounding.
_SAME = 1
# Levels of a 4 x 4 block of it. What encoders change in a still scene from keyframe to keyframe stays below (5.5 at crf 40), a
# person of 8 x 16 pixels in a picture of 640 is above.
_SEEN = 6
# A live picture without motion is the same to the bit while its encoder skips it, until the next keyframe: 2 to 10 s usually,
# 25 s at 10 frames a second where x264 chooses. A frozen one stays the same after its first frames.
_SAME_FOR_S, _SAME_SHARE = 30.0, 0.75
# What an encoder skips from one keyframe to the next is usually shorter; a whole video need only be as long as FFmpeg's
# `freezedetect` wants a freeze to be.
_SHORTEST_S, _SHORTEST_WHOLE_S = 5.0, 2.0


@dataclass(frozen=True)
class Stretches:
    """Shares are of the whole video: of all stretches, and of the longest one. `longest` are at most MOST, in order of time."""

    share: float
    longest_share: float
    longest: tuple[Span, ...]


class _Kept:
    """Stretches as they are found."""

    def __init__(self) -> None:
        self._total_s = 0.0
        self._longest: list[tuple[float, float]] = []

    def add(self, start_s: float, end_s: float) -> None:
        self._total_s += end_s - start_s
        self._longest.append((start_s, end_s))
        if len(self._longest) > 2 * MOST:
            self._forget()

    def told(self, duration_s: float) -> Stretches:
        self._forget()
        longest_s = max((end_s - start_s for start_s, end_s in self._longest), default=0.0)
        spans = tuple(Span(start_s=round(start_s, 3), end_s=round(end_s, 3)) for start_s, end_s in sorted(self._longest))
        return Stretches(_share(self._total_s, duration_s), _share(longest_s, duration_s), spans)

    def _forget(self) -> None:
        self._longest = sorted(self._longest, key=lambda stretch: stretch[0] - stretch[1])[:MOST]


def _share(part_s: float, whole_s: float) -> float:
    """Rounded down: 1 is said of a whole video only."""
    return min(1.0, math.floor(part_s / whole_s * 1e4 + 1e-6) / 1e4)


class DarkMeter:
    """Takes small pictures in order of time."""

    def __init__(self) -> None:
        self._kept = _Kept()
        self._since_s: float | None = None

    def add(self, time_s: float, small: Luma, mean: float) -> None:
        if mean <= _DARK_LUMA and _is_dark(small):
            self._since_s = time_s if self._since_s is None else self._since_s
        else:
            self._close(time_s)

    def told(self, end_s: float) -> Stretches:
        self._close(end_s)
        return self._kept.told(end_s)

    def _close(self, time_s: float) -> None:
        if self._since_s is not None:
            self._kept.add(self._since_s, time_s)
            self._since_s = None


def _is_dark(small: Luma) -> bool:
    """Whether nothing can be made out in a picture."""
    if np.count_nonzero(small <= _DARK_LUMA) < _DARK_SHARE * small.size:
        return False
    edge = round(small.shape[0] * _EDGE_SHARE)
    inner = small[edge : small.shape[0] - edge]
    below = np.cumsum(cv2.calcHist([inner], [0], None, [256], [0, 256]))
    low, high = np.searchsorted(below, (0.02 * inner.size, (1 - _BUT_FOR) * inner.size))
    return bool(high <= _DARK_LUMA and high - low <= _STANDS_OUT)


class FrozenMeter:
    """Takes small pictures in order of time.

    A stretch is frozen when nothing visible changes in it, and nothing at all for 30 s of it, or for three quarters of it where
    it is shorter. So neither a far walker nor the noise of a quiet scene is frozen, also after strong compression.
    """

    def __init__(self) -> None:
        self._kept = _Kept()
        self._count = 0
        self._first: Luma | None = None
        self._since_s = 0.0
        self._same: Luma | None = None
        self._same_since_s = 0.0
        self._same_for_s = 0.0

    def add(self, time_s: float, small: Luma) -> None:
        self._count += 1
        if self._first is None or self._same is None:
            self._open(time_s, small)
        elif cv2.norm(small, self._same, cv2.NORM_INF) > _SAME:
            if _visibly_differ(small, self._first):
                self._close(time_s)
                self._open(time_s, small)
            else:
                self._same_for_s = max(self._same_for_s, time_s - self._same_since_s)
                self._same, self._same_since_s = small, time_s

    def told(self, end_s: float) -> Stretches:
        if self._count > 1:
            self._close(end_s, whole=self._since_s == 0)
        return self._kept.told(end_s)

    def _open(self, time_s: float, small: Luma) -> None:
        self._first, self._since_s = small, time_s
        self._same, self._same_since_s, self._same_for_s = small, time_s, 0.0

    def _close(self, time_s: float, *, whole: bool = False) -> None:
        length_s = time_s - self._since_s
        same_s = max(self._same_for_s, time_s - self._same_since_s)
        if length_s >= (_SHORTEST_WHOLE_S if whole else _SHORTEST_S) and same_s >= min(_SAME_FOR_S, _SAME_SHARE * length_s):
            self._kept.add(self._since_s, time_s)


def _visibly_differ(one: Luma, other: Luma) -> bool:
    difference = np.asarray(cv2.absdiff(one, other), np.uint8)
    return int(half(half(difference)).max()) >= _SEEN

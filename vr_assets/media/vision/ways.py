"""Where a body was at any time between its first and last sight, frame by frame."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.geometry import Box
from vr_assets.media.vision.tracks import Sight, shift


class Way:
    """`path` is (N, 2) pixels moved since the first sight, at `times`, edges cut off by the frame taken into account."""

    def __init__(self, sights: Sequence[Sight], size: tuple[int, int]) -> None:
        steps = [shift(before.box, after.box, size) for before, after in pairwise(sights)]
        self.sights = sights
        self.times: NDArray[np.float64] = np.array([sight.time_s for sight in sights])
        self.path: NDArray[np.float64] = np.cumsum(np.array([(0.0, 0.0), *steps]), axis=0)

    @property
    def start_s(self) -> float:
        return float(self.times[0])

    @property
    def end_s(self) -> float:
        return float(self.times[-1])

    def box(self, time_s: float) -> Box:
        """Its box at its last sight up to this time, or its first."""
        index = int(np.searchsorted(self.times, time_s + 1e-6)) - 1
        return self.sights[max(0, index)].box

    def place(self, time_s: float) -> NDArray[np.float64]:
        """(2,) pixels moved since the first sight."""
        return np.array([np.interp(time_s, self.times, self.path[:, axis]) for axis in (0, 1)])

    def velocity(self, start_s: float, end_s: float) -> NDArray[np.float64]:
        """(2,) pixels a second, over what is known of a stretch; zero where nothing is."""
        start_s, end_s = max(start_s, self.start_s), min(end_s, self.end_s)
        if end_s - start_s < 0.1:
            return np.zeros(2)
        return (self.place(end_s) - self.place(start_s)) / (end_s - start_s)

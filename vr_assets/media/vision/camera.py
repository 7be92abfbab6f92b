"""When the camera is turned, and whether it is held in the hand."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Image
from vr_assets.media.vision.steady import Anchor
from vr_assets.records.base import Span

_AWAY_PX, _WITHIN_S = 6.0, 1.0  # A picture that is so far from where it was within a second was turned; a shaken one comes back.
_LEAP_PX = 16.0
_KNOWN_PX = 12.0  # A picture that is shifted further from the known one shows too little of it.
_STEP_PX, _SHAKEN_PX = 0.35, 0.3
_STEPS = 3
_JOINED_S, _PAUSE_S, _SHORTEST_S = 1.0, 0.3, 0.5


class Aim:
    """Where the camera points, frame by frame, in pixels of the frame from where it pointed first."""

    def __init__(self) -> None:
        self._anchor: Anchor | None = None
        self._anchor_at = (0.0, 0.0)
        self._before: Image | None = None
        self._leapt = False
        self._seen: list[tuple[float, float, float]] = []

    def add(self, time_s: float, frame: Image) -> None:
        last = self._seen[-1][1:] if self._seen else (0.0, 0.0)
        shift = self._anchor.shift(frame) if self._anchor else None
        if shift is None and self._before is not None:
            self._anchor, self._anchor_at = Anchor(self._before), last
            shift = self._anchor.shift(frame)
        at = last if shift is None else (self._anchor_at[0] + shift[0], self._anchor_at[1] + shift[1])
        leaps = bool(np.hypot(at[0] - last[0], at[1] - last[1]) > _LEAP_PX)
        if leaps and not self._leapt:
            # A camera that turns so fast leaps again in the next frame; what leaps once is something that came or went.
            shift, at = None, last
        self._leapt = leaps
        if shift is None or np.hypot(*shift) > _KNOWN_PX:
            self._anchor, self._anchor_at = Anchor(frame), at
        self._before = frame
        self._seen.append((time_s, *at))

    @property
    def shaken(self) -> bool:
        """Whether the picture trembles by more than is worth undoing."""
        at = np.array([seen[1:] for seen in self._seen])
        return bool(np.percentile(np.hypot(*np.diff(at, axis=0, prepend=at[:1]).T), 90) > _SHAKEN_PX)

    def turns(self, cuts_s: Sequence[float] = ()) -> list[Span]:
        """Stretches in which the camera is turned."""
        times = np.array([seen[0] for seen in self._seen])
        at = np.array([seen[1:] for seen in self._seen])
        if not len(at) or np.ptp(at, axis=0).max() <= _AWAY_PX:
            return []

        def away(time_s: float) -> float:
            before, after = (_mean(at, times, time_s + start_s, time_s + start_s + _WITHIN_S) for start_s in (-_WITHIN_S, 0.0))
            return float(np.hypot(*(after - before)))

        turns = _stretches(times, at, [away(time_s) > _AWAY_PX for time_s in times])
        return [turn for turn in turns if not any(turn.holds(cut_s, slack_s=_PAUSE_S) for cut_s in cuts_s)]

    def roams_px(self, turns: Sequence[Span], cuts_s: Sequence[float]) -> float:
        """How far, nine frames in ten, the camera points from where it usually does between its turns and cuts."""
        starts = sorted([0.0, *(turn.end_s for turn in turns), *cuts_s])
        ends = sorted([*(turn.start_s for turn in turns), *(cut_s - 1e-3 for cut_s in cuts_s), float("inf")])
        off: list[float] = []
        for start_s, end_s in zip(starts, ends, strict=True):
            at = np.array([seen[1:] for seen in self._seen if start_s <= seen[0] <= end_s])
            if len(at):
                off += np.hypot(*(at - np.median(at, axis=0)).T).tolist()
        return float(np.percentile(off, 90)) if off else 0.0


def _mean(at: NDArray[np.float64], times: NDArray[np.float64], start_s: float, end_s: float) -> NDArray[np.float64]:
    inside = (times >= start_s - 1e-6) & (times <= end_s + 1e-6)
    return cast(NDArray[np.float64], at[inside].mean(axis=0))


def _stretches(times: NDArray[np.float64], at: NDArray[np.float64], turning: Sequence[bool]) -> list[Span]:
    """The stretches that were marked, each cut down to where the picture did shift."""
    found: list[list[int]] = []
    for index, marked in enumerate(turning):
        if marked and found and times[index] - times[found[-1][-1]] <= _JOINED_S:
            found[-1].append(index)
        elif marked:
            found.append([index])
    spans = []
    steps = np.hypot(*np.diff(at, axis=0, prepend=at[:1]).T)
    for run in found:
        first, last = run[0], run[-1]
        # The means of a second reach the threshold late, at the ends of a video later still.
        moving = [index for index in range(1, len(times)) if steps[index] > _STEP_PX]
        while before := [index for index in moving if 0 < times[first] - times[index] <= _PAUSE_S]:
            first = before[0]
        while after := [index for index in moving if 0 < times[index] - times[last] <= _PAUSE_S]:
            last = after[-1]
        moved = [index for index in moving if first <= index <= last]
        if len(moved) >= _STEPS and times[moved[-1]] - times[moved[0] - 1] >= _SHORTEST_S:
            spans.append(Span(start_s=round(float(times[moved[0] - 1]), 3), end_s=round(float(times[moved[-1]]), 3)))
    return spans

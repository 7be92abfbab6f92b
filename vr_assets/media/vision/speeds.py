"""What a mover does on its way: goes faster or slower, falls, stays about a place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.geometry import Box
from vr_assets.records.base import Span
from vr_assets.records.scene import SpeedChange, Stop

_LOOK_S, _GAP_S = 1.2, 0.25  # Speeds are compared over this long before and after, without what lies between.
_FASTER, _SLOWER = 1.8, 0.55
_LEAST_SPEED = 0.03  # Of the longest side, a second: below, a pixel of blob is a change of speed.
_EVEN = 0.35  # Spread of the speed before and after, of its mean.
_ONWARD = 0.8  # Of the way of its halves: who turns back has gone nowhere, and is not slow.
_SUDDEN_S, _APART_S = 0.5, 1.0
_NEAR_STOP_S = 0.7

_UPRIGHT, _LYING = 1.35, 0.85  # Height by width.
_FALL_S, _LIES_S = 1.4, 0.6
_TALL = 0.07  # Of the frame's height: below, height by width is a matter of one or two pixels.
_LOWER = 0.08  # Of the height it had.
_SLIDES = 1.2

_LOITERS_S, _WITHIN, _WANDERS = 8.0, 0.16, 1.6
_ABOUT = 0.05  # Of the longest side: twice as far as cameras tremble.

Path = NDArray[np.float64]


def speed_changes(times: NDArray[np.float64], path: Path, stops: Sequence[Stop], longest: int) -> tuple[SpeedChange, ...]:
    """Lasting changes of speed, stops aside.

    Args:
        path: (N, 2) pixels moved since the first sight, at `times`.
    """
    found: list[tuple[float, SpeedChange]] = []
    for moment_s in times[(times >= times[0] + _LOOK_S * 0.6) & (times <= times[-1] - _LOOK_S * 0.6)]:
        before = _pace(times, path, moment_s - _LOOK_S, moment_s - _GAP_S)
        after = _pace(times, path, moment_s + _GAP_S, moment_s + _LOOK_S)
        if before is None or after is None or min(before, after) < _LEAST_SPEED * longest:
            continue
        ratio = after / before
        if _SLOWER < ratio < _FASTER or any(_touches(stop, moment_s) for stop in stops):
            continue
        sudden = _lasts(times, path, moment_s, before, after) <= _SUDDEN_S
        found.append(
            (abs(float(np.log(ratio))), SpeedChange(moment_s=round(float(moment_s), 3), faster=ratio > 1, sudden=sudden))
        )
    kept: list[SpeedChange] = []
    for _, change in sorted(found, key=lambda item: (-item[0], item[1].moment_s)):
        if all(abs(change.moment_s - other.moment_s) > _APART_S for other in kept):
            kept.append(change)
    return tuple(sorted(kept, key=lambda change: change.moment_s))


def falls(times: NDArray[np.float64], boxes: Sequence[Box | None], *, height: int, until_s: float) -> tuple[float, ...]:
    """When what was upright comes to lie and stays so.

    Args:
        boxes: None where it was not seen whole and by itself.
        until_s: how long it was watched at least, since what rests is not boxed any more.
    """
    seen = [(float(time_s), box) for time_s, box in zip(times, boxes, strict=True) if box is not None]
    found: list[float] = []
    for index, (time_s, box) in enumerate(seen):
        if index == 0 or _stands(seen[index - 1][1]) < 1 or _stands(box) >= 1 or (found and time_s - found[-1] < 3 * _FALL_S):
            continue
        before = [other for at, other in seen if time_s - _FALL_S - 1.0 <= at < time_s - 0.3 and _stands(other) >= _UPRIGHT]
        after = [(at, other) for at, other in seen if time_s < at <= time_s + _FALL_S + 1.0]
        lying = [(at, other) for at, other in after if _stands(other) <= _LYING]
        if len(before) < 3 or not lying or lying[0][0] - time_s > _FALL_S / 2:
            continue
        settled = [other for at, other in after if at >= lying[0][0]]
        if sum(_stands(other) <= 1 for other in settled) < 0.8 * len(settled) or until_s - lying[0][0] < _LIES_S:
            continue
        tall = float(np.median([other[3] - other[1] for other in before[-6:]]))
        top = float(np.median([other[1] for other in before[-6:]]))
        lain = np.median([other for _, other in lying], axis=0)
        rests = float(np.ptp([(other[0] + other[2]) / 2 for _, other in lying]))
        if tall >= _TALL * height and lain[1] > top + _LOWER * tall and rests <= _SLIDES * tall:
            found.append(round(time_s, 3))
    return tuple(found)


def loiters(times: NDArray[np.float64], path: Path, extent: float, stops: Sequence[Stop], longest: int) -> tuple[Span, ...]:
    """Stretches in which it walks about without leaving a place."""
    reach = max(_WITHIN * longest, 1.5 * extent)
    found: list[Span] = []
    start = 0
    while start < len(times) - 1:
        end = last_within(path, start, reach)
        long_enough = times[end] - times[start] >= _LOITERS_S and _goes_about(path[start : end + 1], longest)
        if long_enough and _wanders(times, path, start, end, stops, reach):
            first, last = _comes_and_goes(path[start : end + 1])
            found.append(Span(start_s=round(float(times[start + first]), 3), end_s=round(float(times[start + last]), 3)))
            start = end
        start += 1
    return tuple(found)


def last_within(path: Path, start: int, reach: float) -> int:
    """The last place up to which, from `start` on, all lie within `reach` of each other, across and down."""
    ahead = path[start:]
    beyond = (np.maximum.accumulate(ahead) - np.minimum.accumulate(ahead)).max(axis=1) > reach
    return start + int(np.argmax(beyond)) - 1 if beyond.any() else len(path) - 1


def _goes_about(path: Path, longest: int) -> bool:
    """Whether it goes farther than a camera trembles, apart from its way there and away."""
    return bool(np.ptp(_middle(path), axis=0).max() >= _ABOUT * longest)


def _middle(path: Path) -> Path:
    return path[len(path) // 4 : max(len(path) // 4 + 1, 3 * len(path) // 4)]


def _comes_and_goes(path: Path) -> tuple[int, int]:
    """The first and the last place within the range of its middle part: what lies before and after is its way there and away."""
    middle = _middle(path)
    low, high = middle.min(axis=0) - 2, middle.max(axis=0) + 2
    inside = np.flatnonzero(((path >= low) & (path <= high)).all(axis=1))
    return int(inside[0]), int(inside[-1])


def _wanders(times: NDArray[np.float64], path: Path, start: int, end: int, stops: Sequence[Stop], reach: float) -> bool:
    inside = slice(start, end + 1)
    coarse = path[inside][:: max(1, round(0.5 / max(0.05, float(np.median(np.diff(times))))))]
    way = float(np.hypot(*np.diff(coarse, axis=0).T).sum())
    stands_s = sum(
        max(0.0, min(times[end], stop.end_s if stop.end_s is not None else times[-1]) - max(times[start], stop.start_s))
        for stop in stops
    )
    return way > _WANDERS * reach and stands_s < 0.5 * (times[end] - times[start])


def _pace(times: NDArray[np.float64], path: Path, start_s: float, end_s: float) -> float | None:
    """Pixels a second, where it is even and leads on."""
    inside = np.flatnonzero((times >= start_s - 1e-6) & (times <= end_s + 1e-6))
    if len(inside) < 4:
        return None
    first, last = inside[0], inside[-1]
    middle = (first + last) // 2
    whole = float(np.hypot(*(path[last] - path[first])) / (times[last] - times[first]))
    halves = [
        float(np.hypot(*(path[high] - path[low])) / (times[high] - times[low])) for low, high in ((first, middle), (middle, last))
    ]
    straight = whole >= _ONWARD * sum(halves) / 2
    return whole if whole > 0 and straight and max(halves) - min(halves) <= 2 * _EVEN * whole else None


def _lasts(times: NDArray[np.float64], path: Path, moment_s: float, before: float, after: float) -> float:
    """How long the change takes, in seconds: the time in which its speed is neither the former nor the later one."""
    low, high = min(before, after), max(before, after)
    near = np.flatnonzero((times >= moment_s - _LOOK_S) & (times <= moment_s + _LOOK_S))
    speeds = [
        float(np.hypot(*(path[index + 1] - path[index - 1])) / (times[index + 1] - times[index - 1]))
        for index in near
        if 0 < index < len(times) - 1
    ]
    between = sum(low + 0.25 * (high - low) < speed < high - 0.25 * (high - low) for speed in speeds)
    return between * float(np.median(np.diff(times)))


def _touches(stop: Stop, moment_s: float) -> bool:
    ends_s = stop.end_s if stop.end_s is not None else float("inf")
    return stop.start_s - _LOOK_S - _NEAR_STOP_S <= moment_s <= ends_s + _LOOK_S + _NEAR_STOP_S


def _stands(box: Box) -> float:
    """Height by width."""
    return (box[3] - box[1]) / max(1, box[2] - box[0])

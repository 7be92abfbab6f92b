"""Motion that belongs to no track: something that moves in place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import cast

import cv2
import numpy as np

from vr_assets.media.vision.actors import Stage
from vr_assets.media.vision.background import expose, exposure
from vr_assets.media.vision.blobs import around
from vr_assets.media.vision.colours import Image, Mask
from vr_assets.media.vision.geometry import Box, gap
from vr_assets.records.base import Span
from vr_assets.records.scene import Area, Stir, Track

_MOTION_LEVELS = 24
_LEAST_SHARE = 0.0015
_GROWS = 25.0  # A lone pixel, widened to 5 x 5.
_PAUSE_S = 1.0
_SHORTEST_S, _FEWEST = 0.4, 4
_DENSE = 0.4  # Of the frames of its time: rarer motion is flicker.
_NEAR = 0.06
_STILL_SHARE, _LEAST_QUIET_S = 0.0006, 1.5


@dataclass
class _Group:
    seen: list[tuple[float, Box]] = field(default_factory=list)

    def near(self, box: Box, time_s: float, margin: float) -> bool:
        return any(gap(box, other) < margin for at, other in self.seen[-12:] if time_s - at <= _PAUSE_S)


def motion(frame: Image, before: Image) -> Mask:
    """Pixels (0 or 255, (H, W)) that differ from the frame before, changes of exposure aside."""
    expected = expose(before, exposure(frame, before))
    blue, green, red = cv2.split(cv2.absdiff(frame, expected))
    return cast(Mask, cv2.threshold(cv2.max(cv2.max(blue, green), red), _MOTION_LEVELS, 255, cv2.THRESH_BINARY)[1])


def is_still(changed: Mask) -> bool:
    return cv2.countNonZero(changed) < _STILL_SHARE * changed.size


def still_stretches(seen: Sequence[tuple[float, bool]]) -> list[Span]:
    """Stretches of a second and a half and more without any motion.

    Args:
        seen: (time in the file, whether the frame is like the one before) of every frame of a shot but the first.
    """
    stretches = []
    for still, run in groupby(seen, key=lambda frame: frame[1]):
        times = [time_s for time_s, _ in run]
        if still and times[-1] - times[0] >= _LEAST_QUIET_S:
            stretches.append(Span(start_s=round(times[0], 3), end_s=round(times[-1], 3)))
    return stretches


def moving_boxes(changed: Mask, body: Mask) -> list[Box]:
    """Where there is motion in what is neither background nor shadow."""
    inside = cv2.bitwise_and(changed, cv2.dilate(body, np.ones((3, 3), np.uint8)))
    least = _LEAST_SHARE * inside.size
    if cv2.countNonZero(inside) < least / _GROWS:
        return []
    mask = cast(Mask, cv2.dilate(cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.ones((5, 5), np.uint8)))
    if cv2.countNonZero(mask) < least:
        return []
    x0, y0, x1, y1 = around(mask, 0)
    number, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask[y0:y1, x0:x1]), connectivity=8)
    boxes = [
        (int(x0 + x), int(y0 + y), int(x0 + x + w), int(y0 + y + h)) for x, y, w, h, area in stats[1:number] if area >= least
    ]
    return sorted(boxes)


def find_stirs(seen: Sequence[tuple[float, Box]], tracks: Sequence[Track], stage: Stage) -> list[Stir]:
    """Group motion over time and drop what the tracks explain.

    Args:
        seen: (time in the file, box) of everything `moving_boxes` found, in order of time.
        tracks: of the same shot.
    """
    margin = _NEAR * max(stage.size)
    groups: list[_Group] = []
    for time_s, box in seen:
        if any(_covers(track, time_s, box, stage) for track in tracks):
            continue
        group = next((group for group in groups if group.near(box, time_s, margin)), None)
        if group is None:
            group = _Group()
            groups.append(group)
        group.seen.append((time_s, box))
    stirs = [stir for group in groups if (stir := _stir(group, stage)) is not None]
    return sorted(stirs, key=lambda stir: (stir.span.start_s, stir.area.x0, stir.area.y0))


def _stir(group: _Group, stage: Stage) -> Stir | None:
    times = sorted({time_s for time_s, _ in group.seen})
    length = times[-1] - times[0]
    if length < _SHORTEST_S or len(times) < max(_FEWEST, _DENSE * length / stage.frame_s):
        return None
    boxes = np.array([box for _, box in group.seen], dtype=float)
    low, high = np.percentile(boxes[:, :2], 10, axis=0), np.percentile(boxes[:, 2:], 90, axis=0)
    # Motion between two frames began at the earlier one.
    return Stir(
        span=Span(start_s=round(max(0.0, times[0] - stage.frame_s), 3), end_s=round(times[-1], 3)),
        area=Area(
            x0=round(float(low[0]) / stage.width, 4),
            y0=round(float(low[1]) / stage.height, 4),
            x1=round(float(high[0]) / stage.width, 4),
            y1=round(float(high[1]) / stage.height, 4),
        ),
    )


def _covers(track: Track, time_s: float, box: Box, stage: Stage) -> bool:
    """Whether a track was at this place at this time, or within a second of it: its shadow, its trace, what it uncovered."""
    for point in track.points:
        if abs(point.time_s - time_s) <= _PAUSE_S:
            x, y = point.x * stage.width, point.y * stage.height
            half_x, half_y = point.width * stage.width * 0.75 + 6, point.height * stage.height * 0.75 + 6
            if box[0] < x + half_x and x - half_x < box[2] and box[1] < y + half_y and y - half_y < box[3]:
                return True
    return False

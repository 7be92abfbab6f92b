"""Whether a mover left the scene as it was: what was put down, taken away or shifted shows once it has gone."""

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from vr_assets.media.vision.actors import Stage
from vr_assets.media.vision.background import expose, exposure
from vr_assets.media.vision.colours import Image, Mask
from vr_assets.records.scene import Aftermath, Area, Track

_CLEAR_S = 0.5  # Before and after it is made out, its shadow and its blur are on the picture.
_CHANGED_LEVELS = 40
_LEAST_SHARE = 0.002


def aftermath(track: Track, others: Sequence[Track], samples: Sequence[tuple[float, Image]], stage: Stage) -> Aftermath | None:
    """Compares the last sample before a track with the first one after it, where the track was.

    Args:
        samples: of the track's shot, (time in the file, frame).

    Returns:
        None when the two cannot be compared: it stays, or another mover was there in between.
    """
    start_s, end_s = track.start_s, track.end_s
    before = [sample for sample in samples if sample[0] <= start_s - _CLEAR_S]
    after = [sample for sample in samples if sample[0] >= end_s + _CLEAR_S]
    if not before or not after:
        return None
    (first_s, first), (last_s, last) = before[-1], after[0]
    if any(other is not track and other.start_s < last_s and other.end_s > first_s for other in others):
        return None
    mask = _where(track, stage)
    changed = _changed(first, last)
    changed = cast(Mask, cv2.bitwise_and(cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), mask))
    # What was put down has parts as light as the ground: they belong together.
    joined = cv2.dilate(changed, np.ones((9, 9), np.uint8))
    number, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sizes = [cv2.countNonZero(cast(Mask, (changed > 0) & (labels == index)).astype(np.uint8)) for index in range(1, number)]
    if not sizes or max(sizes) < _LEAST_SHARE * changed.size:
        return Aftermath(changed=None)
    left, top, wide, high, _ = (int(value) for value in stats[1 + int(np.argmax(sizes))])
    return Aftermath(
        changed=Area(
            x0=round(left / stage.width, 4),
            y0=round(top / stage.height, 4),
            x1=round((left + wide) / stage.width, 4),
            y1=round((top + high) / stage.height, 4),
        )
    )


def _changed(first: Image, last: Image) -> Mask:
    expected = expose(first, exposure(last, first))
    blue, green, red = cv2.split(cv2.absdiff(last, expected))
    return cast(Mask, cv2.threshold(cv2.max(cv2.max(blue, green), red), _CHANGED_LEVELS, 255, cv2.THRESH_BINARY)[1])


def _where(track: Track, stage: Stage) -> Mask:
    """Where the track was, with a margin of half its size: what it carries reaches beyond what was made out of it."""
    mask = np.zeros((stage.height, stage.width), np.uint8)
    for point in track.points:
        x, y = point.x * stage.width, point.y * stage.height
        half_x, half_y = 0.75 * point.width * stage.width + 8, 0.75 * point.height * stage.height + 8
        corner, end = (int(x - half_x), int(y - half_y)), (int(x + half_x), int(y + half_y))
        cv2.rectangle(mask, corner, end, (255,), -1)
    return mask

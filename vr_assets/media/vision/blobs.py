"""Connected regions that are not background: what a tracker follows from frame to frame."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.background import Change
from vr_assets.media.vision.colours import Image, Mask, Votes, count, shades
from vr_assets.media.vision.geometry import Box

_LEAST_SHARE = 0.0012  # Of the frame: 9 x 9 pixels of 320 x 240. Below it, noise and compression make blobs.
_BRIDGE = 0.022  # Of the longest side: gaps this wide inside a body (a window as grey as the road) are closed.
_LIT = 0.25  # Of a body: with less that cannot be shadow, it is a grey body, and its colour is that of all of it.
_HARD_EDGE = 0.5  # Of a region's depth, lost within three pixels of its outline: a penumbra is wider.


@dataclass(frozen=True)
class Blob:
    """`mask` covers the box (0 or 255); `votes` are colour votes of the body, without its shadow."""

    box: Box
    area: int
    mask: Mask
    votes: Votes


def find_blobs(frame: Image, change: Change) -> list[Blob]:
    """Largest first. A cast shadow is cut off its body; alone it is no blob, unless its edge is hard: then it is a grey body."""
    height, width = change.changed.shape
    least = max(12.0, _LEAST_SHARE * width * height)
    body = cast(Mask, cv2.morphologyEx(change.body, cv2.MORPH_OPEN, _kernel(2)))
    _add_grey_bodies(body, change, least)
    if cv2.countNonZero(body) < least:
        return []
    bridge = max(3, round(_BRIDGE * max(width, height)))
    # Padded, because closing at the frame's edge would otherwise eat what enters there.
    x0, y0, x1, y1 = around(body, 2 * bridge)
    padded = cv2.copyMakeBorder(body[y0:y1, x0:x1], bridge, bridge, bridge, bridge, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, _kernel(bridge))[bridge:-bridge, bridge:-bridge]
    number, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(closed), connectivity=8)
    found = []
    for index in range(1, number):
        left, top, wide, high, area = (int(value) for value in stats[index])
        if area < least:
            continue
        inside = labels[top : top + high, left : left + wide] == index
        left, top = left + x0, top + y0
        window = (slice(top, top + high), slice(left, left + wide))
        own = inside & (body[window] > 0)
        lit = own & (change.shadow[window] == 0)
        own = lit if lit.sum() > _LIT * own.sum() else own
        votes = count(shades(frame[window])[own])
        mask = cast(Mask, inside.astype(np.uint8) * np.uint8(255))
        found.append(Blob((left, top, left + wide, top + high), area, mask, votes))
    return sorted(found, key=lambda blob: (-blob.area, blob.box))


def around(mask: Mask, margin: int) -> Box:
    """What holds everything in a mask: the regions of a small box are found in a tenth of the time."""
    height, width = mask.shape
    left, top, wide, high = cv2.boundingRect(mask)
    return max(0, left - margin), max(0, top - margin), min(width, left + wide + margin), min(height, top + high + margin)


def _add_grey_bodies(body: Mask, change: Change, least: float) -> None:
    """Add to `body` the shadow-like regions whose outline against the background is sharp."""
    if cv2.countNonZero(change.shadow) < least:
        return
    core = cast(Mask, cv2.morphologyEx(change.shadow, cv2.MORPH_OPEN, _kernel(3)))
    if cv2.countNonZero(core) < least:
        return
    number, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    unchanged = cv2.bitwise_not(change.changed) > 0
    for index in range(1, number):
        left, top, wide, high, area = (int(value) for value in stats[index])
        if area < least:
            continue
        window = (slice(max(0, top - 5), top + high + 5), slice(max(0, left - 5), left + wide + 5))
        inside = labels[window] == index
        if _hardness(inside, change.depth[window], unchanged[window]) > _HARD_EDGE:
            body[window][inside] = 255


def _hardness(inside: NDArray[np.bool_], depth: Image, unchanged: NDArray[np.bool_]) -> float:
    """How much of a region's mean depth is lost within three pixels of where it ends in unchanged ground, 0 to 1."""
    mask = inside.astype(np.uint8)
    outer = ((cv2.dilate(mask, _kernel(9)) - cv2.dilate(mask, _kernel(5))) > 0) & unchanged
    inner = ((mask - cv2.erode(mask, _kernel(5))) > 0) & (cv2.dilate(outer.astype(np.uint8), _kernel(9)) > 0)
    if inner.sum() < 8:
        return 0.0
    return float((depth[inner].mean() - depth[outer].mean()) / max(1.0, float(depth[inside].mean())))


def _kernel(size: int) -> Mask:
    return cast(Mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))

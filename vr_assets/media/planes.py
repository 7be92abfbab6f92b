"""Planes of 8-bit frames as arrays, and back."""

from collections.abc import Sequence

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


def plane_rows(plane: VideoPlane) -> Plane:
    """A plane of an 8-bit planar frame as (H, W) uint8, without copying."""
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def from_planes(planes: Sequence[Plane], colorspace: int) -> VideoFrame:
    """A yuv420p frame of its three planes, each (H, W) uint8."""
    height, width = planes[0].shape
    frame = VideoFrame(width, height, "yuv420p")
    frame.colorspace = colorspace
    for rows, target in zip(planes, frame.planes, strict=True):
        padded = np.zeros((target.buffer_size // target.line_size, target.line_size), np.uint8)
        padded[: target.height, : target.width] = rows
        target.update(padded.tobytes())
    return frame

"""High dynamic range shown on the ordinary one.

HLG is made to be shown as it is. PQ is not: its signal is absolute light, and shown as it is a room is a grey haze and the night
not black. Its luma is mapped by the extended Reinhard curve (Reinhard et al., SIGGRAPH 2002), at the size at which it is shown:
swscale's own conversion takes 8 s before the first frame.
"""

from functools import lru_cache

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, ColorTrc, Interpolation
from numpy.typing import NDArray

from vr_assets.media.planes import from_planes

# What an ordinary display shows as white, and the brightest that stays distinct from it, in cd/m2.
_WHITE_NITS, _PEAK_NITS = 100.0, 1000.0
_DISPLAY_GAMMA = 2.4


def is_pq(frame: VideoFrame) -> bool:
    return frame.color_trc == ColorTrc.SMPTE2084


def ordinary(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """A PQ frame at (width, height) in limited-range 8-bit yuv420p of the same primaries; any other as it is."""
    if not is_pq(frame):
        return frame
    wide = frame.reformat(
        width, height, "yuv420p10le", interpolation=Interpolation.AREA, dst_color_range=ColorRange.MPEG, threads=1
    )
    luma, gain = _curves()
    bright, *colours = (_samples(plane) for plane in wide.planes)
    strength = gain[bright[::2, ::2]]
    chroma = (np.clip(128.5 + (colour - 512.0) / 4 * strength, 16, 240).astype(np.uint8) for colour in colours)
    shown = from_planes((luma[bright], *chroma), frame.colorspace)
    shown.color_range, shown.color_trc, shown.color_primaries = ColorRange.MPEG, ColorTrc.BT709, frame.color_primaries
    return shown


@lru_cache(maxsize=1)
def _curves() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """For each 10-bit luma: the 8-bit one, and how much stronger colours are shown, so that they keep up with the light."""
    signal = np.clip((np.arange(1024) - 64) / 876, 0, 1)
    # SMPTE ST 2084, equation 4.1.
    root = signal ** (1 / 78.84375)
    nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    light, peak = nits / _WHITE_NITS, _PEAK_NITS / _WHITE_NITS
    mapped = np.minimum(light * (1 + light / peak**2) / (1 + light), 1) ** (1 / _DISPLAY_GAMMA)
    gain = np.clip(mapped / np.maximum(signal, 1e-3), 1, 2)
    return (16.5 + 219 * mapped).astype(np.uint8), gain.astype(np.float32)


def _samples(plane: VideoPlane) -> NDArray[np.uint16]:
    """A plane of a 10-bit planar frame as (H, W)."""
    rows = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
    return rows[: plane.height, : plane.width]

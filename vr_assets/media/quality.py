"""Is there anything to see? Measured on the frames of the proxy while it is made."""

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vr_assets.media.decode import plane_rows
from vr_assets.records.video import QualityFacts

_SMALL_PX = 160
_DETAIL_PX = 320

# FFmpeg's `blackframe` filter: black when 98 % of the pixels are below 32.
_DARK_LEVEL, _DARK_SHARE = 32, 0.98

# FFmpeg's `freezedetect` filter: frozen when the mean absolute difference is under -60 dB.
_FROZEN_LEVELS = 255 * 0.001


class QualityMeter:
    """Takes frames in order of time."""

    def __init__(self) -> None:
        self._means: list[float] = []
        self._dark = 0
        self._frozen = 0
        self._details: list[float] = []
        self._before: NDArray[np.float32] | None = None

    def add(self, frame: VideoFrame, *, detail: bool) -> None:
        """Takes a limited-range yuv420p frame; measures its sharpness too when `detail` is set."""
        luma = plane_rows(frame.planes[0])
        small = (_fit(luma, _SMALL_PX).astype(np.float32) - 16) * (255 / 219)
        self._means.append(float(np.clip(small, 0, 255).mean()))
        self._dark += bool((small < _DARK_LEVEL).mean() >= _DARK_SHARE)
        if self._before is not None:
            self._frozen += bool(np.abs(small - self._before).mean() < _FROZEN_LEVELS)
        self._before = small
        if detail:
            # Variance of the Laplacian, the usual measure of focus (Pech-Pacheco et al., ICPR 2000).
            self._details.append(float(cv2.Laplacian(_fit(luma, _DETAIL_PX), cv2.CV_32F).var()))

    def facts(self) -> QualityFacts:
        """Of at least one frame. `frozen_share` is of the steps from frame to frame, 0 when there is none."""
        count = len(self._means)
        return QualityFacts(
            brightness_mean=round(float(np.mean(self._means)), 3),
            brightness_std=round(float(np.std(self._means)), 3),
            dark_share=round(self._dark / count, 4),
            frozen_share=round(self._frozen / max(1, count - 1), 4),
            detail=round(float(np.mean(self._details)), 3),
        )


def _fit(luma: NDArray[np.uint8], longest_px: int) -> NDArray[np.uint8]:
    scale = longest_px / max(luma.shape)
    if scale >= 1:
        return luma
    height, width = (max(1, round(side * scale)) for side in luma.shape)
    return np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

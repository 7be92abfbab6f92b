"""Is there anything to see? Measured on the frames of the proxy while it is made."""

import cv2
import numpy as np
from av.video.frame import VideoFrame

from vr_assets.media.pictures import halved, thumb
from vr_assets.media.planes import plane_rows
from vr_assets.media.scene_cuts import CutFinder
from vr_assets.media.signature import SignatureMeter
from vr_assets.media.stretches import DarkMeter, FrozenMeter
from vr_assets.records.video import QualityFacts

# Longest sides, excluded: a picture is halved until it is under.
_SMALL_PX = 320
_DETAIL_PX = 640


class QualityMeter:
    """Takes frames in order of time. Times it tells count from the first. Holds two seconds of small pictures."""

    def __init__(self) -> None:
        self._means: list[float] = []
        self._details: list[float] = []
        self._dark = DarkMeter()
        self._frozen = FrozenMeter()
        self._cuts = CutFinder()
        self._signature = SignatureMeter()
        self._zero_s: float | None = None

    def add(self, frame: VideoFrame, time_s: float, *, detail: bool) -> None:
        """Takes a limited-range yuv420p frame; measures its sharpness too when `detail` is set."""
        self._zero_s = time_s if self._zero_s is None else self._zero_s
        time_s -= self._zero_s
        luma = halved(plane_rows(frame.planes[0]), _DETAIL_PX)
        small = halved(luma, _SMALL_PX)
        mean = float(cv2.mean(small)[0])
        tiny = thumb(small)
        self._means.append(min(255.0, max(0.0, (mean - 16) * (255 / 219))))
        self._dark.add(time_s, small, mean)
        self._frozen.add(time_s, small)
        self._cuts.add(time_s, tiny)
        self._signature.add(time_s, tiny)
        if detail:
            # Variance of the Laplacian, the usual measure of focus (Pech-Pacheco et al., ICPR 2000).
            _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
            self._details.append(float(deviation[0, 0]) ** 2)

    def facts(self, end_s: float) -> QualityFacts:
        """Of at least one frame; the last is shown until `end_s`, on the clock of `add`. To be asked for once."""
        end_s -= self._zero_s or 0.0
        dark, frozen = self._dark.told(end_s), self._frozen.told(end_s)
        return QualityFacts(
            brightness_mean=round(float(np.mean(self._means)), 3),
            brightness_std=round(float(np.std(self._means)), 3),
            dark_share=dark.share,
            frozen_share=frozen.longest_share,
            detail=round(float(np.mean(self._details)), 3),
            dark=dark.longest,
            frozen=frozen.longest,
            cuts_s=self._cuts.cuts_s(),
            picture_hash=f"{self._signature.picture_hash():016x}",
        )

    def signature(self) -> str:
        """See `VideoFacts.signature`."""
        return self._signature.signature()

"""A first look at a video: is there a picture at all, does it change, is it day, does the camera stand, where are the cuts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from vr_assets.errors import MediaError
from vr_assets.media.decode import frames
from vr_assets.media.pictures import thumb
from vr_assets.media.scene_cuts import CutFinder
from vr_assets.media.vision.camera import Aim
from vr_assets.media.vision.colours import Image
from vr_assets.records.base import Span
from vr_assets.records.scene import Camera, Light, Quality

_LONGEST_SIDE_PX = 320  # Finds a mover of 9 x 9 pixels; twice the side costs four times as much.
_APART_S, _SAMPLES = 0.5, 30
_MOST_SAMPLES = 600  # 138 MB at most.
_KEPT_BYTES = 80_000_000  # Three quarters of a minute, which then is decoded once.

_BLANK_STD = 4.0  # Grey levels within a frame; sensor noise on a covered lens stays below.
_BLANK_RANGE = 12.0  # Between the darkest and the lightest 8 x 8 pixels: a small mover on plain ground hardly adds to the spread.
_STILL_LEVELS = 3  # Grey levels, mean of a 16 x 16 block: what x264 at crf 28 makes of sensor noise.
_ALIVE_S, _ALIVE_LEVELS = (
    1.0,
    1.1,
)  # From keyframe to keyframe a repeated picture changes by 0.7 at most, half a level of noise by 1.3.
_DARK_MEAN = 35.0
_NIGHT, _DAY = 48.0, 92.0  # Median grey level of the picture; dusk and dim rooms lie between.
_TURNED_SHARE = 0.6
_ROAMS_PX = 9.0  # Beyond it a camera is carried, not shaken.
_FLASH_S = 1.0
_CUT_LEVELS = 28.0  # Mean grey levels between frames of a cut; a lorry that fills the frame arrives in several.
_CUT_LEAP = 4.0  # Times the change before it: a pan changes as much, but all the time.


@dataclass(frozen=True)
class Survey:
    """`samples` are (time, (H, W, 3) BGR frame) about half a second apart; `frame_s` is the usual time from frame to frame.

    `kept`: all frames of a short video, as `small_frames` gives them.

    `breaks_s`: where what was known of the picture no longer holds, by a cut or because the light was switched.
    """

    samples: tuple[tuple[float, Image], ...]
    frame_s: float
    end_s: float
    quality: Quality
    camera: Camera
    light: Light | None
    cuts_s: tuple[float, ...]
    breaks_s: tuple[float, ...]
    turns: tuple[Span, ...]
    shaken: bool
    kept: tuple[tuple[float, Image], ...] | None


def small_frames(path: Path) -> Iterator[tuple[float, Image]]:
    """(time in the file, (H, W, 3) BGR frame of at most 320 px, softened against noise)."""
    for timed in frames(path, longest_side_px=_LONGEST_SIDE_PX):
        yield timed.time_s, soften(timed.image)


def soften(image: Image) -> Image:
    return cast(Image, cv2.GaussianBlur(image, (3, 3), 0))


def survey(path: Path, *, duration_s: float) -> Survey:
    """Reads the whole file once.

    Raises:
        MediaError: no frame can be read.
    """
    apart = max(min(_APART_S, duration_s / _SAMPLES), duration_s / _MOST_SAMPLES)
    samples: list[tuple[float, Image]] = []
    looks = _Looks()
    aim, views = Aim(), CutFinder()
    kept: list[tuple[float, Image]] | None = []
    for timed in frames(path, longest_side_px=_LONGEST_SIDE_PX):
        frame = soften(timed.image)
        if kept is not None:
            kept.append((timed.time_s, frame))
            kept = kept if len(kept) * frame.nbytes <= _KEPT_BYTES else None
        if not samples or timed.time_s >= samples[-1][0] + apart - 1e-3:
            samples.append((timed.time_s, frame))
        sharp = cast(Image, cv2.cvtColor(timed.image, cv2.COLOR_BGR2GRAY))
        looks.add(timed.time_s, sharp, cast(Image, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)))
        aim.add(timed.time_s, frame)
        views.add(timed.time_s, thumb(sharp))
    if not looks.times:
        raise MediaError(f"{path}: no frame can be decoded; copy or export the video again")
    leaps = _leaps(looks)
    cuts = sorted({*views.cuts_s(), *(looks.times[index + 1] for index in leaps)})
    turns = tuple(aim.turns(cuts))
    still = [change for index, change in enumerate(looks.blocks) if looks.times[index + 1] not in cuts]
    level = float(np.median(looks.medians))
    quality = Quality(
        blank=max(looks.spreads) < _BLANK_STD and max(looks.ranges) < _BLANK_RANGE,
        frozen=max(still, default=0.0) <= _STILL_LEVELS and not looks.alive(cuts),
        dark=float(np.median(looks.means)) < _DARK_MEAN,
    )
    turned_s = sum(turn.duration_s for turn in turns)
    moving = turned_s > _TURNED_SHARE * duration_s or aim.roams_px(turns, cuts) > _ROAMS_PX
    return Survey(
        samples=tuple(samples),
        frame_s=float(np.median(np.diff(looks.times))) if len(looks.times) > 1 else duration_s,
        end_s=looks.times[-1],
        quality=quality,
        camera=Camera.MOVING if moving else Camera.STEADY,
        light=Light.NIGHT if level < _NIGHT else Light.DAY if level > _DAY else None,
        cuts_s=tuple(cuts),
        breaks_s=tuple(cuts),
        turns=turns,
        shaken=aim.shaken,
        kept=None if kept is None else tuple(kept),
    )


class _Looks:
    """What is measured of each frame. `changes` and `blocks`: mean and greatest change from one to the next, in grey levels."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.means: list[float] = []
        self.medians: list[float] = []
        self.spreads: list[float] = []
        self.ranges: list[float] = []
        self.changes: list[float] = []
        self.blocks: list[float] = []
        self._before: Image | None = None
        self._second: tuple[float, Image] | None = None
        self._each_second: list[tuple[float, float]] = []

    def add(self, time_s: float, sharp: Image, grey: Image) -> None:
        self.times.append(time_s)
        mean, spread = cv2.meanStdDev(grey)
        self.means.append(float(mean[0, 0]))
        self.medians.append(float(np.median(grey[::8, ::8])))
        self.spreads.append(float(spread[0, 0]))
        tiles = cv2.resize(grey, (40, 30), interpolation=cv2.INTER_AREA)
        self.ranges.append(float(np.ptp(tiles)))
        if self._before is not None:
            coarse = cv2.resize(cv2.absdiff(grey, self._before), (20, 15), interpolation=cv2.INTER_AREA)
            self.changes.append(float(cv2.mean(coarse)[0]))
            self.blocks.append(float(coarse.max()))
        self._before = grey
        if self._second is None or time_s - self._second[0] >= _ALIVE_S - 1e-3:
            if self._second is not None:
                self._each_second.append((time_s, float(cv2.mean(cv2.absdiff(sharp, self._second[1]))[0])))
            self._second = time_s, sharp

    def alive(self, cuts_s: Sequence[float]) -> bool:
        """Whether the picture has the noise of a sensor. Encoders hide it but at keyframes, in proxies a second apart."""
        within = [
            change
            for time_s, change in self._each_second[1:]
            if not any(time_s - _ALIVE_S - 0.5 < cut_s <= time_s for cut_s in cuts_s)
        ]
        return len(within) > 1 and float(np.median(within)) > _ALIVE_LEVELS


def _leaps(looks: _Looks) -> set[int]:
    """Places in `changes` where the whole picture is another at once, unlike just before and after, and not for a flash."""
    found = set()
    changes = looks.changes
    for index, change in enumerate(changes):
        around = changes[max(0, index - 3) : index] + changes[index + 1 : index + 4]
        if change > _CUT_LEVELS and change > _CUT_LEAP * float(np.median(around or [0.0])):
            found.add(index)
    return {index for index in found if not _flashes(looks, index, found)}


def _flashes(looks: _Looks, index: int, found: set[int]) -> bool:
    """Whether the picture before a leap is back within a second, or this is its return."""
    near = [other for other in found if other != index and abs(looks.times[other] - looks.times[index]) <= _FLASH_S]
    return any(abs(_step(looks, index) + _step(looks, other)) < 0.3 * abs(_step(looks, index)) for other in near)


def _step(looks: _Looks, index: int) -> float:
    return looks.means[index + 1] - looks.means[index]

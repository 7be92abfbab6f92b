"""A first look at a video: is there a picture at all, does it change, does the camera stand, where are the cuts."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from vr_assets.errors import MediaError
from vr_assets.media.decode import frames
from vr_assets.media.vision.camera import shifts
from vr_assets.media.vision.colours import Image
from vr_assets.records.scene import Camera, Quality

_LONGEST_SIDE_PX = 320  # Finds a mover of 9 x 9 pixels; twice the side costs four times as much.
_SAMPLES = 30
_MOST_SAMPLES = 600  # 138 MB at most.

_BLANK_STD = 4.0  # Grey levels within a frame; sensor noise on a covered lens stays below.
_STILL_LEVELS = 3  # Grey levels, mean of a 16 x 16 block: what x264 at crf 28 makes of sensor noise.
_DARK_MEAN = 35.0
_MOVING_SHARE = 0.15  # Of the comparisons: a knock against the pole is not a moving camera.
_CUT_LEVELS = 28.0  # Mean grey levels between frames of a cut; a lorry that fills the frame arrives in several.
_CUT_LEAP = 4.0  # Times the change before it: a pan changes as much, but all the time.


@dataclass(frozen=True)
class Survey:
    """`samples` are (time, (H, W, 3) BGR frame) about a second apart; `frame_s` is the usual time from frame to frame."""

    samples: tuple[tuple[float, Image], ...]
    frame_s: float
    end_s: float
    quality: Quality
    camera: Camera
    cuts_s: tuple[float, ...]


def small_frames(path: Path) -> Iterator[tuple[float, Image]]:
    """(time in the file, (H, W, 3) BGR frame of at most 320 px, softened against noise)."""
    for timed in frames(path, longest_side_px=_LONGEST_SIDE_PX):
        yield timed.time_s, cast(Image, cv2.GaussianBlur(timed.image, (3, 3), 0))


def survey(path: Path, *, duration_s: float) -> Survey:
    """Reads the whole file once.

    Raises:
        MediaError: no frame can be read.
    """
    apart = max(min(1.0, duration_s / _SAMPLES), duration_s / _MOST_SAMPLES)
    samples: list[tuple[float, Image]] = []
    times: list[float] = []
    means: list[float] = []
    spreads: list[float] = []
    changes: list[float] = []
    blocks: list[float] = []
    before: Image | None = None
    last: Image | None = None
    leaps, sampled = 0, False
    for time_s, frame in small_frames(path):
        grey = cast(Image, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
        if not samples or time_s >= samples[-1][0] + apart - 1e-3:
            samples.append((time_s, frame))
        times.append(time_s)
        mean, spread = cv2.meanStdDev(grey)
        means.append(float(mean[0, 0]))
        spreads.append(float(spread[0, 0]))
        if before is not None and last is not None:
            leaps += sampled and shifts(last, frame)
            difference = cv2.absdiff(grey, before)
            coarse = cv2.resize(difference, (20, 15), interpolation=cv2.INTER_AREA)
            changes.append(float(cv2.mean(coarse)[0]))
            blocks.append(float(coarse.max()))
        sampled, before, last = samples[-1][0] == time_s, grey, frame
    if not times:
        raise MediaError(f"{path}: no frame can be decoded; copy or export the video again")
    cuts = _cuts(changes)
    still = [change for index, change in enumerate(blocks) if index not in cuts]
    quality = Quality(
        blank=max(spreads) < _BLANK_STD,
        frozen=max(still, default=0.0) <= _STILL_LEVELS,
        dark=float(np.median(means)) < _DARK_MEAN,
    )
    drifts = sum(shifts(one, other) for (_, one), (_, other) in pairwise(samples))
    camera = Camera.MOVING if drifts + leaps >= max(2.0, _MOVING_SHARE * len(samples)) else Camera.STEADY
    return Survey(
        samples=tuple(samples),
        frame_s=float(np.median(np.diff(times))) if len(times) > 1 else duration_s,
        end_s=times[-1],
        quality=quality,
        camera=camera,
        cuts_s=tuple(times[index + 1] for index in sorted(cuts)),
    )


def _cuts(changes: list[float]) -> set[int]:
    """Places in `changes` where the whole picture is another at once, unlike just before and after."""
    found = set()
    for index, change in enumerate(changes):
        around = changes[max(0, index - 3) : index] + changes[index + 1 : index + 4]
        if change > _CUT_LEVELS and change > _CUT_LEAP * float(np.median(around or [0.0])):
            found.add(index)
    return found

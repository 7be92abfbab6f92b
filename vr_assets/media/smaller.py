"""Content for model calls made smaller than it would be, so that a request stays under a limit. Run in media processes.

Stretches and times stay what they are: a clip has fewer and smaller frames, frames are smaller and coarser.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vr_assets.media.cut import clocked, encoded, images
from vr_assets.media.decode import Image, scaled_size
from vr_assets.media.drawing import jpeg


@dataclass(frozen=True)
class Rendering:
    """How a clip is encoded: at most these, at least this `crf`."""

    longest_side_px: int
    fps: float
    crf: int


# Down to what a model can still tell things by; models sample 1 to 2 frames a second.
_CLIPS = (
    Rendering(1280, 8, 28),
    Rendering(960, 8, 28),
    Rendering(640, 8, 28),
    Rendering(640, 8, 32),
    Rendering(640, 4, 32),
    Rendering(480, 4, 32),
    Rendering(320, 4, 32),
    Rendering(320, 2, 34),
    Rendering(256, 2, 36),
    Rendering(256, 1, 36),
)
# Longest side and JPEG quality.
_FRAMES = ((1280, 75), (1280, 60), (960, 60), (640, 60), (480, 60), (320, 60), (256, 60), (256, 40))

# Nobody cuts these at keyframes: on the real clips of the tests one each 5 s saves a quarter against one a second.
_KEYFRAME_S = 5.0
_KEYFRAMES_SHARE = 0.8
# How a clip's size goes with pixels, frames a second and crf, fitted to the same clips: within a fifth, but for the smallest
# rendering, which is larger than that by a half.
_BY_PIXELS, _BY_FPS, _HALVED_BY_CRF = 0.78, 0.25, 5.8

# An encoding is aimed this far below the limit, for what the estimate does not know.
_AIM = 0.9
_SAMPLED_FRAMES = 8
# Nothing of it is left to see in a JPEG of at most quality 75.
_KEPT_QUALITY = 95


def smaller_clip(
    source: Path,
    start_s: float,
    end_s: float,
    *,
    first: Rendering,
    first_bytes: int,
    at_most_bytes: int,
    clock_zero_s: float | None = None,
    sound: bool = False,
) -> tuple[bytes, str]:
    """[start_s, end_s) of a file as an MP4 of at most `at_most_bytes`, or as small as it is made, and what was done in words.

    Args:
        first: how it was encoded to `first_bytes`, which are too many.
        clock_zero_s, sound: as for `cut.encode_clip`.

    Raises:
        MediaError: no frame appears at `start_s`.
    """
    steps = _below(first)
    expected = first_bytes * _KEYFRAMES_SHARE / _weight(first)
    while True:
        step = next((one for one in steps if expected * _weight(one) <= _AIM * at_most_bytes), steps[-1])
        made = encoded(
            source,
            start_s,
            end_s,
            step.longest_side_px,
            crf=step.crf,
            max_fps=step.fps,
            keyframe_s=_KEYFRAME_S,
            sound=sound,
            clock_zero_s=clock_zero_s,
        )
        done = f"scaled to {made.width_px}x{made.height_px} at {made.fps:g} fps"
        if len(made.content) <= at_most_bytes:
            return made.content, f"{done} to stay under {_words(at_most_bytes)}"
        steps = steps[steps.index(step) + 1 :]
        if not steps:
            return made.content, f"{done}, as small as it is made, and still over {_words(at_most_bytes)}"
        expected = len(made.content) / _weight(step)


def smaller_jpegs(
    path: Path, times_s: Sequence[float], *, longest_side_px: int, at_most_bytes: int, clock_zero_s: float | None = None
) -> tuple[tuple[bytes, ...], str]:
    """The frames that appear at these times as JPEGs of together at most `at_most_bytes`, or as small as they are made, and what
    was done in words; `clock_zero_s` as for `cut.encode_clip`.

    Raises:
        MediaError: no frame appears at one of the times.
    """
    # Sixty pictures of 1280 px would be 160 MB.
    pictures = [jpeg(image, quality=_KEPT_QUALITY) for image in images(path, times_s, longest_side_px)]

    def made(side_px: int, quality: int, every: int = 1) -> tuple[bytes, ...]:
        fitting = (_fitting(picture, side_px) for picture in pictures[::every])
        return tuple(jpeg(picture, quality=quality) for picture in clocked(fitting, times_s[::every], clock_zero_s))

    share = _AIM * at_most_bytes / len(pictures)
    *rest, last = dict.fromkeys((min(side_px, longest_side_px), quality) for side_px, quality in _FRAMES)
    for side_px, quality in rest:
        sample = made(side_px, quality, every=-(-len(pictures) // _SAMPLED_FRAMES))
        if sum(map(len, sample)) > share * len(sample):
            continue
        contents = made(side_px, quality)
        if sum(map(len, contents)) <= at_most_bytes:
            return contents, f"{_scaled(pictures[0], side_px, quality)} to stay under {_words(at_most_bytes)}"
    contents = made(*last)
    over = "to stay under" if sum(map(len, contents)) <= at_most_bytes else "as small as they are made, and still over"
    return contents, f"{_scaled(pictures[0], *last)} {over} {_words(at_most_bytes)}"


def _below(first: Rendering) -> list[Rendering]:
    """Renderings that are nowhere above the first, the largest first."""
    steps = (
        Rendering(min(one.longest_side_px, first.longest_side_px), min(one.fps, first.fps), max(one.crf, first.crf))
        for one in _CLIPS
    )
    return list(dict.fromkeys(steps))


def _weight(rendering: Rendering) -> float:
    pixels = math.pow(rendering.longest_side_px**2, _BY_PIXELS)
    return pixels * math.pow(rendering.fps, _BY_FPS) * math.exp2(-rendering.crf / _HALVED_BY_CRF)


def _fitting(picture: bytes, longest_side_px: int) -> Image:
    image = _decoded(picture)
    size = scaled_size(image.shape[1], image.shape[0], longest_side_px)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _decoded(picture: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _scaled(picture: bytes, longest_side_px: int, quality: int) -> str:
    height_px, width_px = _decoded(picture).shape[:2]
    width, height = scaled_size(width_px, height_px, longest_side_px)
    return f"scaled to {width}x{height} at JPEG quality {quality}"


def _words(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"

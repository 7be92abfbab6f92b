"""Where scenes change in a recording of hours, found without decoding it through.

Only its keyframes are looked at, and where two that follow each other do not resemble, what lies between them: a camera that
stands costs a twentieth of a decode.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vr_assets.media.decode import SAME_TIME_S, Footage
from vr_assets.media.keyframes import KeyFootage
from vr_assets.media.pictures import thumb
from vr_assets.media.planes import plane_rows
from vr_assets.media.scene_cuts import CutFinder, Shape, shape_of, unlike
from vr_assets.media.turns import takes_long

CUTS_VERSION = 1
"""Raise it when other cuts are found in the same file."""

Look = tuple[float, Shape | None]

# Cameras send a keyframe every 1 to 4 s, but Motion JPEG is nothing else.
_APART_S = 1.0

# Unlikeness (1 - correlation) of all pictures before a cut and all after: `CutFinder` asks for 0.4, and gets more of both scenes.
_SUSPECT = 0.3
_AROUND_S = 8.0

# Encoders that send a keyframe at the start only; a scene could come and go between two that resemble.
_LONGEST_S = 30.0

# What `CutFinder` is made for, and what it needs to see before and after a cut.
_FINDER_FPS = 8
_NEARBY_S = 1.5

_LUMA_FIRST = frozenset({"gray", "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12"})


@takes_long
def find_cuts(path: Path, start_s: float, end_s: float) -> tuple[float, ...]:
    """When the first frames of new scenes are shown, in [start_s, end_s), exact to the frame.

    Hard cuts only, and none to a scene that goes again within 8 s: a car that fills the picture is no scene.

    Raises:
        MediaError: the file is missing, unreadable or holds no video.
    """
    gaps = ((max(a, start_s - _NEARBY_S), min(b, end_s)) for a, b in _gaps(_looks(path, start_s, end_s)))
    found = [cut_s for a, b in _joined(gap for gap in gaps if gap[0] < gap[1]) for cut_s in _cuts_between(path, a, b)]
    return tuple(round(cut_s, 6) for cut_s in found if start_s <= cut_s < end_s)


def _looks(path: Path, start_s: float, end_s: float) -> list[Look]:
    """Of keyframes in a stretch and around it."""
    looks: list[Look] = []
    with KeyFootage(path) as footage:
        for shown in footage.keyframes(start_s - _AROUND_S, apart_s=_APART_S):
            looks.append((shown.time_s, _shape(shown.frame)))
            if shown.time_s >= end_s + _AROUND_S:
                break
    if looks and looks[-1][0] < end_s:
        looks.append((end_s, looks[-1][1]))
    return looks


def _gaps(looks: Sequence[Look]) -> Iterator[tuple[float, float]]:
    """From keyframe to keyframe, where the scene may have become another in between."""
    for place in range(1, len(looks)):
        (start_s, _), (end_s, _) = looks[place - 1 : place + 1]
        before = [look for look in looks[:place] if look[0] >= start_s - _AROUND_S]
        after = [look for look in looks[place:] if look[0] <= end_s + _AROUND_S]
        other = all(unlike(one, another) >= _SUSPECT for _, one in before for _, another in after)
        if other or end_s - start_s > _LONGEST_S:
            yield start_s, end_s


def _joined(gaps: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Those that follow each other as one."""
    joined: tuple[float, float] | None = None
    for start_s, end_s in gaps:
        if joined is not None and start_s <= joined[1] + _NEARBY_S:
            joined = joined[0], end_s
            continue
        if joined is not None:
            yield joined
        joined = start_s, end_s
    if joined is not None:
        yield joined


def _cuts_between(path: Path, start_s: float, end_s: float) -> Iterator[float]:
    """Decodes a stretch and a bit more: cuts are judged on some of its frames, and then told to the frame."""
    finder = CutFinder()
    times_s: list[float] = []
    changes: list[float] = []
    judged: list[int] = []
    before: Shape | None = None
    with Footage(path) as footage:
        for shown in footage.shown(start_s):
            if shown.time_s >= end_s + _NEARBY_S:
                break
            small = _thumb(shown.frame)
            if not judged or shown.time_s >= times_s[judged[-1]] + 1 / _FINDER_FPS - SAME_TIME_S:
                judged.append(len(times_s))
                finder.add(shown.time_s, small)
            times_s.append(shown.time_s)
            shape = shape_of(small)
            changes.append(unlike(before, shape))
            before = shape
    for cut_s in finder.cuts_s():
        place = min(range(1, len(judged)), key=lambda place: abs(times_s[judged[place]] - cut_s))
        yield times_s[max(range(judged[place - 1] + 1, judged[place] + 1), key=changes.__getitem__)]


def _shape(frame: VideoFrame) -> Shape | None:
    return shape_of(_thumb(frame))


def _thumb(frame: VideoFrame) -> NDArray[np.float32]:
    if frame.format.name not in _LUMA_FIRST:
        frame = frame.reformat(format="gray")
    return thumb(plane_rows(frame.planes[0]))

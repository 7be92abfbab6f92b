"""Which mover a track is of."""

import math
from collections.abc import Sequence

import numpy as np

from vr_assets.records.scene import Scene, Track
from vr_assets_tests.drawn_facts import Seen, Truth

SURE = 0.6
"""What is measured with less confidence is not said, or not without a doubt."""

_TIMES = 12


def said(scene: Scene) -> list[tuple[int, Track]]:
    """The tracks that are said without a doubt, with their places."""
    return [(place, track) for place, track in enumerate(scene.tracks) if track.certain and track.confidence >= SURE]


def matched(scene: Scene, truth: Truth) -> dict[int, int]:
    """The mover of each track that has one, by their places; at most one track a mover, the longest first."""
    found: dict[int, int] = {}
    tracks = sorted(said(scene), key=lambda item: item[1].start_s - item[1].end_s)
    for place, track in tracks:
        near = [(_apart(track, seen), number) for number, seen in enumerate(truth.seen) if number not in found.values()]
        near = [(apart, number) for apart, number in near if apart < 1.0]
        if near:
            found[place] = min(near)[1]
    return found


def belongs(track: Track, seens: Sequence[Seen]) -> bool:
    """Whether a track is of some mover, whether or not another track is of the same."""
    return any(_apart(track, seen) < 1.0 for seen in seens)


def _apart(track: Track, seen: Seen) -> float:
    """How far a track is from a mover in the middle, as a share of what would be too far."""
    begins, ends = seen.span
    if min(track.end_s, ends) - max(track.start_s, begins) < 0.5 * (track.end_s - track.start_s):
        return math.inf
    apart = []
    for time_s in np.linspace(max(track.start_s, begins), min(track.end_s, ends), _TIMES):
        point, (x, y) = track.at(float(time_s)), seen.at(float(time_s))
        wide, high = seen.size(float(time_s))
        apart.append(math.hypot((point.x - x) / (0.6 * wide + 0.03), (point.y - y) / (0.6 * high + 0.03)))
    return float(np.median(apart))

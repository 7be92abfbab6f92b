"""Joins the parts of one body's way that an obstacle in front of it cut: where a way breaks off and goes on behind it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import unlike
from vr_assets.media.vision.geometry import Box, centre, extent
from vr_assets.media.vision.tracks import Sight, Trail, travel

_LONGEST_S = 3.0
_LOOK_S = 0.8  # Of its way, before and after: that tells its speed and size.
_OFF, _OFF_LONGEST = 0.35, 0.04  # Of the hidden way, and of the longest side: how far it may come out from where it should.
_GROWN, _UNLIKE, _SPEED = 2.0, 0.8, 2.0
_EDGE_PX = 3
_WENT = 0.03


def stitch(trails: Sequence[Trail], size: tuple[int, int]) -> list[Trail]:
    """The trails with those joined that have but one continuation each, in order of their first sight."""
    left = list(trails)
    while pair := _first_pair(left, size):
        one, other = pair
        joined = replace(
            one,
            sights=[*one.sights, *other.sights],
            votes=one.votes + other.votes,
            late_votes=other.late_votes if other.met else one.late_votes + other.votes,
            doubt_s=one.doubt_s + other.doubt_s,
            met=one.met | other.met,
            hidden_s=one.hidden_s + other.hidden_s + other.sights[0].time_s - one.sights[-1].time_s,
        )
        left = [trail for trail in left if trail is not one and trail is not other] + [joined]
    return sorted(left, key=lambda trail: (trail.sights[0].time_s, trail.sights[0].box))


def _first_pair(trails: Sequence[Trail], size: tuple[int, int]) -> tuple[Trail, Trail] | None:
    for one in trails:
        follow = [other for other in trails if other is not one and _goes_on(one, other, size)]
        if len(follow) == 1:
            (other,) = follow
            if sum(_goes_on(third, other, size) for third in trails if third is not other) == 1:
                return one, other
    return None


def _goes_on(one: Trail, other: Trail, size: tuple[int, int]) -> bool:
    last, first = one.sights[-1], other.sights[0]
    hidden_s = first.time_s - last.time_s
    if not 0 < hidden_s <= _LONGEST_S or one.resting or _at_edge(last.box, size) or _at_edge(first.box, size):
        return False
    if min(travel(one.sights, size), travel(other.sights, size)) < _WENT * max(size):
        return False
    before, after = _velocity(one.sights, last=True), _velocity(other.sights, last=False)
    fast, slow = max(np.hypot(*before), np.hypot(*after)), min(np.hypot(*before), np.hypot(*after))
    if slow <= 0 or fast > _SPEED * slow or float(before @ after) < 0.7 * fast * slow:
        return False
    way = (before + after) / 2 * hidden_s
    off = np.array(centre(first.box)) - np.array(centre(last.box)) - way
    if np.hypot(*off) > _OFF * np.hypot(*way) + _OFF_LONGEST * max(size):
        return False
    sizes = [
        float(np.median([extent(sight.box) for sight in _near(sights, last=at_end)]))
        for sights, at_end in ((one.sights, True), (other.sights, False))
    ]
    return max(sizes) <= _GROWN * min(sizes) and unlike(one.votes, other.votes) < _UNLIKE


def _near(sights: Sequence[Sight], *, last: bool) -> list[Sight]:
    """The sights next to where a way breaks off, without those in which the body is partly hidden."""
    edge_s = sights[-1].time_s if last else sights[0].time_s
    near = [sight for sight in sights if 0.25 <= abs(sight.time_s - edge_s) <= 0.25 + _LOOK_S]
    return near if len(near) >= 2 else list(sights[-3:] if last else sights[:3])


def _velocity(sights: Sequence[Sight], *, last: bool) -> NDArray[np.float64]:
    """Pixels a second."""
    near = _near(sights, last=last)
    passed = near[-1].time_s - near[0].time_s
    if passed <= 0:
        return np.zeros(2)
    (x, y), (later_x, later_y) = centre(near[0].box), centre(near[-1].box)
    return np.array([later_x - x, later_y - y]) / passed


def _at_edge(box: Box, size: tuple[int, int]) -> bool:
    return min(box[0], box[1]) <= _EDGE_PX or box[2] >= size[0] - _EDGE_PX or box[3] >= size[1] - _EDGE_PX

"""Joins the parts of one body's way that an obstacle in front of it cut: where a way breaks off and goes on behind it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import unlike
from vr_assets.media.vision.geometry import Box, centre, extent
from vr_assets.media.vision.tracks import BORN_IN_DOUBT_S, Sight, Trail, travel

_LONGEST_S, _BOTH_S = 3.0, 2.0  # Hidden, and seen on both sides of what hides it.
_LOOK_S, _FULL, _FEWEST = 1.0, 0.8, 3  # Of its way, before and after, while it shows: that tells its speed and size.
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
            sights=_both(one.sights, other.sights),
            votes=one.votes + other.votes,
            late_votes=other.late_votes if other.met else one.late_votes + other.votes,
            # Coming up beside the part that was seen before it, it was doubted.
            doubt_s=one.doubt_s + max(0.0, other.doubt_s - BORN_IN_DOUBT_S),
            met=one.met | other.met,
            hidden_s=one.hidden_s + other.hidden_s + max(0.1, other.sights[0].time_s - one.sights[-1].time_s),
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
    if not -_BOTH_S <= hidden_s <= _LONGEST_S or one.resting or _at_edge(last.box, size) or _at_edge(first.box, size):
        return False
    if last.time_s > other.sights[-1].time_s or one.sights[0].time_s > first.time_s:
        return False
    if min(travel(one.sights, size), travel(other.sights, size)) < _WENT * max(size):
        return False
    begins, ends = _whole(one.sights, size, last=True), _whole(other.sights, size, last=False)
    if min(len(begins), len(ends)) < _FEWEST:
        return False
    before, after = _velocity(begins), _velocity(ends)
    fast, slow = max(np.hypot(*before), np.hypot(*after)), min(np.hypot(*before), np.hypot(*after))
    if slow <= 0 or fast > _SPEED * slow or float(before @ after) < 0.8 * fast * slow:
        return False
    passed = ends[0].time_s - begins[-1].time_s
    way = (before + after) / 2 * passed
    (x, y), (later_x, later_y) = centre(begins[-1].box), centre(ends[0].box)
    off = float(np.hypot(later_x - x - way[0], later_y - y - way[1]))
    if passed <= 0 or off > _OFF * float(np.hypot(*way)) + _OFF_LONGEST * max(size):
        return False
    sizes = [float(np.median([extent(sight.box) for sight in sights])) for sights in (begins, ends)]
    return max(sizes) <= _GROWN * min(sizes) and unlike(one.votes, other.votes) < _UNLIKE


def _whole(sights: Sequence[Sight], size: tuple[int, int], *, last: bool) -> list[Sight]:
    """The sights next to where a way breaks off in which the body shows as a whole, neither behind the obstacle nor cut off."""
    inside = [sight for sight in sights if not _at_edge(sight.box, size)]
    if not inside:
        return []
    full = float(np.percentile([extent(sight.box) for sight in inside], 75))
    whole = [sight for sight in inside if extent(sight.box) >= _FULL * full]
    edge_s = whole[-1].time_s if last else whole[0].time_s
    return [sight for sight in whole if abs(sight.time_s - edge_s) <= _LOOK_S]


def _velocity(sights: Sequence[Sight]) -> NDArray[np.float64]:
    """Pixels a second."""
    passed = sights[-1].time_s - sights[0].time_s
    if passed <= 0:
        return np.zeros(2)
    (x, y), (later_x, later_y) = centre(sights[0].box), centre(sights[-1].box)
    return np.array([later_x - x, later_y - y]) / passed


def _both(one: Sequence[Sight], other: Sequence[Sight]) -> list[Sight]:
    """One after the other; where both are seen, on either side of the obstacle, the box of both."""
    starts_s, ends_s = other[0].time_s, one[-1].time_s
    joined = [sight for sight in one if sight.time_s < starts_s]
    seen = {sight.time_s: sight for sight in other}
    for sight in one:
        if sight.time_s >= starts_s:
            beyond = seen.get(sight.time_s)
            joined.append(sight if beyond is None else replace(sight, box=_around(sight.box, beyond.box)))
    return [*joined, *(sight for sight in other if sight.time_s > ends_s)]


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _at_edge(box: Box, size: tuple[int, int]) -> bool:
    return min(box[0], box[1]) <= _EDGE_PX or box[2] >= size[0] - _EDGE_PX or box[3] >= size[1] - _EDGE_PX

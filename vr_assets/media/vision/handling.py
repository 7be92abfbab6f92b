"""What putting a thing down, or taking it up, does to how a mover is seen: for a while both have one box, which leaps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vr_assets.media.vision.geometry import Box, centre, gap, overlap
from vr_assets.media.vision.tracks import Sight
from vr_assets.media.vision.ways import Way
from vr_assets.records.scene import LeftThing, Stop

_HANDLED_S = 3.0
_SOON_S, _BENDS_S = 0.5, 2.0  # From a stop's start, or its end as the box has it, to when the thing is handled.
_STANDS_S = 1.0
_STEADILY_S = 0.3  # Motion with longer pauses is no going away.
_TREMBLES = 0.25  # Of the frames of a second in which it stands.


@dataclass(frozen=True)
class Handled:
    """What a mover put down or took away, about that moment: where its box, in pixels, meets the mover's, that one leaps."""

    box: Box
    moment_s: float

    @classmethod
    def of(cls, thing: LeftThing, size: tuple[int, int]) -> "Handled":
        (width, height), area = size, thing.area
        box = (round(area.x0 * width), round(area.y0 * height), round(area.x1 * width), round(area.y1 * height))
        return cls(box, thing.moment_s)

    def lies_in(self, sights: Sequence[Sight]) -> bool:
        near = [sight for sight in sights if abs(sight.time_s - self.moment_s) <= _HANDLED_S]
        return any(overlap(sight.box, self.box) > 0 for sight in near)


def beside(stops: tuple[Stop, ...], thing: Handled, way: Way, moving: Sequence[tuple[float, Box]]) -> tuple[Stop, ...]:
    """As they are told by what moves: a mover and what it puts down, or takes up, have one box for a while, which leaps."""
    reach = max(thing.box[2] - thing.box[0], thing.box[3] - thing.box[1])
    here = [
        stop
        for stop in stops
        if stop.start_s <= thing.moment_s + _SOON_S
        and (stop.end_s is None or stop.end_s >= thing.moment_s - _BENDS_S)
        and gap(way.box(stop.start_s), thing.box) <= reach
    ]
    if not here or here[-1].end_s is None:
        return stops
    place = centre(way.box(here[0].start_s))
    later = [float(time_s) for time_s in way.times if time_s > max(thing.moment_s, here[0].end_s or 0.0)]
    end_s = next((time_s for time_s in later if math.dist(centre(way.box(time_s)), place) > reach), None)
    if end_s is None:
        return stops
    moved_s = {time_s for time_s, box in moving if here[0].start_s < time_s <= end_s and overlap(box, way.box(time_s)) > 0}
    standing_s = [time_s for time_s in way.times if _STEADILY_S < time_s - here[0].start_s <= _STANDS_S]
    if sum(time_s in moved_s for time_s in standing_s) > _TREMBLES * len(standing_s):
        # Where the camera shakes something moves all the time.
        end_s = here[-1].end_s
        moved_s = set()
    for time_s in sorted(moved_s, reverse=True):
        if end_s - time_s > _STEADILY_S:
            break
        end_s = time_s
    told = {"end_s": round(max(here[0].start_s + _STANDS_S, end_s), 3), "abrupt": False}
    whole = here[0].model_copy(update=told)
    return tuple(sorted([whole, *(stop for stop in stops if stop not in here)], key=lambda stop: stop.start_s))

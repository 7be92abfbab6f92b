"""Turns trails into tracks: who is an actor, where it came from, where it went, where it stood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision import colours
from vr_assets.media.vision.geometry import Box, centre, gap, moved
from vr_assets.media.vision.handling import Handled, beside
from vr_assets.media.vision.speeds import falls, last_within, loiters, speed_changes
from vr_assets.media.vision.tracks import Sight, Trail, shift, travel
from vr_assets.media.vision.ways import Way
from vr_assets.records.base import Span
from vr_assets.records.scene import Colour, Point, Side, Sides, SpeedChange, Stop, Track

_SHORTEST_S, _FEWEST_SIGHTS = 0.45, 6  # Less is not enough to tell a body from pieces of something that moves in place.
_CROSSING, _INSIDE = 0.12, 0.18  # Least way, of the longest side, of what came or went by an edge, and of what did neither.
_STRAIGHT = 0.6  # Net way by path, from which on a heading is named.
_DIAGONAL = 0.5  # Lesser by larger component, from which on both are named: 27 degrees off the axis.
_STILL_S, _STILL_REACH, _SETTLED, _STIRS = 1.0, 0.012, 0.004, 0.03
_GOES = 0.05  # Of the longest side: twice as far as cameras tremble.
_TWITCH_S = 0.6
_BRAKING_S, _STRIDE_S, _CRUISE = 0.3, 0.3, 0.12
_LEAD_S, _UNBRAKED = 0.9, 0.78  # Of the way at full speed: braking evenly for as long covers half of it.
_SHALLOW = 0.08
_GLIMPSED, _LASTING = 3, 5  # Sights.
_STOOD_S, _DOUBT_S = 0.5, 0.5
_JOINED, _JOINED_ALONE = 1.7, 3.0  # Times as large at once: what comes nearer grows by a tenth, limbs that are lost make up half.
_BESIDE = 0.08
_SEEN_BY_NIGHT = (Colour.RED, Colour.GREEN, Colour.BLUE, Colour.PURPLE)
_EDGE_PX = 2
_ABOUT_S, _MADE_OUT_S, _TURNS_S = 2.0, 1.5, 1.5
_SURE, _TINY = 0.6, 0.0012
_POINTS_APART_S = 0.25


@dataclass(frozen=True)
class Stage:
    """Where and when trails were seen: frame size in pixels, first and last frame of the shot, usual time between frames."""

    width: int
    height: int
    start_s: float
    end_s: float
    frame_s: float
    dark: bool = False

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


def to_track(
    trail: Trail,
    stage: Stage,
    others: Sequence[Trail] = (),
    things: Sequence[Handled] = (),
    moving: Sequence[tuple[float, Box]] = (),
) -> tuple[Track, Way] | None:
    """The trail as a record, with its way frame by frame; None when it went nowhere.

    Args:
        things: what it put down or took away, once that is known.
        moving: (time, box) of all that moves, in order of time; told only with `things`.
    """
    sights = _from_departure(trail.sights, stage)
    first, last = sights[0], sights[-1]
    lasted_s = last.time_s - first.time_s
    if lasted_s < _SHORTEST_S or sum(sight.alone for sight in sights) < _FEWEST_SIGHTS or _leaps(sights, stage):
        return None
    longest = max(stage.size)
    entered = () if first.time_s <= stage.start_s + 1.5 * stage.frame_s else _edges(sights, stage)
    left = () if last.time_s >= stage.end_s - 1.5 * stage.frame_s else _edges(sights[::-1], stage)
    way = travel(sights, stage.size)
    whole = Way(sights, stage.size)
    if entered or left:
        if way < _CROSSING * longest:
            return None
    elif lasted_s < 2 * _SHORTEST_S or way < max(_INSIDE * longest, 0.8 * _extent(sights)) or not _holds_together(sights, stage):
        return None
    stops = _stops(sights, whole.path, stage)
    for thing in things:
        stops = beside(stops, thing, whole, moving)
    confidence = _confidence(trail, stage, others, things)
    if not _ends_known(stops, left, last, stage) or (not entered and _is_fetched(sights, whole.path, stage)):
        confidence = min(0.5, confidence)
    wanders = loiters(whole.times, whole.path, _extent(sights), stops, longest)
    # Who walks to and fro stands still for a moment where they turn.
    stops = tuple(stop for stop in stops if not _turns_there(stop, wanders))
    boxes = [sight.box if sight.alone and not _touched(sight.box, stage) else None for sight in sights]
    track = Track(
        start_s=_rounded(first.time_s),
        end_s=_rounded(last.time_s),
        entered=entered,
        left=left,
        heading=_heading(whole.path),
        colour=_colour(trail, stage),
        area=round(max(_size(sight.box) for sight in sights) / (stage.width * stage.height), 4),
        certain=confidence >= _SURE,
        met=bool(trail.met),
        points=_points(sights, stage),
        stops=stops,
        confidence=confidence,
        speed_changes=_speed_changes(whole, stops, wanders, stage),
        falls=falls(whole.times, boxes, height=stage.height, until_s=last.time_s),
        loiters=wanders,
    )
    return track, whole


def _turns_there(stop: Stop, wanders: Sequence[Span]) -> bool:
    short = stop.end_s is not None and stop.end_s - stop.start_s < _TURNS_S
    return short and any(wander.holds(stop.start_s) for wander in wanders)


def _speed_changes(whole: Way, stops: Sequence[Stop], wanders: Sequence[Span], stage: Stage) -> tuple[SpeedChange, ...]:
    """Of where it is seen whole: an edge's speed is not its own. Who walks about a place changes speed all the time."""
    inside = np.array([not _touched(sight.box, stage) for sight in whole.sights])
    if inside.sum() < _FEWEST_SIGHTS:
        return ()
    if not _touched(whole.sights[0].box, stage):
        # What sets off inside the frame is made out bit by bit, which is no movement.
        inside &= whole.times >= whole.start_s + _MADE_OUT_S
        if inside.sum() < _FEWEST_SIGHTS:
            return ()
    changes = speed_changes(whole.times[inside], whole.path[inside], stops, max(stage.size))
    return tuple(change for change in changes if not any(wander.holds(change.moment_s, slack_s=_ABOUT_S) for wander in wanders))


def went_places(trail: Trail, stage: Stage) -> bool:
    """Whether a trail that is no track may still have been a mover."""
    return len(trail.sights) >= _GLIMPSED and travel(trail.sights, stage.size) >= _CROSSING * max(stage.size)


def _confidence(trail: Trail, stage: Stage, others: Sequence[Trail], things: Sequence[Handled]) -> float:
    """In its being one body all along: less where it was hidden, touched others or is small, little where it may be several."""
    inside = [sight.alone and not _touched(sight.box, stage) for sight in trail.sights]
    sizes = [_size(sight.box) for sight in trail.sights]
    whole = [sight for sight, shows in zip(trail.sights, inside, strict=True) if shows]
    joined = any(
        (ratio > _JOINED_ALONE or (ratio > _JOINED and _someone_else(trail, whole[place], others, stage)))
        and not any(thing.lies_in(whole[max(0, place - 1) : place + 1]) for thing in things)
        for place, ratio in _jumps([_size(sight.box) for sight in whole])
    )
    if trail.doubt_s >= _DOUBT_S or joined or trail.changed_colour():
        return 0.4
    small = float(np.median(sizes)) < 1.5 * _TINY * stage.width * stage.height
    return round(0.98 * (0.85 if trail.met else 1.0) * (0.85 if trail.hidden_s else 1.0) * (0.9 if small else 1.0), 3)


def _ends_known(stops: Sequence[Stop], left: Sides, last: Sight, stage: Stage) -> bool:
    """Whether what is standing when it is last seen is so because the shot ends."""
    standing = bool(stops) and stops[-1].end_s is None
    return not standing or (not left and last.time_s >= stage.end_s - 1.5 * stage.frame_s)


def _is_fetched(sights: Sequence[Sight], path: NDArray[np.float64], stage: Stage) -> bool:
    """Whether it stands there until another has come, and goes away with that one: a thing that is taken does so as well."""
    away = np.flatnonzero(np.hypot(*path.T) > _GOES * max(stage.size))
    return bool(len(away)) and sights[0].alone and not sights[int(away[0])].alone


def _from_departure(sights: list[Sight], stage: Stage) -> list[Sight]:
    """Without the time before it first moved: what is seen to differ from the background need not have come just then."""
    path = Way(sights, stage.size).path
    away = np.flatnonzero(np.hypot(*path.T) > 1 + _STILL_REACH * max(stage.size))
    if not len(away) or sights[away[0]].time_s - sights[0].time_s < _STOOD_S:
        return sights
    return sights[int(away[0]) - 1 :]


def _edges(sights: Sequence[Sight], stage: Stage) -> Sides:
    """The edge by which the first of these sights comes in, or two for a corner; reversed sights tell where it left."""
    first, later = sights[0], sights[min(3, len(sights) - 1)]
    passed = abs(later.time_s - first.time_s)
    dx, dy = shift(first.box, later.box, stage.size)
    per_s = np.hypot(dx, dy) / passed if passed else 0.0
    # What is deep in the frame at first sight was there before, hidden by its likeness to the background.
    depth = _SHALLOW * max(stage.size) + min(1.5 * stage.frame_s * per_s, _SHALLOW * max(stage.size))
    early = set().union(*(_touched(sight.box, stage) for sight in sights[:3]))
    sides = {side for side in early if _depth(first.box, side, stage) <= depth}
    if not sides and not _touched(first.box, stage) and passed:
        back = 1.5 * stage.frame_s / passed
        sides = _touched(moved(first.box, -dx * back, -dy * back), stage)
    for pair in ({Side.LEFT, Side.RIGHT}, {Side.TOP, Side.BOTTOM}):
        if pair <= sides:
            sides = sides - pair
    if len(sides) == 2:
        # What slides along an edge all its way does not come in by that edge.
        (x, y), (end_x, end_y) = centre(first.box), centre(sights[-1].box)
        across, down = abs(end_x - x), abs(end_y - y)
        along = {Side.TOP, Side.BOTTOM} if across > 0.3 * stage.width and across > 2 * down else set()
        along = {Side.LEFT, Side.RIGHT} if down > 0.3 * stage.height and down > 2 * across else along
        always = {side for side in sides if sum(side in _touched(sight.box, stage) for sight in sights) > 0.8 * len(sights)}
        sides = sides - (along & always)
    return tuple(side for side in Side if side in sides)


def _depth(box: Box, side: Side, stage: Stage) -> int:
    """How far a box reaches into the frame from an edge."""
    return {Side.LEFT: box[2], Side.RIGHT: stage.width - box[0], Side.TOP: box[3], Side.BOTTOM: stage.height - box[1]}[side]


def _touched(box: Box, stage: Stage) -> set[Side]:
    reached = {
        Side.LEFT: box[0] <= _EDGE_PX,
        Side.RIGHT: box[2] >= stage.width - _EDGE_PX,
        Side.TOP: box[1] <= _EDGE_PX,
        Side.BOTTOM: box[3] >= stage.height - _EDGE_PX,
    }
    return {side for side, touches in reached.items() if touches}


def _heading(path: NDArray[np.float64]) -> Sides:
    coarse = path[:: max(1, len(path) // 8)]
    length = float(np.hypot(*np.diff(np.vstack([coarse, path[-1:]]), axis=0).T).sum())
    dx, dy = (float(value) for value in path[-1])
    if length == 0 or float(np.hypot(dx, dy)) < _STRAIGHT * length:
        return ()
    across, down = Side.RIGHT if dx > 0 else Side.LEFT, Side.BOTTOM if dy > 0 else Side.TOP
    if min(abs(dx), abs(dy)) > _DIAGONAL * max(abs(dx), abs(dy)):
        return across, down
    return (across,) if abs(dx) > abs(dy) else (down,)


def _stops(sights: Sequence[Sight], path: NDArray[np.float64], stage: Stage) -> tuple[Stop, ...]:
    times = np.array([sight.time_s for sight in sights])
    path = _without_limbs(path)
    reach = 1.0 + _STILL_REACH * max(stage.size)
    stops = []
    index = 0
    while index < len(sights):
        end = last_within(path, index, reach)
        long_enough = times[end] - times[index] >= _STILL_S
        came_here = np.hypot(*(path[index] - path[0])) > 0.05 * max(stage.size)
        # Gentle braking comes within reach of its end half a second before it.
        rest = np.median(path[(index + end) // 2 : end + 1], axis=0)
        while long_enough and np.abs(path[index] - rest).max() > 1 + _SETTLED * max(stage.size):
            index += 1
        # What led up to it no longer takes up a part of the reach.
        end = last_within(path, index, reach) if long_enough else end
        if long_enough and np.abs(path[end:] - rest).max() <= reach + _STIRS * max(stage.size):
            # A box that leaps where it stands to the end, as one of two in a blob does, has not gone on.
            end = len(sights) - 1
        if long_enough and end < len(sights) - 1:
            while end > index and np.abs(path[end] - rest).max() > 1 + _SETTLED * max(stage.size):
                end -= 1
        # In a blob of two, what stands may be the other one, until both stand long enough to be taken for background.
        alone = np.mean([sight.alone for sight in sights[index : end + 1]]) > 0.5
        if long_enough and came_here and (alone or times[end] - times[index] >= 2 * _STILL_S):
            box = sights[(index + end) // 2].box
            stops.append(
                Stop(
                    start_s=_rounded(times[index]),
                    end_s=None if end == len(sights) - 1 else _rounded(times[end]),
                    x=round((box[0] + box[2]) / 2 / stage.width, 4),
                    y=round((box[1] + box[3]) / 2 / stage.height, 4),
                    abrupt=not _touched(box, stage) and _is_abrupt(times, path, index, max(stage.size)),
                )
            )
        index = end + 1 if long_enough else index + 1
    return tuple(_unbroken(stops, reach / max(stage.size)))


def _unbroken(stops: Sequence[Stop], reach: float) -> list[Stop]:
    """Two that are interrupted for a moment, in one place, are one."""
    kept: list[Stop] = []
    for stop in stops:
        last = kept[-1] if kept else None
        soon = last is not None and last.end_s is not None and stop.start_s - last.end_s <= _TWITCH_S
        if last is not None and soon and max(abs(stop.x - last.x), abs(stop.y - last.y)) <= 2 * reach:
            kept[-1] = last.model_copy(update={"end_s": stop.end_s})
        else:
            kept.append(stop)
    return kept


def _is_abrupt(times: NDArray[np.float64], path: NDArray[np.float64], index: int, longest: int) -> bool:
    """Whether the mover went on at its cruising speed until less than half a second before it stood.

    Cruising speed is taken from 2.5 to 1.2 s before, or from 1.5 to 0.6 s where it is not seen so early: the last moments of
    gentle braking are short and slow as well.
    """
    stopped = times[index]
    cruising = (times >= stopped - 2.5) & (times <= stopped - 1.2)
    if cruising.sum() < 6:
        cruising = (times >= stopped - 1.5) & (times <= stopped - 0.6)
    if cruising.sum() < 2:
        cruising = times <= stopped - 0.2
    if cruising.sum() < 2:
        return False
    span = np.flatnonzero(cruising)
    cruise = np.hypot(*(path[span[-1]] - path[span[0]])) / (times[span[-1]] - times[span[0]])
    if cruise < _CRUISE * longest:
        return False
    # Over a third of a second, in which legs do not matter.
    later = np.searchsorted(times[: index + 1], times[: index + 1] + _STRIDE_S - 1e-6)
    whole = np.flatnonzero(later <= index)
    speeds = np.hypot(*(path[later[whole]] - path[whole]).T) / (times[later[whole]] - times[whole])
    fast = np.flatnonzero(speeds >= 0.7 * cruise)
    at_once = bool(len(fast)) and bool(stopped - times[later[whole[fast[-1]]]] <= _BRAKING_S)
    before = int(np.searchsorted(times, stopped - _LEAD_S - 1e-6))
    covered = float(np.hypot(*(path[index] - path[before])))
    return at_once and covered >= float(_UNBRAKED * cruise * (stopped - times[before]))


def _without_limbs(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each place the median of five: legs that swing move the edges of a box back and forth."""
    padded = np.pad(path, ((2, 2), (0, 0)), mode="edge")
    return cast(NDArray[np.float64], np.median(np.stack([padded[shift : shift + len(path)] for shift in range(5)]), axis=0))


def _leaps(sights: Sequence[Sight], stage: Stage) -> bool:
    """Whether it is suddenly thrice or a third as large in mid-way: what is now taken for one body and now for another.

    What sets off inside the frame is made out bit by bit.
    """
    sizes = [_size(sight.box) for sight in sights[2:-2] if not _touched(sight.box, stage)]
    if not sizes:
        return False
    usual = 0.6 * float(np.median(sizes))
    grown = next((place for place, size in enumerate(sizes) if size >= usual), 0)
    return any(ratio > 3 for _, ratio in _jumps(sizes[grown:] if grown <= len(sizes) / 2 else sizes))


def _jumps(sizes: Sequence[float]) -> list[tuple[int, float]]:
    """Lasting changes of size from one sight to the next, as ratios: legs open and close in half a second."""
    found = []
    for place in range(1, len(sizes)):
        before, after = sizes[max(0, place - _LASTING) : place], sizes[place : place + _LASTING]
        if min(len(before), len(after)) >= min(_LASTING, len(sizes) // 2):
            one, other = float(np.median(before)), float(np.median(after))
            at_once = max(sizes[place], sizes[place - 1]) / min(sizes[place], sizes[place - 1])
            found.append((place, min(at_once, max(one, other) / min(one, other))))
    return found


def _someone_else(trail: Trail, sight: Sight, others: Sequence[Trail], stage: Stage) -> bool:
    """Whether another body is lost, or comes up, next to this one at this moment: then it may be in it."""
    for other in others:
        for edge in (other.sights[0], other.sights[-1]):
            near = abs(edge.time_s - sight.time_s) <= _DOUBT_S and gap(edge.box, sight.box) <= _BESIDE * max(stage.size)
            if other is not trail and near and len(other.sights) >= _GLIMPSED:
                return True
    return False


def _holds_together(sights: Sequence[Sight], stage: Stage) -> bool:
    """Whether it kept its size and went somewhere: pieces of something that moves in place do not."""
    sizes = [_size(sight.box) for sight in sights if sight.alone and not _touched(sight.box, stage)]
    goes = bool(_heading(Way(sights, stage.size).path))
    return goes and len(sizes) >= 3 and float(np.percentile(sizes, 85)) < 2.5 * float(np.percentile(sizes, 15))


def _colour(trail: Trail, stage: Stage) -> Colour | None:
    name = colours.name(trail.votes)
    # Lamps make white things yellow, and darkness makes all tones one.
    return None if stage.dark and name not in _SEEN_BY_NIGHT else name


def _points(sights: Sequence[Sight], stage: Stage) -> tuple[Point, ...]:
    kept = [sights[0]]
    for sight in sights[1:-1]:
        if sight.time_s - kept[-1].time_s >= _POINTS_APART_S:
            kept.append(sight)
    return tuple(_point(sight, stage) for sight in [*kept, sights[-1]])


def _point(sight: Sight, stage: Stage) -> Point:
    left, top, right, bottom = sight.box
    return Point(
        time_s=_rounded(sight.time_s),
        x=round((left + right) / 2 / stage.width, 4),
        y=round((top + bottom) / 2 / stage.height, 4),
        width=round((right - left) / stage.width, 4),
        height=round((bottom - top) / stage.height, 4),
    )


def _extent(sights: Sequence[Sight]) -> float:
    return float(np.median([max(sight.box[2] - sight.box[0], sight.box[3] - sight.box[1]) for sight in sights]))


def _size(box: Box) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _rounded(time_s: float) -> float:
    return round(float(time_s), 3)

"""The kinds of scene that seeds take turns among, each thought out from a plan's random numbers."""

import math
from collections.abc import Callable

import numpy as np

from vr_assets_tests.drawn_plans import Plan, Thing
from vr_assets_tests.drawn_scenes import Mover
from vr_assets_tests.drawn_ways import Body, Way, crossing, lane, ride

HEADINGS = ("right", "left", "bottom", "top")
_OPPOSITE = {"right": "left", "left": "right", "bottom": "top", "top": "bottom"}


def _empty(plan: Plan) -> None:
    plan.seconds = round(plan.between(6, 10), 1)


def _one(plan: Plan) -> None:
    heading = plan.pick(*HEADINGS)
    body = plan.anyone(heading)
    plan.add(crossing(body, plan.size, heading, plan.across(body, heading), plan.between(0.6, 2.5)))


def _lanes(plan: Plan, count: int) -> None:
    """Beside each other, without ever touching."""
    along = plan.pick("right", "bottom")
    # Never three against one: that is another kind of scene.
    against = int(plan.random.integers(2)) * (count // 2)
    for place in range(count):
        heading = along if place >= against else _OPPOSITE[along]
        body = plan.vehicle(heading)
        share = (place + 0.5) / count
        if count > 2 and along == "right":
            body = Body(body.shape, body.paint, body.other, round(body.wide * 0.8), round(body.high * 0.8), body.speed)
        start_s = 0.6 + place * plan.between(0.8, 2.2)
        plan.add(crossing(body, plan.size, heading, plan.across(body, heading, share), start_s))


def _two(plan: Plan) -> None:
    _lanes(plan, 2)


def _several(plan: Plan) -> None:
    _lanes(plan, 3 + plan.turn % 2)


def _meet(plan: Plan) -> None:
    """Two pass one before the other, head on or crosswise."""
    one, other = plan.vehicle("right"), plan.vehicle("left")
    share = plan.between(0.3, 0.7)
    near = share + plan.between(0.04, 0.1)
    plan.add(crossing(one, plan.size, "right", plan.across(one, "right", share), plan.between(0.6, 1.2)))
    plan.add(crossing(other, plan.size, "left", plan.across(other, "left", near), plan.between(0.8, 1.8)))


def _behind(plan: Plan) -> None:
    """Past a post that hides it for a moment."""
    heading = plan.pick("right", "left")
    body = plan.anyone(heading)
    plan.add(crossing(body, plan.size, heading, plan.across(body, heading), plan.between(0.6, 2)))
    plan.posts.append((round(plan.size[0] * plan.between(0.35, 0.6)), round(14 * plan.scale)))


def _to_a_stop(plan: Plan, brakes_s: float) -> tuple[int, float]:
    """One comes to a stop inside the frame, and goes on or stays; with when it stands."""
    heading = plan.pick(*HEADINGS)
    body = plan.vehicle(heading)
    start, towards, far = lane(body, plan.size, heading, plan.across(body, heading))
    stop_at = far * plan.between(0.45, 0.6)
    start_s = plan.between(0.6, 1.8)
    drives_s = (stop_at - body.speed * brakes_s / 2) / body.speed
    legs = [(drives_s, body.speed, body.speed)]
    if brakes_s:
        legs.append((brakes_s, body.speed, 0.0))
    stands_s = plan.between(2.2, 4.0)
    legs.append((stands_s, 0.0, 0.0))
    if plan.random.random() < 0.6:
        legs += [(1.0, 0.0, body.speed), ((far - stop_at - body.speed / 2) / body.speed, body.speed, body.speed)]
    else:
        legs.append((3.0, 0.0, 0.0))
    mover = plan.add(body.along(ride(start, towards, start_s, legs)))
    if len(legs) == 3 + bool(brakes_s):
        plan.lasts(0.0)
    return mover, start_s + drives_s + brakes_s


def _stop(plan: Plan) -> None:
    _to_a_stop(plan, plan.between(1.3, 2.0))


def _abrupt(plan: Plan) -> None:
    mover, stands_s = _to_a_stop(plan, 0.0)
    plan.happens("abrupt_stop", stands_s, stands_s, mover)


def _speed(plan: Plan, *, sudden: bool, faster: bool) -> None:
    heading = plan.pick("right", "left")
    body = plan.vehicle(heading) if plan.random.random() < 0.6 else plan.figure()
    slow, fast = 38 * plan.scale, plan.between(115, 150) * plan.scale
    before, after = (slow, fast) if faster else (fast, slow)
    start, towards, far = lane(body, plan.size, heading, plan.across(body, heading))
    start_s = plan.between(0.6, 1.4)
    changes_s = 0.1 if sudden else 1.5
    first = far * plan.between(0.38, 0.48) if faster else far * plan.between(0.4, 0.5)
    at_s = start_s + first / before
    rest = far - first - (before + after) / 2 * changes_s
    legs = [(first / before, before, before), (changes_s, before, after), (rest / after, after, after)]
    mover = plan.add(body.along(ride(start, towards, start_s, legs)))
    kind = ("sudden_speed" if sudden else "faster") if faster else "slower"
    plan.happens(kind, at_s, at_s + changes_s, mover)


def _dash(plan: Plan) -> None:
    _speed(plan, sudden=True, faster=True)


def _change(plan: Plan) -> None:
    _speed(plan, sudden=False, faster=plan.random.random() < 0.5)


def _collide(plan: Plan) -> None:
    """One runs into another that comes against it, or stands there; both stand from then on."""
    y = plan.size[1] * plan.between(0.35, 0.65)
    one, other = plan.vehicle("right"), plan.vehicle("left")
    meet_x = plan.size[0] * plan.between(0.45, 0.6)
    hit_s = plan.between(4.0, 5.5)
    stays_s = plan.between(3.0, 4.5)
    overlap = 3 * plan.scale
    for body, sign in ((one, 1.0), (other, -1.0)):
        end_x = meet_x - sign * (body.wide / 2 - overlap / 2)
        speed = body.speed
        if sign > 0:
            speed = max(speed, 80 * plan.scale)
        far = end_x + body.wide / 2 + 4 if sign > 0 else plan.size[0] + body.wide / 2 + 4 - end_x
        way: Way = [(hit_s - far / speed, end_x - sign * far, y), (hit_s, end_x, y), (hit_s + stays_s, end_x, y)]
        plan.add(body.along(way))
    first_s = min(mover.way[0][0] for mover in plan.movers)
    if first_s < 0.4:
        late = 0.4 - first_s
        plan.movers = [body_later(mover, late) for mover in plan.movers]
        hit_s += late
    plan.seconds = round(hit_s + stays_s - 0.1, 1)
    plan.happens("collision", hit_s, hit_s, 0, 1)
    for mover, beside in ((0, 1), (1, 0)):
        plan.happens("abrupt_stop", hit_s, hit_s, mover, beside)


def body_later(mover: Mover, by_s: float) -> Mover:
    """The same, some seconds later."""
    way = [(time_s + by_s, x, y) for time_s, x, y in mover.way]
    return Mover(mover.paint, way, mover.wide, mover.high, mover.shape, mover.other, mover.falls)


def _fall(plan: Plan) -> None:
    body = plan.figure()
    heading = plan.pick("right", "left")
    start, towards, far = lane(body, plan.size, heading, plan.across(body, heading, plan.between(0.4, 0.65)))
    start_s, walks_s = plan.between(0.6, 1.5), far * plan.between(0.4, 0.55) / body.speed
    falls_s = start_s + walks_s
    legs = [(walks_s, body.speed, body.speed), (plan.between(3.5, 5.0), 0.0, 0.0)]
    mover = plan.add(body.along(ride(start, towards, start_s, legs), falls=(falls_s, falls_s + 0.6)))
    plan.lasts(0.0)
    plan.happens("fall", falls_s, falls_s + 0.6, mover)
    plan.happens("abrupt_stop", falls_s, falls_s + 0.6, mover)


def _loiter(plan: Plan) -> None:
    body = plan.figure()
    heading = plan.pick("right", "left")
    start, (sign, _), far = lane(body, plan.size, heading, plan.across(body, heading, plan.between(0.4, 0.65)))
    start_s = plan.between(0.6, 1.4)
    centre = start[0] + sign * far * plan.between(0.42, 0.58)
    come_s = start_s + abs(centre - start[0]) / body.speed
    way: Way = [(start_s, *start), (come_s, centre, start[1])]
    at_s, turns, reach = come_s, int(plan.random.integers(6, 9)), plan.size[0] * 0.055
    for turn in range(turns):
        at_s += plan.between(1.0, 1.5)
        way.append((at_s, centre + reach * (1 if turn % 2 else -1), start[1] + plan.between(-0.015, 0.015) * plan.size[1]))
    leaves = start[0] if plan.random.random() < 0.3 else start[0] + sign * far
    way.append((at_s + abs(leaves - way[-1][1]) / body.speed, leaves, start[1]))
    mover = plan.add(body.along(way))
    plan.happens("loiter", come_s, at_s, mover)


def _bag(plan: Plan, *, taken: bool) -> None:
    """A figure stops, puts a bag down or picks one up, and goes on the same way."""
    body = plan.figure()
    heading = plan.pick("right", "left")
    start, towards, far = lane(body, plan.size, heading, plan.across(body, heading, plan.between(0.4, 0.65)))
    start_s = plan.between(1.0, 1.8)
    stop_at = far * plan.between(0.4, 0.6)
    drives_s = (stop_at - body.speed * 0.65) / body.speed
    rest_s = (far - stop_at - body.speed * 0.5) / body.speed
    legs = [(drives_s, body.speed, body.speed), (1.3, body.speed, 0.0), (1.6, 0.0, 0.0), (1.0, 0.0, body.speed)]
    way = ride(start, towards, start_s, [*legs, (rest_s, body.speed, body.speed)])
    mover = plan.add(body.along(way))
    moment_s = start_s + drives_s + 1.3 + 0.8
    size_px = round(body.high * 0.34)
    paint = plan.paint()
    foot = body.high / 2 - size_px / 2
    x, y = start[0] + towards[0] * stop_at, start[1] + foot
    carried: Way = [(time_s, at_x, at_y + foot * 0.55) for time_s, at_x, at_y in way]
    before = [point for point in carried if point[0] <= moment_s]
    after = [point for point in carried if point[0] > moment_s]
    plan.lasts(3.0)
    lies: Way = [(0.0, x, y), (moment_s, x, y)] if taken else [(moment_s, x, y), (plan.seconds, x, y)]
    ways = [*lies, *after] if taken else [*before, *lies]
    plan.objects.append(Mover(paint, ways, size_px, size_px, "bag"))
    # Half of what lies there shows then.
    clear_s = next(float(t) for t in np.arange(moment_s, way[-1][0], 0.05) if abs(_at(plan, mover, float(t)) - x) > body.wide / 2)
    plan.things.append(Thing(taken, moment_s, clear_s, x, y, paint, mover))
    if not taken:
        plan.happens("left_behind", moment_s, clear_s, mover)


def _at(plan: Plan, mover: int, time_s: float) -> float:
    """Where a mover is, across."""
    place = plan.movers[mover].at(time_s)
    return math.inf if place is None else place[0]


def _left(plan: Plan) -> None:
    _bag(plan, taken=False)


def _taken(plan: Plan) -> None:
    _bag(plan, taken=True)


def _against(plan: Plan) -> None:
    """Four, one after the other, three the one way and one the other way."""
    flow = plan.pick("right", "left")
    wrong = int(plan.random.integers(1, 4))
    at_s = 0.6
    for place in range(4):
        heading = _OPPOSITE[flow] if place == wrong else flow
        body = plan.vehicle(heading)
        share = 0.33 if heading == "right" else 0.68
        mover = plan.add(crossing(body, plan.size, heading, plan.across(body, heading, share), at_s))
        begins, ends = plan.movers[mover].visible(plan.size)
        if place == wrong:
            plan.happens("wrong_way", begins, ends, mover)
        at_s += (ends - begins) * plan.between(0.6, 1.0)


def _camera(plan: Plan) -> None:
    """The camera turns away for a moment before anything comes."""
    heading = plan.pick("right", "left")
    plan.turned = (2.0, 2.0 + plan.between(0.8, 1.4))
    body = plan.vehicle(heading)
    shifted = crossing(body, plan.size, heading, plan.across(body, heading), plan.turned[1] + 2.0)
    shift = 0.16 * plan.size[0]
    plan.add(body.along([(time_s, x + shift, y) for time_s, x, y in shifted.way]))


def _cut(plan: Plan) -> None:
    """One crosses, then the picture is of another place, and another crosses there."""
    for place in range(2):
        heading = plan.pick(*HEADINGS)
        body = plan.anyone(heading)
        start_s = 0.8 if place == 0 else (plan.cut_s or 0.0) + 1.0
        plan.add(crossing(body, plan.size, heading, plan.across(body, heading), start_s))
        if place == 0:
            plan.cut_s = round(plan.movers[0].way[-1][0] + 1.0, 1)


def _follow(plan: Plan) -> None:
    """Two of one colour, one after the other, the same way."""
    heading = plan.pick(*HEADINGS)
    body = plan.vehicle(heading)
    across = plan.across(body, heading)
    first = crossing(body, plan.size, heading, across, plan.between(0.6, 1.4))
    plan.add(first)
    plan.add(crossing(body, plan.size, heading, across, first.way[0][0] + (body.wide + body.high) * 1.2 / body.speed + 0.5))


def _parked(plan: Plan) -> None:
    """One stands there from the start and drives off; another passes."""
    heading = plan.pick("right", "left")
    body = plan.vehicle(heading)
    start, towards, far = lane(body, plan.size, heading, plan.across(body, heading, 0.3))
    from_x = start[0] + towards[0] * far * plan.between(0.35, 0.5)
    legs = [(plan.between(2.5, 4.0), 0.0, 0.0), (1.0, 0.0, body.speed)]
    rest = abs(start[0] + towards[0] * far - from_x) - body.speed / 2
    plan.add(body.along(ride((from_x, start[1]), towards, 0.0, [*legs, (rest / body.speed, body.speed, body.speed)])))
    other = plan.vehicle(heading)
    plan.add(crossing(other, plan.size, heading, plan.across(other, heading, 0.75), plan.between(1.0, 3.0)))


KINDS: dict[str, Callable[[Plan], None]] = {
    "empty": _empty,
    "one": _one,
    "two": _two,
    "meet": _meet,
    "several": _several,
    "stop": _stop,
    "abrupt": _abrupt,
    "dash": _dash,
    "collide": _collide,
    "fall": _fall,
    "loiter": _loiter,
    "left": _left,
    "taken": _taken,
    "against": _against,
    "camera": _camera,
    "cut": _cut,
    "change": _change,
    "behind": _behind,
    "follow": _follow,
    "parked": _parked,
}

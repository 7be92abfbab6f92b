"""How bodies of drawn scenes move: along lines, with legs of even speed or even braking."""

from collections.abc import Sequence
from dataclasses import dataclass

from vr_assets_tests.drawn_scenes import Mover

Way = list[tuple[float, float, float]]
Leg = tuple[float, float, float]
"""Seconds, speed at the start, speed at the end."""

_STEP_S = 0.05


@dataclass(frozen=True)
class Body:
    """What moves. `speed` is its usual one, in pixels a second."""

    shape: str
    paint: str
    other: str | None
    wide: int
    high: int
    speed: float

    def along(self, way: Way, *, falls: tuple[float, float] | None = None) -> Mover:
        return Mover(self.paint, way, self.wide, self.high, self.shape, self.other, falls)


def ride(start: tuple[float, float], towards: tuple[float, float], start_s: float, legs: Sequence[Leg]) -> Way:
    """From a place in a direction of length one. After the last leg the way ends: the body is gone, or the video is over."""
    way = [(start_s, *start)]
    gone, at_s = 0.0, start_s
    for seconds, speed, then in legs:
        steps = 1 if speed == then else max(1, round(seconds / _STEP_S))
        for step in range(1, steps + 1):
            into = seconds * step / steps
            here = gone + speed * into + (then - speed) * into**2 / (2 * seconds)
            way.append((at_s + into, start[0] + towards[0] * here, start[1] + towards[1] * here))
        gone += (speed + then) / 2 * seconds
        at_s += seconds
    return way


def lane(
    body: Body, size: tuple[int, int], heading: str, across: float
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Where a body waits outside the frame, its direction, and how far it is to the other side. `across`: its lane."""
    width, height = size
    half_wide, half_high = body.wide / 2 + 2, body.high / 2 + 2
    match heading:
        case "right":
            return (-half_wide, across), (1.0, 0.0), width + 2 * half_wide
        case "left":
            return (width + half_wide, across), (-1.0, 0.0), width + 2 * half_wide
        case "bottom":
            return (across, -half_high), (0.0, 1.0), height + 2 * half_high
        case _:
            return (across, height + half_high), (0.0, -1.0), height + 2 * half_high


def crossing(body: Body, size: tuple[int, int], heading: str, across: float, start_s: float) -> Mover:
    start, towards, far = lane(body, size, heading, across)
    return body.along(ride(start, towards, start_s, [(far / body.speed, body.speed, body.speed)]))

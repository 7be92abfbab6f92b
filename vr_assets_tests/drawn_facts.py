"""What there is to tell of a drawn scene, worked out from how it was drawn. Times are seconds, places shares of the frame."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np

from vr_assets_tests.drawn_plans import Happening
from vr_assets_tests.drawn_scenes import Mover
from vr_assets_tests.drawn_seeds import Drawn, drawn

_TICK_S = 0.02
_CREEPS = 0.15  # Of its usual speed: to a viewer it stands.
_TONES = {
    "white": {"white", "light"},
    "silver": {"white", "light", "grey"},
    "grey": {"grey"},
    "dark": {"dark", "grey", "black"},
    "black": {"black", "dark"},
    "brown": {"brown", "dark"},
    "pink": {"pink", "light"},
}
_BY_NIGHT = {
    "red": {"red", "dark"},
    "blue": {"blue", "dark"},
    "green": {"green", "dark"},
    "yellow": {"yellow", "light", "green", "brown"},
    "white": {"white", "light", "grey"},
}
INCIDENTS = ("collision", "abrupt_stop", "sudden_speed", "fall", "left_behind", "wrong_way")


@dataclass(frozen=True)
class Standing:
    """`end_s` is None where it lasts until the video ends. `within_s`: so much later it can be said to begin as well."""

    start_s: float
    end_s: float | None
    abrupt: bool
    within_s: float = 0.0

    def begins(self, time_s: float, near_s: float) -> bool:
        return self.start_s - near_s <= time_s <= self.start_s + self.within_s + near_s


@dataclass(frozen=True)
class Seen:
    """One mover as a viewer has it. `entered` and `left` are edges; empty where it was, or still is, inside the frame."""

    mover: Mover
    scene: Drawn

    @cached_property
    def span(self) -> tuple[float, float]:
        """The first and last moment at which any of it is inside the frame."""
        inside = [float(time_s) for time_s in np.arange(0, self.scene.seconds, _TICK_S) if self.shows(float(time_s))]
        return inside[0], inside[-1]

    def shows(self, time_s: float) -> bool:
        """Whether any of it is inside the frame."""
        box = self.scene.box(self.mover, time_s)
        width, height = self.scene.look.size
        return box is not None and box[2] > 0 and box[0] < width and box[3] > 0 and box[1] < height

    @cached_property
    def entered(self) -> str:
        return self._edge(self.span[0]) if self.span[0] > 2 * _TICK_S else ""

    @cached_property
    def left(self) -> str:
        return self._edge(self.span[1]) if self.span[1] < self.scene.seconds - 2 * _TICK_S else ""

    def _edge(self, time_s: float) -> str:
        x, y = self.at(time_s)
        beyond = {"left": -x, "right": x - 1, "top": -y, "bottom": y - 1}
        side = max(beyond, key=lambda each: beyond[each])
        return side if beyond[side] > 0 else ""

    def at(self, time_s: float) -> tuple[float, float]:
        """Its centre; where it is first or last seen outside of its time."""
        times = self.mover.way[0][0], min(self.scene.seconds, self.mover.way[-1][0])
        box = self.scene.box(self.mover, min(times[1], max(times[0], time_s)))
        assert box is not None
        width, height = self.scene.look.size
        return (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height

    def size(self, time_s: float) -> tuple[float, float]:
        box = self.scene.box(self.mover, time_s)
        width, height = self.scene.look.size
        return (0.0, 0.0) if box is None else ((box[2] - box[0]) / width, (box[3] - box[1]) / height)

    @cached_property
    def moved(self) -> tuple[float, float]:
        """From where it is first seen to where it is last seen, in widths of the frame to the right and down."""
        (x, y), (end_x, end_y) = self.at(self.span[0]), self.at(self.span[1])
        width, height = self.scene.look.size
        return end_x - x, (end_y - y) * height / width

    @property
    def goes_places(self) -> bool:
        return math.hypot(*self.moved) >= 0.25

    def heads(self, sides: tuple[str, ...]) -> bool:
        """Whether it moves towards an edge, or a corner, to within half a right angle."""
        steps = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}
        x, y = (sum(steps[side][axis] for side in sides) for axis in (0, 1))
        far, told = math.hypot(*self.moved), math.hypot(x, y)
        return far >= 0.1 and told > 0 and (x * self.moved[0] + y * self.moved[1]) / far / told >= math.cos(math.pi / 4 + 0.02)

    @cached_property
    def heading(self) -> str:
        """The edge that it moves towards; empty where it comes back."""
        if not self.goes_places:
            return ""
        x, y = self.moved
        if abs(x) > abs(y):
            return "right" if x > 0 else "left"
        return "bottom" if y > 0 else "top"

    @cached_property
    def colours(self) -> set[str]:
        """Names that people would use for it."""
        names = _BY_NIGHT if self.scene.night else _TONES
        paints = [self.mover.paint] + ([self.mover.other] if self.mover.other else [])
        return {name for paint in paints for name in names.get(paint, {paint})}

    @property
    def main_paint(self) -> str:
        """Of its larger part."""
        return self.mover.other if self.mover.shape == "truck" and self.mover.other else self.mover.paint

    @cached_property
    def stands(self) -> list[Standing]:
        """When it stands, lies, or all but stands, inside the frame for a second or longer, after it moved."""
        falls_s = self.mover.falls[1] - self.mover.falls[0] if self.mover.falls else 0.0
        rests: list[tuple[float, float]] = []
        for one, other in pairwise(self.mover.way):
            if _same_place(one, other):
                begins = rests.pop()[0] if rests and rests[-1][1] == one[0] else one[0]
                rests.append((begins, other[0]))
        found = []
        for begins, ends in rests:
            if ends - begins >= 1.0 and begins > 0.5 and self.shows(begins):
                abrupt = self._at_once(begins)
                while self.speed(begins - 0.05, 0.05) < _CREEPS * self.usual_speed:
                    begins -= 0.05
                while ends < self.scene.seconds - 0.6 and self.speed(ends + 0.05, 0.05) < _CREEPS * self.usual_speed:
                    ends += 0.05
                found.append(Standing(begins, ends if ends < self.scene.seconds - 0.6 else None, abrupt, falls_s))
        return found

    def _at_once(self, stands_s: float) -> bool:
        return self.speed(stands_s - 0.3) > 0.6 * self.usual_speed

    @cached_property
    def sets_off_s(self) -> float:
        """When it first moves."""
        moves = [one[0] for one, other in pairwise(self.mover.way) if not _same_place(one, other)]
        return max(self.span[0], moves[0]) if moves else self.span[0]

    def speed(self, time_s: float, over_s: float = 0.1) -> float:
        """In widths of the frame a second, whatever the camera does."""
        first, last = self.mover.way[0][0], self.mover.way[-1][0]
        places = [self.mover.at(min(last, max(first, time_s + by_s))) for by_s in (-over_s, over_s)]
        assert places[0] is not None and places[1] is not None
        return math.dist(places[0], places[1]) / self.scene.look.size[0] / (2 * over_s)

    @cached_property
    def usual_speed(self) -> float:
        speeds = [self.speed(float(time_s)) for time_s in np.arange(*self.span, 0.2)]
        moving = [speed for speed in speeds if speed > 0.02]
        return float(np.median(moving)) if moving else 0.0


@dataclass(frozen=True)
class Truth:
    """Everything that a scene was drawn to show."""

    scene: Drawn

    @classmethod
    def of(cls, seed: int) -> "Truth":
        return cls(drawn(seed))

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        return tuple(Seen(mover, self.scene) for mover in self.scene.movers)

    @cached_property
    def contacts(self) -> dict[tuple[int, int], tuple[float, float]]:
        """Pairs of movers, by place, with the first and last moment at which their boxes touch in the frame."""
        found = {}
        for one, other in combinations(range(len(self.seen)), 2):
            times = [float(t) for t in np.arange(0, self.scene.seconds, 0.05) if self.gap(one, other, float(t)) <= 0]
            if times:
                found[one, other] = times[0], times[-1]
        return found

    def gap(self, one: int, other: int, time_s: float) -> float:
        """Between the boxes of two movers, in widths of the frame; endless while one of them is out of the frame."""
        boxes = [self.scene.box(self.seen[place].mover, time_s) for place in (one, other)]
        width, height = self.scene.look.size
        first, second = boxes
        if first is None or second is None:
            return math.inf
        for box in (first, second):
            if box[2] < 0 or box[0] > width or box[3] < 0 or box[1] > height:
                return math.inf
        across = max(first[0], second[0]) - min(first[2], second[2])
        down = max(first[1], second[1]) - min(first[3], second[3])
        return max(across, down) / width

    def befalls(self, seen: Seen, kind: str) -> list[Happening]:
        """What of a kind befalls a mover."""
        return [one for one in self.scene.happenings if one.kind == kind and one.mover == self.seen.index(seen)]

    @cached_property
    def still(self) -> list[tuple[float, float]]:
        """Stretches of half a second or more in which nothing moves."""
        times = [float(time_s) for time_s in np.arange(0, self.scene.seconds, 0.1)]
        found: list[tuple[float, float]] = []
        for time_s in times:
            moves = any(seen.shows(time_s) and seen.speed(time_s) > 0.01 for seen in self.seen) or self._turns(time_s)
            if not moves and found and time_s - found[-1][1] < 0.15:
                found[-1] = found[-1][0], time_s
            elif not moves:
                found.append((time_s, time_s))
        return [stretch for stretch in found if stretch[1] - stretch[0] >= 0.5]

    @property
    def flow(self) -> str:
        """The edge that most head for."""
        headings = [seen.heading for seen in self.seen]
        return max(sorted(set(headings)), key=headings.count)

    def _turns(self, time_s: float) -> bool:
        return self.scene.turned is not None and self.scene.turned[0] <= time_s <= self.scene.turned[1]

    @property
    def anomaly(self) -> bool:
        return any(happening.kind in INCIDENTS for happening in self.scene.happenings)


def _same_place(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    return math.dist(one[1:], other[1:]) < 0.01

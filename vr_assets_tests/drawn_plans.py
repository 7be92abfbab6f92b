"""A scene while it is thought out: who takes part, what befalls them, how they are chosen."""

import math
from dataclasses import dataclass, field

import numpy as np

from vr_assets_tests.drawn_bodies import PAINTS
from vr_assets_tests.drawn_scenes import Mover
from vr_assets_tests.drawn_ways import Body

_NIGHT_PAINTS = ("red", "blue", "white", "yellow", "green")
_PLAINLY_SEEN = 70.0  # Distance of a paint from the ground, in levels of blue, green and red.


@dataclass(frozen=True)
class Happening:
    """What befalls a mover, by its place among the movers; `from_s` to `to_s` is when it can be said to happen."""

    kind: str
    from_s: float
    to_s: float
    mover: int
    beside: int | None = None


@dataclass(frozen=True)
class Thing:
    """What is put down, or taken from where it lay, between two moments, at a place in pixels; `mover` does it."""

    taken: bool
    from_s: float
    to_s: float
    x: float
    y: float
    paint: str
    mover: int

    def place(self, size: tuple[int, int]) -> tuple[float, float]:
        """As shares of a frame."""
        return self.x / size[0], self.y / size[1]


@dataclass
class Plan:
    """A scene before it is drawn, the `turn`th of its kind. `objects` are in the picture, and no movers."""

    kind: str
    random: np.random.Generator
    night: bool
    size: tuple[int, int]
    level: int
    turn: int
    seconds: float = 0.0
    movers: list[Mover] = field(default_factory=list)
    objects: list[Mover] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    cut_s: float | None = None
    turned: tuple[float, float] | None = None
    posts: list[tuple[int, int]] = field(default_factory=list)
    taken_paints: set[str] = field(default_factory=set)

    @property
    def scale(self) -> float:
        return self.size[0] / 320

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def pick(self, *options: str) -> str:
        return options[int(self.random.integers(len(options)))]

    def paint(self) -> str:
        """One that stands out from the ground, another each time while there are any."""
        dim = self.dim
        far = [
            paint
            for paint, bgr in PAINTS.items()
            if math.dist([value * dim for value in bgr], [self.level] * 3) >= _PLAINLY_SEEN * (0.75 if self.night else 1)
            and (not self.night or paint in _NIGHT_PAINTS)
        ]
        chosen = self.pick(*([paint for paint in far if paint not in self.taken_paints] or far))
        self.taken_paints.add(chosen)
        return chosen

    @property
    def dim(self) -> float:
        return 0.6 if self.night else 1.0

    def vehicle(self, heading: str) -> Body:
        fast = self.between(60, 125) * self.scale
        if heading in ("bottom", "top"):
            wide = round(self.between(26, 36) * self.scale)
            return Body("top view", self.paint(), None, wide, round(wide * 1.8), fast * 0.8)
        wide = round(self.between(46, 76) * self.scale)
        truck = self.random.random() < 0.2
        other = self.paint() if truck and self.random.random() < 0.5 else None
        return Body("truck" if truck else "vehicle", self.paint(), other, wide, round(wide * 0.5), fast)

    def figure(self) -> Body:
        wide = round(self.between(20, 27) * self.scale)
        other = "dark" if self.random.random() < 0.3 and not self.night and not 40 < self.level < 125 else None
        return Body("figure", self.paint(), other, wide, round(wide * 2.4), self.between(34, 60) * self.scale)

    def anyone(self, heading: str) -> Body:
        return self.figure() if self.random.random() < 0.4 else self.vehicle(heading)

    def across(self, body: Body, heading: str, share: float | None = None) -> float:
        """A lane; `share` of the way across the picture, any that holds the body else."""
        extent, half = (self.size[1], body.high / 2) if heading in ("right", "left") else (self.size[0], body.wide / 2)
        low, high = half + 4, extent - half - 4
        return self.between(low, high) if share is None else min(high, max(low, share * extent))

    def add(self, mover: Mover) -> int:
        self.movers.append(mover)
        return len(self.movers) - 1

    def happens(self, kind: str, from_s: float, to_s: float, mover: int, beside: int | None = None) -> None:
        self.happenings.append(Happening(kind, from_s, to_s, mover, beside))

    def lasts(self, tail_s: float = 1.5) -> None:
        """Until everybody who leaves is gone."""
        self.seconds = round(max([6.0, *(mover.way[-1][0] + tail_s for mover in self.movers)]), 1)

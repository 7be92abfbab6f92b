"""A scene from a seed: who moves how, in front of what, in which light, and what there is to tell of it.

Seeds take turns among the kinds of scene, so that any so many in a row hold about as many of each.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vr_assets_tests.drawn_bodies import Image
from vr_assets_tests.drawn_grounds import GROUNDS
from vr_assets_tests.drawn_kinds import KINDS
from vr_assets_tests.drawn_plans import Happening, Plan, Thing
from vr_assets_tests.drawn_scenes import Look, Mover, draw, film_scene


@dataclass(frozen=True)
class Drawn:
    """A scene and how it is shown."""

    seed: int
    kind: str
    movers: tuple[Mover, ...]
    objects: tuple[Mover, ...]
    things: tuple[Thing, ...]
    happenings: tuple[Happening, ...]
    seconds: float
    night: bool
    cut_s: float | None
    turned: tuple[float, float] | None
    look: Look
    level: int
    noise: float
    crf: int
    wave: float
    shake: float

    def images(self) -> Iterator[Image]:
        # Who walks carries what lies; what is drawn first is behind.
        return draw(
            [*self.objects, *self.movers],
            self.seconds,
            noise=self.noise,
            level=self.level,
            gain=self._gain,
            camera=self._camera,
            look=self.look,
        )

    def film(self, path: Path) -> Path:
        return film_scene(path, self.images(), self.look.fps, self.crf)

    def box(self, mover: Mover, time_s: float) -> tuple[float, float, float, float] | None:
        """Where a mover is in the picture; left, top, right, bottom in pixels, also beyond the frame."""
        box, (dx, dy) = mover.box(time_s), self._camera(time_s)
        return None if box is None else (box[0] - dx, box[1] - dy, box[2] - dx, box[3] - dy)

    def _gain(self, time_s: float) -> float:
        return 1 + self.wave * math.sin(2 * math.pi * time_s / 19 + self.seed)

    def _camera(self, time_s: float) -> tuple[float, float]:
        dx = self.shake * math.sin(7.3 * time_s + self.seed) * math.cos(2.9 * time_s)
        dy = self.shake * math.sin(5.1 * time_s + 2 * self.seed)
        if self.turned is not None:
            dx += float(np.interp(time_s, self.turned, (0.0, 0.16 * self.look.size[0])))
        return dx, dy


def by_hand(movers: Sequence[Mover], seconds: float, *, things: Sequence[Thing] = (), noise: float = 2.0) -> Drawn:
    """A scene of given movers, plainly shown. What they put down is there from the first moment that it may be seen."""
    objects = [Mover(thing.paint, [(thing.from_s, thing.x, thing.y), (seconds, thing.x, thing.y)], 30, 24) for thing in things]
    return Drawn(
        seed=0,
        kind="by hand",
        movers=tuple(movers),
        objects=tuple(objects),
        things=tuple(things),
        happenings=(),
        seconds=seconds,
        night=False,
        cut_s=None,
        turned=None,
        look=Look(),
        level=120,
        noise=noise,
        crf=28,
        wave=0.0,
        shake=0.0,
    )


def drawn(seed: int) -> Drawn:
    """The scene of a seed."""
    random = np.random.default_rng((seed, 20260101))
    kind = list(KINDS)[seed % len(KINDS)]
    night = bool(random.random() < 0.2)
    size = ((320, 240), (320, 240), (480, 360), (480, 270))[int(random.integers(4))]
    level = int(random.integers(26, 44)) if night else int(random.integers(80, 170))
    plan = Plan(kind, random, night, size, level, seed // len(KINDS))
    KINDS[kind](plan)
    if not plan.seconds:
        plan.lasts()
    ground_kind, ground_seed = plan.pick(*GROUNDS), int(random.integers(1000))
    grounds = [(0.0, ground_kind, ground_seed)]
    if plan.cut_s is not None:
        grounds.append((plan.cut_s, "clutter" if ground_kind != "clutter" else "gradient", ground_seed + 1))
    look = Look(
        size=size,
        fps=int(random.choice((8, 10, 12, 15))),
        dim=plan.dim,
        shades=0.0 if night else float(random.choice((0.0, 0.0, 8.0, 14.0))) * plan.scale,
        posts=plan.posts,
        grounds=grounds,
        reach=1.5,
        grains=8,
        seed=seed,
    )
    return Drawn(
        seed,
        kind,
        tuple(plan.movers),
        tuple(plan.objects),
        tuple(plan.things),
        tuple(plan.happenings),
        plan.seconds,
        night,
        plan.cut_s,
        plan.turned,
        look,
        level,
        noise=float(random.uniform(3, 6) if night else random.uniform(1, 5)),
        crf=int(random.integers(23, 31)),
        wave=float(random.choice((0.0, 0.0, 0.05, 0.1))),
        shake=float(random.choice((0.0, 0.0, 0.0, 1.0, 1.8))),
    )

"""Judges what the offline annotator says of a drawn scene by how the scene was drawn, and by nothing else."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vr_assets_tests.drawn_scenes import HEIGHT, WIDTH, Mover

NEAR_S = 0.5
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TIMES = {"once": 1, "twice": 2} | {f"{word} times": number for number, word in enumerate(_NUMBERS) if number > 2}
_TIME = r"(\d\d:\d\d\.\d)"
_NAME = rf"(?:(?:the (?:(?:first|second|third) )?\w+ object|what)(?: (?:that )?comes in from the \w+ at {_TIME})?)"


def seconds(clock: str) -> float:
    minutes, rest = clock.split(":")
    return int(minutes) * 60 + float(rest)


@dataclass(frozen=True)
class Truth:
    """Movers as drawn. `put_down`: where something is left lying, as a share of the frame's width, or None."""

    movers: Sequence[Mover]
    seconds: float
    put_down: float | None = None

    def named(self, name: str) -> Mover:
        """The mover that a name means: by colour, by rank among its colour, or by when it comes in."""
        if found := re.search(_TIME, name):
            near = [mover for mover in self.movers if abs(mover.visible()[0] - seconds(found[1])) < NEAR_S]
            side, paint = re.search(r"from the (\w+)", name), re.match(r"the (\w+) object", name)
            (mover,) = [
                mover
                for mover in near
                if (side is None or self.way(mover)[0] == side[1]) and (paint is None or mover.paint == paint[1])
            ]
            return mover
        told = re.fullmatch(r"the (?:(first|second|third) )?(\w+) object", name)
        assert told is not None, name
        alike = sorted((mover for mover in self.movers if mover.paint == told[2]), key=lambda mover: mover.visible()[0])
        if told[1] is None:
            assert len(alike) == 1, f"{name} is one of {len(alike)}"
            return alike[0]
        return alike[("first", "second", "third").index(told[1])]

    def way(self, mover: Mover) -> tuple[str, str]:
        """The side it comes from and the side it goes to; the same for one that only reaches in."""
        return self._side(mover.way[0]), self._side(mover.way[-1])

    def heading(self, mover: Mover) -> str:
        """The side it moves towards all its way."""
        (_, x, y), (_, end_x, end_y) = mover.way[0], mover.way[-1]
        if abs(end_x - x) > abs(end_y - y):
            return "right" if end_x > x else "left"
        return "bottom" if end_y > y else "top"

    def usual_heading(self) -> str:
        headings = [self.heading(mover) for mover in self.movers]
        return max(sorted(set(headings)), key=headings.count)

    def stops(self, mover: Mover) -> list[tuple[float, float]]:
        """When it stands inside the frame, for at least a second."""
        return [
            (one[0], other[0])
            for one, other in pairwise(mover.way)
            if one[1:] == other[1:] and other[0] - one[0] >= 1 and self._side(one) == ""
        ]

    def crossings(self) -> int:
        return sum("" not in self.way(mover) for mover in self.movers)

    def _side(self, point: tuple[float, float, float]) -> str:
        _, x, y = point
        beyond = {"left": -x, "right": x - WIDTH, "top": -y, "bottom": y - HEIGHT}
        side = max(beyond, key=lambda each: beyond[each])
        return side if beyond[side] > 0 else ""

    def answers(self, question: str) -> bool:
        """The right answer to a Yes-or-No question."""
        for pattern, judge in _QUESTIONS.items():
            if found := re.fullmatch(pattern, question):
                return judge(self, [part for part in found.groups() if part and not re.fullmatch(_TIME, part)])
        raise AssertionError(f"no truth is known for: {question}")

    def holds(self, question: str, option: str) -> bool:
        """Whether an option is a right answer."""
        for pattern, check in _OPTIONS.items():
            if found := re.fullmatch(pattern, question):
                return check(self, [part for part in found.groups() if part], option)
        raise AssertionError(f"no truth is known for: {question}")


def _overlap(one: Mover, other: Mover) -> bool:
    return min(one.visible()[1], other.visible()[1]) > max(one.visible()[0], other.visible()[0])


_WHO = f"({_NAME})"
_QUESTIONS: dict[str, Callable[[Truth, list[str]], bool]] = {
    rf"Does {_WHO} move from \w+ to (\w+)\?": lambda truth, g: truth.heading(truth.named(g[0])) == g[1],
    rf"Does {_WHO} leave the frame at the (\w+) edge\?": lambda truth, g: truth.way(truth.named(g[0]))[1] == g[1],
    rf"Does {_WHO} come into the frame from the (\w+)\?": lambda truth, g: truth.way(truth.named(g[0]))[0] == g[1],
    rf"Does {_WHO} come to a stop (?:within the frame|on its way through the frame)\?": lambda truth, g: bool(
        truth.stops(truth.named(g[0]))
    ),
    rf"Does {_WHO} move on after it has come to a stop\?": lambda truth, g: truth.stops(truth.named(g[0]))[0][1] < truth.seconds,
    rf"Does {_WHO} stay where it stopped until the video ends\?": lambda truth, g: (
        truth.stops(truth.named(g[0]))[0][1] >= truth.seconds
    ),
    rf"Does {_WHO} come into the frame before {_WHO}\?": lambda truth, g: (
        truth.named(g[0]).visible()[0] < truth.named(g[1]).visible()[0]
    ),
    rf"Are {_WHO} and {_WHO} in the frame at the same time\?": lambda truth, g: _overlap(truth.named(g[0]), truth.named(g[1])),
    rf"Do {_WHO} and {_WHO} move in the same direction\?": lambda truth, g: (
        truth.heading(truth.named(g[0])) == truth.heading(truth.named(g[1]))
    ),
    rf"Does {_WHO} stay in the frame until the video ends\?": lambda truth, g: truth.named(g[0]).visible()[1] > truth.seconds,
    rf"Does {_WHO} withdraw before the video ends\?": lambda truth, g: truth.named(g[0]).visible()[1] < truth.seconds,
    rf"Does the picture look as before once {_WHO} has withdrawn\?": lambda truth, g: truth.put_down is None,
    rf"Is the picture changed(?: in the [\w ]+ of the frame)? once {_WHO} has withdrawn\?": lambda truth, g: (
        truth.put_down is not None
    ),
    r"Does something move in the first (\w+) seconds of the video\?": lambda truth, g: any(
        mover.visible()[0] < _NUMBERS.index(g[0]) for mover in truth.movers
    ),
    r"Does the camera stay where it is for the whole video\?": lambda truth, g: True,
    r"Does the picture change to another view during the video\?": lambda truth, g: False,
    r"Do most of the moving objects head towards the (\w+)\?": lambda truth, g: truth.usual_heading() == g[0],
    r"Do several objects move through the frame in the course of the video\?": lambda truth, g: len(truth.movers) > 1,
    r"Does something move in the video\?": lambda truth, g: bool(truth.movers),
}


def _order(truth: Truth, option: str) -> bool:
    names = re.fullmatch(r"First (the \w+ object), then (the \w+ object), then (the \w+ object)", option)
    assert names is not None, option
    starts = [truth.named(name).visible()[0] for name in names.groups()]
    return starts == sorted(starts)


def _breaks_off(truth: Truth, groups: list[str], option: str) -> bool:
    mover, moment_s = truth.named(groups[0]), seconds(groups[-1])
    stands = any(abs(start_s - moment_s) < NEAR_S for start_s, _ in truth.stops(mover))
    return stands if option == "It breaks off all at once" else not stands and option.endswith(truth.heading(mover))


def _changed(truth: Truth, option: str) -> bool:
    if truth.put_down is None:
        return option == "In no part of the frame"
    third = ("left", "middle", "right")[int(truth.put_down * 3)]
    return option == f"In the {third} part of the frame"


_OPTIONS: dict[str, Callable[[Truth, list[str], str], bool]] = {
    rf"Which way does {_WHO} move\?": lambda truth, g, option: option.endswith(f"to {truth.heading(truth.named(g[0]))}"),
    rf"At which edge does {_WHO} leave the frame\?": lambda truth, g, option: (
        option == f"At the {truth.way(truth.named(g[0]))[1]} edge"
    ),
    rf"From which side does {_WHO} come into the frame\?": lambda truth, g, option: (
        option == f"From the {truth.way(truth.named(g[0]))[0]}"
    ),
    rf"From which side does something come into the frame at {_TIME}\?": lambda truth, g, option: (
        option == f"From the {truth.way(truth.named(g[0]))[0]}"
    ),
    rf"Which colour is the object that comes into the frame (from the \w+ at {_TIME})\?": lambda truth, g, option: (
        option.lower() == truth.named(g[0]).paint
    ),
    rf"At what time does {_WHO} come into the frame\?": lambda truth, g, option: (
        abs(seconds(option.removeprefix("At ")) - truth.named(g[0]).visible()[0]) < NEAR_S
    ),
    r"In which order do .* come into the frame\?": lambda truth, g, option: _order(truth, option),
    r"How many objects cross the frame in the course of the video\?": lambda truth, g, option: (
        _NUMBERS.index(option.lower()) == truth.crossings()
    ),
    r"How many times does an object cross the frame\?": lambda truth, g, option: _TIMES[option.lower()] == truth.crossings(),
    r"Which way do most of the moving objects go\?": lambda truth, g, option: option.endswith(f"to {truth.usual_heading()}"),
    r"How many objects move in the video\?": lambda truth, g, option: option == "None" and not truth.movers,
    rf"What becomes of the movement of {_WHO} at {_TIME}\?": _breaks_off,
    rf"Where is the picture changed once {_WHO} has gone\?": lambda truth, g, option: _changed(truth, option),
}

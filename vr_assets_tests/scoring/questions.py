"""Judges questions about a drawn scene and their answers, by how it was drawn. What cannot be judged is None, never right.

NamelessError: a question is about one mover, and its name means none, or several.
"""

import re
from collections.abc import Callable, Sequence

from vr_assets_tests.drawn_facts import Seen, Truth
from vr_assets_tests.scoring.clauses import WHERE, changes_speed, in_part
from vr_assets_tests.scoring.names import CLOCK, NAME, NEAR_S, SIDES, one, seconds, sides

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TIMES = {"never": 0, "once": 1, "twice": 2} | {f"{word} times": number for number, word in enumerate(_NUMBERS) if number > 2}
Stretches = Sequence[tuple[float, float]]


def holds(truth: Truth, question: str) -> bool | None:
    """The right answer to a Yes-or-No question."""
    for pattern, judge in _YES_NO:
        if found := re.fullmatch(pattern, question):
            return judge(truth, [group or "" for group in found.groups()])
    return None


def fits(truth: Truth, question: str, option: str) -> bool | None:
    """Whether an option is a right answer."""
    for pattern, judge in _CHOICES:
        if found := re.fullmatch(pattern, question):
            return judge(truth, [group or "" for group in found.groups()], option[:1].lower() + option[1:])
    return None


def spans(truth: Truth, question: str) -> Stretches | None:
    """The right answers to a question for a stretch of time."""
    for pattern, judge in _STRETCHES:
        if found := re.fullmatch(pattern, question):
            return judge(truth, [group or "" for group in found.groups()])
    return None


def is_near(told: tuple[float, float], right: Stretches) -> bool:
    return any(abs(told[0] - begins) <= NEAR_S and abs(told[1] - ends) <= NEAR_S for begins, ends in right)


def _of(judge: Callable[[Truth, Seen, list[str]], bool]) -> Callable[[Truth, list[str]], bool | None]:
    """About the one that the first group names."""

    def named(truth: Truth, groups: list[str]) -> bool:
        return judge(truth, one(truth, groups[0]), groups[1:])

    return named


def _of_two(judge: Callable[[Truth, Seen, Seen], bool]) -> Callable[[Truth, list[str]], bool | None]:
    def named(truth: Truth, groups: list[str]) -> bool:
        return judge(truth, one(truth, groups[0]), one(truth, groups[1]))

    return named


def _pick(judge: Callable[[Truth, Seen, list[str], str], bool]) -> Callable[[Truth, list[str], str], bool | None]:
    def named(truth: Truth, groups: list[str], option: str) -> bool:
        return judge(truth, one(truth, groups[0]), groups[1:], option)

    return named


def _touch(truth: Truth, first: Seen, second: Seen) -> bool:
    pair = tuple(sorted((truth.seen.index(first), truth.seen.index(second))))
    return any(truth.gap(pair[0], pair[1], 0.05 * step) <= 0.015 for step in range(round(truth.scene.seconds * 20)))


def _against(truth: Truth, seen: Seen) -> bool:
    return bool(truth.befalls(seen, "wrong_way"))


def _thing(truth: Truth, where: str, clock: str, *, taken: bool) -> bool:
    return any(
        thing.taken is taken
        and thing.from_s - NEAR_S <= seconds(clock) <= thing.to_s + NEAR_S
        and in_part(thing.place(truth.scene.look.size), where)
        for thing in truth.scene.things
    )


def _moves_before(truth: Truth, end_s: float) -> bool:
    return not any(begins <= 0.2 and ends >= end_s - 0.3 for begins, ends in truth.still)


_YES_NO: list[tuple[str, Callable[[Truth, list[str]], bool | None]]] = [
    (rf"Does ({NAME}) move from \w+ to (\w+)\?", _of(lambda t, s, g: s.heads((g[0],)))),
    (rf"Does ({NAME}) leave the frame at the ({SIDES})(?: edge)?\?", _of(lambda t, s, g: s.left in sides(g[0]))),
    (rf"Does ({NAME}) come into the frame from the ({SIDES})\?", _of(lambda t, s, g: s.entered in sides(g[0]))),
    (rf"Does ({NAME}) come to a stop (?:within the frame|on its way through the frame)\?", _of(lambda t, s, g: bool(s.stands))),
    (
        rf"Does ({NAME}) move on after it has come to a stop\?",
        _of(lambda t, s, g: any(stand.end_s is not None for stand in s.stands)),
    ),
    (
        rf"Does ({NAME}) stay where it stopped until the video ends\?",
        _of(lambda t, s, g: any(stand.end_s is None for stand in s.stands)),
    ),
    (rf"Is it true that ({NAME}) falls over\?", _of(lambda t, s, g: s.mover.falls is not None)),
    (rf"Does ({NAME}) stay upright all the time\?", _of(lambda t, s, g: s.mover.falls is None)),
    (rf"Does ({NAME}) become clearly (faster|slower) on its way\?", _of(lambda t, s, g: changes_speed(s, g[0] == "faster"))),
    (
        rf"Does ({NAME}) keep the same speed all the way\?",
        _of(lambda t, s, g: not changes_speed(s, True) and not changes_speed(s, False)),
    ),
    (rf"Does ({NAME}) move in the same direction as the others\?", _of(lambda t, s, g: not _against(t, s))),
    (rf"Does ({NAME}) move against the direction of the others\?", _of(lambda t, s, g: _against(t, s))),
    (rf"Do ({NAME}) and ({NAME}) touch each other\?", _of_two(_touch)),
    (rf"Do ({NAME}) and ({NAME}) keep apart from each other all the time\?", _of_two(lambda t, a, b: not _touch(t, a, b))),
    (rf"Does ({NAME}) come into the frame before ({NAME})\?", _of_two(lambda t, a, b: a.span[0] < b.span[0])),
    (
        rf"Are ({NAME}) and ({NAME}) in the frame at the same time\?",
        _of_two(lambda t, a, b: min(a.span[1], b.span[1]) > max(a.span[0], b.span[0])),
    ),
    (rf"Do ({NAME}) and ({NAME}) move in the same direction\?", _of_two(lambda t, a, b: a.heading == b.heading)),
    (rf"Does ({NAME}) stay in the frame until the video ends\?", _of(lambda t, s, g: not s.left)),
    (rf"Does ({NAME}) withdraw before the video ends\?", _of(lambda t, s, g: bool(s.left))),
    (rf"Does ({NAME}) stay about the same place for a while\?", _of(lambda t, s, g: bool(t.befalls(s, "loiter")))),
    (rf"Does the picture look as before once {NAME} has withdrawn\?", lambda t, g: not t.scene.things),
    (
        rf"Is the picture changed{WHERE} once {NAME} has withdrawn\?",
        lambda t, g: any(in_part(thing.place(t.scene.look.size), g[0]) for thing in t.scene.things),
    ),
    (
        rf"Does an item come to lie{WHERE} at about ({CLOCK})\?",
        lambda t, g: _thing(t, g[0], g[1], taken=False),
    ),
    (rf"Is an item taken away{WHERE} at about ({CLOCK})\?", lambda t, g: _thing(t, g[0], g[1], taken=True)),
    (
        r"Does something move in the first (\w+) seconds of the video\?",
        lambda t, g: _moves_before(t, float(_NUMBERS.index(g[0]))),
    ),
    (r"Does the camera stay where it is for the whole video\?", lambda t, g: t.scene.turned is None),
    (r"Is the camera turned in the course of the video\?", lambda t, g: t.scene.turned is not None),
    (r"Does the camera keep looking at the same spot all the time\?", lambda t, g: t.scene.turned is None),
    (r"Does the camera move while it films\?", lambda t, g: t.scene.turned is not None),
    (r"Is most of the picture dark\?", lambda t, g: t.scene.night),
    (r"Does the picture change to another view(?: during the video)?\?", lambda t, g: t.scene.cut_s is not None),
    (r"Do most of the (?:moving )?objects head towards the (\w+)\?", lambda t, g: t.flow == g[0]),
    (r"Do several objects move through the frame in the course of the video\?", lambda t, g: len(t.seen) > 1),
    (r"Does something move in the video\?", lambda t, g: bool(t.seen)),
    (rf"Does something move{WHERE}\?", lambda t, g: bool(t.seen)),
]


def _ordered(truth: Truth, option: str) -> bool:
    starts = [one(truth, name).span[0] for name in re.findall(NAME, option)]
    return starts == sorted(starts)


def _becomes(truth: Truth, seen: Seen, groups: list[str], option: str) -> bool:
    """What becomes of it at a moment."""
    at_s = seconds(groups[-1])

    def befalls(*kinds: str) -> bool:
        return any(
            happening.from_s - NEAR_S <= at_s <= happening.to_s + NEAR_S and seen in involved(happening.mover, happening.beside)
            for happening in truth.scene.happenings
            if happening.kind in kinds
        )

    def involved(*places: int | None) -> list[Seen]:
        return [truth.seen[place] for place in places if place is not None]

    standing = any(stand.begins(at_s, NEAR_S) for stand in seen.stands)
    checks = [
        ("breaks off", standing),
        ("comes to a stop", standing),
        ("becomes slower", befalls("slower") or standing),
        ("faster", befalls("sudden_speed", "faster")),
        ("falls over", befalls("fall")),
        ("goes on upright", seen.mover.shape == "figure" and not befalls("fall")),
        ("runs into", befalls("collision")),
        ("goes on past", not befalls("collision")),
        ("puts down", any(not thing.taken and truth.seen[thing.mover] is seen for thing in truth.scene.things)),
        ("takes away", any(thing.taken and truth.seen[thing.mover] is seen for thing in truth.scene.things)),
        ("leaves the frame", bool(seen.left) and abs(seen.span[1] - at_s) <= NEAR_S),
        ("turns round", False),
        ("goes on steadily", not standing and not befalls("sudden_speed", "faster", "slower", "fall", "collision")),
    ]
    return next(holds for words, holds in checks if words in option)


def _changed(truth: Truth, groups: list[str], option: str) -> bool:
    where, clock = groups
    put, gone = (_thing(truth, where, clock, taken=taken) for taken in (False, True))
    if "put down" in option:
        return put
    return gone if "taken away" in option else "othing" in option and not put and not gone


def _where_changed(truth: Truth, groups: list[str], option: str) -> bool:
    if not truth.scene.things:
        return option == "in no part of the frame"
    x, _ = truth.scene.things[0].place(truth.scene.look.size)
    return option == f"in the {('left', 'middle', 'right')[int(x * 3)]} part of the frame"


_CHOICES: list[tuple[str, Callable[[Truth, list[str], str], bool | None]]] = [
    (rf"Which way does ({NAME}) move\?", _pick(lambda t, s, g, o: s.heads((o.split()[-1],)))),
    (
        rf"At which edge does ({NAME}) leave the frame\?",
        _pick(lambda t, s, g, o: s.left in sides(o.removeprefix("at the ").removesuffix(" edge"))),
    ),
    (
        rf"From which side does ({NAME}) come into the frame(?: at {CLOCK})?\?",
        _pick(lambda t, s, g, o: s.entered in sides(o.removeprefix("from the "))),
    ),
    (
        rf"From which side does something come into the frame at ({CLOCK})\?",
        lambda t, g, o: any(
            abs(seen.span[0] - seconds(g[0])) <= NEAR_S and seen.entered in sides(o.removeprefix("from the ")) for seen in t.seen
        ),
    ),
    (
        rf"Which colour is the object that comes into the frame from the ({SIDES}) at ({CLOCK})\?",
        lambda t, g, o: _pick(lambda t, s, g, o: o in s.colours)(t, [f"the object that comes in from the {g[0]} at {g[1]}"], o),
    ),
    (
        rf"At what time does ({NAME}) come into the frame\?",
        _pick(lambda t, s, g, o: abs(seconds(o.removeprefix("at ")) - s.span[0]) <= NEAR_S),
    ),
    (r"In which order do .* come into the frame\?", lambda t, g, o: _ordered(t, o)),
    (
        r"How many objects cross the frame in the course of the video\?",
        lambda t, g, o: _NUMBERS.index(o) == sum(bool(seen.entered and seen.left) for seen in t.seen),
    ),
    (
        r"How many times does an object cross the frame\?",
        lambda t, g, o: _TIMES[o] == sum(bool(seen.entered and seen.left) for seen in t.seen),
    ),
    (r"Which way do most of the (?:moving )?objects go\?", lambda t, g, o: o.endswith(f"to {t.flow}")),
    (
        r"How many objects move in the video\?",
        lambda t, g, o: {"none": 0, "one": 1, "two": 2, "three": 3}.get(o, -1) == len(t.seen),
    ),
    (rf"What (?:becomes of the movement of|happens to) ({NAME}) at ({CLOCK})\?", _pick(_becomes)),
    (rf"What does ({NAME}) do at ({CLOCK})\?", _pick(_becomes)),
    (
        r"Where in the frame does the movement take place\?",
        lambda t, g, o: "middle" in o and not any(seen.entered or seen.left for seen in t.seen),
    ),
    (rf"Where is the picture changed once {NAME} has gone\?", _where_changed),
    (rf"What changes{WHERE} at about ({CLOCK})\?", _changed),
]


def _common(truth: Truth, groups: list[str]) -> Stretches:
    first, second = one(truth, groups[0]), one(truth, groups[1])
    return [(max(first.span[0], second.span[0]), min(first.span[1], second.span[1]))]


def _passage(truth: Truth, groups: list[str]) -> Stretches:
    place = ("first", "second", "third", "fourth", "fifth", "sixth").index(groups[0])
    crossings = sorted(seen.span for seen in truth.seen if seen.entered and seen.left)
    return crossings[place : place + 1]


def _when(stretches: Callable[[Truth, Seen], Stretches]) -> Callable[[Truth, list[str]], Stretches]:
    return lambda truth, groups: stretches(truth, one(truth, groups[0]))


_STRETCHES: list[tuple[str, Callable[[Truth, list[str]], Stretches]]] = [
    (rf"When is ({NAME}) in the frame\?", _when(lambda t, s: [s.span])),
    (rf"When are ({NAME}) and ({NAME}) in the frame at the same time\?", _common),
    (
        rf"When does ({NAME}) stand still\?",
        _when(lambda t, s: [(stand.start_s, stand.end_s or t.scene.seconds) for stand in s.stands]),
    ),
    (
        rf"When does ({NAME}) move before it comes to its stop\?",
        _when(lambda t, s: [(s.span[0], stand.start_s + by_s) for stand in s.stands for by_s in (0.0, stand.within_s)]),
    ),
    (rf"When does ({NAME}) move\?", _when(lambda t, s: [(s.sets_off_s, s.span[1])])),
    (
        rf"When does ({NAME}) (?:stay about the same place|move about one place without leaving it)\?",
        _when(lambda t, s: [(happening.from_s, happening.to_s) for happening in t.befalls(s, "loiter")]),
    ),
    (
        rf"From when to when does an? (?:[\w-]+ )?item lie{WHERE} that was not there at first\?",
        lambda t, g: [(thing.from_s, t.scene.seconds) for thing in t.scene.things if not thing.taken],
    ),
    (r"When does an object cross the frame for the (\w+) time\?", _passage),
    (
        rf"When does something move{WHERE}(?: in the frame)?\?",
        lambda t, g: [(min(seen.sets_off_s for seen in t.seen), max(seen.span[1] for seen in t.seen))] if t.seen else [],
    ),
    (r"When does nothing in the picture move\?", lambda t, g: t.still),
]

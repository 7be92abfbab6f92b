"""Judges sentences about a drawn scene, clause by clause, by how it was drawn."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vr_assets_tests.drawn_facts import Seen, Truth
from vr_assets_tests.scoring.names import CLOCK, NAME, NEAR_S, SIDES, meant, seconds, sides

Said = tuple[str, bool | None]
"""A clause, and whether it is true; None where it cannot be judged."""

_AT = rf"(?: (?:at|by) ({CLOCK}))?"
_WHERE = r"((?: (?:in|around) the [a-z ]*?(?:part|middle) of the frame)?)"
_TOWARDS = r"(?:towards the ((?:top|bottom|left|right)(?: (?:left|right))?)|(upwards|up the frame)|(downwards|down the frame))"
_SPLIT = re.compile(
    r"(?:, and|,| and) (?=(?:leaves|goes|moves|heads|is|stands|stays|falls|touches|puts|takes|suddenly|all at once|slows|speeds|"
    r"comes|enters|withdraws|then|has|keeps|becomes|stops|runs into) )"
)


_INCIDENTS = {
    "collision": ("collision",),
    "abrupt stop": ("abrupt_stop",),
    "sudden burst of speed": ("sudden_speed",),
    "fall": ("fall",),
    "something left behind": ("left_behind",),
    "movement against the flow": ("wrong_way",),
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass
class Reader:
    """Reads sentences in order; `it` is whoever was spoken of last. `span`: the stretch of the video that they are about."""

    truth: Truth
    span: tuple[float, float]
    _block: list[str] = field(default_factory=list)
    _name: str = ""

    def read(self, text: str) -> Iterator[Said]:
        """Every clause of a text. What is said of one mover is held against the one that it fits best."""
        for sentence in re.split(r"(?<=[.!?]) ", text.strip()):
            plain = sentence.rstrip(".!?")
            plain = _plainly(plain[:1].lower() + plain[1:])
            for lead in (r"at (\d\d:\d\d\.\d) ", r"until then ", r"then "):
                plain = re.sub(rf"^{lead}(?={NAME}|it\b)", "", plain)
            if (whole := _whole(self, plain)) is not None:
                yield from self._told()
                yield plain, whole
                continue
            spoken = re.match(rf"({NAME}|it) (.*)", plain)
            if spoken is None:
                yield from self._told()
                yield plain, None
                continue
            if spoken[1] != "it":
                yield from self._told()
                self._name = spoken[1]
            self._block += _clauses(spoken[2])
        yield from self._told()

    def _told(self) -> Iterator[Said]:
        clauses, self._block = self._block, []
        if not clauses:
            return
        of_each: list[list[Said]] = [
            [(f"{self._name} {clause}", _holds(self, seen, clause)) for clause in clauses]
            for seen in meant(self.truth, self._name)
        ]
        of_nobody: list[Said] = [(f"{self._name} {clause}", False) for clause in clauses]
        yield from max(of_each, key=lambda judged: sum(holds is True for _, holds in judged), default=of_nobody)


def _plainly(sentence: str) -> str:
    """Clauses that hang on others, as clauses of their own."""
    for words, plain in (
        (", and this movement carries it through the frame and out at", ", and leaves the frame at"),
        (", until it ", ", and "),
        (" until it ", ", and "),
        ("all at once goes", "suddenly goes"),
        (", and with that its movement ends at", ", and stops at"),
    ):
        sentence = sentence.replace(words, plain)
    return sentence


def _clauses(text: str) -> list[str]:
    return [part.strip(" ,") for part in _SPLIT.split(text) if part.strip(" ,")]


def _holds(reader: Reader, seen: Seen, clause: str) -> bool | None:
    for pattern, judge in _CLAUSES:
        if found := re.fullmatch(pattern, clause):
            return judge(reader, seen, [group or "" for group in found.groups()])
    return None


def _whole(reader: Reader, sentence: str) -> bool | None:
    for pattern, judge in _SENTENCES:
        if found := re.fullmatch(pattern, sentence):
            return judge(reader, [group or "" for group in found.groups()])
    return None


def _near(clock: str, *times_s: float) -> bool:
    return not clock or any(abs(seconds(clock) - time_s) <= NEAR_S for time_s in times_s)


def _moves(reader: Reader, seen: Seen, groups: list[str]) -> bool:
    way = groups[0] or ("top" if groups[1] else "bottom")
    return seen.heads(sides(way))


def _stops(reader: Reader, seen: Seen, groups: list[str]) -> bool:
    """`groups`: how, where, a moment."""
    found = [stand for stand in seen.stands if not groups[2] or stand.begins(seconds(groups[2]), NEAR_S)]
    found = [stand for stand in found if stand.abrupt or "abrupt" not in groups[0]]
    return any(in_part(seen.at(stand.start_s), groups[1]) for stand in found)


def _goes(kind: str) -> Callable[[Reader, Seen, list[str]], bool]:
    """Faster or slower, at a moment or at any: its speed changes that way within a second, as it was drawn."""

    def judge(reader: Reader, seen: Seen, groups: list[str]) -> bool:
        begins, ends = seen.span
        times = [seconds(groups[0])] if groups[0] else [begins + 0.1 * step for step in range(round((ends - begins) * 10))]
        for time_s in times:
            for shift_s in (-0.5, 0.0, 0.5):
                before, after = (seen.speed(time_s + shift_s + side, 0.3) for side in (-0.5, 0.5))
                if (after > 1.3 * before + 0.02) if kind == "faster" else (before > 1.3 * after + 0.02):
                    return True
        return False

    return judge


def _falls(reader: Reader, seen: Seen, groups: list[str]) -> bool:
    falls = seen.mover.falls
    return falls is not None and (not groups[-1] or falls[0] - NEAR_S <= seconds(groups[-1]) <= falls[1] + NEAR_S)


def _touches(reader: Reader, seen: Seen, groups: list[str]) -> bool:
    """`groups`: whom, a moment."""
    truth = reader.truth
    here = truth.seen.index(seen)
    others = [truth.seen.index(other) for other in meant(truth, groups[0]) if other is not seen]
    begins, ends = seen.span
    times = [seconds(groups[-1])] if groups[-1] else [begins + 0.1 * step for step in range(round((ends - begins) * 10))]
    return any(
        truth.gap(here, other, t + shift) <= 0.03 for other in others for t in times for shift in (-0.5, -0.2, 0.0, 0.2, 0.5)
    )


def _handles(*, taken: bool) -> Callable[[Reader, Seen, list[str]], bool]:
    def judge(reader: Reader, seen: Seen, groups: list[str]) -> bool:
        """`groups`: a colour, where, a moment."""
        return any(
            thing.taken is taken
            and reader.truth.seen[thing.mover] is seen
            and in_part(thing.place(reader.truth.scene.look.size), groups[1])
            and (not groups[2] or thing.from_s - NEAR_S <= seconds(groups[2]) <= thing.to_s + NEAR_S)
            for thing in reader.truth.scene.things
        )

    return judge


def _there(reader: Reader, seen: Seen, time_s: float, where: str) -> bool:
    return seen.shows(time_s) and in_part(seen.at(time_s), where)


def in_part(place: tuple[float, float], where: str) -> bool:
    """Whether a place is in a part of the frame, as words for thirds of it go. Borders belong to both sides."""
    x, y = place
    words = where.replace("part of the frame", "").split()
    bounds = {"left": x < 0.42, "right": x > 0.58, "upper": y < 0.42, "lower": y > 0.58}
    if "middle" in words and not set(words) & set(bounds):
        return 0.26 < x < 0.74 and 0.2 < y < 0.8
    return all(holds for word, holds in bounds.items() if word in words)


def _still(reader: Reader, span: tuple[float, float]) -> bool:
    """Whether nothing moves in a stretch, but for half a second at either end."""
    begins, ends = span[0] + NEAR_S, span[1] - NEAR_S
    return begins >= ends or any(one[0] <= begins + 0.1 and one[1] >= ends - 0.1 for one in reader.truth.still)


def _always(reader: Reader, seen: Seen, groups: list[str]) -> bool:
    return True


def _loiters(reader: Reader, seen: Seen, groups: list[str]) -> bool:
    return bool(reader.truth.befalls(seen, "loiter"))


def _one_way(reader: Reader, groups: list[str]) -> bool:
    """Of all that are named: they head that way."""
    names = re.findall(NAME, groups[0])
    found = [meant(reader.truth, name) for name in names]
    return bool(found) and all(any(seen.heads(sides(groups[1])) for seen in who) for who in found)


def _count(reader: Reader, groups: list[str]) -> bool:
    if groups[0] in _NUMBERS and _NUMBERS.index(groups[0]) != len(reader.truth.seen):
        return False
    return all(meant(reader.truth, name) for name in re.findall(NAME, groups[1]))


def _passages(reader: Reader, groups: list[str]) -> bool:
    """`two lead towards the left and one towards the right`: as many go that way."""
    told = re.findall(r"(one|two|three|four|five) (?:leads? )?towards the (top|bottom|left|right)", groups[0])
    headings = [seen.heading for seen in reader.truth.seen]
    return bool(told) and all(headings.count(side) == _NUMBERS.index(number) for number, side in told)


def _often(reader: Reader, groups: list[str]) -> bool:
    """`twice a white object and once a red object`: as many of them go that way."""
    times = {"once": 1, "twice": 2} | {f"{word} times": number for number, word in enumerate(_NUMBERS)}
    told = re.findall(rf"(once|twice|\w+ times) ({NAME})", groups[0])
    return bool(told) and all(
        sum(seen.heads(sides(groups[1])) for seen in meant(reader.truth, name)) == times[count] for count, name in told
    )


def _view(reader: Reader, groups: list[str]) -> bool:
    """`groups`: how the camera is, light."""
    scene = reader.truth.scene
    turned = scene.turned is not None and min(scene.turned[1], reader.span[1]) > max(scene.turned[0], reader.span[0])
    steady = not any(word in groups[0] for word in ("turned", "moves, so"))
    light = groups[1]
    lit = not light or ("dark" in light) == scene.night
    return lit and (steady is not turned)


Clause = Callable[[Reader, Seen, list[str]], bool | None]
_CLAUSES: list[tuple[str, Clause]] = [
    (
        rf"(?:enters the frame|comes into the frame|comes in|enters)(?: from the ({SIDES}))?{_AT}",
        lambda r, s, g: bool(s.entered) and s.entered in sides(g[0]) and _near(g[1], s.span[0]),
    ),
    (
        rf"(?:leaves the frame|leaves|goes out)(?: at the ({SIDES})(?: edge)?)?{_AT}",
        lambda r, s, g: bool(s.left) and (not g[0] or s.left in sides(g[0])) and _near(g[1], s.span[1]),
    ),
    (rf"(?:keeps moving|moves on|moves steadily|moves|heads|goes) {_TOWARDS}(?: without a stop)?", _moves),
    (r"moves from (?:top|bottom|left|right) to (top|bottom|left|right)", lambda r, s, g: s.heads((g[0],))),
    (r"moves(?: steadily)?", _always),
    (r"moves about", lambda r, s, g: True),
    (rf"is{_WHERE}(?: in the frame)? at the start", lambda r, s, g: _there(r, s, r.span[0] + 0.1, g[0])),
    (r"is in the frame from the start", lambda r, s, g: not s.entered),
    (rf"is first seen moving{_WHERE}{_AT}", lambda r, s, g: _near(g[1], s.sets_off_s)),
    (rf"is last seen{_WHERE}{_AT}", lambda r, s, g: not g[1] or s.shows(seconds(g[1]))),
    (r"is still in the frame at the end", lambda r, s, g: s.shows(r.span[1] - 0.2)),
    (rf"(stops abruptly|comes to a stop|stops){_WHERE}(?: next to {NAME})?{_AT}{_WHERE}", _stops),
    (
        rf"stands there(?: (?:for a while|until ({CLOCK})|until the video ends))?",
        lambda r, s, g: bool(s.stands) and _near(g[0], *(min(r.span[1], one.end_s or r.span[1]) for one in s.stands)),
    ),
    (
        r"stays there(?: until the end)?",
        lambda r, s, g: any(one.end_s is None or one.end_s >= r.span[1] - NEAR_S for one in s.stands),
    ),
    (
        rf"stands still(?:{_WHERE})?(?: at first| after that| until the video ends)?",
        lambda r, s, g: bool(s.stands) or s.sets_off_s > s.span[0] + 1,
    ),
    (
        r"does not move again before the video ends|stays down(?: after that)?|stays where it is until the video ends",
        lambda r, s, g: any(one.end_s is None for one in s.stands),
    ),
    (rf"moves on{_AT}", lambda r, s, g: any(one.end_s and _near(g[0], one.end_s) for one in s.stands)),
    (rf"(?:suddenly|all at once) goes much faster{_AT}", _goes("faster")),
    (
        rf"(?:goes|is|becomes) (?:much |clearly )?faster{_AT}|speeds up{_AT}",
        lambda r, s, g: _goes("faster")(r, s, [g[0] or g[1]]),
    ),
    (
        rf"(?:suddenly )?(?:goes|is suddenly|is|becomes) (?:much |clearly )?slower{_AT}|slows down{_AT}",
        lambda r, s, g: _goes("slower")(r, s, [g[0] or g[1]]),
    ),
    (rf"falls over{_WHERE}{_AT}", _falls),
    (r"is upright", lambda r, s, g: s.mover.shape == "figure"),
    (r"stays about the same place(?: for [\w ]+)?", _loiters),
    (rf"(?:touches|runs into) ({NAME}){_WHERE}{_AT}", lambda r, s, g: _touches(r, s, [g[0], g[2]])),
    (rf"(?:puts down|leaves behind) an? (?:([\w-]+) )?item{_WHERE}{_AT}", _handles(taken=False)),
    (rf"takes away an? (?:([\w-]+) )?item{_WHERE}{_AT}", _handles(taken=True)),
    (r"then goes away", lambda r, s, g: bool(s.left)),
]
_SENTENCES: list[tuple[str, Callable[[Reader, list[str]], bool | None]]] = [
    (
        r"((?:a|the) (?:fixed |still )?camera(?: that does not move)? (?:shows|looks at)|"
        r"the camera moves, so [a-z ]*; it shows)"
        r" an? (?:mostly [\w-]+ )?scene( in good light| in the dark)?( and is turned in between)?",
        lambda r, g: _view(r, [g[0] + g[2], g[1]]),
    ),
    (
        r"(?:in the meantime )?nothing (?:in the picture )?moves(?: in the meantime| from the first moment to the last)?",
        lambda r, g: _still(r, r.span),
    ),
    (
        rf"the picture changes to another view{_AT}",
        lambda r, g: r.truth.scene.cut_s is not None and _near(g[0], r.truth.scene.cut_s),
    ),
    (
        rf"the camera turns between ({CLOCK}) and ({CLOCK})",
        lambda r, g: r.truth.scene.turned is not None and _near(g[0], r.truth.scene.turned[0]),
    ),
    (r"the camera looks at the same scene from the same place all the time", lambda r, g: r.truth.scene.turned is None),
    (r"nothing that moves comes to a stop on its way", lambda r, g: not any(seen.stands for seen in r.truth.seen)),
    (
        r"what moves comes into the frame by one edge and leaves it by another",
        lambda r, g: all(seen.entered and seen.left and seen.entered != seen.left for seen in r.truth.seen),
    ),
    (r"(no|one|two|three|four|five|six) objects? moves? in it: (.*)", _count),
    (r"(several) objects move in it", lambda r, g: len(r.truth.seen) > 1),
    (r"something moves (?:in it|through the frame|in the frame)|(?:other things move as well)", lambda r, g: bool(r.truth.seen)),
    (rf"((?:{NAME}(?:, | and )?)+) moves? towards the ((?:top|bottom|left|right)(?: (?:left|right))?)", _one_way),
    (r"none of the rules for an anomaly applies.*", lambda r, g: not r.truth.anomaly),
    (
        rf"when the video ends, ({NAME}) is standing where it stopped at ({CLOCK})",
        lambda r, g: any(s.end_s is None and s.begins(seconds(g[1]), NEAR_S) for w in meant(r.truth, g[0]) for s in w.stands),
    ),
    (
        rf"something moves{_WHERE}(?: all the time| for a while| between {CLOCK} and {CLOCK})?",
        lambda r, g: bool(r.truth.seen),
    ),
    (
        rf"the incident is an? ([\w ]+) at ({CLOCK})",
        lambda r, g: any(
            one.from_s - NEAR_S <= seconds(g[1]) <= one.to_s + NEAR_S and one.kind in _INCIDENTS.get(g[0], ())
            for one in r.truth.scene.happenings
        ),
    ),
    (
        r"the rule for an? ([\w ]+) applies: .*",
        lambda r, g: any(one.kind in _INCIDENTS.get(g[0], ()) for one in r.truth.scene.happenings),
    ),
    (r"of \w+ passages (.*)", _passages),
    (r"all (\w+) passages lead towards the (\w+)", lambda r, g: _passages(r, [f"{g[0]} towards the {g[1]}"])),
    (rf"((?:(?:once|twice|\w+ times) {NAME}(?:, | and )?)+) moves towards the (\w+)", _often),
    (
        r"(several|some) objects move through the frame(?: between [\d:. and]+)?(?:, most of them towards the (\w+))?",
        lambda r, g: len(r.truth.seen) > (g[0] == "several") and (not g[1] or r.truth.flow == g[1]),
    ),
    (
        r"nothing else moves in the meantime",
        lambda r, g: sum(seen.span[0] < r.span[1] - NEAR_S and seen.span[1] > r.span[0] + NEAR_S for seen in r.truth.seen) <= 1,
    ),
    (
        rf"(?:after it has gone|at least once|at least \w+ times) the picture is changed{_WHERE}(?: once what came in has gone)?",
        lambda r, g: any(in_part(thing.place(r.truth.scene.look.size), g[0]) for thing in r.truth.scene.things),
    ),
    (r"among what moves in it (?:is|are) (.*)", lambda r, g: all(meant(r.truth, name) for name in re.findall(NAME, g[0]))),
    (r"the picture is clear enough to describe what it shows", lambda r, g: True),
    (
        rf"(?:until then )?({NAME}) and ({NAME}) come nearer to each other",
        lambda r, g: bool(r.truth.contacts),
    ),
    (r"(?:until then )?nothing lies in that place, and .*", lambda r, g: any(not thing.taken for thing in r.truth.scene.things)),
    (
        rf"({NAME}) then goes away, and what it put down stays",
        lambda r, g: any(not thing.taken for thing in r.truth.scene.things),
    ),
    (
        rf"({NAME}) moves {_TOWARDS}, while all others move {_TOWARDS}",
        lambda r, g: any(r.truth.befalls(seen, "wrong_way") for seen in meant(r.truth, g[0])),
    ),
    (
        rf"({NAME}) stops as well, at ({CLOCK})",
        lambda r, g: any(one.begins(seconds(g[1]), NEAR_S) for seen in meant(r.truth, g[0]) for one in seen.stands),
    ),
]

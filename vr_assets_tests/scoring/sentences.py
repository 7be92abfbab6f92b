"""Judges sentences about a drawn scene, clause by clause, by how it was drawn."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vr_assets_tests.scoring.clauses import AT, TOWARDS, WHERE, Part, in_part, judge_clause, near, still
from vr_assets_tests.scoring.names import CLOCK, NAME, NEAR_S, meant, seconds, sides

Said = tuple[str, bool | None]
"""A clause, and whether it is true; None where it cannot be judged."""

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
    """Reads sentences in order; `it` is whoever was spoken of last."""

    part: Part
    _block: list[str] = field(default_factory=list)
    _name: str = ""

    def read(self, text: str) -> Iterator[Said]:
        """Every clause of a text. What is said of one mover is held against the one that it fits best."""
        for sentence in re.split(r"(?<=[.!?]) ", text.strip()):
            plain = sentence.rstrip(".!?")
            plain = _plainly(plain[:1].lower() + plain[1:])
            for lead in (r"at (\d\d:\d\d\.\d) ", r"until then ", r"then "):
                plain = re.sub(rf"^{lead}(?={NAME}|it\b)", "", plain)
            if (whole := _whole(self.part, plain)) is not None:
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
            [(f"{self._name} {clause}", judge_clause(self.part, seen, clause)) for clause in clauses]
            for seen in meant(self.part.truth, self._name)
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
        ("; it ", ", and "),
        (", and an item stays", ""),
        (", and with that its movement ends at", ", and stops at"),
    ):
        sentence = sentence.replace(words, plain)
    return sentence


def _clauses(text: str) -> list[str]:
    return [part.strip(" ,") for part in _SPLIT.split(text) if part.strip(" ,")]


def _whole(part: Part, sentence: str) -> bool | None:
    for pattern, judge in _SENTENCES:
        if found := re.fullmatch(pattern, sentence):
            return judge(part, [group or "" for group in found.groups()])
    return None


def _one_way(part: Part, groups: list[str]) -> bool:
    """Of all that are named: they head that way."""
    names = re.findall(NAME, groups[0])
    found = [meant(part.truth, name) for name in names]
    return bool(found) and all(any(seen.heads(sides(groups[1])) for seen in who) for who in found)


def _count(part: Part, groups: list[str]) -> bool:
    if groups[0] in _NUMBERS and _NUMBERS.index(groups[0]) != len(part.truth.seen):
        return False
    return all(meant(part.truth, name) for name in re.findall(NAME, groups[1]))


def _passages(part: Part, groups: list[str]) -> bool:
    """`two lead towards the left and one towards the right`: as many go that way."""
    told = re.findall(r"(one|two|three|four|five) (?:leads? )?towards the (top|bottom|left|right)", groups[0])
    headings = [seen.heading for seen in part.truth.seen]
    return bool(told) and all(headings.count(side) == _NUMBERS.index(number) for number, side in told)


def _times(words: str) -> int:
    return {"once": 1, "twice": 2}.get(words) or _NUMBERS.index(words.split()[0])


def _often(part: Part, groups: list[str]) -> bool:
    """`twice a white object and once a red object`: as many of them go that way."""
    told = re.findall(rf"(once|twice|\w+ times) ({NAME})", groups[0])
    return bool(told) and all(
        sum(seen.heads(sides(groups[1])) for seen in meant(part.truth, name)) == _times(count) for count, name in told
    )


def _view(part: Part, groups: list[str]) -> bool:
    """`groups`: how the camera is, light."""
    scene = part.truth.scene
    turned = scene.turned is not None and min(scene.turned[1], part.span[1]) > max(scene.turned[0], part.span[0])
    steady = not any(word in groups[0] for word in ("turned", "moves, so"))
    light = groups[1]
    lit = not light or ("dark" in light) == scene.night
    return lit and (steady is not turned)


_SENTENCES: list[tuple[str, Callable[[Part, list[str]], bool | None]]] = [
    (
        r"((?:a|the) (?:fixed |still )?camera(?: that does not move)? (?:shows|looks at)|"
        r"the camera moves, so [a-z ]*; it shows)"
        r" an? (?:mostly [\w-]+ )?scene( in good light| in the dark)?( and is turned in between)?",
        lambda p, g: _view(p, [g[0] + g[2], g[1]]),
    ),
    (
        r"(?:in the meantime )?nothing (?:in the picture )?moves(?: in the meantime| from the first moment to the last)?",
        lambda p, g: still(p, p.span),
    ),
    (
        rf"the picture changes to another view{AT}",
        lambda p, g: p.truth.scene.cut_s is not None and near(g[0], p.truth.scene.cut_s),
    ),
    (
        rf"the camera turns between ({CLOCK}) and ({CLOCK})",
        lambda p, g: p.truth.scene.turned is not None and near(g[0], p.truth.scene.turned[0]),
    ),
    (r"the camera looks at the same scene from the same place all the time", lambda p, g: p.truth.scene.turned is None),
    (r"nothing that moves comes to a stop on its way", lambda p, g: not any(seen.stands for seen in p.truth.seen)),
    (
        r"what moves comes into the frame by one edge and leaves it by another",
        lambda p, g: all(seen.entered and seen.left and seen.entered != seen.left for seen in p.truth.seen),
    ),
    (r"(no|one|two|three|four|five|six) objects? moves? in it: (.*)", _count),
    (r"(several) objects move in it", lambda p, g: len(p.truth.seen) > 1),
    (r"something moves (?:in it|through the frame|in the frame)|(?:other things move as well)", lambda p, g: bool(p.truth.seen)),
    (rf"((?:{NAME}(?:, | and )?)+) moves? towards the ((?:top|bottom|left|right)(?: (?:left|right))?)", _one_way),
    (r"none of the rules for an anomaly applies.*", lambda p, g: not p.truth.anomaly),
    (
        rf"when the video ends, ({NAME}) is standing where it stopped at ({CLOCK})",
        lambda p, g: any(s.end_s is None and s.begins(seconds(g[1]), NEAR_S) for w in meant(p.truth, g[0]) for s in w.stands),
    ),
    (
        rf"something moves{WHERE}(?: all the time| for a while| between {CLOCK} and {CLOCK})?",
        lambda p, g: bool(p.truth.seen),
    ),
    (
        rf"the incident is (?:an? )?([\w ]+) at ({CLOCK})",
        lambda p, g: any(
            one.from_s - NEAR_S <= seconds(g[1]) <= one.to_s + NEAR_S and one.kind in _INCIDENTS.get(g[0], ())
            for one in p.truth.scene.happenings
        ),
    ),
    (
        r"the rule for (?:an? )?([\w ]+) applies: .*",
        lambda p, g: any(one.kind in _INCIDENTS.get(g[0], ()) for one in p.truth.scene.happenings),
    ),
    (r"of \w+ passages (.*)", _passages),
    (r"all (\w+) passages lead towards the (\w+)", lambda p, g: _passages(p, [f"{g[0]} towards the {g[1]}"])),
    (rf"((?:(?:once|twice|\w+ times) {NAME}(?:, | and )?)+) moves towards the (\w+)", _often),
    (
        r"(several|some) objects move through the frame(?: between [\d:. and]+)?(?:, most of them towards the (\w+))?",
        lambda p, g: len(p.truth.seen) > (g[0] == "several") and (not g[1] or p.truth.flow == g[1]),
    ),
    (
        r"nothing else moves in the meantime",
        lambda p, g: sum(seen.span[0] < p.span[1] - NEAR_S and seen.span[1] > p.span[0] + NEAR_S for seen in p.truth.seen) <= 1,
    ),
    (
        rf"(?:after it has gone|at least once|at least \w+ times) the picture is changed{WHERE}(?: once what came in has gone)?",
        lambda p, g: any(in_part(thing.place(p.truth.scene.look.size), g[0]) for thing in p.truth.scene.things),
    ),
    (
        r"(once|twice|\w+ times) an object moves through it(?:: (.*))?",
        lambda p, g: _times(g[0]) == len(p.truth.seen) and all(meant(p.truth, name) for name in re.findall(NAME, g[1] or "")),
    ),
    (r"among what moves in it (?:is|are) (.*)", lambda p, g: all(meant(p.truth, name) for name in re.findall(NAME, g[0]))),
    (r"the picture is clear enough to describe what it shows", lambda p, g: True),
    (
        rf"(?:until then )?({NAME}) and ({NAME}) come nearer to each other",
        lambda p, g: bool(p.truth.contacts),
    ),
    (r"(?:until then )?nothing lies in that place, and .*", lambda p, g: any(not thing.taken for thing in p.truth.scene.things)),
    (
        rf"({NAME}) then goes away, and what it put down stays",
        lambda p, g: any(not thing.taken for thing in p.truth.scene.things),
    ),
    (
        rf"({NAME}) moves {TOWARDS}, while all others move {TOWARDS}",
        lambda p, g: any(p.truth.befalls(seen, "wrong_way") for seen in meant(p.truth, g[0])),
    ),
    (
        rf"({NAME}) stops as well, at ({CLOCK})",
        lambda p, g: any(one.begins(seconds(g[1]), NEAR_S) for seen in meant(p.truth, g[0]) for one in seen.stands),
    ),
]

"""Clauses that say something of one mover, held against how it was drawn."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from vr_assets_tests.drawn_facts import Seen, Truth
from vr_assets_tests.scoring.names import CLOCK, NAME, NEAR_S, SIDES, meant, seconds, sides

AT = rf"(?: (?:at|by) ({CLOCK}))?"
WHERE = r"((?: ?(?:in|around) the [a-z ]*?(?:part|middle) of the frame)?)"
TOWARDS = r"(?:towards the ((?:top|bottom|left|right)(?: (?:left|right))?)|(upwards|up the frame)|(downwards|down the frame))"


@dataclass(frozen=True)
class Part:
    """The stretch of a scene that a text is about."""

    truth: Truth
    span: tuple[float, float]


def judge_clause(part: Part, seen: Seen, clause: str) -> bool | None:
    """Whether a clause is true of a mover; None where no rule knows it."""
    for pattern, judge in _CLAUSES:
        if found := re.fullmatch(pattern, clause):
            return judge(part, seen, [group or "" for group in found.groups()])
    return None


def near(clock: str, *times_s: float) -> bool:
    return not clock or any(abs(seconds(clock) - time_s) <= NEAR_S for time_s in times_s)


def _moves(part: Part, seen: Seen, groups: list[str]) -> bool:
    way = groups[0] or ("top" if groups[1] else "bottom")
    return seen.heads(sides(way))


def _stops(part: Part, seen: Seen, groups: list[str]) -> bool:
    """`groups`: how, where, a moment."""
    found = [stand for stand in seen.stands if not groups[2] or stand.begins(seconds(groups[2]), NEAR_S)]
    found = [stand for stand in found if stand.abrupt or "abrupt" not in groups[0]]
    return any(in_part(seen.at(stand.start_s), groups[1]) for stand in found)


def changes_speed(seen: Seen, faster: bool) -> bool:
    """Whether it becomes clearly faster, or slower, at any time that it is seen."""
    begins, ends = seen.span
    for step in range(round((ends - begins) * 10)):
        before, after = (seen.speed(begins + 0.1 * step + side, 0.3) for side in (-0.5, 0.5))
        if (after > 1.3 * before + 0.02) if faster else (before > 1.3 * after + 0.02):
            return True
    return False


def _goes(kind: str) -> Callable[[Part, Seen, list[str]], bool]:
    """Faster or slower, at a moment or at any: its speed changes that way within a second, as it was drawn."""

    def judge(part: Part, seen: Seen, groups: list[str]) -> bool:
        begins, ends = seen.span
        times = [seconds(groups[0])] if groups[0] else [begins + 0.1 * step for step in range(round((ends - begins) * 10))]
        for time_s in times:
            for shift_s in (-0.5, 0.0, 0.5):
                before, after = (seen.speed(time_s + shift_s + side, 0.3) for side in (-0.5, 0.5))
                if (after > 1.3 * before + 0.02) if kind == "faster" else (before > 1.3 * after + 0.02):
                    return True
        return False

    return judge


def _falls(part: Part, seen: Seen, groups: list[str]) -> bool:
    falls = seen.mover.falls
    return falls is not None and (not groups[-1] or falls[0] - NEAR_S <= seconds(groups[-1]) <= falls[1] + NEAR_S)


def _touches(part: Part, seen: Seen, groups: list[str]) -> bool:
    """`groups`: whom, a moment."""
    truth = part.truth
    here = truth.seen.index(seen)
    others = [truth.seen.index(other) for other in meant(truth, groups[0]) if other is not seen]
    begins, ends = seen.span
    times = [seconds(groups[-1])] if groups[-1] else [begins + 0.1 * step for step in range(round((ends - begins) * 10))]
    return any(
        truth.gap(here, other, t + shift) <= 0.03 for other in others for t in times for shift in (-0.5, -0.2, 0.0, 0.2, 0.5)
    )


def _handles(*, taken: bool) -> Callable[[Part, Seen, list[str]], bool]:
    def judge(part: Part, seen: Seen, groups: list[str]) -> bool:
        """`groups`: a colour, where, a moment."""
        return any(
            thing.taken is taken
            and part.truth.seen[thing.mover] is seen
            and in_part(thing.place(part.truth.scene.look.size), groups[1])
            and (not groups[2] or thing.from_s - NEAR_S <= seconds(groups[2]) <= thing.to_s + NEAR_S)
            for thing in part.truth.scene.things
        )

    return judge


def _there(part: Part, seen: Seen, time_s: float, where: str) -> bool:
    return seen.shows(time_s) and in_part(seen.at(time_s), where)


def in_part(place: tuple[float, float], where: str) -> bool:
    """Whether a place is in a part of the frame, as words for thirds of it go. Borders belong to both sides."""
    x, y = place
    words = where.replace("part of the frame", "").split()
    bounds = {"left": x < 0.42, "right": x > 0.58, "upper": y < 0.42, "lower": y > 0.58}
    if "middle" in words and not set(words) & set(bounds):
        return 0.26 < x < 0.74 and 0.2 < y < 0.8
    return all(holds for word, holds in bounds.items() if word in words)


def still(part: Part, span: tuple[float, float]) -> bool:
    """Whether nothing moves in a stretch, but for half a second at either end."""
    begins, ends = span[0] + NEAR_S, span[1] - NEAR_S
    return begins >= ends or any(one[0] <= begins + 0.1 and one[1] >= ends - 0.1 for one in part.truth.still)


def _always(part: Part, seen: Seen, groups: list[str]) -> bool:
    return True


def _loiters(part: Part, seen: Seen, groups: list[str]) -> bool:
    return bool(part.truth.befalls(seen, "loiter"))


Clause = Callable[[Part, Seen, list[str]], bool | None]
_CLAUSES: list[tuple[str, Clause]] = [
    (
        rf"(?:enters the frame|comes into the frame|comes in|enters)(?: from the ({SIDES}))?{AT}",
        lambda p, s, g: bool(s.entered) and s.entered in sides(g[0]) and near(g[1], s.span[0]),
    ),
    (
        rf"(?:leaves the frame|leaves|goes out)(?: at the ({SIDES})(?: edge)?)?{AT}",
        lambda p, s, g: bool(s.left) and (not g[0] or s.left in sides(g[0])) and near(g[1], s.span[1]),
    ),
    (rf"(?:keeps moving|moves on|moves steadily|moves|heads|goes) {TOWARDS}(?: without a stop)?", _moves),
    (r"moves from (?:top|bottom|left|right) to (top|bottom|left|right)", lambda p, s, g: s.heads((g[0],))),
    (r"moves(?: steadily)?|goes to that place", _always),
    (rf"puts an? item down{AT}", lambda p, s, g: _handles(taken=False)(p, s, ["", "", g[0]])),
    (r"moves about", lambda p, s, g: True),
    (rf"is{WHERE}(?: in the frame)? at the start", lambda p, s, g: _there(p, s, p.span[0] + 0.1, g[0])),
    (r"is in the frame from the start", lambda p, s, g: not s.entered),
    (rf"is first seen moving{WHERE}{AT}", lambda p, s, g: near(g[1], s.sets_off_s)),
    (rf"is last seen{WHERE}{AT}", lambda p, s, g: not g[1] or s.shows(seconds(g[1]))),
    (r"is still in the frame at the end", lambda p, s, g: s.shows(p.span[1] - 0.2)),
    (rf"(stops abruptly|comes to a stop|stops){WHERE}(?: next to {NAME})?{AT}{WHERE}", _stops),
    (
        rf"stands there(?: (?:for a while|until ({CLOCK})|until the video ends))?",
        lambda p, s, g: bool(s.stands) and near(g[0], *(min(p.span[1], one.end_s or p.span[1]) for one in s.stands)),
    ),
    (
        r"stays there(?: until the end)?",
        lambda p, s, g: any(one.end_s is None or one.end_s >= p.span[1] - NEAR_S for one in s.stands),
    ),
    (
        rf"stands still(?:{WHERE})?(?: at first| after that| until the video ends)?",
        lambda p, s, g: bool(s.stands) or s.sets_off_s > s.span[0] + 1,
    ),
    (
        r"does not move again before the video ends|stays down(?: after that)?|stays where it is until the video ends",
        lambda p, s, g: any(one.end_s is None for one in s.stands),
    ),
    (rf"moves on{AT}", lambda p, s, g: any(one.end_s and near(g[0], one.end_s) for one in s.stands)),
    (rf"(?:suddenly|all at once) goes much faster{AT}", _goes("faster")),
    (
        rf"(?:goes|is|becomes) (?:much |clearly )?faster{AT}|speeds up{AT}",
        lambda p, s, g: _goes("faster")(p, s, [g[0] or g[1]]),
    ),
    (
        rf"(?:suddenly )?(?:goes|is suddenly|is|becomes) (?:much |clearly )?slower{AT}|slows down{AT}",
        lambda p, s, g: _goes("slower")(p, s, [g[0] or g[1]]),
    ),
    (rf"falls over{WHERE}{AT}", _falls),
    (r"is upright", lambda p, s, g: s.mover.shape == "figure"),
    (r"stays about the same place(?: for [\w ]+)?", _loiters),
    (rf"(?:touches|runs into) ({NAME}){WHERE}{AT}", lambda p, s, g: _touches(p, s, [g[0], g[2]])),
    (rf"(?:puts down|leaves behind) an? (?:([\w-]+) )?item{WHERE}{AT}", _handles(taken=False)),
    (rf"takes away an? (?:([\w-]+) )?item{WHERE}{AT}", _handles(taken=True)),
    (r"then goes away", lambda p, s, g: bool(s.left)),
]

"""Which mover a name in a text means, by how the scene was drawn."""

import re

from vr_assets_tests.drawn_facts import Seen, Truth

NEAR_S = 0.55
"""Half a second, and the rounding of a written time."""

CLOCK = r"\d\d:\d\d\.\d"
SIDES = r"(?:top|bottom|left|right)(?: (?:left|right) corner)?"
NAME = (
    rf"(?:(?:the|an?|another) (?:(?:first|second|third|fourth|fifth|sixth) )?(?:(?:large|small) )?(?:[\w-]+ )?object"
    rf"(?: that (?:comes in from the {SIDES}|is first seen moving) at {CLOCK})?"
    rf"|what comes in from the {SIDES} at {CLOCK}|something)"
)
_PAINTS = {"light-coloured": {"white", "silver"}, "dark": {"dark", "black"}}
_RANKS = ("first", "second", "third", "fourth", "fifth", "sixth")
_COLOURS = {"light-coloured": {"light", "white", "grey"}, "dark": {"dark", "black", "grey"}}


class NamelessError(Exception):
    """A definite name that means none, or several."""


def seconds(clock: str) -> float:
    minutes, rest = clock.split(":")
    return int(minutes) * 60 + float(rest)


def sides(words: str) -> tuple[str, ...]:
    """The edges of `left`, `top left corner` or `top left`."""
    return tuple(word for word in words.split() if word != "corner")


def meant(truth: Truth, name: str) -> list[Seen]:
    """Those of whom a name holds, in order of their coming. A definite name should have one."""
    found = sorted(truth.seen, key=lambda seen: seen.span[0])
    if came := re.search(rf"comes in from the ({SIDES}) at ({CLOCK})", name):
        found = [seen for seen in found if abs(seen.span[0] - seconds(came[2])) <= NEAR_S and seen.entered in sides(came[1])]
    if moving := re.search(rf"first seen moving at ({CLOCK})", name):
        found = [seen for seen in found if abs(seen.sets_off_s - seconds(moving[1])) <= NEAR_S]
    plain = re.match(r"(?:the|an?|another) (?:(\w+) )?(?:(?:large|small) )?(?:([\w-]+) )?object", name.lower())
    if plain is None:
        return found
    words = [word for word in plain.groups() if word]
    rank = next((_RANKS.index(word) for word in words if word in _RANKS), None)
    colour = next((word for word in words if word not in _RANKS and word not in ("large", "small")), None)
    if colour is not None:
        found = [seen for seen in found if seen.colours & _COLOURS.get(colour, {colour})]
        # Where a name fits several, it means the one that it fits best.
        plainly = [seen for seen in found if seen.main_paint in _PAINTS.get(colour, {colour})]
        found = plainly or found
    if rank is not None and not came and not moving:
        return found[rank : rank + 1]
    return found


def one(truth: Truth, name: str) -> Seen:
    """The one that a definite name means. Raises NamelessError."""
    found = meant(truth, name)
    if len(found) != 1:
        raise NamelessError(f"{name} means {len(found)} movers")
    return found[0]

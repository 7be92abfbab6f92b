"""Finds what a noun phrase means among the regions that were measured in a picture; no box rather than a wrong one.

A phrase gets boxes only where its words leave one choice: as many regions bear out all that pixels can show of it as it names.
What a noun such as `dog` means, no pixel here can show: without a colour it gets none, with one at most `_UNKNOWN_NOUN`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vr_assets.backends.offline import lexicon
from vr_assets.backends.offline.noun_phrases import NounPhrase, phrase_of
from vr_assets.records.image_scene import ImageScene, Region, Shape
from vr_assets.records.scene import Colour

_CLEAR = 0.7  # Of an outline: with less of it to be seen, it may run elsewhere.
_ALONE = 0.9  # Of an outline that meets a ground: what meets another region may be a part of a thing.
_UNKNOWN_NOUN = 0.5
_LARGER = 1.25  # Times: areas nearer to each other are called equal.
_FARTHER = 0.04  # Of the picture's side: two centres nearer than this have no order.
_LOW, _HIGH = 0.45, 0.55
_NEAR_CENTRE = 0.14  # Of the side, off the centre.

# Names that people may give to one and the same surface.
_NEAR_COLOURS = {
    frozenset(pair)
    for pair in (
        (Colour.BLACK, Colour.DARK),
        (Colour.DARK, Colour.GREY),
        (Colour.GREY, Colour.LIGHT),
        (Colour.LIGHT, Colour.WHITE),
        (Colour.RED, Colour.PINK),
        (Colour.ORANGE, Colour.BROWN),
        (Colour.PINK, Colour.PURPLE),
    )
}


@dataclass(frozen=True)
class Grounded:
    """A box of a phrase, in pixels of the original picture.

    `score` is the least of what was measured in the region: how clear its outline is, how purely it has its colour, how well its
    shape fits; times the share of the phrase's words that the picture bears out; divided by the regions that it might mean.
    """

    box: tuple[int, int, int, int]
    score: float


@dataclass
class _Claims:
    """What a phrase says. `borne_out` counts what pixels can show, `unknown` what they cannot."""

    colours: list[Colour] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    sides: list[str] = field(default_factory=list)
    outermost: bool = False
    size: str = ""
    superlative: bool = False
    unknown_noun: bool = False
    borne_out: int = 0
    unknown: int = 0


def ground(text: str, scene: ImageScene) -> tuple[Grounded, ...]:
    """The boxes of an expression, best first; none where the picture or the words do not settle which."""
    phrase = phrase_of(text)
    return _ground(phrase, scene) if phrase is not None else ()


def _ground(phrase: NounPhrase, scene: ImageScene) -> tuple[Grounded, ...]:
    claims = _claims(phrase)
    if claims is None:
        return ()
    fits = {region.box: _fits(region, claims) for region in scene.regions}
    sure = [region for region in scene.regions if fits[region.box] is True]
    maybes = sum(fit is None for fit in fits.values())
    if claims.unknown_noun and _hues(claims) & set(scene.grounds):
        return ()
    if phrase.relation:
        if phrase.other is None or len(others := _ground(phrase.other, scene)) != 1:
            return ()
        sure = [region for region in sure if _lies(region, phrase.relation, others[0].box)]
        claims.borne_out += 1
    chosen = _chosen(sure, claims, phrase.count, scene, open_end=bool(maybes) or scene.busy)
    return tuple(sorted((_scored(region, claims, maybes) for region in chosen), key=lambda found: (-found.score, found.box)))


def _claims(phrase: NounPhrase) -> _Claims | None:
    """None: the words say nothing that could be looked for, or something that cannot be measured."""
    claims = _Claims()
    *words, noun = [word.lower for word in phrase.words]
    noun = lexicon.singular(noun)[0]
    for word in (*words, *phrase.place.replace("-", " ").split()):
        if word in lexicon.COLOURS:
            colour = lexicon.COLOURS[word]
            if colour is None:
                return None
            claims.colours.append(colour)
        elif word in lexicon.SHAPED and (word not in lexicon.SHAPES or noun not in lexicon.SHAPES):
            claims.shapes.append(lexicon.SHAPED[word])
        elif word in lexicon.SIDES:
            claims.sides.append(lexicon.SIDES[word])
            claims.outermost = claims.outermost or word in lexicon.OUTERMOST
        elif word in lexicon.LARGEST | lexicon.SMALLEST | lexicon.LARGE | lexicon.SMALL:
            claims.size = "large" if word in lexicon.LARGEST | lexicon.LARGE else "small"
            claims.superlative = word in lexicon.LARGEST | lexicon.SMALLEST
        elif word in words and word not in lexicon.TONES:
            claims.unknown += 1
    if noun in lexicon.SHAPES:
        claims.shapes.append(lexicon.SHAPES[noun])
    elif noun not in lexicon.GENERIC:
        claims.unknown_noun = True
        claims.unknown += 1
    if len(claims.colours) > 1 and phrase.count == 1:
        return None
    shown = bool(claims.colours) + len(claims.shapes)
    claims.borne_out = shown + len(claims.sides) + claims.superlative
    if not shown and (claims.unknown_noun or not claims.borne_out):
        return None
    return None if claims.unknown_noun and not claims.colours else claims


def _hues(claims: _Claims) -> set[Colour | None]:
    return {*claims.colours, *(near for pair in _NEAR_COLOURS if pair & set(claims.colours) for near in pair)}


def _fits(region: Region, claims: _Claims) -> bool | None:
    """Whether a region is what the phrase says, apart from its size and place; None where it might be."""
    told = [_coloured(region, claims), *((region.shape is shape if region.shape else None) for shape in claims.shapes)]
    if False in told:
        return False
    clear = region.clarity >= _CLEAR and (region.alone >= _ALONE or not claims.unknown_noun)
    return None if None in told or not clear else True


def _coloured(region: Region, claims: _Claims) -> bool | None:
    if not claims.colours or region.colour in claims.colours:
        return True
    return None if region.colour is None or region.colour in _hues(claims) else False


def _chosen(sure: Sequence[Region], claims: _Claims, count: int | None, scene: ImageScene, *, open_end: bool) -> Sequence[Region]:
    """The regions that are meant; none where several choices are left. `open_end`: there may be more that fit."""
    outermost = claims.outermost or claims.superlative
    if outermost and open_end:
        return ()
    if claims.outermost:
        sure = _first(sure, count, _order(claims.sides, scene), _FARTHER)
    elif claims.sides:
        placed = [region for region in sure if all(_at(region, side, scene) for side in claims.sides)]
        # `The left one` of two that are both in the left half.
        relative = len(claims.sides) == 1 and "centre" not in claims.sides and len(sure) == 2 and not open_end
        sure = placed if len(placed) == count or not relative else _first(sure, count, _order(claims.sides, scene), _FARTHER)
    if claims.size and (claims.superlative or count is not None) and not (not claims.superlative and len(sure) == count):
        sign = -1 if claims.size == "large" else 1
        sure = [] if open_end else _first(sure, count, lambda region: sign * region.area, None)
    if count is None:
        return sure if len(sure) > 1 and not open_end else ()
    if count > 1 and open_end:
        return ()
    return sure if len(sure) == count else ()


def _order(sides: Sequence[str], scene: ImageScene) -> Callable[[Region], float]:
    def place(region: Region) -> float:
        x, y = _centre(region, scene)
        return {"left": x, "right": -x, "top": y, "bottom": -y}.get(sides[0], 0.0)

    return place


def _first(
    regions: Sequence[Region], count: int | None, order: Callable[[Region], float], apart: float | None
) -> Sequence[Region]:
    """As many as were named, or the first; none where the next is not clearly behind. Areas are ordered without `apart`."""
    ranked = sorted(regions, key=order)
    first = count or 1
    for before, after in pairwise(ranked[first - 1 : first + 1]):
        one, other = order(before), order(after)
        clear = other - one >= apart if apart is not None else max(abs(one), abs(other)) >= _LARGER * min(abs(one), abs(other))
        if not clear:
            return ()
    return ranked[:first]


def _at(region: Region, side: str, scene: ImageScene) -> bool:
    x, y = _centre(region, scene)
    match side:
        case "left":
            return x < _LOW
        case "right":
            return x > _HIGH
        case "top":
            return y < _LOW
        case "bottom":
            return y > _HIGH
        case _:
            return abs(x - 0.5) < _NEAR_CENTRE and abs(y - 0.5) < _NEAR_CENTRE


def _lies(region: Region, relation: str, other: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = region.box
    x, y = (left + right) / 2, (top + bottom) / 2
    if region.box == other:
        return False
    match relation.split():
        case [*_, "left", "of"]:
            return x < other[0]
        case [*_, "right", "of"]:
            return x > other[2]
        case ["above"]:
            return y < other[1]
        case ["inside" | "within", *_]:
            return left >= other[0] and top >= other[1] and right <= other[2] and bottom <= other[3]
        case _:
            return y > other[3]


def _scored(region: Region, claims: _Claims, maybes: int) -> Grounded:
    measured = [region.clarity, *([region.purity] if claims.colours else []), *([region.fit] if claims.shapes else [])]
    share = claims.borne_out / (claims.borne_out + claims.unknown)
    share = min(share, _UNKNOWN_NOUN) if claims.unknown_noun else share
    return Grounded(region.box, round(min(measured) * share / (1 + maybes), 3))


def _centre(region: Region, scene: ImageScene) -> tuple[float, float]:
    return (region.left + region.right) / 2 / scene.width_px, (region.top + region.bottom) / 2 / scene.height_px

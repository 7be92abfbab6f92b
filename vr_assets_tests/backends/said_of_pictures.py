"""What may be said of a drawn picture, and what it then means: judged by how it was drawn, and by nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from vr_assets_tests.drawn_pictures import FIGURES, PAINTS, Box, Picture, Thing, iou

FITS = 0.7
_NUMBERS = {2: "two", 3: "three", 4: "four"}


@dataclass(frozen=True)
class Said:
    """A phrase and the things it means; none where its words leave a choice, or name nothing that is there."""

    text: str
    means: tuple[Thing, ...] = ()


def sayings(picture: Picture) -> Iterator[Said]:
    things = picture.things
    width, height = picture.image.shape[1], picture.image.shape[0]
    for paint, figure in product(PAINTS, FIGURES):
        alike = [thing for thing in things if (thing.paint, thing.figure) == (paint, figure)]
        yield from _counted(f"{paint} {figure}", alike)
        left = [thing for thing in alike if thing.x < 0.42 * width]
        if len(left) == 1 and all(thing in left or thing.x > 0.58 * width for thing in alike):
            yield Said(f"a {paint} {figure} on the left", tuple(left))
        low = [thing for thing in alike if thing.y > 0.58 * height]
        if len(low) == 1 and all(thing in low or thing.y < 0.42 * height for thing in alike):
            yield Said(f"the {paint} {figure} at the bottom of the image", tuple(low))
    for figure in FIGURES:
        alike = [thing for thing in things if thing.figure == figure]
        yield from _counted(figure, alike)
        yield from _extremes(figure, alike, width, height)
    for paint in PAINTS:
        alike = [thing for thing in things if thing.paint == paint]
        yield from _counted(f"{paint} shape", alike)
    for one, other in pairwise(things):
        names = [f"the {thing.paint} {thing.figure}" for thing in (one, other)]
        single = all(sum((thing.paint, thing.figure) == (it.paint, it.figure) for it in things) == 1 for thing in (one, other))
        if single and one.x < other.box[0] - 4:
            yield Said(f"{names[0]} to the left of {names[1]}", (one,))
        if single and one.y > other.box[3] + 4:
            yield Said(f"{names[0]} below {names[1]}", (one,))
    yield from (Said(text) for text in ("a dog", "the largest dog", "two people", "a teal circle", "a person on the left"))


def _counted(name: str, alike: Sequence[Thing]) -> Iterator[Said]:
    if len(alike) == 1:
        yield Said(f"the {name}", tuple(alike))
        yield Said(f"two {name}s")
    elif alike:
        yield Said(f"a {name}")
        yield Said(f"{_NUMBERS.get(len(alike), str(len(alike)))} {name}s", tuple(alike))
        yield Said(f"{name}s", tuple(alike))
    else:
        yield Said(f"a {name}")


def _extremes(figure: str, alike: Sequence[Thing], width: int, height: int) -> Iterator[Said]:
    if len(alike) < 2:
        return
    by_area = sorted(alike, key=lambda thing: -thing.area)
    if by_area[0].area > 1.5 * by_area[1].area:
        yield Said(f"the biggest {figure}", (by_area[0],))
        if len(alike) == 2:
            yield Said(f"a small {figure}", (by_area[1],))
    across = sorted(alike, key=lambda thing: thing.x)
    if across[1].x - across[0].x > 0.08 * width:
        yield Said(f"the leftmost {figure}", (across[0],))
    down = sorted(alike, key=lambda thing: -thing.y)
    if down[0].y - down[1].y > 0.08 * height:
        yield Said(f"the lowest {figure}", (down[0],))


def judged(said: Said, boxes: Sequence[Box]) -> str:
    """right, wrong, or silent: no box where there should be one. No box where nothing is meant is right."""
    if not boxes:
        return "silent" if said.means else "right"
    if len(boxes) != len(said.means):
        return "wrong"
    left = list(said.means)
    for box in boxes:
        found = next((thing for thing in left if iou(box, thing.box) >= FITS), None)
        if found is None:
            return "wrong"
        left.remove(found)
    return "right"

"""What lies in the scene from some moment on, or is gone from then on: two looks of the empty scene, before and after, compared.

The looks are medians over seconds of what no mover hides, so that who passes, or stands there, is in neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision import colours
from vr_assets.media.vision.actors import Stage
from vr_assets.media.vision.background import expose, exposure
from vr_assets.media.vision.colours import Image, Mask
from vr_assets.media.vision.geometry import Box, extent, gap, overlap
from vr_assets.media.vision.medians import visible_median
from vr_assets.media.vision.ways import Way
from vr_assets.records.scene import Area, Colour, LeftThing

_WINDOW_S, _STEP_S, _APART_S = 3.0, 1.0, 0.5  # `_APART_S` is from sample to sample.
_FEWEST, _FEWEST_SEEN = 4, 3  # Looks in a window, and of those, looks at a place that no mover hides.
_RIM_PX, _RIM = 3, 0.15  # Around a mover's box, and of its longer side: its blur, and limbs as light as the ground.
_CHANGED, _STEADY = 30, 18  # Grey levels: between the looks before and after, and within each of them.
_LEAST, _LARGEST = 0.0006, 0.06  # Of the picture.
_OUTLINE = 1.35  # How much more contrast its outline has where the thing is.
_OUTLINE_LEVELS = 12.0
_SETS_OFF_S = 1.0
_NEAR = 0.15  # Of the mover's width: it touches what it puts down.
_BETWEEN = (0, 3, 6)  # Steps.
_SAME_REGION = 0.35  # Intersection by union.
_PIECES, _OVER, _CLOSE = 0.15, 0.01, 0.03  # Of the frame, between parts of one thing that lie over each other or side by side.
_STAYS_S = 2.5
_STANDS = 0.04  # Of the longest side, a second.
_UNSEEN_S, _GONE_S, _AWAY = 4.5, 3.5, 0.08


@dataclass
class _Change:
    """A region that is another from about `at_s` on.

    `box` is in pixels of the frame; `mask`, and the looks of the whole picture `before` and `after`, are half as large.
    """

    at_s: float
    box: Box
    mask: Mask
    size: int
    before: Image
    after: Image


def find_belongings(samples: Sequence[tuple[float, Image]], ways: Sequence[Way], stage: Stage) -> list[LeftThing]:
    """Things put down or taken away, in order of time, as sure as who did it is.

    Args:
        samples: (time, (H, W, 3) BGR frame) of a shot, half a second apart.
        ways: of its tracks; `LeftThing.track` is a place among them.
    """
    if len(samples) < 2 * _FEWEST:
        return []
    reference = samples[len(samples) // 2][1]
    level = [(time_s, _level(image, reference)) for time_s, image in samples]
    found = []
    for change in _changes(level, ways):
        thing = _thing(change, level, ways, stage)
        if thing is not None:
            found.append(thing)
    return _joined(found)


def _joined(things: Sequence[LeftThing]) -> list[LeftThing]:
    """Pieces of one thing, which has parts as light as the ground, taken together; the surest and largest tells when it came."""
    kept: list[LeftThing] = []
    for thing in sorted(things, key=lambda thing: (-thing.confidence, -_size(thing.area))):
        if any(_contradict(thing, other) for other in kept):
            continue
        same = next((other for other in kept if _is_part(thing, other)), None)
        if same is None:
            kept.append(thing)
            continue
        one, other = same.area, thing.area
        if abs(same.moment_s - thing.moment_s) > _STEP_S:
            continue
        area = Area(x0=min(one.x0, other.x0), y0=min(one.y0, other.y0), x1=max(one.x1, other.x1), y1=max(one.y1, other.y1))
        colour = same.colour if same.colour is thing.colour else None
        kept[kept.index(same)] = same.model_copy(update={"area": area, "colour": colour})
    return sorted(kept, key=lambda thing: (thing.moment_s, thing.area.x0, thing.area.y0))


def _size(area: Area) -> float:
    return (area.x1 - area.x0) * (area.y1 - area.y0)


def _contradict(thing: LeftThing, other: LeftThing) -> bool:
    """Whether one is said to come where, and when, the other goes: one of them is the edge of a shadow, or of who stood there."""
    one, two = thing.area, other.area
    apart = max(max(one.x0, two.x0) - min(one.x1, two.x1), max(one.y0, two.y0) - min(one.y1, two.y1))
    return thing.taken is not other.taken and apart < _CLOSE and abs(thing.moment_s - other.moment_s) <= _UNSEEN_S


def _is_part(thing: LeftThing, other: LeftThing) -> bool:
    one, two = thing.area, other.area
    across, down = max(one.x0, two.x0) - min(one.x1, two.x1), max(one.y0, two.y0) - min(one.y1, two.y1)
    apart_s = abs(thing.moment_s - other.moment_s)
    near = apart_s <= _STEP_S and max(across, down) < _PIECES and min(across, down) < 0
    over = apart_s <= _UNSEEN_S and max(across, down) < _OVER
    return thing.taken is other.taken and (near or over)


def _level(image: Image, reference: Image) -> Image:
    """At half size, as the exposure of the reference would show it."""
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return expose(cast(Image, small), 1 / exposure(image, reference))


def _changes(samples: Sequence[tuple[float, Image]], ways: Sequence[Way]) -> list[_Change]:
    """The strongest look at each lasting change."""
    found: list[_Change] = []
    hidden = [_hidden(time_s, image, ways) for time_s, image in samples]
    first_s, last_s = samples[0][0], samples[-1][0]
    looks = {}
    for step in range(int((last_s - first_s) / _STEP_S) + 1):
        start_s = first_s + step * _STEP_S
        inside = [place for place, (time_s, _) in enumerate(samples) if start_s - 1e-3 <= time_s < start_s + _WINDOW_S]
        if len(inside) >= _FEWEST:
            looks[step] = _look([samples[place][1] for place in inside], [hidden[place] for place in inside])
    apart = round(_WINDOW_S / _STEP_S)
    for step, (one, calm) in looks.items():
        # Who puts something down stands before it for a while, and is in neither look if they are far enough apart.
        for between in _BETWEEN:
            later = looks.get(step + apart + between)
            if later is not None:
                at_s = first_s + (step + apart + between / 2) * _STEP_S
                for change in _regions(at_s, one, later[0], calm & later[1]):
                    _enter(found, change)
    return found


def _regions(at_s: float, before: Image, after: Image, calm: NDArray[np.bool_]) -> list[_Change]:
    """Where two looks differ, as far as both are calm there."""
    changed = (_most(cv2.absdiff(before, after)) > _CHANGED) & calm
    mask = cv2.morphologyEx(changed.astype(np.uint8) * np.uint8(255), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    number, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for index in range(1, number):
        left, top, wide, high, size = (int(value) for value in stats[index])
        if _LEAST * mask.size <= size <= _LARGEST * mask.size:
            box = (2 * left, 2 * top, 2 * (left + wide), 2 * (top + high))
            own = cast(Mask, ((labels == index) & (mask > 0)).astype(np.uint8))
            found.append(_Change(at_s, box, own, size, before, after))
    return found


def _enter(found: list[_Change], change: _Change) -> None:
    """Among those known; of the same region at about the same time the larger one stays."""
    for place, known in enumerate(found):
        if abs(change.at_s - known.at_s) <= _WINDOW_S + 1 and _union(known.box, change.box) > _SAME_REGION:
            if change.size > known.size:
                found[place] = change
            return
    found.append(change)


def _thing(change: _Change, samples: Sequence[tuple[float, Image]], ways: Sequence[Way], stage: Stage) -> LeftThing | None:
    taken = _is_taken(change)
    if taken is None:
        return None
    moment = _moment(change, samples)
    if moment is None:
        return None
    last_s, first_s = moment
    if any(_is_mover(way, change, last_s, first_s, stage) for way in ways):
        return None
    near = sorted(
        (apart, place) for place, way in enumerate(ways) if (apart := _apart(way, change.box, last_s, first_s)) is not None
    )
    place = near[0][1] if near else None
    sure = 0.4 if place is None else 0.85
    if first_s - last_s > _UNSEEN_S or (len(near) > 1 and near[1][0] <= near[0][0]):
        sure *= 0.6
    if place is not None and _stays_beside(ways[place], change.box, first_s, stage):
        sure *= 0.6
    left, top, right, bottom = change.box
    return LeftThing(
        moment_s=round(_handled_s(last_s, first_s, ways[place] if place is not None and not taken else None, stage), 3),
        area=Area(
            x0=round(left / stage.width, 4),
            y0=round(top / stage.height, 4),
            x1=round(right / stage.width, 4),
            y1=round(bottom / stage.height, 4),
        ),
        colour=_colour(change, taken, stage),
        taken=taken,
        track=place,
        confidence=round(sure, 2),
    )


def _is_taken(change: _Change) -> bool | None:
    """Where the thing's outline is: in the look before or in the one after. None where it is in neither, or in both."""
    outline = (
        cv2.morphologyEx(cv2.dilate(change.mask, np.ones((3, 3), np.uint8)), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    )
    before, after = (
        float(_most(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))[outline].mean())
        for image in (change.before, change.after)
    )
    if max(before, after) < _OUTLINE_LEVELS or max(before, after) < _OUTLINE * min(before, after):
        return None
    return before > after


def _moment(change: _Change, samples: Sequence[tuple[float, Image]]) -> tuple[float, float] | None:
    """The last time at which the region looked as before, and the first at which it looks as after; None unless it stays."""
    left, top, right, bottom = (side // 2 for side in change.box)
    part = np.s_[top:bottom, left:right]
    inside = change.mask[part] > 0
    old, new = change.before[part][inside].astype(np.int16), change.after[part][inside].astype(np.int16)
    near: list[tuple[float, bool, bool]] = []
    for time_s, image in samples:
        if abs(time_s - change.at_s) <= 2 * _WINDOW_S:
            seen = image[part][inside].astype(np.int16)
            to_old, to_new = (float(np.abs(seen - look).max(axis=1).mean()) for look in (old, new))
            near.append((time_s, to_old < 0.4 * to_new, to_new < 0.4 * to_old))
    lasts = [time_s for time_s, was, _ in near if was]
    if not lasts:
        return None
    stays = [time_s for time_s, _, now in near if now and time_s > lasts[-1]]
    return (
        (lasts[-1], stays[0]) if stays and near[-1][0] - stays[0] >= min(_STAYS_S, samples[-1][0] - change.at_s - 0.5) else None
    )


def _is_mover(way: Way, change: _Change, last_s: float, first_s: float, stage: Stage) -> bool:
    """Whether it is a mover that set off from there, or one that came to stand there and was not followed any longer."""
    sets_off = last_s - 1.5 * _SETS_OFF_S <= way.start_s <= first_s + _SETS_OFF_S
    stays = way.end_s < stage.end_s - 2 * stage.frame_s and last_s - _SETS_OFF_S <= way.end_s <= first_s + 1.5 * _SETS_OFF_S
    return (sets_off and _alike(way.box(way.start_s), way.box(way.start_s + 1.0), change, stage)) or (
        stays and _alike(way.box(way.end_s), way.box(way.end_s - 1.0), change, stage)
    )


def _alike(edge: Box, whole: Box, change: _Change, stage: Stage) -> bool:
    """Whether what is seen inside the frame first, or last, is beside a change that is not much larger, or is a part of it."""
    if min(edge[0], edge[1]) <= 2 or edge[2] >= stage.width - 2 or edge[3] >= stage.height - 2:
        return False
    return extent(whole) / extent(change.box) > 0.25 and gap(edge, change.box) < whole[2] - whole[0]


def _handled_s(last_s: float, first_s: float, way: Way | None, stage: Stage) -> float:
    """When between two looks: half-way, and as it is seen first where who puts it down stands there still, and hid the place."""
    stands = way is not None and float(np.hypot(*way.velocity(first_s - _APART_S, first_s))) < _STANDS * max(stage.size)
    return first_s if stands else (last_s + first_s) / 2


def _stays_beside(way: Way, box: Box, first_s: float, stage: Stage) -> bool:
    """Whether who is to have put it down has not gone away from it: then it may be a part of them."""
    until_s = min(first_s + _GONE_S, stage.end_s - stage.frame_s)
    return way.end_s >= until_s and gap(way.box(until_s), box) <= _AWAY * stage.width


def _apart(way: Way, box: Box, last_s: float, first_s: float) -> float | None:
    """How far the mover is from the place meanwhile, at least; None where it is out of reach."""
    start_s, end_s = max(way.start_s, last_s - 0.5), min(way.end_s, first_s + 0.5)
    if start_s > end_s:
        return None
    boxes = [way.box(float(time_s)) for time_s in np.arange(start_s, end_s + 1e-6, 0.125)]
    apart, reach = min((gap(own, box), own[2] - own[0]) for own in boxes)
    return apart if apart <= _NEAR * reach + 2 else None


def _colour(change: _Change, taken: bool, stage: Stage) -> Colour | None:
    image = change.before if taken else change.after
    core = cv2.erode(change.mask, np.ones((3, 3), np.uint8))
    inside = (core if cv2.countNonZero(core) >= 12 else change.mask) > 0
    return None if stage.dark else colours.name(colours.count(colours.shades(image[inside])))


def _hidden(time_s: float, image: Image, ways: Sequence[Way]) -> NDArray[np.bool_]:
    """Where a mover is in a sample of half size."""
    mask = np.zeros(image.shape[:2], bool)
    for way in ways:
        if way.start_s <= time_s <= way.end_s:
            left, top, right, bottom = way.box(time_s)
            rim = _RIM_PX + round(_RIM * max(right - left, bottom - top))
            mask[max(0, top - rim) // 2 : (bottom + rim) // 2, max(0, left - rim) // 2 : (right + rim) // 2] = True
    return mask


def _look(images: Sequence[Image], hidden: Sequence[NDArray[np.bool_]]) -> tuple[Image, NDArray[np.bool_]]:
    """The usual picture, and where nearly all that show the place look like it."""
    middle, seen = visible_median(images, hidden)
    unlike = np.sum(
        [(_most(cv2.absdiff(image, middle)) > _STEADY) & ~mask for image, mask in zip(images, hidden, strict=True)], 0
    )
    return middle, cast(NDArray[np.bool_], (seen >= _FEWEST_SEEN) & (unlike < 0.35 * seen))


def _most(difference: object) -> Image:
    blue, green, red = cv2.split(cast(Image, difference))
    return cast(Image, cv2.max(cv2.max(blue, green), red))


def _union(one: Box, other: Box) -> float:
    common = overlap(one, other)
    return common / (extent(one) + extent(other) - common)

"""A picture with labelled boxes on it, for people to look at.

Boxes that belong together have one colour and style; a label never lies on another label, and stands on a plate that is legible
on any picture. Written here, on OpenCV alone: `supervision` depends on the OpenCV build with a display, torchvision and
matplotlib are heavy, and of the small libraries that were looked at one moves labels at all, to one side and off the picture.
OpenCV brings fonts of its own for Latin, Greek, Cyrillic, Hebrew, Arabic and East Asian letters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.decode import Image
from vr_assets.media.drawing import JPEG_QUALITY, jpeg
from vr_assets.media.vision.geometry import Box, centre, extent

LONGEST_SIDE_PX = 720
LABEL_CHARACTERS = 28
_SMALLEST_PX = 320  # A smaller picture is enlarged: its labels would cover it.
_MOST_ENLARGED = 16
_LEAST_PX = 200
_QUALITIES = (JPEG_QUALITY, 65, 45, 30)

# Okabe and Ito's colours, which people who see colours differently tell apart too; BGR.
_COLOURS = ((0, 94, 213), (233, 180, 86), (66, 228, 240), (115, 158, 0), (167, 121, 204), (178, 114, 0), (0, 159, 230))
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_DASH_PX = 7
_WEIGHT = 500
_MIDDLE_GREY = 110
_FAR_ROWS = 6  # In heights of a label: farther from its box nobody would look for it.
_MANY_PLACES = 9


@dataclass(frozen=True)
class LabelledBox:
    """`box` is left, top, right, bottom in pixels of the original picture; boxes of one `group`, from 0, look alike.

    `score` stands behind the label, also where that is elided.
    """

    box: tuple[float, float, float, float]
    label: str
    group: int
    score: float | None = None


@dataclass(frozen=True)
class _Place:
    """Where a label may stand; `off_px` from its box."""

    area: Box
    off_px: int


@dataclass(frozen=True)
class _Plate:
    place: _Place
    box: Box
    text: str
    group: int


def boxed(
    image: Image, boxes: Sequence[LabelledBox], *, longest_side_px: int = LONGEST_SIDE_PX, at_most_bytes: int | None = None
) -> bytes:
    """A JPEG of a BGR (H, W, 3) uint8 picture with boxes drawn on it, no side longer than `longest_side_px`.

    A label for which there is no room is left out; its box stays. With `at_most_bytes` it is made coarser, then smaller, until it
    fits or has `_LEAST_PX`. Raises MediaError when the picture cannot be written.
    """
    while True:
        canvas = _drawn(image, boxes, longest_side_px)
        for quality in _QUALITIES:
            content = jpeg(canvas, quality=quality)
            if at_most_bytes is None or len(content) <= at_most_bytes:
                return content
        if longest_side_px <= _LEAST_PX:
            return content
        longest_side_px = max(_LEAST_PX, longest_side_px * 3 // 4)


def _drawn(image: Image, boxes: Sequence[LabelledBox], longest_side_px: int) -> Image:
    canvas = _scaled(image, longest_side_px)
    size = canvas.shape[1], canvas.shape[0]
    zoom = size[0] / image.shape[1], size[1] / image.shape[0]
    placed = [(one, _on_canvas(one, zoom, size)) for one in boxes]
    # Large ones first, so that what lies in them is drawn on top.
    for one, box in sorted(placed, key=lambda pair: -extent(pair[1])):
        _frame(canvas, box, one.group)
    text_px = max(11, min(18, round(max(size) / 42)))
    plates: list[_Plate] = []
    # Small ones first: a label of a large box has more places to be.
    for one, box in sorted(placed, key=lambda pair: extent(pair[1])):
        text, wide, high = _fitting(one, text_px, size[0])
        others = [other for _, other in placed if other != box]
        place = _best(list(_places(box, wide, high, size)), [plate.place.area for plate in plates], others) if text else None
        if place is not None:
            plates.append(_Plate(place, box, text, one.group))
    for plate in plates:
        _lead(canvas, plate)
    for plate in plates:
        _write(canvas, plate, text_px)
    return canvas


def _scaled(image: Image, longest_side_px: int) -> Image:
    height, width = image.shape[:2]
    longest = max(width, height)
    zoom = min(longest_side_px, max(longest, min(_SMALLEST_PX, longest * _MOST_ENLARGED))) / longest
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    return np.array(cv2.resize(image, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_NEAREST), np.uint8)


def _on_canvas(one: LabelledBox, zoom: tuple[float, float], size: tuple[int, int]) -> Box:
    """Its lines lie on the picture, also where the box does not."""
    left, top, right, bottom = (round(value * zoom[place % 2]) for place, value in enumerate(one.box))
    left, right = (max(0, min(size[0], value)) for value in (min(left, size[0] - 3), max(right, 3)))
    top, bottom = (max(0, min(size[1], value)) for value in (min(top, size[1] - 3), max(bottom, 3)))
    return left, top, max(right, left + 3), max(bottom, top + 3)


def _frame(canvas: Image, box: Box, group: int) -> None:
    """Colour between two dark lines; every other round of colours is dashed."""
    corners = (box[0] + 1, box[1] + 1), (box[2] - 2, box[3] - 2)
    cv2.rectangle(canvas, *corners, _BLACK, 4)
    cv2.rectangle(canvas, *corners, _colour(group), 2)
    if group // len(_COLOURS) % 2:
        for x in range(box[0], box[2], 2 * _DASH_PX):
            for y in (corners[0][1], corners[1][1]):
                cv2.line(canvas, (x, y), (min(x + _DASH_PX, corners[1][0]), y), _BLACK, 2)
        for y in range(box[1], box[3], 2 * _DASH_PX):
            for x in (corners[0][0], corners[1][0]):
                cv2.line(canvas, (x, y), (x, min(y + _DASH_PX, corners[1][1])), _BLACK, 2)


def _fitting(one: LabelledBox, text_px: int, width_px: int) -> tuple[str, int, int]:
    """The label, elided where it is long or wide, and the size of its plate; empty where the picture is too narrow for any."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in one.label).split())
    score = "" if one.score is None else f" {one.score:.2f}"
    for characters in range(min(len(text), LABEL_CHARACTERS), 0, -1):
        shown = (text if characters == len(text) else f"{text[: characters - 1].rstrip()}…") + score
        (_, _, wide, _) = cv2.getTextSize((0, 0), shown, (0, 0), _font(), text_px, _WEIGHT)
        if wide + 8 <= width_px:
            return shown, wide + 8, round(1.45 * text_px)
    return "", 0, 0


def _places(box: Box, wide: int, high: int, size: tuple[int, int]) -> Iterator[_Place]:
    """Places on the picture for a label, the usual ones first: on the box's edges, inside of it, and then farther off."""
    left, top, right, bottom = box
    for row in range(_FAR_ROWS):
        off = row * high
        ups = (top - high - off, bottom + off) if row else (top - high, bottom, top, bottom - high)
        for y in ups:
            for share in range(_MANY_PLACES):
                # From the left edge of the box to its right one, and a label's width beyond both where it is farther off.
                low, most = (left, max(left, right - wide)) if not row else (left - wide, right)
                yield from _on(low + share * (most - low) // (_MANY_PLACES - 1), y, wide, high, size, off)
        for x in (right + off, left - wide - off):
            for share in range(_MANY_PLACES):
                yield from _on(x, top + share * max(0, bottom - top - high) // (_MANY_PLACES - 1), wide, high, size, off)


def _on(x: int, y: int, wide: int, high: int, size: tuple[int, int], off_px: int) -> Iterator[_Place]:
    if y < 0 or y + high > size[1] or wide > size[0] or high > size[1]:
        return
    x = max(0, min(size[0] - wide, x))
    yield _Place((x, y, x + wide, y + high), off_px)


def _best(places: Sequence[_Place], labels: Sequence[Box], others: Sequence[Box]) -> _Place | None:
    """The place on no other label that covers least of other boxes and their lines and is nearest; the first of equals."""
    if not places:
        return None
    areas = np.array([place.area for place in places])
    taken = _common(areas, labels).sum(axis=1)
    covered, boxes = _common(areas, others), np.array(others).reshape(-1, 4)
    extents = np.maximum(1, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    own = ((areas[:, 2] - areas[:, 0]) * (areas[:, 3] - areas[:, 1]))[:, None]
    crossed = ((covered > 0) & (covered < own)).sum(axis=1)
    cost = 3 * (covered / extents).sum(axis=1) + 0.3 * crossed + np.array([place.off_px for place in places]) / 20
    best = int(np.argmin(np.where(taken > 0, np.inf, cost)))
    return None if taken[best] > 0 else places[best]


def _common(areas: NDArray[np.int_], others: Sequence[Box]) -> NDArray[np.int_]:
    """What each of N areas has in common with each of M others, in pixels: (N, M)."""
    one, other = areas[:, None, :], np.array(others, dtype=np.int_).reshape(1, -1, 4)
    wide = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    high = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0), np.int_)


def _lead(canvas: Image, plate: _Plate) -> None:
    """A line from a label that is off its box to the box."""
    if plate.place.off_px:
        start, end = _nearest(plate.place.area, centre(plate.box)), _nearest(plate.box, centre(plate.place.area))
        cv2.line(canvas, start, end, _BLACK, 4, cv2.LINE_AA)
        cv2.line(canvas, start, end, _colour(plate.group), 2, cv2.LINE_AA)


def _nearest(box: Box, point: tuple[float, float]) -> tuple[int, int]:
    """The point of a box that is nearest to one outside of it."""
    return round(max(box[0], min(box[2] - 1, point[0]))), round(max(box[1], min(box[3] - 1, point[1])))


def _write(canvas: Image, plate: _Plate, text_px: int) -> None:
    left, top, right, bottom = plate.place.area
    colour = _colour(plate.group)
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), colour, cv2.FILLED)
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), _BLACK, 1)
    blue, green, red = colour
    ink = _BLACK if 0.114 * blue + 0.587 * green + 0.299 * red > _MIDDLE_GREY else _WHITE
    # Drawn apart: tall letters of some scripts would leave the plate.
    inside = canvas[top + 1 : bottom - 1, left + 1 : right - 1]
    drawn = np.ascontiguousarray(inside)
    cv2.putText(drawn, plate.text, (3, round(1.05 * text_px) - 1), ink, _font(), text_px, _WEIGHT)
    inside[:] = drawn


def _colour(group: int) -> tuple[int, int, int]:
    return _COLOURS[group % len(_COLOURS)]


@cache
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")

"""Pictures drawn with known things in them, for the offline annotator and the preview. Shares no code with what it tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]

PAINTS = {
    "red": (35, 30, 205),
    "orange": (20, 125, 240),
    "yellow": (30, 215, 235),
    "green": (50, 155, 40),
    "blue": (205, 80, 30),
    "purple": (165, 35, 120),
    "white": (245, 245, 245),
    "black": (15, 15, 15),
}
FIGURES = ("circle", "square", "rectangle", "triangle")
GROUNDS = ("plain", "gradient", "noise", "blotches")


@dataclass(frozen=True)
class Thing:
    """A figure as painted. `box` bounds what is seen of it: left, top, right, bottom, the last two excluded."""

    paint: str
    figure: str
    box: Box
    area: int
    whole: bool

    @property
    def x(self) -> float:
        return (self.box[0] + self.box[2]) / 2

    @property
    def y(self) -> float:
        return (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True)
class Picture:
    image: Image
    things: tuple[Thing, ...]


def picture(
    seed: int, *, ground: str = "plain", quality: int = 92, overlap: bool = False, size: tuple[int, int] = (640, 480)
) -> Picture:
    """Two to six figures on a ground, through a JPEG. With `overlap` later ones may cover a part of earlier ones."""
    chance = np.random.default_rng(seed)
    width, height = size
    image = _ground(ground, chance, width, height)
    masks: list[NDArray[np.bool_]] = []
    painted: list[tuple[str, str]] = []
    taken: list[Box] = []
    for _ in range(int(chance.integers(2, 7))):
        figure, paint = str(chance.choice(FIGURES)), str(chance.choice(list(PAINTS)[: 6 if ground == "plain" else None]))
        radius = float(chance.uniform(0.06, 0.16)) * min(size)
        for _ in range(60):
            x, y = chance.uniform(radius + 4, width - radius - 4), chance.uniform(radius + 4, height - radius - 4)
            around = (int(x - radius), int(y - radius), int(x + radius), int(y + radius))
            if overlap or all(_apart(around, other, 10) for other in taken):
                break
        else:
            continue
        cover = np.zeros((height * 4, width * 4), np.uint8)
        cv2.fillPoly(cover, [np.round(_corners(figure, x, y, radius, chance) * 4).astype(np.int32)], 255)
        share = cv2.resize(cover, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        seen = share > 0.5
        alike = [mask for mask, (_, other) in zip(masks, painted, strict=True) if other == paint]
        if overlap and not (_leaves_most(seen, masks) and _touches_none(seen, alike)):
            continue
        colour = np.clip(np.array(PAINTS[paint]) + chance.normal(0, 6, 3), 0, 255)
        image = image * (1 - share[..., None]) + colour * share[..., None]
        masks = [mask & ~seen for mask in masks] + [seen]
        painted.append((figure, paint))
        taken.append(around)
    if ground == "noise":
        image = image + chance.normal(0, 9, image.shape)
    _, jpeg = cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    shown = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return Picture(
        shown, tuple(_thing(*names, mask, masks, around) for names, mask, around in zip(painted, masks, taken, strict=True))
    )


def _thing(figure: str, paint: str, mask: NDArray[np.bool_], masks: Sequence[NDArray[np.bool_]], around: Box) -> Thing:
    rows, columns = np.nonzero(mask)
    box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    whole = not any((near & other).any() for other in masks if other is not mask)
    return Thing(paint, figure, box, int(mask.sum()), whole)


def _leaves_most(seen: NDArray[np.bool_], masks: Sequence[NDArray[np.bool_]]) -> bool:
    return all((mask & ~seen).sum() > 0.65 * mask.sum() for mask in masks)


def _touches_none(seen: NDArray[np.bool_], alike: Sequence[NDArray[np.bool_]]) -> bool:
    """Things of one paint that touch are one to the eye."""
    near = cv2.dilate(seen.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return not any((near & mask).any() for mask in alike)


def _apart(one: Box, other: Box, by: int) -> bool:
    return one[2] + by < other[0] or other[2] + by < one[0] or one[3] + by < other[1] or other[3] + by < one[1]


def _corners(figure: str, x: float, y: float, radius: float, chance: np.random.Generator) -> NDArray[np.float64]:
    angles = {
        "circle": np.linspace(0, 2 * np.pi, 72, endpoint=False),
        "square": np.pi / 4 + np.arange(4) * np.pi / 2,
        "rectangle": np.array([0.46, np.pi - 0.46, np.pi + 0.46, -0.46]),
        "triangle": -np.pi / 2 + np.arange(3) * 2 * np.pi / 3,
    }[figure]
    turned = angles + (float(chance.choice([0.0, 0.0, np.pi / 2])) if figure in ("rectangle", "triangle") else 0.0)
    return np.stack([x + radius * np.cos(turned), y + radius * np.sin(turned)], axis=1)


def _ground(kind: str, chance: np.random.Generator, width: int, height: int) -> NDArray[np.float64]:
    down, across = np.mgrid[0:height, 0:width]
    match kind:
        case "plain":
            level = float(chance.choice([20, 130, 240]))
            return np.full((height, width, 3), level)
        case "gradient":
            way = chance.uniform(0, 2 * np.pi)
            slope = (np.cos(way) * across / width + np.sin(way) * down / height) * 70
            return np.repeat((130 + slope - slope.mean())[..., None], 3, axis=2)
        case "noise":
            return np.full((height, width, 3), 130.0)
        case _:
            coarse = chance.uniform(95, 165, (5, 7, 1)).astype(np.float32)
            return np.repeat(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None], 3, axis=2).astype(
                float
            )


def iou(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0, wide) * max(0, high)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common)

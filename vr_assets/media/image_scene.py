"""What the offline annotator sees in one picture: areas of one colour, with their boxes, shapes and how sure they are.

No learned weights, no chance: the same picture gives the same record.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision import colours
from vr_assets.media.vision.colours import Image, Mask
from vr_assets.media.vision.shapes import shape_of
from vr_assets.records.image_scene import ImageScene, Region
from vr_assets.records.scene import Colour

_WORKING_PX = 640
_MOST_ENLARGED = 3.0
_LEAST_AREA = 0.0008  # Of the picture: less is a speck, and has no shape at the working size.
_LEAST_SIDE_PX = 8
_MOST_REGIONS = 40
_GROUND = 0.12  # Of the picture's edge.
_STEP = 5.0  # Lab units a pixel: gradients of a whole picture change by less than 1, blurred outlines by more than 8.
_DIFFERS = 12.0  # Lab units: colours that people tell apart at a glance.
_SAME = 7.0

Labels = NDArray[np.int32]
Lab = NDArray[np.float32]


def measure_image(image: Image) -> ImageScene:
    """Measures a whole picture.

    Args:
        image: BGR (H, W, 3) uint8, turned as it is shown. Costs under half a second, whatever its size.
    """
    height, width = image.shape[:2]
    zoom = min(_MOST_ENLARGED, _WORKING_PX / max(height, width))
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    smooth = _without_noise(np.asarray(cv2.resize(image, size, interpolation=way), np.uint8))
    lab = np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)
    labels = _merged(_areas(smooth, lab, _STEP / max(1.0, zoom) ** 0.5), lab)
    scale = (width / size[0], height / size[1])
    masks = list(_each(labels))
    ground = np.zeros(labels.shape, np.uint8)
    for mask, on_edge in masks:
        ground |= mask if on_edge else 0
    found = [_region(smooth, lab, mask, ground, scale) for mask, on_edge in masks if not on_edge]
    regions = [region for region in found if region is not None]
    regions.sort(key=lambda region: (-region.area, region.box))
    return ImageScene(
        width_px=width,
        height_px=height,
        regions=tuple(regions[:_MOST_REGIONS]),
        grounds=tuple(_colour(smooth, mask)[0] for mask, on_edge in masks if on_edge),
        busy=len(regions) > _MOST_REGIONS,
    )


def _without_noise(image: Image) -> Image:
    """Grain goes, outlines stay."""
    calm = cv2.medianBlur(image, 5 if min(image.shape[:2]) > 100 else 3)
    return np.asarray(cv2.bilateralFilter(calm, 7, 30, 5), np.uint8)


def _areas(image: Image, lab: Lab, step: float) -> Labels:
    """A label from 1 for every pixel: areas inside which the colour changes only little by little."""
    across = np.linalg.norm(cv2.Sobel(lab, cv2.CV_32F, 1, 0, ksize=3) / 8, axis=2)
    down = np.linalg.norm(cv2.Sobel(lab, cv2.CV_32F, 0, 1, ksize=3) / 8, axis=2)
    # Eroded, so that a gap in a smeared outline joins nothing.
    flat = cv2.erode((np.hypot(across, down) < step).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, found, stats, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= max(12, _LEAST_AREA / 2 * flat.size)
    large[0] = False
    names = np.zeros(count, np.int32)
    names[large] = np.arange(1, int(large.sum()) + 1)
    seeds = np.ascontiguousarray(names[found])
    if not large.any():
        return np.ones(flat.shape, np.int32)
    # Watershed gives the outermost pixels to no area.
    around = [cv2.copyMakeBorder(one, 1, 1, 1, 1, cv2.BORDER_REPLICATE) for one in (image, seeds)]
    grown = np.asarray(cv2.watershed(around[0], around[1])[1:-1, 1:-1], np.int32)
    # Nor the lines between areas: they go to a neighbour.
    while (lines := grown < 1).any():
        near = cv2.dilate(grown.astype(np.float32), np.ones((3, 3), np.uint8))
        grown = np.where(lines & (near > 0), near, grown).astype(np.int32)
    return grown


def _merged(labels: Labels, lab: Lab) -> Labels:
    """Neighbours of the same colour along their common line are one: noise or a highlight parted them."""
    count = int(labels.max()) + 1
    parent = list(range(count))

    def root(label: int) -> int:
        while parent[label] != label:
            label = parent[label]
        return label

    sums: dict[tuple[int, int], list[float]] = {}
    for dy, dx in ((0, 5), (5, 0)):
        one, other = labels[: labels.shape[0] - dy, : labels.shape[1] - dx], labels[dy:, dx:]
        apart = np.linalg.norm(lab[: lab.shape[0] - dy, : lab.shape[1] - dx] - lab[dy:, dx:], axis=2)
        meet = one != other
        pairs = np.sort(np.stack([one[meet], other[meet]], axis=1), axis=1)
        keys, places, sizes = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        totals = np.bincount(places.ravel(), weights=apart[meet], minlength=len(keys))
        for (low, high), total, size in zip(keys.tolist(), totals.tolist(), sizes.tolist(), strict=True):
            entry = sums.setdefault((low, high), [0.0, 0.0])
            entry[0] += total
            entry[1] += size
    for (low, high), (total, size) in sums.items():
        if total / size < _SAME:
            parent[root(high)] = root(low)
    return np.array([root(label) for label in range(count)], np.int32)[labels]


def _each(labels: Labels) -> Iterator[tuple[Mask, bool]]:
    """The mask of each area, and whether it takes up so much of the picture's edge that it is a ground."""
    edge = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    for label in np.unique(labels):
        mask = (labels == label).astype(np.uint8)
        if mask.sum() >= _LEAST_AREA * mask.size:
            yield mask, bool((edge == label).mean() >= _GROUND)


def _region(image: Image, lab: Lab, mask: Mask, ground: Mask, scale: tuple[float, float]) -> Region | None:
    """None: too thin to be a thing."""
    left, top, wide, high = cv2.boundingRect(mask)
    if min(wide, high) < _LEAST_SIDE_PX:
        return None
    colour, purity = _colour(image, mask)
    shape, fit = shape_of(mask)
    whole = _without_holes(mask)
    clarity, alone = _outline(lab, mask, whole, ground)
    x, y = scale
    return Region(
        left=round(left * x),
        top=round(top * y),
        right=round((left + wide) * x),
        bottom=round((top + high) * y),
        area=round(float(whole.mean()), 5),
        clarity=round(clarity, 3),
        alone=round(alone, 3),
        colour=colour,
        purity=round(purity, 3),
        shape=shape,
        fit=round(fit, 3),
    )


def _colour(image: Image, mask: Mask) -> tuple[Colour | None, float]:
    """The name of an area's colour, and the share of its pixels that are named so. Its outline is blurred and has no vote."""
    core = cv2.erode(mask, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    votes = colours.count(colours.shades(image)[(core if core.any() else mask) > 0])
    name = colours.name(votes)
    return name, colours.share(votes, name) if name else 0.0


def _without_holes(mask: Mask) -> Mask:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(mask), contours, -1, 1, cv2.FILLED), np.uint8)


def _outline(lab: Lab, mask: Mask, whole: Mask, ground: Mask) -> tuple[float, float]:
    """The shares of the outline beyond which the colour is clearly another, and beyond which there is a ground.

    The picture's own edge is no outline; what has no other has (0.0, 0.0).
    """
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(mask, kernel, iterations=2)
    own = np.median(lab[(inner if inner.any() else mask) > 0], axis=0)
    near = cv2.dilate(whole, kernel, iterations=3)
    beyond = (cv2.dilate(near, kernel) > 0) & (near == 0)
    if not beyond.any():
        return 0.0, 0.0
    apart = np.linalg.norm(lab[beyond] - own, axis=1)
    return float((apart > _DIFFERS).mean()), float((ground[beyond] > 0).mean())

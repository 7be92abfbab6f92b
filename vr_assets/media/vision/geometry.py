"""Plain geometry of pixel boxes."""

import math

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom excluded."""


def centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def moved(box: Box, dx: float, dy: float) -> Box:
    return round(box[0] + dx), round(box[1] + dy), round(box[2] + dx), round(box[3] + dy)


def extent(box: Box) -> float:
    return max(1.0, float((box[2] - box[0]) * (box[3] - box[1])))


def overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return float(max(0, wide) * max(0, high))


def gap(one: Box, other: Box) -> float:
    across = max(one[0] - other[2], other[0] - one[2], 0)
    down = max(one[1] - other[3], other[1] - one[3], 0)
    return float(math.hypot(across, down))


def distance(one: Box, other: Box) -> float:
    return float(math.hypot(one[0] + one[2] - other[0] - other[2], one[1] + one[3] - other[1] - other[3])) / 2

"""Medians of pictures, pixel by pixel, by a sorting network: NumPy's own takes ten times as long for bytes."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Image


def median(images: Sequence[Image]) -> Image:
    """Of pictures of one shape; of an even number the upper one of the two in the middle."""
    return ranked(images)[len(images) // 2]


def ranked(images: Sequence[Image]) -> list[Image]:
    """At each place of a picture the values of all of them, from the lowest picture to the highest."""
    order = list(images)
    for low, high in _network(len(order)):
        order[low], order[high] = (
            np.asarray(cv2.min(order[low], order[high]), np.uint8),
            np.asarray(cv2.max(order[low], order[high]), np.uint8),
        )
    return order


def visible_median(images: Sequence[Image], hidden: Sequence[NDArray[np.bool_]]) -> tuple[Image, NDArray[np.intp]]:
    """The median of what is not hidden at each place, and of how many pictures that is.

    Args:
        images: (H, W, 3).
        hidden: (H, W) each.
    """
    seen = len(images) - np.sum(hidden, axis=0)
    # What is hidden comes last.
    order = ranked(
        [
            np.where(mask[..., None], np.uint8(255), image) if mask.any() else image
            for image, mask in zip(images, hidden, strict=True)
        ]
    )
    middle = order[len(images) // 2].copy()
    for count in range(1, len(images)):
        fewer = seen == count
        middle[fewer] = order[count // 2][fewer]
    return middle, seen


@lru_cache(maxsize=64)
def _network(size: int) -> tuple[tuple[int, int], ...]:
    """Batcher's merge exchange (Knuth, volume 3, algorithm 5.2.2M): pairs to compare, in this order."""
    return tuple(_exchanges(size))


def _exchanges(size: int) -> Iterator[tuple[int, int]]:
    first = step = 1 << max(0, (size - 1).bit_length() - 1)
    while step > 0:
        width, rest, apart = first, 0, step
        while True:
            yield from ((place, place + apart) for place in range(size - apart) if place & step == rest)
            if width == step:
                break
            apart, width, rest = width - step, width // 2, step
        step //= 2

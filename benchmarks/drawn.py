"""Videos for benchmarks: as large on the wire as a quiet camera's, each different from all others."""

from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np

from vr_assets_tests.clips import Image, write_clip

WIDTH, HEIGHT, FPS = 640, 360, 8
# Of the sensor's noise, in grey levels: what makes a drawn picture as hard to encode as a filmed one.
GRAIN = 5.0
# So many pictures of noise take turns: more than a codec looks back.
_GRAINS = 8


def draw_videos(folder: Path, count: int, *, seconds: float, first: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """So many videos; numbers from `first` on draw other ones. `size` is (width, height)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        images = islice(drawn_images(number, size), round(seconds * FPS))
        write_clip(folder / f"cam{number:04d}.mp4", images, FPS, options={"preset": "ultrafast", "crf": "26"})
    return folder


def drawn_images(number: int, size: tuple[int, int]) -> Iterator[Image]:
    """Without end; `size` is (width, height)."""
    width, height = size
    random = np.random.default_rng(number)
    ground = cv2.resize(random.integers(60, 190, (9, 16, 3), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC)
    colour = tuple(int(value) for value in random.integers(0, 256, 3))
    y_px, speed_px = int(random.integers(40, height - 100)), float(random.uniform(3, 8))
    grains = random.normal(0, GRAIN, (_GRAINS, height, width, 1)).astype(np.int16)
    for frame in count():
        image = np.clip(ground + grains[frame % _GRAINS], 0, 255).astype(np.uint8)
        x_px = int(frame * speed_px) % width
        yield cv2.rectangle(image, (x_px, y_px), (x_px + 60, y_px + 40), colour, -1)

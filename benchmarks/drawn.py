"""Videos for benchmarks: as large on the wire as a quiet camera's, each different from all others."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from vr_assets_tests.clips import Image, write_clip

WIDTH, HEIGHT, FPS = 640, 360, 8
# Of the sensor's noise, in grey levels: what makes a drawn picture as hard to encode as a filmed one.
GRAIN = 5.0
# So many pictures of noise take turns: more than a codec looks back.
_GRAINS = 8


def draw_videos(folder: Path, count: int, *, seconds: float, first: int = 0) -> Path:
    """So many videos; numbers from `first` on draw other ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        write_clip(folder / f"cam{number:04d}.mp4", _images(number, seconds), FPS, options={"preset": "ultrafast", "crf": "26"})
    return folder


def _images(number: int, seconds: float) -> Iterator[Image]:
    random = np.random.default_rng(number)
    ground = cv2.resize(random.integers(60, 190, (9, 16, 3), dtype=np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    colour = tuple(int(value) for value in random.integers(0, 256, 3))
    y_px, speed_px = int(random.integers(40, HEIGHT - 100)), float(random.uniform(3, 8))
    grains = random.normal(0, GRAIN, (_GRAINS, HEIGHT, WIDTH, 1)).astype(np.int16)
    for frame in range(round(seconds * FPS)):
        image = np.clip(ground + grains[frame % _GRAINS], 0, 255).astype(np.uint8)
        x_px = int(frame * speed_px) % WIDTH
        yield cv2.rectangle(image, (x_px, y_px), (x_px + 60, y_px + 40), colour, -1)

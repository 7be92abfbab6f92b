"""What drawn scenes play in front of."""

import cv2
import numpy as np

from vr_assets_tests.drawn_bodies import Image

GROUNDS = ("textured", "plain", "gradient", "clutter", "tinted")
_TINTS = ((0.8, 1.0, 0.85), (0.85, 0.95, 1.05), (1.1, 1.0, 0.92))


def ground(kind: str, size: tuple[int, int], level: int, seed: int) -> Image:
    """`size` is its own. `level`: its mean grey level. What stands on it is drawn from `seed`."""
    width, height = size
    random = np.random.default_rng(seed)
    rough = random.normal(0, 1, (height, width))
    fine, broad = cv2.GaussianBlur(rough, (0, 0), 1.5), cv2.GaussianBlur(rough, (0, 0), 25)
    texture = np.full((height, width), float(level))
    if kind != "plain":
        texture += 9 * fine / fine.std() + 12 * broad / broad.std()
    if kind == "gradient":
        texture *= np.linspace(0.72, 1.3, height)[:, None]
    tint = _TINTS[seed % len(_TINTS)] if kind == "tinted" else (1.0, 1.0, 1.0)
    image = np.clip(texture[..., None] * np.array(tint), 0, 255).astype(np.uint8)
    for y in range(40, height, 160):
        mark = tuple(min(255, round(level * share * 4 / 3)) for share in tint)
        cv2.line(image, (0, y), (width, y + 12), mark, 3, cv2.LINE_AA)
    if kind == "clutter":
        for _ in range(width * height // 7680):
            x, y = int(random.integers(0, width)), int(random.integers(0, height))
            wide, high = random.integers(6, 40, 2)
            paint = [int(value) for value in np.clip(level + random.normal(0, 45, 3) * min(1.0, level / 90), 5, 250)]
            cv2.rectangle(image, (x, y), (int(x + wide), int(y + high)), paint, -1)
    return np.asarray(image, np.uint8)

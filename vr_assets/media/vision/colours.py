"""Names for colours, as people use them.

Every pixel votes for one shade through a table of 16 levels a channel; names are given to votes, never to mean colours: the mean
of a red body and dark windows is brown, and nobody calls such a car brown.
"""

from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.records.scene import Colour

Image = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Votes = NDArray[np.float64]

_LEVELS = 16
_SHADES = ("black", "dark", "grey", "light", "white", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
_ACHROMATIC = 5
# Upper hue bounds in OpenCV's 0-179 scale; red closes the circle.
_HUES = ((8, "red"), (21, "orange"), (34, "yellow"), (84, "green"), (129, "blue"), (150, "purple"), (165, "pink"), (180, "red"))

_TINT = 0.28  # Below this saturation people call a surface grey or white: car paint that reflects the sky reaches 0.25.
# Shades beside its own that count for a name.
_KIN = {
    Colour.RED: ("red", "pink"),
    Colour.ORANGE: ("orange", "brown"),
    Colour.LIGHT: ("light", "white"),
    Colour.DARK: ("dark", "black"),
}
_MIN_CHROMA = 40  # max - min of the channels; compression alone tints a dark surface by 20.


def shades(image: Image) -> NDArray[np.uint8]:
    """The shade of each pixel of a (H, W, 3) BGR image as an index into the vote counts."""
    quantised = image >> 4
    index = (quantised[..., 0].astype(np.int32) << 8) | (quantised[..., 1].astype(np.int32) << 4) | quantised[..., 2]
    return cast(NDArray[np.uint8], _table()[index])


def count(shade: NDArray[np.uint8]) -> Votes:
    """Votes per shade, summing to 1; all zero for no pixels."""
    counts = np.bincount(shade.ravel(), minlength=len(_SHADES)).astype(np.float64)
    total = counts.sum()
    return counts / total if total else counts


def unlike(one: Votes, other: Votes) -> float:
    """0 for votes in the same proportions to 2 for votes for different shades."""
    return float(np.abs(one / max(1e-9, one.sum()) - other / max(1e-9, other.sum())).sum())


def no_votes() -> Votes:
    return np.zeros(len(_SHADES))


def name(votes: Votes) -> Colour | None:
    """The name most people would agree on, or None.

    Args:
        votes: sums of `count` results over any number of frames.
    """
    total = votes.sum()
    if total <= 0:
        return None
    share = dict(zip(_SHADES, votes / total, strict=True))
    # Glare turns red into pink, shade turns orange into brown: what is partly the stronger colour is the stronger colour.
    for weak, strong in (("pink", "red"), ("brown", "orange")):
        if share[strong] >= share[weak] / 2:
            share[strong], share[weak] = share[strong] + share[weak], 0.0
    chroma = sorted(((share[shade], shade) for shade in _SHADES[_ACHROMATIC:]), reverse=True)
    (best, shade), (second, _) = chroma[0], chroma[1]
    # A painted body keeps about 40 % of its silhouette beside windows, wheels and glare.
    if best >= 0.40 and second <= best / 2:
        return Colour(shade)
    if best >= 0.20:
        return None
    black, dark, grey, light, white = (share[shade] for shade in _SHADES[:_ACHROMATIC])
    if white >= 0.5:
        return Colour.WHITE
    if black >= 0.6:
        return Colour.BLACK
    if light + white >= 0.6:
        return Colour.LIGHT
    if black + dark >= 0.7:
        return Colour.DARK
    if grey >= 0.6:
        return Colour.GREY
    return None


def share(votes: Votes, colour: Colour) -> float:
    """The share of the votes that are for shades which go by a name."""
    shades = [_SHADES.index(shade) for shade in _KIN.get(colour, (colour.value,))]
    return float(votes[shades].sum() / max(1e-9, votes.sum()))


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    levels = (np.arange(_LEVELS, dtype=np.uint8) << 4) + 8
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    hsv = cv2.cvtColor(grid, cv2.COLOR_BGR2HSV).reshape(-1, 3)
    bgr = grid.reshape(-1, 3).astype(int)
    chroma = bgr.max(axis=1) - bgr.min(axis=1)
    names = [_shade(int(h), int(s) / 255, int(v), int(c)) for (h, s, v), c in zip(hsv, chroma, strict=True)]
    return np.array([_SHADES.index(shade) for shade in names], dtype=np.uint8)


def _shade(hue: int, saturation: float, value: int, chroma: int) -> str:
    if value < 48:
        return "black"
    if saturation < _TINT or chroma < _MIN_CHROMA:
        for bound, shade in ((88, "dark"), (152, "grey"), (200, "light")):
            if value < bound:
                return shade
        return "white"
    shade = next(shade for bound, shade in _HUES if hue < bound)
    if shade == "orange" and value < 150:
        return "brown"
    if shade == "red" and value > 180 and saturation < 0.5:
        return "pink"
    return shade

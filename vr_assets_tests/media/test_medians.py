"""Medians of pictures, against NumPy's own."""

import numpy as np
import pytest

from vr_assets.media.vision.medians import median, visible_median


def pictures(number: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    chance = np.random.default_rng(number)
    return [chance.integers(0, 256, (6, 8, 3), dtype=np.uint8) for _ in range(number)]


@pytest.mark.parametrize("number", range(1, 20))
def test_the_median_is_the_value_in_the_middle(number: int) -> None:
    images = pictures(number)
    assert np.array_equal(median(images), np.sort(np.stack(images), axis=0)[number // 2])


def test_what_is_hidden_has_no_part_in_a_median() -> None:
    images = pictures(6)
    hidden = [np.zeros((6, 8), bool) for _ in images]
    hidden[0][2:4, 1:5] = True
    hidden[4][3:6, :] = True
    found, seen = visible_median(images, hidden)
    for y, x in np.ndindex(6, 8):
        shown = sorted(image[y, x].tolist() for image, mask in zip(images, hidden, strict=True) if not mask[y, x])
        assert seen[y, x] == len(shown)
        assert found[y, x].tolist() == np.sort(np.array(shown), axis=0)[len(shown) // 2].tolist()

"""What a fixed camera sees when nothing moves, and which pixels of a frame differ from it.

The background is the median of frames up to 20 s away, so that slow changes of light are followed. Cameras change their exposure
when a bright thing enters: each frame is compared with the background as that exposure would show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Image, Mask
from vr_assets.media.vision.geometry import Box
from vr_assets.media.vision.medians import median
from vr_assets.media.vision.steady import Anchor

_REACH_S = 20.0
_STEP_S = 10.0
_MOST_SAMPLES = 15
_FLOOR, _CEILING = 22.0, 40.0  # Grey levels. H.264 at crf 28 leaves residues of up to 15 on moving light.
_NOISES = 5.0
_SHAKE = 0.5  # Share of the contrast around a pixel that half a pixel of camera shake brings to it.
_SHAKEN_PX = 14.0
_SHADOW = (0.45, 0.97)  # What is left of the light in a cast shadow, outdoors and in.
_SAME_GAIN = 0.008  # Two grey levels at most.
_UNCOVERED = 0.6  # Of what stood there: a mover that passes in front of it covers, and does not uncover.
_TINT = 0.12  # A shadow darkens all channels alike; skylight makes it bluer by up to this.


@dataclass(frozen=True)
class Change:
    """How a frame differs from the background, (H, W) each: by how many grey levels, where, and where it may be cast shadow."""

    depth: Image
    changed: Mask
    shadow: Mask

    @property
    def body(self) -> Mask:
        """What cannot be shadow."""
        return cast(Mask, cv2.bitwise_and(self.changed, cv2.bitwise_not(self.shadow)))


class Background:
    """The empty scene of one shot.

    Args:
        samples: (time, (H, W, 3) BGR frame) in order of time, at least one.
        shaken: whether frames are to be laid over each other first.
    """

    def __init__(self, samples: Sequence[tuple[float, Image]], *, shaken: bool = True) -> None:
        self._anchor = Anchor(samples[len(samples) // 2][1]) if shaken else None
        self.samples = [(time_s, self.align(image)) for time_s, image in samples]
        samples = self.samples
        self._slot: int | None = None
        self._last = samples[0][1]
        self.image = samples[0][1]
        self._still = self.image
        self._absorbed = False
        self._threshold = np.zeros(self.image.shape[:2], np.uint8)

    def align(self, frame: Image) -> Image:
        """The frame as a camera that does not shake would show it."""
        return self._anchor.align(frame, _SHAKEN_PX) if self._anchor else frame

    def subtract(self, frame: Image, time_s: float) -> Change:
        """Compare a frame with the scene as it is around that time."""
        self._turn_to(time_s)
        self._last = frame
        light = exposure(frame, self.image)
        empty = expose(self.image, light)
        difference = _largest(cv2.absdiff(frame, empty))
        if self._absorbed:
            difference = cast(Image, cv2.min(difference, _largest(cv2.absdiff(frame, expose(self._still, light)))))
        changed = cast(Mask, cv2.compare(difference, self._threshold, cv2.CMP_GT))
        return Change(difference, changed, cast(Mask, cv2.bitwise_and(changed, _shaded(frame, empty))))

    def absorb(self, frame: Image, box: Box, mask: Mask) -> None:
        """What stands still in this box, where the mask of the box's size says so, is from now on also a known look of it."""
        left, top, right, bottom = box
        plain = expose(frame, 1 / exposure(frame, self.image))
        inside = mask > 0
        self._absorbed = True
        self._still[top:bottom, left:right][inside] = plain[top:bottom, left:right][inside]

    def bare(self, frame: Image, box: Box, mask: Mask) -> float:
        """Above 1 when this region of the frame is what something that is part of the background image has left, or will cover.

        The outline of a thing has contrast where the thing is: in the frame, or in the background. The result is their ratio.
        """
        left, top, right, bottom = (max(0, box[0] - 3), max(0, box[1] - 3), box[2] + 3, box[3] + 3)
        whole = self._whole(box, mask)
        outline = cv2.morphologyEx(whole[top:bottom, left:right], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        contrasts = []
        for image in (frame, expose(self.image, exposure(frame, self.image))):
            # In colour: green paint is as light as the road.
            steepness = _largest(cv2.morphologyEx(image[top:bottom, left:right], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
            contrasts.append(float(steepness[outline].mean()))
        return contrasts[1] / max(1.0, contrasts[0])

    def correct(self, frame: Image, box: Box, mask: Mask) -> None:
        """This region of the frame is the empty scene: the median mistook what stood there for longer."""
        plain = expose(frame, 1 / exposure(frame, self.image))
        # With a margin: a soft rim of the mistaken thing would be an outline later.
        inside = cv2.dilate(self._whole(box, mask), np.ones((7, 7), np.uint8)) > 0
        self.image[inside] = plain[inside]
        self._still[inside] = plain[inside]

    def uncovered(self, frame: Image, box: Box) -> bool:
        """Whether what was absorbed in this box is no longer there, and the empty scene shows instead."""
        left, top, right, bottom = box
        light = exposure(frame, self.image)
        seen, empty, still = (image[top:bottom, left:right] for image in (frame, self.image, self._still))
        absorbed = _largest(cv2.absdiff(empty, still)) > self._threshold[top:bottom, left:right]
        bare = _largest(cv2.absdiff(seen, expose(empty, light))) <= self._threshold[top:bottom, left:right]
        return bool(absorbed.any()) and bool(bare[absorbed].mean() > _UNCOVERED)

    def forget(self, box: Box) -> None:
        """Undo `absorb` in a box: what stood here moves again."""
        left, top, right, bottom = box
        self._still[top:bottom, left:right] = self.image[top:bottom, left:right]

    def _whole(self, box: Box, mask: Mask) -> Mask:
        """A box's mask as one of the whole frame."""
        whole = np.zeros(self.image.shape[:2], np.uint8)
        whole[box[1] : box[3], box[0] : box[2]] = mask
        return whole

    def _turn_to(self, time_s: float) -> None:
        slot = int(time_s // _STEP_S)
        if slot == self._slot:
            return
        first, self._slot = self._slot is None, slot
        empty, still = self.image, self._still
        centre = (slot + 0.5) * _STEP_S
        near = [image for at, image in self.samples if abs(at - centre) <= _REACH_S]
        near = near or [min(self.samples, key=lambda sample: abs(sample[0] - centre))[1]]
        near = near[:: -(-len(near) // _MOST_SAMPLES)]
        rough = median(near)
        level = [expose(image, 1 / exposure(image, rough)) for image in near]
        self.image = median(level)
        noise = median([_largest(cv2.absdiff(image, self.image)) for image in level])
        spread = cv2.GaussianBlur(noise.astype(np.float32) * 1.48 * _NOISES, (0, 0), 2)
        contrast = _largest(cv2.morphologyEx(self.image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
        self._threshold = np.clip(np.clip(spread, _FLOOR, _CEILING) + _SHAKE * contrast, 0, 100).astype(np.uint8)
        if first:
            self._still = self.image.copy()
            return
        # Where the scene is as it was known, and not as the new median says, the median took what came, or will come, for scene.
        light = exposure(self._last, empty)
        as_known = _largest(cv2.absdiff(self._last, expose(empty, light))) <= self._threshold
        as_new = _largest(cv2.absdiff(self._last, expose(self.image, light))) <= self._threshold
        self.image[as_known & ~as_new] = empty[as_known & ~as_new]
        resting = (still != empty).any(axis=2)
        self._absorbed = bool(resting.any())
        self._still = self.image.copy()
        self._still[resting] = still[resting]


def exposure(frame: Image, reference: Image) -> NDArray[np.float64]:
    """The gain of each channel that turns the reference into the frame, told from the pixels that both show well."""
    seen, empty = frame[::8, ::8], reference[::8, ::8]
    usable = cv2.bitwise_and(cv2.inRange(empty, (17, 17, 17), (255, 255, 255)), cv2.inRange(seen, (5, 5, 5), (249, 249, 249))) > 0
    count = int(np.count_nonzero(usable))
    if count < usable.size / 10:
        return np.ones(3)
    ratios = seen[usable] / empty[usable].astype(np.float32)
    gain: NDArray[np.float64] = np.partition(ratios, count // 2, axis=0)[count // 2].astype(np.float64)
    return np.clip(gain, 0.2, 5.0)


def expose(image: Image, gain: NDArray[np.float64]) -> Image:
    """The image under another exposure."""
    if np.abs(gain - 1).max() < _SAME_GAIN:
        return image
    table = np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8)
    return cast(Image, cv2.LUT(image, table[None]))


def _shaded(frame: Image, empty: Image) -> Mask:
    """Pixels that are the empty scene with part of its light taken away."""
    ratio = cv2.divide(frame, np.maximum(empty, 1), scale=200)
    channels = cv2.split(ratio)
    low = cv2.min(cv2.min(channels[0], channels[1]), channels[2])
    high = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    dimmed = cv2.bitwise_and(cv2.inRange(low, int(200 * _SHADOW[0]), 255), cv2.inRange(high, 0, int(200 * _SHADOW[1])))
    return cast(Mask, cv2.bitwise_and(dimmed, cv2.inRange(cv2.subtract(high, low), 0, int(200 * _TINT))))


def _largest(difference: object) -> Image:
    blue, green, red = cv2.split(cast(Image, difference))
    return cast(Image, cv2.max(cv2.max(blue, green), red))

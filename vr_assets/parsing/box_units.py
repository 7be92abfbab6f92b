"""Box conventions: which one a model has, what it is called in a prompt, and the one way from its numbers to pixels.

Conversions happen here and nowhere else, once for each box.
"""

import math
import re
from dataclasses import dataclass

from vr_assets.records.image import Box
from vr_assets.settings import BoxConvention

Four = tuple[float, float, float, float]
Size = tuple[int, int]
"""Width and height in pixels."""

# Qwen2.5-VL's preprocessor: sides are multiples of this, and an image has at least and at most so many pixels.
_PATCH_PX, _LEAST_PX, _MOST_PX = 28, 56 * 56, 16384 * 28 * 28

_YXYX = frozenset({BoxConvention.THOUSAND_YXYX, BoxConvention.BINS_YXYX})
_SCALES = {
    BoxConvention.UNIT_XYXY: 1,
    BoxConvention.THOUSAND_XYXY: 1000,
    BoxConvention.THOUSAND_YXYX: 1000,
    BoxConvention.THOUSANDTH_XYXY: 999,
    BoxConvention.BINS_YXYX: 1024,
}

_ALIKE = (
    {BoxConvention.PIXELS_XYXY, BoxConvention.RESIZED_XYXY, BoxConvention.ORIGINAL_XYXY},
    {BoxConvention.THOUSAND_XYXY, BoxConvention.THOUSANDTH_XYXY},
    {BoxConvention.THOUSAND_YXYX, BoxConvention.BINS_YXYX},
)

ASKED_OF_OTHERS = BoxConvention.THOUSAND_XYXY

# The first that fits; a convention that nobody confirmed for the family gives way to what a trial finds.
_FAMILIES = tuple(
    (re.compile(pattern, re.IGNORECASE), convention, is_sure)
    for pattern, convention, is_sure in (
        (r"baseline-annotator", BoxConvention.ORIGINAL_XYXY, True),
        (r"paligemma", BoxConvention.BINS_YXYX, True),
        (r"gemini", BoxConvention.THOUSAND_YXYX, True),
        (r"cosmos[-_. ]?reason[-_. ]?1", BoxConvention.RESIZED_XYXY, False),
        (r"cosmos[-_. ]?reason[-_. ]?2", BoxConvention.THOUSAND_XYXY, False),
        (r"qwen[-_ ]?2[._-]?5[-_. ]?vl", BoxConvention.RESIZED_XYXY, True),
        (r"qwen[-_ ]?3[._-]5|qwen[-_ ]?3[-_. ]?vl|qwen[-_ ]?2?[-_. ]?vl", BoxConvention.THOUSAND_XYXY, True),
        (r"intern[-_. ]?vl|glm[-_ ]?4[._-]?5[-_. ]?v", BoxConvention.THOUSAND_XYXY, True),
        (r"deepseek[-_. ]?vl[-_. ]?2", BoxConvention.THOUSANDTH_XYXY, True),
        (r"kimi[-_. ]?vl|moondream", BoxConvention.UNIT_XYXY, True),
        (r"claude", BoxConvention.PIXELS_XYXY, True),
    )
)


def convention_of_model(model: str) -> tuple[BoxConvention, bool]:
    """A model's convention by its name, and whether that is known; of other models what they are asked for."""
    for pattern, convention, is_sure in _FAMILIES:
        if pattern.search(model):
            return convention, is_sure
    return ASKED_OF_OTHERS, False


def tells_as(one: BoxConvention, other: BoxConvention) -> bool:
    """Whether a trial with a small picture cannot tell two conventions apart."""
    return any(one in group and other in group for group in _ALIKE)


def resized(size: Size) -> Size:
    """What Qwen2.5-VL makes of an image: sides of multiples of 28, about the same shape (`smart_resize` in its preprocessor)."""
    width, height = size
    wide, high = (max(_PATCH_PX, round(side / _PATCH_PX) * _PATCH_PX) for side in size)
    if wide * high > _MOST_PX:
        factor = math.sqrt(width * height / _MOST_PX)
        wide, high = (max(_PATCH_PX, math.floor(side / factor / _PATCH_PX) * _PATCH_PX) for side in size)
    elif wide * high < _LEAST_PX:
        factor = math.sqrt(_LEAST_PX / (width * height))
        wide, high = (math.ceil(side * factor / _PATCH_PX) * _PATCH_PX for side in size)
    return wide, high


@dataclass(frozen=True)
class Units:
    """How one image's boxes are told: a convention, the size as sent, and the size of the original."""

    convention: BoxConvention
    sent: Size
    original: Size

    @property
    def scale(self) -> tuple[float, float]:
        """What the whole width and the whole height are."""
        match self.convention:
            case BoxConvention.PIXELS_XYXY | BoxConvention.PIXELS_XYWH:
                return self.sent
            case BoxConvention.RESIZED_XYXY:
                return resized(self.sent)
            case BoxConvention.ORIGINAL_XYXY:
                return self.original
            case _:
                side = _SCALES[self.convention]
                return side, side

    @property
    def words(self) -> str:
        """How a prompt asks for a box."""
        order = "[ymin, xmin, ymax, xmax]" if self.convention in _YXYX else "[xmin, ymin, xmax, ymax]"
        if self.convention is BoxConvention.PIXELS_XYWH:
            order = "[xmin, ymin, width, height]"
        across, down = self.scale
        match self.convention:
            case BoxConvention.UNIT_XYXY:
                return f"{order}, decimal numbers from 0 to 1: shares of the image's width and height"
            case BoxConvention.THOUSAND_XYXY | BoxConvention.THOUSAND_YXYX | BoxConvention.THOUSANDTH_XYXY:
                return f"{order}, whole numbers from 0 to {across:g}, where {across:g} is the image's whole width or height"
            case BoxConvention.BINS_YXYX:
                return (
                    f"{order}, whole numbers from 0 to {across - 1:g}: of {across:g} equal parts of the image's height or width"
                )
            case _:
                return f"{order}, in pixels of the image, which is {across:g} wide and {down:g} high"

    def in_order(self, said: Four) -> Four:
        """left, top, right, bottom, still in the convention's unit."""
        first, second, third, fourth = said
        if self.convention in _YXYX:
            return second, first, fourth, third
        if self.convention is BoxConvention.PIXELS_XYWH:
            return first, second, first + third, second + fourth
        return said

    def to_pixels(self, ordered: Four) -> Box:
        """Pixels of the original, of a box that `in_order` gave. To a hundredth of a pixel."""
        across, down = (whole / unit for whole, unit in zip(self.original, self.scale, strict=True))
        left, top, right, bottom = ordered
        return round(left * across, 2), round(top * down, 2), round(right * across, 2), round(bottom * down, 2)

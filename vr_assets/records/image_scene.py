"""What the offline annotator measures in one picture. A field that could not be told is None; nothing here is a guess."""

from enum import StrEnum

from vr_assets.records.base import Record
from vr_assets.records.scene import Colour

IMAGE_SCENE_VERSION = 1


class Shape(StrEnum):
    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    SQUARE = "square"
    RECTANGLE = "rectangle"
    TRIANGLE = "triangle"


class Region(Record):
    """A connected area of one colour, as far as it can be seen, that differs from what is around it.

    `left`, `top`, `right`, `bottom` are pixels of the original picture, the last two excluded. `area` is its share of it,
    holes included. `purity` is the share of its pixels that have its colour, `fit` how much of it and of its shape is common to
    both (intersection over union; 0 without a shape), `clarity` the share of its outline across which the colour changes clearly.
    """

    left: int
    top: int
    right: int
    bottom: int
    area: float
    clarity: float
    colour: Colour | None
    purity: float
    shape: Shape | None
    fit: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom


class ImageScene(Record):
    """Measured facts of one picture, its `regions` largest first.

    `grounds` are the colours of what the rest lies on: areas that take up much of the picture's edge. They are no regions.
    `busy`: more regions than things could be, so that none of them may be counted.
    """

    version: int = IMAGE_SCENE_VERSION
    width_px: int
    height_px: int
    regions: tuple[Region, ...] = ()
    grounds: tuple[Colour | None, ...] = ()
    busy: bool = False

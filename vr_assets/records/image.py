"""The rows of the image graph, one record an asset, and what they are made of."""

from enum import StrEnum
from typing import Any, Literal

from vr_assets.records.base import Record
from vr_assets.records.row import Row
from vr_assets.settings import BoxConvention

SOURCE = "image_grounding"

Box = tuple[float, float, float, float]
"""left, top, right, bottom in pixels of the ORIGINAL image, as it is shown upright; right and bottom excluded."""


class ImageMedia(Record):
    """What later stages need to know of an image file. Size as shown: turned as its EXIF orientation says."""

    path: str
    content: str
    size_bytes: int
    width_px: int
    height_px: int
    format: str


class _Image(Record):
    image_id: str
    image: str
    caption: str
    width: int | None = None
    height: int | None = None


class ImageRow(Row, _Image):
    """One image with one caption, at one stage. `image` is its path; `width` and `height` are the file's own, whatever the list
    said, None where it cannot be read. `remarks` are sentences for people: a size that the list has otherwise, frames not shown.
    """

    media: ImageMedia | None = None
    remarks: tuple[str, ...] = ()
    source: Literal["image_grounding"] = "image_grounding"
    pipeline_steps: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.image

    @property
    def item_id(self) -> str:
        return self.image_id

    def carried(self) -> dict[str, Any]:
        """What the next stage's row of the same image starts from."""
        names = ("image_id", "image", "caption", "width", "height", "media", "remarks", "pipeline_steps")
        return {**super().carried(), **{name: getattr(self, name) for name in names}}


class RawImage(ImageRow):
    """raw_images."""


class Instance(Record):
    """One box of an expression. `score` is the model's own, 0 to 1, None where it gave none. `repaired`: what was certain to be
    meant and was put right, in words.
    """

    bbox_id: str
    bbox: Box
    score: float | None = None
    repaired: str = ""


class Grounded(StrEnum):
    """What became of an expression. NOT_ASKED: no groundings yet. ABSENT: the model said that it is not in the image. UNANSWERED:
    the reply does not mention it. UNUSABLE: none of its boxes could be used.
    """

    NOT_ASKED = "not_asked"
    FOUND = "found"
    ABSENT = "absent"
    UNANSWERED = "unanswered"
    UNUSABLE = "unusable"


class Expression(Record):
    """A phrase of the cleaned caption that names something to be seen.

    `char_span` is [start, end) in the cleaned caption, None where the phrase is not in it. `flags` are sentences about oddities.
    """

    expression_id: str
    text: str
    char_span: tuple[int, int] | None
    noun_chunk: str = ""
    grounded: Grounded = Grounded.NOT_ASKED
    instances: tuple[Instance, ...] = ()
    flags: tuple[str, ...] = ()


class Phrase(Record):
    """An expression as a model names it: its text and the noun chunk in it."""

    text: str
    noun_chunk: str = ""


class Phrasing(Record):
    """A reply about expressions, read."""

    cleaned_caption: str
    phrases: tuple[Phrase, ...]


class ExpressedImage(ImageRow):
    """expressions."""

    cleaned_caption: str = ""
    expressions: tuple[Expression, ...] = ()


class GroundedImage(ImageRow):
    """groundings. `box_convention` is the one in which the model gave the boxes; `bbox` has them in pixels of the original.
    `unmatched` are what the reply calls things that are none of the expressions.
    """

    cleaned_caption: str = ""
    expressions: tuple[Expression, ...] = ()
    box_convention: BoxConvention = BoxConvention.UNKNOWN
    unmatched: tuple[str, ...] = ()


ANNOTATION_KEYS = frozenset({*GroundedImage.model_fields, "image_path"})
"""Names that a further field of the input would share with a key of ours, in a row or in `annotations.jsonl`."""

"""What is drawn on an image for people to look at."""

from vr_assets.media.boxed import LabelledBox
from vr_assets.records.image import GroundedImage, ImageRow


def labelled_boxes(row: ImageRow) -> list[LabelledBox]:
    """The boxes of a row, for `media.images.boxed`: those of one expression alike, each with its words and score."""
    if not isinstance(row, GroundedImage):
        return []
    grounded = [one for one in row.expressions if one.instances]
    return [
        LabelledBox(instance.bbox, one.text, group, score=instance.score)
        for group, one in enumerate(grounded)
        for instance in one.instances
    ]

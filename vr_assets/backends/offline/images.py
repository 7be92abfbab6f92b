"""What the offline annotator answers about images: replies in the form of the tasks' reply models."""

from collections.abc import Sequence

from vr_assets.backends.offline.grounding import ground
from vr_assets.backends.offline.noun_phrases import cleaned, noun_phrases
from vr_assets.errors import ReplyError
from vr_assets.records.image import Expression
from vr_assets.records.image_scene import ImageScene

IMAGE_ANNOTATOR_VERSION = 1
"""Raised when the same caption or the same measured picture is told otherwise."""


def expressions(caption: str) -> dict[str, object]:
    """The noun phrases of a caption.

    Raises:
        ReplyError: the caption has no words.
    """
    clean = cleaned(caption)
    if not any(letter.isalnum() for letter in clean):
        raise ReplyError("the caption has no words")
    found = [{"text": phrase.text, "noun_chunk": phrase.chunk} for phrase in noun_phrases(clean)]
    return {"cleaned_caption": clean, "expressions": found}


def groundings(asked: Sequence[Expression], scene: ImageScene) -> dict[str, object]:
    """Boxes in pixels of the original. An expression that could not be told is not mentioned: nothing says that it is absent."""
    return {
        "boxes": [
            {"number": str(number), "label": one.text, "box_2d": list(found.box), "score": str(found.score)}
            for number, one in enumerate(asked, 1)
            for found in ground(one.text, scene)
        ]
    }

"""groundings: which boxes a reply gives to which expressions."""

from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.parsing.reply import Names, Remark, ReplyModel


class BoxReply(ReplyModel):
    """One box of one expression; an expression that is not in the image has one entry with an empty box."""

    other_names: ClassVar[Names] = {"number": ("index", "id"), "label": ("expression", "text")}
    may_be_missing = ("score",)

    number: Annotated[Remark, Field(description="The expression's number in the list.")]
    label: Annotated[Remark, Field(description="The expression, as it stands in the list.")]
    box: Annotated[list[float], Field(description="Four numbers; none where the image does not show it.")]
    score: Annotated[Remark, Field(description="How sure, from 0 to 1; empty where that cannot be said.")]


class GroundingsReply(ReplyModel):
    boxes: Annotated[list[BoxReply], Field(description="A box an entry, in the order of the list.")]

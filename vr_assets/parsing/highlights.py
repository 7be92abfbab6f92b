"""highlights: which moment, and what is seen there."""

from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.errors import ReplyError
from vr_assets.parsing.caption_text import CaptionReply, read_caption
from vr_assets.parsing.clock import parse_clock
from vr_assets.parsing.refusals import lacks_input
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, read_reply
from vr_assets.parsing.text import snippet
from vr_assets.records.base import Span


class MomentReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "reason": ("reasoning", "explanation", "rationale", "justification"),
        "timestamp": ("time", "moment", "anomaly timestamp", "anomaly timestamp sec", "timestamp sec", "answer", "final answer"),
    }
    whole = "timestamp"
    before_labels = "reason"
    may_be_missing = ("reason",)

    reason: Annotated[Remark, Field(description="Why this is the moment, in one sentence.")]
    timestamp: Annotated[Words, Field(description="MM:SS.f")]


class ClipCaptionReply(CaptionReply):
    """What is seen in the incident's own clip."""


def parse_moment(text: str, *, within: Span) -> float:
    """The incident's moment in seconds.

    Raises:
        ReplyError: no moment, several, one outside `within`, or one that was named without having been given the captions.
    """
    reply = read_reply(text, MomentReply)
    for said in (reply.reason, reply.timestamp):
        if lacks_input(said):
            raise ReplyError(f"a refusal in place of a moment: {snippet(said)}")
    return parse_clock(reply.timestamp, within=within)


def parse_clip_caption(text: str) -> str:
    """The caption.

    Raises:
        ReplyError: a refusal, broken JSON, or nothing.
    """
    return read_caption(text, ClipCaptionReply)

"""evidence: answers to questions that are asked again, and verdicts on answers."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vr_assets.errors import ReplyError
from vr_assets.parsing.choices import read_letter, read_yes_no
from vr_assets.parsing.clock import parse_stretch, split_stretch
from vr_assets.parsing.mcq import ANSWER
from vr_assets.parsing.refusals import check_told, lacks_input, refuses
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, read_reply
from vr_assets.parsing.text import snippet
from vr_assets.records.base import Record, Span

_REASON = ("reasoning", "explanation", "rationale", "justification")
_YES_OR_NO = Field(description="Yes or No.", json_schema_extra={"enum": ["Yes", "No"]})


class AnswerReply(ReplyModel):
    """An answer of whatever form the question asks for. Each task has its own subclass."""

    other_names: ClassVar[Names] = {
        "reason": _REASON,
        "answer": ("a", *ANSWER, "best guess", "guess", "letter", "option", "choice", "time range", "stretch"),
    }
    whole = "answer"
    before_labels = "reason"
    may_be_missing = ("reason",)

    reason: Annotated[Remark, Field(description="What speaks for the answer, in one or two sentences.")]
    answer: Words


class BlindReply(AnswerReply):
    """By one who was shown nothing."""


class AgreementReply(AnswerReply):
    """By a second model, which watched the video."""


class VerdictReply(ReplyModel):
    """Yes or No to a question about an answer. Each task has its own subclass."""

    other_names: ClassVar[Names] = {
        "reason": _REASON,
        "verdict": ("answer", *ANSWER, "supported", "agree", "same", "decision", "judgement", "judgment"),
    }
    whole = "verdict"
    before_labels = "reason"
    may_be_missing = ("reason",)

    reason: Annotated[Remark, Field(description="Why, in one or two sentences.")]
    verdict: Annotated[Words, _YES_OR_NO]


class SupportReply(VerdictReply):
    """Whether an answer follows from what is known."""


class JudgeReply(VerdictReply):
    """Whether two answers say the same."""


class Verdict(Record):
    """A judge's word. `said` is its reason, or the word itself where it gave none."""

    holds: bool
    said: str


def parse_chosen(text: str, *, options: Mapping[str, str], shown: bool = False) -> str:
    """The letter of the option chosen.

    Args:
        shown: the video was; who says that it was not has no answer. So for the others.

    Raises:
        ReplyError: no option, several, or a refusal.
    """
    return read_letter(_answer(text, shown=shown), options)


def parse_yes_no(text: str, *, shown: bool = False) -> Literal["Yes", "No"]:
    """Raises ReplyError: neither, both, or a refusal."""
    return read_yes_no(_answer(text, shown=shown))


def parse_open(text: str, *, shown: bool = False) -> str:
    """The answer in words. Raises ReplyError: a refusal, or nothing."""
    answer = _answer(text, shown=shown)
    check_told(answer, "an answer")
    return answer


def parse_when(text: str, *, within: Span, shown: bool = False) -> Span:
    """The stretch named. Raises ReplyError: none, several, one outside `within`, or a refusal."""
    answer = _answer(text, shown=shown)
    both = split_stretch(answer)
    if both is None:
        raise ReplyError(f"not a start and an end: {snippet(answer)}")
    return parse_stretch(*both, within=within)


def parse_verdict(text: str) -> Verdict:
    """Raises ReplyError: neither Yes nor No."""
    reply = read_reply(text, VerdictReply)
    return Verdict(holds=read_yes_no(reply.verdict) == "Yes", said=reply.reason or reply.verdict)


def _answer(text: str, *, shown: bool) -> str:
    reply = read_reply(text, AnswerReply)
    if shown and (refuses(reply.reason) or lacks_input(reply.reason)):
        raise ReplyError(f"a guess by one who did not see the video: {snippet(reply.reason)}")
    return reply.answer

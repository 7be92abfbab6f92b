"""filtered_videos: does a video suit the domain, does it show an anomaly?"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.parsing.choices import read_verdict, read_yes_no
from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, read_reply
from vr_assets.records.video import Screening
from vr_assets.settings import Mode

_YES_OR_NO = Field(description="Yes or No.", json_schema_extra={"enum": ["Yes", "No"]})
_ANOMALY_OR_NORMAL = Field(description="Anomaly or Normal.", json_schema_extra={"enum": ["Anomaly", "Normal"]})
_REASON = ("reasoning", "explanation", "rationale", "justification")
_FLAGS = ("anomaly", "is_anomaly", "anomalous", "is_anomalous", "anomaly_detected", "has_anomaly")
_NOT_APPLICABLE = re.compile(r"\W*(?:n/?a|not applicable|none|not assessed|-+)\W*", re.IGNORECASE)


class SuitableReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "reason": _REASON,
        "suitable": ("suitability", "is suitable", "answer", "final answer", "verdict", "decision"),
    }
    whole = "suitable"
    before_labels = "reason"
    may_be_missing = ("reason",)

    reason: Annotated[Remark, Field(description="Why, in one or two sentences.")]
    suitable: Annotated[Words, _YES_OR_NO]


def _with_verdict(value: Mapping[str, object]) -> Mapping[str, object]:
    """`"is_anomaly": true` as the verdict it is."""
    flags = [flag for key, flag in value.items() if key.lower() in _FLAGS and isinstance(flag, bool)]
    return {**value, "verdict": "Anomaly" if flags[0] else "Normal"} if len(flags) == 1 and "verdict" not in value else value


class AnomalyOrNormalReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "reason": _REASON,
        "verdict": (
            "answer",
            "final answer",
            "final verdict",
            "label",
            "classification",
            "category",
            "decision",
            "anomaly or normal",
        ),
    }
    whole = "verdict"
    before_labels = "reason"
    may_be_missing = ("reason",)

    reason: Annotated[Remark, Field(description="Why, in one or two sentences.")]
    verdict: Annotated[Words, _ANOMALY_OR_NORMAL]

    @classmethod
    def told(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        return _with_verdict(value)


class ScreeningReply(ReplyModel):
    may_be_missing = ("suitable_reason", "verdict_reason")

    suitable_reason: Annotated[Remark, Field(description="Why the video is suitable or not, in one or two sentences.")]
    suitable: Annotated[Words, _YES_OR_NO]
    verdict_reason: Annotated[Remark, Field(description="Why it is an anomaly or normal, in one or two sentences.")]
    verdict: Annotated[Words, _ANOMALY_OR_NORMAL]

    @classmethod
    def told(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        return _with_verdict(value)


def parse_suitable(text: str) -> Screening:
    """Suitability. A verdict without a reason counts: the verdict is the label, and the words are the verdict's then.

    Raises:
        ReplyError: neither Yes nor No, or a refusal: a video that was not seen is not unsuitable.
    """
    reply = read_reply(text, SuitableReply)
    words = reply.reason or reply.suitable
    return Screening(is_valid=_is_suitable(reply.suitable, words), validity_words=words)


def parse_anomaly_or_normal(text: str) -> Screening:
    """Anomaly or normal; words as in `parse_suitable`.

    Raises:
        ReplyError: neither, or both, or a refusal.
    """
    reply = read_reply(text, AnomalyOrNormalReply)
    words = reply.reason or reply.verdict
    return Screening(mode=_mode(reply.verdict, words), mode_words=words)


def parse_screening(text: str) -> Screening:
    """Both questions in one reply. Of an unsuitable video the verdict may be "not applicable": `mode` is None then.

    Raises:
        ReplyError: one of the two does not read.
    """
    reply = read_reply(text, ScreeningReply)
    validity_words = reply.suitable_reason or reply.suitable
    mode_words = reply.verdict_reason or reply.verdict
    is_valid = _is_suitable(reply.suitable, validity_words)
    if not is_valid and _NOT_APPLICABLE.fullmatch(reply.verdict):
        return Screening(is_valid=False, validity_words=validity_words)
    mode = _mode(reply.verdict, mode_words)
    return Screening(is_valid=is_valid, validity_words=validity_words, mode=mode, mode_words=mode_words)


def _is_suitable(verdict: str, words: str) -> bool:
    check_told(words, "a reason")
    return read_yes_no(verdict, suitability=True) == "Yes"


def _mode(verdict: str, words: str) -> Mode:
    check_told(words, "a reason")
    return read_verdict(verdict)

"""qa: questions about a video, answers and the reasoning that leads to them."""

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from vr_assets.errors import ReplyError
from vr_assets.parsing.choices import read_yes_no, same
from vr_assets.parsing.clock import check_clocks, parse_stretch, split_stretch
from vr_assets.parsing.labels import read_blocks
from vr_assets.parsing.lax_json import find_json
from vr_assets.parsing.layouts import as_labels
from vr_assets.parsing.mcq import ANSWER, EXPLANATION, QUESTION, REASONING, STEPS, parse_mcq
from vr_assets.parsing.refusals import check_told, cited_evidence
from vr_assets.parsing.reply import Names, ReplyModel, Words, read_reply
from vr_assets.parsing.text import snippet, without_fences
from vr_assets.records.base import Span
from vr_assets.records.video import McqItem, OpenItem, QaItem, SpanItem, YesNoItem
from vr_assets.settings import QaType

_BOTH = ("timestamp", "timestamps", "times", "time range", "interval", "span")
_YES_OR_NO = Field(description="Yes or No.", json_schema_extra={"enum": ["Yes", "No"]})


class OpenReply(ReplyModel):
    """A question with a free answer. Each task has its own subclass."""

    other_names: ClassVar[Names] = {
        "question": QUESTION,
        "answer": ("a", *ANSWER),
        "reasoning": (*REASONING, "reason"),
    }

    question: Words
    answer: Words
    reasoning: Annotated[Words, STEPS]


class OpenQaReply(OpenReply):
    """A question of any kind."""


class CausalLinkageReply(OpenReply):
    """How two timestamped events hang together."""


class TemporalEventDescReply(OpenReply):
    """What happens between two times."""


class SceneDescriptionReply(OpenReply):
    """The scene."""


class EventSummaryReply(OpenReply):
    """The events and their cause."""


class YesNoReply(ReplyModel):
    """A question answered Yes or No."""

    other_names: ClassVar[Names] = {
        "question": QUESTION,
        "answer": ("a", *ANSWER),
        "explanation": EXPLANATION,
        "reasoning": REASONING,
    }

    question: Words
    answer: Annotated[Words, _YES_OR_NO]
    explanation: Annotated[Words, Field(description="One sentence that says why.")]
    reasoning: Annotated[Words, STEPS]


class EventVerificationReply(YesNoReply):
    """Whether a stated event happens."""


class BcqReply(ReplyModel):
    other_names: ClassVar[Names] = {"items": ("questions", "qa pairs", "pairs", "bcq")}
    whole = "items"

    items: Annotated[list[YesNoReply], Field(description="Exactly two: one answered Yes, one answered No.")]

    @field_validator("items", mode="before")
    @classmethod
    def _from_blocks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        labels = YesNoReply.labels()
        _, blocks = read_blocks(as_labels(without_fences(value), labels), labels)
        if not blocks:
            raise ValueError("hold no labelled question")
        return blocks


class TemporalLocalizationReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "question": QUESTION,
        "start": ("start time", "start timestamp"),
        "end": ("end time", "end timestamp"),
        "reasoning": (*REASONING, "reason"),
    }
    also_read = ("answer",)

    question: Words
    start: Annotated[Words, Field(description="MM:SS or MM:SS.f")]
    end: Annotated[Words, Field(description="MM:SS or MM:SS.f, after the start.")]
    reasoning: Annotated[Words, STEPS]

    @classmethod
    def told(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        """Both times may stand under one name that would begin a line of reasoning in a layout."""
        both = [part for key, part in value.items() if key.lower().replace("_", " ") in _BOTH]
        return {**value, "answer": both[0]} if len(both) == 1 else value

    @classmethod
    def _complete(cls, fields: dict[str, object]) -> dict[str, object]:
        if "start" in fields and "end" in fields:
            return fields
        return fields | _stretch(fields.get("answer", fields.get("start")))


def _stretch(answer: object) -> dict[str, object]:
    """Start and end from an answer: an object or a list of both, its JSON text, or `00:03 - 00:07`."""
    if isinstance(answer, str) and answer.lstrip().startswith("{"):
        values, _ = find_json(answer)
        answer = values[0] if values else answer
    if isinstance(answer, Mapping):
        return {name: answer[name] for name in ("start", "end") if name in answer}
    if isinstance(answer, list) and len(answer) == 2:
        return {"start": answer[0], "end": answer[1]}
    stretch = split_stretch(answer) if isinstance(answer, str) else None
    return {} if stretch is None else {"start": stretch[0], "end": stretch[1]}


def parse_qa(text: str, *, qa_type: QaType, within: Span) -> tuple[QaItem, ...]:
    """The items of one QA type: two of bcq, else one.

    Args:
        within: the video, or the part of a recording, that the question is about.

    Raises:
        ReplyError: an item is incomplete, its answer is none that was asked for, its times are outside `within`, or it cites the
            captions it was made from, which nobody has who sees the video.
    """
    items = _READERS[qa_type](text, within)
    for item in items:
        _check(item)
    return items


def _check(item: QaItem) -> None:
    explanation = item.explanation if isinstance(item, McqItem | YesNoItem) else ""
    answer = item.answer if isinstance(item, OpenItem) else ""
    for part in (answer, explanation, item.reasoning):
        check_told(part, "an answer and its reasoning")
    for part in (item.question, answer, explanation, item.reasoning):
        if words := cited_evidence(part):
            raise ReplyError(f"cites the text it was made from ({snippet(words)}), which nobody who sees the video has")


def _bcq(text: str, within: Span) -> tuple[QaItem, ...]:
    items = [_yes_no_item(item) for item in read_reply(text, BcqReply).items]
    if sorted(item.answer for item in items) != ["No", "Yes"]:
        raise ReplyError(f"not one Yes and one No question but {', '.join(item.answer for item in items[:8]) or 'none'}")
    if same(items[0].question) == same(items[1].question):
        raise ReplyError("the same question is answered Yes and No")
    return tuple(items)


def _event_verification(text: str, within: Span) -> tuple[QaItem, ...]:
    return (_yes_no_item(read_reply(text, EventVerificationReply)),)


def _yes_no_item(reply: YesNoReply) -> YesNoItem:
    return YesNoItem(
        question=reply.question,
        answer=read_yes_no(reply.answer),
        explanation=reply.explanation,
        reasoning=reply.reasoning,
    )


def _temporal_localization(text: str, within: Span) -> tuple[QaItem, ...]:
    reply = read_reply(text, TemporalLocalizationReply)
    span = parse_stretch(reply.start, reply.end, within=within)
    return (SpanItem(question=reply.question, span=span, reasoning=reply.reasoning),)


def _open(model: type[OpenReply], *, timed: bool = False) -> Callable[[str, Span], tuple[QaItem, ...]]:
    def read(text: str, within: Span) -> tuple[QaItem, ...]:
        reply = read_reply(text, model)
        if timed:
            for part in (reply.question, reply.answer, reply.reasoning):
                check_clocks(part, within=within)
        return (OpenItem(question=reply.question, answer=reply.answer, reasoning=reply.reasoning),)

    return read


_READERS: Mapping[QaType, Callable[[str, Span], tuple[QaItem, ...]]] = {
    QaType.MCQ: lambda text, within: (parse_mcq(text),),
    QaType.BCQ: _bcq,
    QaType.OPEN_QA: _open(OpenQaReply),
    QaType.CAUSAL_LINKAGE: _open(CausalLinkageReply, timed=True),
    QaType.TEMPORAL_LOCALIZATION: _temporal_localization,
    QaType.TEMPORAL_EVENT_DESC: _open(TemporalEventDescReply, timed=True),
    QaType.SCENE_DESCRIPTION: _open(SceneDescriptionReply),
    QaType.EVENT_SUMMARY: _open(EventSummaryReply),
    QaType.EVENT_VERIFICATION: _event_verification,
}

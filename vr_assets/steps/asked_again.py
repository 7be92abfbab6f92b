"""A video whose QA items are asked again or judged: the requests of the evidence checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from vr_assets.parsing.evidence import Verdict, parse_chosen, parse_open, parse_verdict, parse_when, parse_yes_no
from vr_assets.parsing.option_orders import Ordered
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.records.call import Media, Request
from vr_assets.records.row import Provenance, VideoMedia
from vr_assets.records.video import McqItem, OpenItem, QaItem, QaVideo, SpanItem, YesNoItem
from vr_assets.settings import Asset, Task
from vr_assets.steps.asking import ASKS
from vr_assets.steps.evidence import captions_text, chunks_text, clock, evidence, highlight_text, length, whole
from vr_assets.steps.given import given
from vr_assets.steps.seen import Seen
from vr_assets.steps.stage import Stage

T = TypeVar("T")

YES_OR_NO, NO_OR_YES = "Yes or No", "No or Yes"


@dataclass(frozen=True)
class Said(Generic[T]):
    """What an answer reads as, and where it came from."""

    value: T
    source: Provenance


@dataclass(frozen=True)
class AskedAgain:
    """`media` is as measured, `subject` the whole video, `known` what prompts are told of it."""

    stage: Stage
    media: VideoMedia
    subject: Media
    seen: Seen
    known: Mapping[str, str]

    @classmethod
    async def of(cls, stage: Stage, row: QaVideo, seen: Seen) -> "AskedAgain":
        """Raises MediaError: the video cannot be decoded."""
        media, _, subject = await whole(stage.media, row)
        known = {
            "captions": captions_text(seen.captioned),
            "chunks": chunks_text(seen.chunked.chunk_captions),
            "description": seen.description,
            "highlight": highlight_text(seen.highlight),
            "timeline": given(row, media, stage.prompts).timeline_text(subject.span),
        }
        return cls(stage, media, subject, seen, known)

    async def chosen(self, task: Task, item: McqItem, order: Ordered) -> Said[str]:
        """The letter of the option chosen, where they stand in this order."""
        values = {"question": item.question, "options": options_text(order.options)}
        return await self._asked(task, "mcq", item, values, partial(parse_chosen, options=order.options, shown=_shows(task)))

    async def yes_no(self, task: Task, item: YesNoItem, choices: str = YES_OR_NO) -> Said[str]:
        return await self._asked(
            task, "yes_no", item, {"question": item.question, "choices": choices}, partial(parse_yes_no, shown=_shows(task))
        )

    async def told(self, task: Task, item: OpenItem) -> Said[str]:
        return await self._asked(task, "open", item, {"question": item.question}, partial(parse_open, shown=_shows(task)))

    async def when(self, task: Task, item: SpanItem) -> Said[Span]:
        read = partial(parse_when, within=self.subject.span, shown=_shows(task))
        return await self._asked(task, "span", item, {"question": item.question}, read)

    async def same(self, item: OpenItem, other: str) -> Said[Verdict]:
        """Whether another answer to an item's question says what the item's own says."""
        values = {"question": item.question, "answer": item.answer, "other": other}
        return await self._ask(Task.JUDGE, "judge", item, values, parse_verdict)

    async def supported(self, item: QaItem) -> Said[Verdict]:
        """Whether an item's answer follows from what was written down of the video."""
        options = {option.letter: option.text for option in item.options} if isinstance(item, McqItem) else {}
        question = "\n".join(filter(None, [item.question, options_text(options)]))
        values = {"question": question, "answer": answer_text(item), "duration": length(self.media), **self.known}
        return await self._ask(Task.SUPPORT, "support", item, values, parse_verdict)

    async def _asked(self, task: Task, form: str, item: QaItem, values: Mapping[str, str], read: Callable[[str], T]) -> Said[T]:
        # Who sees nothing is told how long the video is only where times are asked for.
        timed = {"duration": length(self.media)} if _shows(task) or form == "span" else {}
        return await self._ask(task, f"{task}.{form}", item, {**values, **timed}, read)

    async def _ask(self, task: Task, name: str, item: QaItem, values: Mapping[str, str], read: Callable[[str], T]) -> Said[T]:
        request = Request(
            task,
            self.stage.prompts.render(Asset.EVIDENCE, name, values),
            replace(evidence(self.media, self.subject, self.seen.captioned, self.seen.captioned), item=item),
            self.subject,
            media=(self.subject,) if _shows(task) else (),
            reply_schema=reply_schema(task),
        )
        asker = self.stage.vlm if ASKS[Asset.EVIDENCE][task] == "vlm" else self.stage.llm
        asked = await asker.ask(request, read)
        return Said(asked.value, asker.provenance(request))


def _shows(task: Task) -> bool:
    """Whether the model is shown the video."""
    return task is Task.AGREEMENT


def options_text(options: Mapping[str, str]) -> str:
    return "\n".join(f"{letter}) {text}" for letter, text in options.items())


def answer_text(item: QaItem) -> str:
    """An item's answer as task files may hold it, its explanation included."""
    match item:
        case McqItem():
            texts = {option.letter: option.text for option in item.options}
            return f"{item.answer}) {texts[item.answer]}\n{item.explanation}"
        case YesNoItem():
            return f"{item.answer}\n{item.explanation}"
        case SpanItem():
            return span_text(item.span)
        case OpenItem():
            return item.answer


def span_text(span: Span) -> str:
    return f"{clock(span.start_s)} - {clock(span.end_s)}"

"""captions: the whole video told twice, as a narrative and as timed events."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.errors import ReplyError
from vr_assets.parsing.caption_text import CaptionReply, read_caption
from vr_assets.parsing.clock import format_clock, parse_clock, parse_stretch, split_stretch
from vr_assets.parsing.event_lines import EventLine, EventLines, read_event_lines
from vr_assets.parsing.refusals import check_told, refuses
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, holds_json, read_reply
from vr_assets.parsing.text import snippet, spoken, without_courtesies, without_fences
from vr_assets.records.base import Span
from vr_assets.records.video import DenseCaption, Event


class GlobalCaptionReply(CaptionReply):
    """One narrative of the whole video."""


class EventReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "start": ("start time", "from", "begin", "timestamp start", "start timestamp", "time", "timestamp"),
        "end": ("end time", "to", "timestamp end", "end timestamp"),
        "text": ("description", "event", "caption", "what"),
    }
    may_be_missing = ("end",)

    start: Annotated[Words, Field(description="MM:SS or MM:SS.f")]
    end: Annotated[Remark, Field(description="MM:SS or MM:SS.f")]
    text: Words


class DenseCaptionReply(ReplyModel):
    other_names: ClassVar[Names] = {"events": ("dense caption", "caption", "timeline", "event list", "segments")}

    events: list[EventReply]


def parse_global_caption(text: str) -> str:
    """The narrative.

    Raises:
        ReplyError: a refusal, broken JSON, or nothing.
    """
    return read_caption(text, GlobalCaptionReply)


def parse_dense_caption(text: str, *, within: Span) -> DenseCaption:
    """Timed events, in the order told.

    An event with only a start ends where the next one starts, the last one at the end of `within`. One event that does not read
    fails the whole: a timeline with a hole would say that nothing happened there. `text` is one line an event,
    `[MM:SS - MM:SS] text` (tenths where any time has them), however they came, between what was said before and after them.

    Raises:
        ReplyError: no events, one without text, or one whose times do not read, are outside `within` or run backwards.
    """
    answer = without_courtesies(spoken(text))
    if holds_json(answer, DenseCaptionReply):
        told = EventLines(
            before="", events=tuple(_timed(event) for event in read_reply(text, DenseCaptionReply).events), after=""
        )
    else:
        told = read_event_lines(without_fences(answer))
    if not told.events:
        raise ReplyError(f"{'a refusal' if refuses(answer) else 'no events'}: {snippet(answer)}")
    events = tuple(_events(told.events, within))
    return DenseCaption(text="\n".join(part for part in (told.before, *_lines(events), told.after) if part), events=events)


def _timed(event: EventReply) -> EventLine:
    stretch = None if event.end else split_stretch(event.start)
    return EventLine(*(stretch or (event.start, event.end)), event.text)


def _events(told: Sequence[EventLine], within: Span) -> Iterator[Event]:
    starts = [parse_clock(event.start, within=within) for event in told]
    for event, start_s in zip(told, starts, strict=True):
        if not any(character.isalnum() for character in event.text):
            raise ReplyError(f"an event without text at {event.start}")
        check_told(event.text, "an event")
        if event.end:
            span = parse_stretch(event.start, event.end, within=within)
        elif start_s < within.end_s:
            span = Span(start_s=start_s, end_s=min((later for later in starts if later > start_s), default=within.end_s))
        else:
            span = parse_stretch(event.start, event.start, within=within)
        yield Event(start_s=span.start_s, end_s=span.end_s, text=" ".join(event.text.split()))


def _lines(events: Sequence[Event]) -> Iterator[str]:
    tenths = any(time_s != int(time_s) for event in events for time_s in (event.start_s, event.end_s))
    for event in events:
        start, end = (format_clock(time_s, tenths=tenths) for time_s in (event.start_s, event.end_s))
        yield f"[{start} - {end}] {event.text}"

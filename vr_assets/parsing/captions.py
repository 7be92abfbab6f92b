"""captions: the whole video told twice, as a narrative and as timed events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, ValidationError

from vr_assets.errors import ReplyError
from vr_assets.parsing.caption_text import CaptionReply, read_caption
from vr_assets.parsing.clock import format_clock, moved_clocks, parse_clock, parse_stretch, split_stretch
from vr_assets.parsing.event_lines import EventLine, EventLines, read_event_lines
from vr_assets.parsing.labels import read_blocks
from vr_assets.parsing.layouts import as_labels
from vr_assets.parsing.refusals import check_told, refuses
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, holds_json, read_reply, spoken_reply
from vr_assets.parsing.text import clean, snippet, tagged, without_fences
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

    @classmethod
    def told(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        """`{"00:00 - 00:04": "A car stops."}` is a list of events too, alone or under its name."""
        if events := _by_time(value):
            return {"events": events}
        return {key: _by_time(part) or part if isinstance(part, Mapping) else part for key, part in value.items()}


def _by_time(value: Mapping[str, object]) -> list[Mapping[str, object]]:
    if not all(isinstance(text, str) and split_stretch(str(time)) for time, text in value.items()):
        return []
    return [{"start": time, "text": text} for time, text in value.items()]


def parse_global_caption(text: str) -> str:
    """The narrative.

    Raises:
        ReplyError: a refusal, broken JSON, or nothing.
    """
    return read_caption(text, GlobalCaptionReply)


def parse_dense_caption(text: str, *, within: Span, zero_s: float = 0.0) -> DenseCaption:
    """Timed events, in the order told.

    An event with only a start ends where the next one starts, the last one at the end of `within`. One event that does not read
    fails the whole: a timeline with a hole would say that nothing happened there. `text` is one line an event,
    `[MM:SS - MM:SS] text` (tenths where any time has them), however they came, between what was said before and after them.

    Args:
        within: the stretch that was shown, on the video's clock. Times that are told are on it too.
        zero_s: the moment that the answer counts from, which is the stretch's own start where it was shown as a clip of its own.

    Raises:
        ReplyError: no events, one without text, or one whose times do not read, are outside `within` or run backwards.
    """
    answer = spoken_reply(text, EventReply)
    answer = tagged(answer) or answer
    if holds_json(answer, DenseCaptionReply):
        told = _told(read_reply(answer, DenseCaptionReply).events)
    else:
        body = without_fences(answer)
        told = _labelled(body) or read_event_lines(body)
    if not told.events:
        raise ReplyError(f"{'a refusal' if refuses(answer) else 'no events'}: {snippet(answer)}")
    shown = Span(start_s=within.start_s - zero_s, end_s=within.end_s - zero_s)
    events = tuple(_moved(event, zero_s, shown) for event in _events(told.events, shown))
    before, after = (moved_clocks(part, zero_s, within=shown) if zero_s else part for part in (told.before, told.after))
    return DenseCaption(text="\n".join(part for part in (before, *_lines(events), after) if part), events=events)


def _labelled(body: str) -> EventLines | None:
    """Events whose times and texts have labels, or columns of a table, each; None where none has both.

    Raises:
        ReplyError: one has both, and another does not.
    """
    labels = EventReply.labels()
    _, blocks = read_blocks(as_labels(body, labels), labels)
    if not any(block.get("start") and block.get("text") for block in blocks):
        return None
    try:
        return _told([EventReply.model_validate(block) for block in blocks])
    except ValidationError as error:
        raise ReplyError(f"an event that does not read ({error.errors()[0]['msg']}): {snippet(body)}") from None


def _told(events: Sequence[EventReply]) -> EventLines:
    return EventLines(before="", events=tuple(_timed(event) for event in events), after="")


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
        yield Event(start_s=span.start_s, end_s=span.end_s, text=clean(" ".join(event.text.split())))


def _moved(event: Event, by_s: float, shown: Span) -> Event:
    if not by_s:
        return event
    return Event(start_s=event.start_s + by_s, end_s=event.end_s + by_s, text=moved_clocks(event.text, by_s, within=shown))


def _lines(events: Sequence[Event]) -> Iterator[str]:
    tenths = any(time_s != int(time_s) for event in events for time_s in (event.start_s, event.end_s))
    for event in events:
        start, end = (format_clock(time_s, tenths=tenths) for time_s in (event.start_s, event.end_s))
        yield f"[{start} - {end}] {event.text}"

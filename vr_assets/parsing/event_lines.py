"""Timed lines of a dense caption, in the ways models write them: `[00:03 - 00:07] text`, `**00:03 – 00:07**: text`,
`From 00:03 to 00:07, text`, `1. (00:03-00:07) text`, `0-3 s: text`, `[00:03] text`, or the text below the times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vr_assets.errors import ReplyError
from vr_assets.parsing.clock import RANGE_SEPARATOR, TIME
from vr_assets.parsing.text import ORNAMENT, clean, snippet

_OPEN, _CLOSE = r"[\[(<*_`\"]*\s*", r"\s*[\])>*_`\"]*"
_SECONDS = r"\d+(?:\.\d+)?"
_EVENT = re.compile(
    rf"""^[\s>|]*(?:{ORNAMENT}+[ ]*|[-*+•·–][ ]+|\d{{1,3}}[.)][ ]+|\#{{1,6}}[ ]*)*
    (?:[*_]*(?:event|segment|moment|step|scene|time|timestamp|phase)s?(?:[ ]*\#?\d+)?[*_]*[ ]*[:.)–-]?[*_]*[ ]*)?
    (?:[*_`"]*(?:from|between|at)[ ]+)?
    (?:
        {_OPEN}(?P<start>{TIME}){_CLOSE}(?:(?:{RANGE_SEPARATOR}|\|[ ]*){_OPEN}(?P<end>{TIME}){_CLOSE})?
      | {_OPEN}(?P<start_s>{_SECONDS}){RANGE_SEPARATOR}(?P<end_s>{_SECONDS})[ ]*s(?:ec(?:ond)?s?)?\b{_CLOSE}
      | (?:seconds?|secs?)[ ]+(?P<start_after>{_SECONDS}){RANGE_SEPARATOR}(?P<end_after>{_SECONDS})
      | \[\s*(?P<start_in>{_SECONDS})(?:{RANGE_SEPARATOR}(?P<end_in>{_SECONDS}))?\s*\]
    )
    [\])>*_`"]*[ ]*(?:[:：,|.–—-]+(?=[\s*_]|$)|[:：])?[*_`]*[ ]*(?P<text>.*)$""",
    re.IGNORECASE | re.VERBOSE,
)
# A line that means to be an event: what does not read of it must not pass for running text.
_LOOKS_TIMED = re.compile(
    r"^[\s>*_#`•+|-]*(?:\d{1,3}[.)]\s+)?[*_`]*"
    r"(?:[\[(]\s*(?:\d|MM|HH|XX|\?)|\d{1,3}:\d|\d+(?:\.\d+)?\s*s?\s*[-–—]\s*\d+(?:\.\d+)?\s*(?:s\b|sec|:)|(?:from|between)\s+\d)",
    re.IGNORECASE,
)
_HOLDS_STRETCH = re.compile(rf"{TIME}[\])]*{RANGE_SEPARATOR}[\[(]*{TIME}", re.IGNORECASE)
# Character for character, so that the text after the times keeps its own.
_HALF_WIDTH = str.maketrans("［］【】（）：－～０１２３４５６７８９", "[][]():-~0123456789")
_RULE_OR_NUMBER = re.compile(r"[\s\-*_=`|:]*|\s*\d{1,3}\s*|\s*WEBVTT\s*")
_BULLET = re.compile(r"^\s*[-*+•]\s+")
# The rest of a time that does not read: "[00:04 - ??:??] text" and "[00:04 - end] text" have no known end.
_REST_OF_A_TIME = re.compile(r"[\s|:–—-]*(?:[?\dXMH]{1,3}:[?\dXS]{2}\b|\?+:\?+|[^\[(]{0,20}[\])])", re.IGNORECASE)
_HEADING = re.compile(r"^\s*(?:#{1,6}\s.*|[*_]{2}[^*_]+[*_]{2}:?|.*[:：][*_]*)\s*$")
# One paragraph that tells several events: each begins a line of its own.
_NEXT_IN_PARAGRAPH = re.compile(
    rf"(?<=[^\d\s][.!?;])[ ]+(?=(?:\[\s*{TIME}|\*\*\[?{TIME}|(?:From|Between)[ ]+{TIME}{RANGE_SEPARATOR}{TIME}"
    rf"|{_SECONDS}\s*-\s*{_SECONDS}[ ]*s(?:ec(?:ond)?s?)?[,:]))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class EventLine:
    """One event as told; `end` is empty where only its start was."""

    start: str
    end: str
    text: str


@dataclass(frozen=True)
class EventLines:
    """Events, and the paragraphs around them that have no time."""

    before: str
    events: Sequence[EventLine]
    after: str


def read_event_lines(text: str) -> EventLines:
    """Events from lines of text. A line without a time goes on telling the event before it, unless a blank line divides them.

    Headings and "these are the events:" before the first event are left out.

    Raises:
        ReplyError: a line that begins like an event does not read as one, or its times are not at its start.
    """
    events: list[tuple[str, str, list[str]]] = []
    before: list[str] = []
    after: list[str] = []
    blank = False
    for line in _NEXT_IN_PARAGRAPH.sub("\n", text).split("\n"):
        plain = line.translate(_HALF_WIDTH)
        found = _EVENT.match(plain)
        if found:
            if _REST_OF_A_TIME.match(found["text"]):
                raise ReplyError(f"an event line that does not read: {snippet(line)}")
            if after:
                raise ReplyError(f"text without a time between events: {snippet(after[0])}")
            events.append((*_times(found), [_text(found, line)]))
        elif not _RULE_OR_NUMBER.fullmatch(line):
            if _LOOKS_TIMED.match(plain) or (events and _HOLDS_STRETCH.search(plain)):
                raise ReplyError(f"an event line that does not read: {snippet(line)}")
            if not events:
                before += [] if _HEADING.match(line) else [clean(line)]
            elif after or (blank and any(events[-1][2])):
                after.append(clean(line))
            else:
                events[-1][2].append(clean(_BULLET.sub("", line)))
        blank = not line.strip()
    told = tuple(EventLine(start, end, clean("\n".join(lines))) for start, end, lines in events)
    return EventLines("\n".join(before), told, "\n".join(after))


def _times(found: re.Match[str]) -> tuple[str, str]:
    if found["start"]:
        return found["start"], found["end"] or ""
    start = found["start_s"] or found["start_after"] or found["start_in"]
    end = found["end_s"] or found["end_after"] or found["end_in"]
    return f"{start} s", f"{end} s" if end else ""


def _text(found: re.Match[str], line: str) -> str:
    text = line[found.start("text") :]
    return text.rstrip(" |") if line.lstrip().startswith("|") else text.strip()

"""Times as models write them, on the clock of what they were shown.

One reader for `12.5`, `00:12`, `00:00:12`, `0:12.5`, `12s`, `1m05s`, `at 12.5 seconds`, and for a time in a sentence that holds
other numbers ("Chunk 3 (10-15 s): 12.5").

- Two parts are MM:SS, three are HH:MM:SS, whatever was asked for. MM:SS:ff (frames, hundredths) is not read: how long a frame
  is nobody knows. So `1:02:30` is 3750 s where that lies in the video and rejected in a video of 70 s.
- A reading outside the video is rejected. Up to SLACK_S beyond its ends is rounding, and read as that end.
- Where a text names several moments, or only a stretch, it names no moment: rejected.
- Start and end in the same shown second mean that second: [start, start + 1 s); with tenths shown, that tenth.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from vr_assets.errors import ReplyError
from vr_assets.parsing.text import snippet
from vr_assets.records.base import Span
from vr_assets.records.base import format_clock as format_clock

SLACK_S = 0.5
"""How far beyond an end a reading may lie: MM:SS rounds by as much."""

_COLONS = r"(?<![\d:.])\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?!\d|:\d|\.\d)"
_FRACTION = r"(?:\.\d+|,\d{1,2})?"
_WORDS = (
    r"(?:\d{1,2}\s*h(?:ours?|rs?)?[\s,]*(?:and\s+)?)?"
    rf"\d{{1,3}}\s*m(?:in(?:ute)?s?)?\.?[\s,]*(?:and\s+)?\d{{1,2}}{_FRACTION}\s*s(?:ec(?:ond)?s?)?(?![a-z])"
    rf"|\d{{1,3}}{_FRACTION}[\s-]*min(?:ute)?s?(?![a-z])"
    rf"|\d{{1,9}}{_FRACTION}[\s-]*s(?:ec(?:ond)?s?)?(?![a-z])"
)
_BARE = r"\d{1,9}(?:\.\d+)?(?![\w%°]|:\d|[.,]\d)"
_TIME = re.compile(rf"(?P<colons>{_COLONS})|(?<![\w:.])(?<!\d,)(?:(?P<words>{_WORDS})|(?P<bare>{_BARE}))", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

TIME = rf"(?:{_COLONS}|(?<![\w:.])(?<!\d,)(?:{_WORDS}))"
"""Pattern of one time that says of itself that it is one. To be matched ignoring case."""

RANGE_SEPARATOR = r"\s*(?:-{1,2}>?|[–—−~→]|to|until|till|through|and)\s*"

_RANGE_BETWEEN = re.compile(rf"\s*[\])'\"*]*{RANGE_SEPARATOR}[\[('\"*]*\s*", re.IGNORECASE)
_NEGATIVE = re.compile(r"(?:^|(?<=[\s(\[=]))[-−](?=\d)")
_BETWEEN_BEFORE = re.compile(r"\bbetween\W+$", re.IGNORECASE)
# How far around a time its meaning is looked for: a reply that repeats itself for pages must not take minutes to read.
_NEAR_CHARS = 80
_NUMBERED_THING = re.compile(
    r"(?:\b(?:chunk|segment|window|frame|clip|scene|event|part|camera|cam|car|vehicle|truck|step|option|lane|person|worker|no)\b\.?|#)\s*#?$",
    re.IGNORECASE,
)
_LENGTH_BEFORE = re.compile(
    r"\b(?:for|lasts?|lasting|duration|length|total)\b(?:\s+(?:of|is|the|a|about))*\s*[:=]?\s*$", re.IGNORECASE
)
_OUT_OF_BEFORE = re.compile(r"(?:(?<!time )(?<!timestamp )(?<!moment )\bof(?:\s+the|\s+a)?|/)\s*$", re.IGNORECASE)
_LENGTH_AFTER = re.compile(
    r"[\s-]*(?:long|video|clip|recording|segment|chunk|window|footage|later|earlier|before"
    r"|after(?! the (?:start|beginning|video (?:starts|begins))))\b",
    re.IGNORECASE,
)
_NAMED_BEFORE = re.compile(
    r"(?:\b(?:at|@|timestamp|time|moment|is|t)|@|[:=≈~])\s*(?:about|around|approximately|roughly|[:=≈~])?\s*[\[(\"'*]*$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[\])\"'*]*\s*(?:$|[.,;\n](?!\d)|[(\[])")

# A wall clock, as a camera burns it into the picture, is not a time of the video.
_WALL_CLOCK_BEFORE = re.compile(
    r"\b(?:overlay|on-?screen|clock|o'clock|burned|local time|time of day|watch|display)\b[^.!?]{0,40}$", re.IGNORECASE
)
_WALL_CLOCK_AFTER = re.compile(
    r"\s*(?:[ap]\.?m\b|o'clock|on (?:the )?(?:overlay|clock|wall|camera|display|screen))", re.IGNORECASE
)
_POSITION_BEFORE = re.compile(r"\b(?:at|from|until)\s+(?:the\s+|about\s+|around\s+|approximately\s+)?$|[\[(]$", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """A time found in a text: where, what it reads as, and whether it shows fractions of a second."""

    start: int
    end: int
    seconds: float
    fine: bool
    bare: bool


def parse_clock(text: str, *, within: Span) -> float:
    """The one moment that a text names, in seconds on the clock of `within`.

    Raises:
        ReplyError: no moment, several, a stretch, or one outside `within`.
    """
    return _inside(_moment(text).seconds, text, within)


def parse_stretch(start: str, end: str, *, within: Span) -> Span:
    """A stretch from its two named moments.

    Raises:
        ReplyError: one does not read or is outside `within`, or the end is before the start.
    """
    first, last = _moment(start), _moment(end)
    if last.seconds < first.seconds:
        raise ReplyError(f"ends at {snippet(end)}, before its start at {snippet(start)}")
    start_s, end_s = _inside(first.seconds, start, within), _inside(last.seconds, end, within)
    unit_s = 0.1 if first.fine or last.fine else 1.0
    if last.seconds == first.seconds:
        end_s = min(start_s + unit_s, within.end_s)
    if end_s <= start_s:
        # Both name the very end, where the video's last unit is meant.
        start_s = max(within.start_s, end_s - unit_s)
    return Span(start_s=start_s, end_s=end_s)


def split_stretch(text: str) -> tuple[str, str] | None:
    """The two times of a text that names exactly one stretch, such as `[00:03 - 00:07]`, or None."""
    plain = _plain(text)
    found = list(_TIME.finditer(plain))
    if len(found) != 2 or not _RANGE_BETWEEN.fullmatch(plain[found[0].end() : found[1].start()]):
        return None
    return found[0][0], found[1][0]


def check_clocks(text: str, *, within: Span) -> None:
    """Hold every time of the video that a text names to lie in the video, and every stretch to end after it starts.

    Times are `MM:SS` and `HH:MM:SS` anywhere, and `12 s` after a word of place ("at 12 s"); a camera's wall clock is none.

    Raises:
        ReplyError: names the time.
    """
    plain = _plain(text)
    for reading, begun in _places(plain):
        _inside(reading.seconds, plain[reading.start : reading.end], within)
        if begun is not None and reading.seconds < begun.seconds:
            raise ReplyError(f"a stretch ends before it starts: {snippet(plain[begun.start : reading.end])}")


def moved_clocks(text: str, by_s: float, *, within: Span) -> str:
    """The text with the times of `within` that it names, as `check_clocks` finds them, told by a clock that shows `by_s` more.

    Raises:
        ReplyError: a time that no clock shows.
    """
    parts, at = [], 0
    for reading, _ in _places(text):
        if within.holds(reading.seconds, slack_s=SLACK_S):
            parts += [text[at : reading.start], format_clock(max(0.0, reading.seconds + by_s), tenths=reading.fine)]
            at = reading.end
    return "".join((*parts, text[at:]))


def _inside(seconds: float, text: str, within: Span) -> float:
    if not within.holds(seconds, slack_s=SLACK_S):
        window = f"{format_clock(within.start_s, tenths=True)} - {format_clock(within.end_s, tenths=True)}"
        raise ReplyError(f"the time {snippet(text)} reads as {seconds:g} s, outside {window}")
    return min(max(seconds, within.start_s), within.end_s)


def _moment(text: str) -> Reading:
    plain = _plain(text)
    if _NEGATIVE.search(plain):
        raise ReplyError(f"a negative time: {snippet(text)}")
    readings = [_reading(found) for found in _TIME.finditer(plain)]
    in_ranges = {
        index
        for left, (one, other) in enumerate(itertools.pairwise(readings))
        if _is_range(plain, one.start, one.end, other.start)
        for index in (left, left + 1)
    }
    named = [reading for index, reading in enumerate(readings) if index not in in_ranges and not _is_other(reading, plain)]
    timed = [reading for reading in named if not reading.bare] or named
    if not timed:
        what = "a stretch and no moment" if in_ranges else "no time"
        raise ReplyError(f"names {what}: {snippet(text)}")
    values = [reading.seconds for reading in timed]
    if max(values) - min(values) >= 1.0 or len({reading.seconds for reading in timed if reading.fine}) > 1:
        raise ReplyError(f"names several times: {snippet(text)}")
    # "00:12 (12.5 s)" is one moment, told twice.
    return next((reading for reading in timed if reading.fine), timed[0])


def _places(plain: str) -> Iterator[tuple[Reading, Reading | None]]:
    """The times that say where in the video something is, each with the one that begins the stretch it ends, if it ends one."""
    previous: Reading | None = None
    for found in _TIME.finditer(plain):
        reading = _reading(found)
        begun = previous if previous and _is_range(plain, previous.start, previous.end, reading.start) else None
        previous = reading if _is_place(found, plain, continues=begun is not None) else None
        if previous:
            yield reading, begun


def _is_place(found: re.Match[str], plain: str, *, continues: bool) -> bool:
    """Whether a time says where in the video something is: no length, no wall clock."""
    start, end = found.span()
    if _before(_WALL_CLOCK_BEFORE, plain, start) or _WALL_CLOCK_AFTER.match(plain, end):
        return False
    if _before(_LENGTH_BEFORE, plain, start) or _LENGTH_AFTER.match(plain, end):
        return False
    return bool(found["colons"]) or bool(found["words"] and (continues or _before(_POSITION_BEFORE, plain, start)))


def _is_range(plain: str, start: int, end: int, following: int) -> bool:
    between = plain[end:following]
    if not _RANGE_BETWEEN.fullmatch(between):
        return False
    return "and" not in between.lower() or _before(_BETWEEN_BEFORE, plain, start)


def _is_other(reading: Reading, plain: str) -> bool:
    """Whether a number is a thing's number, a length, or a count, and so no moment."""
    start, end = reading.start, reading.end
    if reading.bare and _before(_NUMBERED_THING, plain, start):
        return True
    if _before(_LENGTH_BEFORE, plain, start) or _before(_OUT_OF_BEFORE, plain, start) or _LENGTH_AFTER.match(plain, end):
        return True
    if not reading.bare:
        return False
    is_first = not re.search(r"\w", plain[: min(start, _NEAR_CHARS)])
    return not ((is_first or _before(_NAMED_BEFORE, plain, start)) and _ENDS.match(plain, end))


def _before(pattern: re.Pattern[str], plain: str, place: int) -> bool:
    """Whether a pattern, anchored at its end, is found before a place."""
    return pattern.search(plain, max(0, place - _NEAR_CHARS), place) is not None


def _reading(found: re.Match[str]) -> Reading:
    text = found[0]
    if found["colons"]:
        whole, fraction = re.fullmatch(r"([\d:]+)(?:[.,](\d+))?", text).groups()  # type: ignore[union-attr]
        parts = [int(part) for part in whole.split(":")]
        if parts[-1] >= 60 or (len(parts) == 3 and parts[1] >= 60):
            raise ReplyError(f"no clock shows {snippet(text)}")
        seconds = float(sum(part * 60**power for power, part in enumerate(reversed(parts))))
        seconds += float(f"0.{fraction}") if fraction else 0.0
    elif found["words"]:
        numbers = [float(number) for number in _NUMBER.findall(re.sub(r"(?<=\d),(?=\d)", ".", text))]
        powers = range(len(numbers) - 1, -1, -1)
        seconds = sum(number * 60**power for number, power in zip(numbers, powers, strict=True))
        if len(numbers) == 1 and "m" in text.lower():
            seconds *= 60
    else:
        seconds = float(text)
    return Reading(found.start(), found.end(), seconds, fine=seconds != int(seconds) or "." in text, bare=bool(found["bare"]))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("**", "").replace("’", "'").replace("−", "-").strip()

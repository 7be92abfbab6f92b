"""Times as the answers of task files name them: whole seconds, or tenths where a second is too coarse."""

import math

from vr_assets.errors import ReplyError
from vr_assets.records.base import Span

# Below ten seconds a whole second is more than a tenth of the clip. From an hour on MM:SS would be ambiguous.
_TENTHS_BELOW_S = 10.0
_HOURS_FROM_S = 3600.0
# A reading may name the second in which the clip ends.
_SLACK_S = 1.0
# 29.9999999 s is thirty seconds whose arithmetic went wrong.
_EPSILON = 1e-6


class Timecodes:
    """How times within one video, or one part of a recording, are written: one layout for all of its answers."""

    def __init__(self, duration_s: float) -> None:
        self._duration_s = duration_s
        self._per_second = 10 if duration_s < _TENTHS_BELOW_S else 1
        self._hours = duration_s >= _HOURS_FROM_S

    @property
    def layout(self) -> str:
        return ("HH:" if self._hours else "") + "MM:SS" + (".f" if self._per_second == 10 else "")

    def of_span(self, span: Span) -> tuple[str, str]:
        """Start and end of a stretch, as written: start < end, and neither outside the clip.

        Both are rounded half up. Where that makes them equal the start is rounded down and the end up, so that the written
        stretch covers the true one. A stretch in the clip's last partial unit is written as the last whole one.

        Raises:
            ReplyError: the stretch is outside the clip, or the clip holds no whole unit.
        """
        end_s = self._duration_s
        if span.start_s < -_SLACK_S or span.start_s >= end_s or span.end_s > end_s + _SLACK_S:
            raise ReplyError(f"{_plain(span)} is outside the clip ({end_s:g} s)")
        last = math.floor(end_s * self._per_second + _EPSILON)
        if last < 1:
            raise ReplyError(f"the clip ({end_s:g} s) is too short for a start and an end as {self.layout}")
        exact_start, exact_end = span.start_s * self._per_second, span.end_s * self._per_second
        start, end = _half_up(exact_start), _half_up(exact_end)
        if start >= end:
            start, end = math.floor(exact_start + _EPSILON), math.ceil(exact_end - _EPSILON)
        start = min(max(start, 0), last - 1)
        end = min(max(end, start + 1), last)
        return self._text(start), self._text(end)

    def _text(self, units: int) -> str:
        seconds, tenths = divmod(units, self._per_second)
        minutes, seconds = divmod(seconds, 60)
        hours = ""
        if self._hours:
            hours, minutes = f"{minutes // 60:02d}:", minutes % 60
        return f"{hours}{minutes:02d}:{seconds:02d}" + (f".{tenths}" if self._per_second == 10 else "")


def _half_up(value: float) -> int:
    return math.floor(value + 0.5 + _EPSILON)


def _plain(span: Span) -> str:
    return f"{span.start_s:g}-{span.end_s:g} s"

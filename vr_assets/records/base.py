"""The base of all records, and the types of time and place."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Record(BaseModel):
    """Frozen, closed, strict. `to_line` and `model_validate_json` are inverse."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def to_line(self) -> str:
        """One line of JSON, UTF-8, no line break inside."""
        return self.model_dump_json()


class Span(Record):
    """A half-open stretch of time [start_s, end_s) in seconds. Unless said otherwise on the video's clock: zero is the first
    frame shown, of the part where a video is a part of a recording.
    """

    start_s: float = Field(ge=0)
    end_s: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError(f"span ends at {self.end_s} s, not after its start at {self.start_s} s")
        return self

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def holds(self, time_s: float, *, slack_s: float = 0.0) -> bool:
        """Whether a moment lies inside; the end counts as inside, as people name it."""
        return self.start_s - slack_s <= time_s <= self.end_s + slack_s


STILL = Span(start_s=0.0, end_s=1.0)
"""The span of what stands still: an image has no time."""


def format_clock(seconds: float, *, tenths: bool = False) -> str:
    """`MM:SS`, or `MM:SS.f`; from an hour on `HH:MM:SS`. Rounded down, as clocks show it: never beyond the end of the video."""
    if not seconds >= 0 or math.isinf(seconds):
        raise ValueError(f"no clock shows {seconds} s")
    # 29.9999999 s is thirty seconds whose arithmetic went wrong.
    units = math.floor(seconds * 10 + 1e-6)
    minutes, rest = divmod(units, 600)
    shown = f"{rest // 10:02d}" + (f".{rest % 10}" if tenths else "")
    if minutes < 60:
        return f"{minutes:02d}:{shown}"
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{shown}"

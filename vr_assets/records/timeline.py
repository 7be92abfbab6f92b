"""What people or a tracker noted of a video before any model saw it."""

from enum import StrEnum

from pydantic import Field

from vr_assets.records.base import Record

TIMELINE = "timeline"
"""The field of a manifest in which it stands. It stays with the rows and does not go into training data."""


class NotedBy(StrEnum):
    HUMAN = "human"
    TRACKER = "tracker"


class Noted(Record):
    """One event. Times in seconds on the clock of the file, whole recording or not; an instant ends when it starts."""

    start_s: float = Field(ge=0)
    end_s: float
    text: str = Field(min_length=1)
    by: NotedBy = NotedBy.HUMAN

"""What people and checks say of what is there: findings of checks, marks that cost calls, decisions of reviewers.

All three name a subject: a video or image by its id, or one thing of it by `item_id`.
"""

import hashlib
from enum import StrEnum

from pydantic import Field

from vr_assets.records.base import Record
from vr_assets.settings import QaType


class Finding(Record):
    """One breach of one check: `check` is its name as Dagster shows it, `asset` the stage whose rows were looked at."""

    check: str
    asset: str
    subject: str
    said: str


class Mark(Record):
    """What an evidence check found about an item. `of` is the item's fingerprint: of another text it says nothing.

    `keys` find the answers that it rests on in the journal.
    """

    check: str
    subject: str
    of: str
    passed: bool
    said: str
    keys: tuple[str, ...] = ()


class Verdict(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    EDIT = "edit"


class Decision(Record):
    """What a reviewer decided; of several about one subject the last counts, while `of` is the fingerprint of what is there.

    `edits` are new texts by the name of the item's field, for `edit` only. `at` is ISO 8601, UTC.
    """

    subject: str
    of: str
    verdict: Verdict
    note: str = ""
    edits: dict[str, str] = Field(default_factory=dict)
    by: str = ""
    at: str


class Pictures(Record):
    """Files that show a video or image on its review page, as the page links to them; empty where there are none.

    `still` is an image in a size to be looked at, `clip` a video; `problem` says why something is missing. `more` are of the
    further videos and images of what has several.
    """

    thumb: str = ""
    still: str = ""
    clip: str = ""
    problem: str = ""
    more: tuple["Pictures", ...] = ()

    @property
    def files(self) -> set[str]:
        """All of them."""
        return {name for one in (self, *self.more) for name in (one.thumb, one.still, one.clip) if name}


def item_id(video_id: str, qa_type: QaType, position: int) -> str:
    """One QA item, such as `3fa1c2d4e5f60718/mcq/0`. It may come to name another text: see `fingerprint`."""
    return f"{video_id}/{qa_type}/{position}"


def fingerprint(thing: Record) -> str:
    """16 hex digits that change with the thing's content."""
    return hashlib.sha256(thing.to_line().encode()).hexdigest()[:16]

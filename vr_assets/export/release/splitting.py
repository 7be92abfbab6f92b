"""Train and validation: what shows the same thing stays on one side, and stays there when more is added."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from vr_assets.settings import Split

Key = tuple[str, str]


@dataclass(frozen=True)
class Member:
    """A video or image as the split sees it: two that share a key show, in some way, the same thing."""

    name: str
    content: str
    keys: frozenset[Key]


def member(
    name: str, content: str, *, video_ids: Sequence[str] = (), fields: dict[str, JsonValue], group_by: Sequence[str]
) -> Member:
    """A member, whose keys are its file's content, the videos that it is nearly the same as (itself among them), and the values
    of the manifest's fields that group.
    """
    grouped = {("field", f"{name}={json.dumps(fields[name], sort_keys=True)}") for name in group_by if name in fields}
    return Member(name, content, frozenset({("content", content), *(("video", one) for one in video_ids), *grouped}))


def sides(members: Sequence[Member], share: float) -> list[Split]:
    """The side of each member. Groups go by the hash of their first member, so that those who come later change nothing, but
    where one ties two older groups together.

    Args:
        members: the oldest first.
        share: of the groups that go to validation.
    """
    return [_side(members[first].content, share) for first in groups(members)]


def leaks(members: Sequence[Member], found: Sequence[Split]) -> list[str]:
    """What is on both sides, in sentences; none where the split holds."""
    seen: dict[Key, dict[Split, str]] = defaultdict(dict)
    for one, side in zip(members, found, strict=True):
        for key in one.keys:
            seen[key].setdefault(side, one.name)
    both = [(key, names) for key, names in sorted(seen.items()) if len(names) > 1]
    return [
        f"{names[Split.TRAIN]} in {Split.TRAIN} and {names[Split.VALIDATION]} in {Split.VALIDATION} share {kind} {value}"
        for (kind, value), names in both
    ]


def _side(content: str, share: float) -> Split:
    drawn = int.from_bytes(hashlib.sha256(f"split\0{content}".encode()).digest()[:8]) / 2**64
    return Split.VALIDATION if drawn < share else Split.TRAIN


def groups(members: Sequence[Member]) -> list[int]:
    """For each member the place of the first of its group, which what shares a key forms, one step after another."""
    leader = list(range(len(members)))

    def first(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    holders: dict[Key, int] = {}
    for place, one in enumerate(members):
        for key in one.keys:
            ours, theirs = first(place), first(holders.setdefault(key, place))
            leader[max(ours, theirs)] = min(ours, theirs)
    return [first(place) for place in range(len(members))]

"""Turns of conversations in the users' form: whose they are, and the tags that say where a video or an image belongs."""

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from vr_assets.records.conversation import Turn


class Speaker(StrEnum):
    SYSTEM = "system"
    HUMAN = "human"
    MODEL = "gpt"


class Medium(StrEnum):
    VIDEO = "video"
    IMAGE = "image"


_TAG = re.compile(rf"<({'|'.join(Medium)})>")
_BEFORE = re.compile(rf"\A(?:\s*{_TAG.pattern})+\s*")
_AFTER = re.compile(rf"(?:\s*{_TAG.pattern})+\s*\Z")


def first_human(conversation: Sequence[Turn]) -> int | None:
    """Which turn is a human's first."""
    return next((place for place, turn in enumerate(conversation) if turn.get("from") == Speaker.HUMAN), None)


def said(turn: Turn) -> str:
    """The words of a turn; null says nothing."""
    value = turn.get("value")
    return value if isinstance(value, str) else ""


def tags(text: str) -> list[Medium]:
    """The media that a text has tags for, in its order."""
    return [Medium(kind) for kind in _TAG.findall(text)]


def tag(medium: Medium) -> str:
    return f"<{medium}>"


def without_tags(text: str) -> str:
    """What a text says to a model that is shown the media beside it: a tag inside a sentence leaves words behind."""
    inner = _AFTER.sub("", _BEFORE.sub("", text))
    count, places = Counter(tags(text)), Counter(tags(text[: len(text) - len(_BEFORE.sub("", text))]))

    def words(found: re.Match[str]) -> str:
        medium = Medium(found[1])
        places[medium] += 1
        return f"{medium} {places[medium]}" if count[medium] > 1 else f"the {medium}"

    return _TAG.sub(words, inner).strip()


def tagged(text: str, media: Sequence[Medium]) -> str:
    """A text with tags for all of the media: those of a kind that it has none for stand before it."""
    there = set(tags(text))
    lacking = "".join(tag(medium) for medium in media if medium not in there)
    return f"{lacking}\n{text}" if lacking and not text.startswith(tuple(map(tag, Medium))) else f"{lacking}{text}"

"""Running text about a video: what every caption reply has in common."""

import re
from typing import ClassVar

from vr_assets.errors import ReplyError
from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.reply import Names, ReplyModel, Words, holds_json, read_reply
from vr_assets.parsing.text import clean, snippet, spoken, unquoted, without_courtesies, without_fences

_LABEL = re.compile(
    r"^[\s>]*(?:#{1,6}\s*)?[*_`\[]{0,3}\s*(?:(?:final|global|dense|overall|video|chunk|clip|segment|highlight|scene|detailed|your)\s+)*"
    r"(?:caption|description|summary)(?:\s+\d{1,2}|\s*\([^)\n]{1,40}\))?\s*[*_`\]]{0,3}\s*(?:[:：]\s*[*_`\]]{0,3}|\n|$)\s*",
    re.IGNORECASE,
)
_ONLY_A_HEADING = re.compile(r"[^\n.]{0,60}[:：]")
# What stands where a caption should, and is none: a label, a verdict, an empty value.
_NO_CAPTION = frozenset(
    ["caption", "description", "summary", "text", "video", "clip", "none", "null", "nil", "n/a", "na", "empty", "unknown"]
).union(["normal", "anomaly", "yes", "no", "ok", "done"])
_GARBAGE = re.compile(r'^\s*(?:[{}\[\]]+\s*$|"\w+"\s*:\s*["{\[])|["}\]]\s*[}\]]\s*$')


class CaptionReply(ReplyModel):
    """The reply of the caption tasks; each asset has its own subclass, so that every task has one model."""

    other_names: ClassVar[Names] = {
        "caption": (
            "global caption", "chunk caption", "clip caption", "video caption", "highlight caption", "detailed caption",
            "description", "summary",
        )
    }  # fmt: skip

    caption: Words


def read_caption(text: str, model: type[CaptionReply]) -> str:
    """A caption, from JSON, after a label, or as the whole reply.

    Raises:
        ReplyError: the reply refuses, is broken JSON, or holds no running text.
    """
    answer = without_courtesies(spoken(text))
    caption = read_reply(text, model).caption if holds_json(answer, model) else _bare_caption(answer)
    check_told(caption, "a caption")
    if _says_nothing(caption):
        raise ReplyError(f"no running text: {snippet(answer)}")
    return caption


def _bare_caption(answer: str) -> str:
    body = without_fences(answer)
    labelled = _LABEL.sub("", body, count=1)
    caption = unquoted(clean(labelled))
    if _GARBAGE.search(caption):
        raise ReplyError(f"broken JSON in place of a caption: {snippet(answer)}")
    return caption


def _says_nothing(caption: str) -> bool:
    return (
        not any(character.isalpha() for character in caption)
        or caption.strip(" .*:!").casefold() in _NO_CAPTION
        or _ONLY_A_HEADING.fullmatch(caption) is not None
        or re.fullmatch(r"<[^<>]*>", caption) is not None
    )

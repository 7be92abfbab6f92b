"""Running text about a video: what every caption reply has in common."""

import re
from typing import ClassVar

from vr_assets.errors import ReplyError
from vr_assets.parsing.layouts import as_labels
from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.reply import Names, ReplyModel, Words, holds_json, read_reply, spoken_reply
from vr_assets.parsing.text import ORNAMENT, clean, snippet, tagged, unquoted, without_fences

_LABEL = re.compile(
    rf"^[\s>]*(?:#{{1,6}}\s*)?(?:{ORNAMENT}+\s*)?[*_`\[【]{{0,3}}\s*"
    r"(?:(?:final|global|dense|overall|video|chunk|clip|segment|highlight|scene|detailed|your)\s+(?:\d{1,2}\s+)?)*"
    r"(?:caption|description|summary|描述|字幕|摘要)(?:\s+\d{1,2}|\s*\([^)\n]{1,40}\))?\s*[*_`\]】]{0,3}\s*"
    rf"(?:[:：]\s*[*_`\]]{{0,3}}|\n|$)\s*(?:{ORNAMENT}+\s*\n)?\s*",
    re.IGNORECASE,
)
_ONE_OF_SEVERAL = re.compile(
    r"^[\W_]*(?:caption|description|summary|option|version)\s+(?:\d|[a-c])\s*[*_]*[:：]", re.IGNORECASE | re.MULTILINE
)
_RULES = re.compile(r"^(?:\s*[-*_=]{3,}\s*(?:\n|$))+|(?:\n\s*[-*_=]{3,}\s*)+$")
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+")
# A model that repeats itself until its limit says no more with a tenth sentence than with a third.
_LOOP_SENTENCES, _LOOP_SHARE = 10, 3
_ONLY_A_HEADING = re.compile(r"[^\n.]{0,60}[:：]")
# What stands where a caption should, and is none: a label, a verdict, an empty value.
_NO_CAPTION = frozenset(
    ["caption", "description", "summary", "text", "video", "clip", "none", "null", "nil", "n/a", "na", "empty", "unknown"]
).union(["normal", "anomaly", "yes", "no", "ok", "done"])
_GARBAGE = re.compile(r'^\s*(?:[{}\[\]]+\s*$|\{[^{}]*$|"\w+"\s*:\s*["{\[])|["}\]]\s*[}\]]\s*$')


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
    answer = spoken_reply(text, model)
    answer = tagged(answer) or answer
    caption = read_reply(answer, model).caption if holds_json(answer, model) else _bare_caption(answer, model)
    check_told(caption, "a caption")
    if _loops(caption):
        raise ReplyError(f"says the same again and again: {snippet(caption)}")
    if _says_nothing(caption):
        raise ReplyError(f"no running text: {snippet(answer)}")
    return caption


def _bare_caption(answer: str, model: type[CaptionReply]) -> str:
    body = as_labels(without_fences(answer), model.labels()).strip()
    if len(_ONE_OF_SEVERAL.findall(body)) > 1:
        raise ReplyError(f"several captions: {snippet(answer)}")
    labelled = _LABEL.sub("", _RULES.sub("", body), count=1)
    caption = unquoted(clean(_RULES.sub("", labelled)))
    if _GARBAGE.search(caption):
        raise ReplyError(f"broken JSON in place of a caption: {snippet(answer)}")
    return caption


def _loops(caption: str) -> bool:
    sentences = [sentence.strip() for sentence in _SENTENCE.split(caption) if sentence.strip()]
    return len(sentences) >= _LOOP_SENTENCES and len(set(sentences)) * _LOOP_SHARE <= len(sentences)


def _says_nothing(caption: str) -> bool:
    return (
        not any(character.isalpha() for character in caption)
        or caption.strip(" .*:!").casefold() in _NO_CAPTION
        or _ONLY_A_HEADING.fullmatch(caption) is not None
        or re.fullmatch(r"<[^<>]*>", caption) is not None
    )

"""expressions: the cleaned caption, and the phrases in it that name things to be seen."""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.errors import ReplyError
from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.reply import Names, Remark, ReplyModel, Words, read_reply
from vr_assets.records.image import Phrase, Phrasing

# More than any caption has; fewer than a model writes that repeats itself.
_MOST = 200
_BULLET = re.compile(r"^\s*(?:[-*+•·]|\d{1,3}[.):])\s+")
_NOTHING = re.compile(r"\W*(?:none|nothing|n/?a|no expressions?)?\W*", re.IGNORECASE)


class PhraseReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "text": ("expression", "phrase", "referring expression", "span text", "value", "name", "label"),
        "noun_chunk": ("noun", "noun phrase", "head", "chunk", "head noun"),
    }
    may_be_missing = ("noun_chunk",)

    text: Annotated[Words, Field(description="The expression, word for word as it stands in the cleaned caption.")]
    noun_chunk: Annotated[Remark, Field(description="The thing itself in it, without what says where it is.")]


class ExpressionsReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "cleaned_caption": ("caption", "clean caption", "corrected caption", "revised caption"),
        "expressions": ("phrases", "referring expressions", "entities", "objects", "noun phrases"),
    }

    cleaned_caption: Annotated[Words, Field(description="The caption, cleaned.")]
    expressions: Annotated[list[PhraseReply], Field(description="The expressions, in the order of the cleaned caption.")]

    @classmethod
    def _complete(cls, fields: dict[str, object]) -> dict[str, object]:
        """Expressions that came as mere texts, or a line each, `text | noun chunk`."""
        told = fields.get("expressions")
        if isinstance(told, str):
            told = [line for line in told.splitlines() if not _NOTHING.fullmatch(line)]
        if isinstance(told, list):
            fields["expressions"] = [_entry(one) if isinstance(one, str) else one for one in told]
        return fields


def parse_expressions(text: str) -> Phrasing:
    """The cleaned caption and its expressions, in the reply's order; a caption may have none.

    Raises:
        ReplyError: the reply does not read, or a refusal.
    """
    reply = read_reply(text, ExpressionsReply)
    check_told(reply.cleaned_caption, "a caption")
    if len(reply.expressions) > _MOST:
        raise ReplyError(f"{len(reply.expressions)} expressions of one caption, more than {_MOST}: the model repeats itself")
    phrases = tuple(Phrase(text=one.text, noun_chunk=one.noun_chunk) for one in reply.expressions)
    return Phrasing(cleaned_caption=reply.cleaned_caption, phrases=phrases)


def _entry(line: str) -> dict[str, str]:
    text, _, noun = _BULLET.sub("", line).partition(" | ")
    return {"text": text.strip(), "noun_chunk": noun.strip()}

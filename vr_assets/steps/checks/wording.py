"""What texts look like that tell nothing, stop in the middle, or were told before."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vr_assets.parsing.refusals import refuses
from vr_assets.parsing.text import snippet
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ExpressedImage
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    HighlightedVideo,
    McqItem,
    OpenItem,
    YesNoItem,
)
from vr_assets.settings import Asset, Settings
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.items import items_of
from vr_assets.steps.checks.rule import Look, judge, mostly

# Shorter texts are alike by nature: "The road is empty."
_TELLS_CHARS = 60
_LAST_SENTENCES = re.compile(r"(?<=[.!?])\s+")

_ENDS = re.compile(r"[.!?…。！？।؟۔:;)\]}>\"'”’»」』*_`|%\d]\s*$")
_ABBREVIATED = r"(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!\bvs)"
_SENTENCE_BEFORE = re.compile(rf"\w{_ABBREVIATED}[.!?。！？।؟]['\"”’)]*(?:\s+|(?<=[。！？]))\S")
_HANGS = re.compile(
    r"(?:[,(\[{–—&/-]|\b(?:an?|the|and|or|but|of|to|in|on|at|with|from|by|for|as|is|are|was|were|that|which|who|while|its|their"
    r"|into|then|because|where|when))\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Text:
    """One text of a row: whose it is, what it is called there, and what it tells of, which other texts may tell of as well."""

    subject: str
    what: str
    text: str
    of: str


def texts_of(rows: BatchRows, asset: Asset) -> Iterator[Text]:
    """The texts that a stage wrote."""
    match asset:
        case Asset.CAPTIONS:
            for captioned in rows.ok(CaptionedVideo):
                yield Text(captioned.video_id, "global caption", captioned.global_caption, captioned.video_id)
                yield Text(captioned.video_id, "dense caption", captioned.dense_caption, captioned.video_id)
        case Asset.CHUNK_CAPTIONS:
            for chunked in rows.ok(ChunkCaptionedVideo):
                for chunk in chunked.chunk_captions:
                    yield Text(chunked.video_id, f"chunk {chunk.chunk_index}", chunk.caption, chunked.video_id)
        case Asset.HIGHLIGHTS:
            for lit in rows.ok(HighlightedVideo):
                yield Text(lit.video_id, "highlight", lit.highlight_chunk.caption if lit.highlight_chunk else "", lit.video_id)
        case Asset.DESCRIPTIONS:
            for described in rows.ok(DescribedVideo):
                yield Text(described.video_id, "description", described.detailed_description, described.video_id)
        case Asset.QA:
            for one in items_of(rows):
                open_answer = one.item.answer if isinstance(one.item, OpenItem) else ""
                explanation = one.item.explanation if isinstance(one.item, McqItem | YesNoItem) else ""
                told = {"answer": open_answer, "explanation": explanation, "reasoning": one.item.reasoning}
                yield from (Text(one.subject, what, text, one.row.video_id) for what, text in told.items() if text)
        case Asset.EXPRESSIONS:
            for image in rows.ok(ExpressedImage):
                yield Text(image.image_id, "cleaned caption", image.cleaned_caption, image.image_id)
        case Asset.VIDEO_CAPTIONS:
            for row in rows.ok(CaptionedConversation):
                yield Text(row.source, "caption", row.caption, f"{row.videos} {row.images} {row.prompt}")
        case _:
            return


def empty_texts(rows: BatchRows, asset: Asset, settings: Settings) -> Look:
    """Every text says something, in `checks.shortest_text_chars` characters or more; a caption of conversations in one."""
    # A user's prompt may ask for a single word or number.
    fewest = 1 if asset is Asset.VIDEO_CAPTIONS else settings.checks.shortest_text_chars

    def fault(text: str) -> str:
        says = any(character.isalnum() for character in text) and len(text.strip()) >= fewest
        return "" if says else f"says next to nothing: {snippet(text)}"

    return judge(((one.subject, _of(one, fault(one.text))) for one in texts_of(rows, asset)), "texts", "say next to nothing")


def refusals(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """No text declines, asks for the video, or is an endpoint's error; at its start or at its end."""

    def fault(text: str) -> str:
        end = " ".join(_LAST_SENTENCES.split(text)[-2:])
        refusal = next((part for part in (text, end) if refuses(part)), "")
        return f"reads like a refusal: {snippet(refusal)}" if refusal else ""

    return judge(((one.subject, _of(one, fault(one.text))) for one in texts_of(rows, asset)), "texts", "read like refusals")


def truncated_texts(rows: BatchRows, asset: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the texts stop in the middle of a sentence."""
    tried = (
        (one.subject, _of(one, f"stops in the middle: ... {one.text.strip()[-40:]!r}" if is_cut(one.text) else ""))
        for one in texts_of(rows, asset)
    )
    return mostly(tried, "texts", "stop in the middle", settings)


def is_cut(text: str) -> bool:
    """Whether the last line of a text hangs in the air: on a comma or a word like "the", or without a mark at its end where a
    sentence before has one. A phrase alone needs no mark.
    """
    lines = text.strip().splitlines()
    last = lines[-1] if lines else ""
    if not last or _ENDS.search(last):
        return False
    return _HANGS.search(last) is not None or _SENTENCE_BEFORE.search(last) is not None


def repeated_texts(rows: BatchRows, asset: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the longer texts are, word for word, the text about another video as well."""
    texts = [(one, _words(one.text)) for one in texts_of(rows, asset) if len(one.text) >= _TELLS_CHARS]
    about: Mapping[str, dict[str, Text]] = defaultdict(dict)
    for one, words in texts:
        about[words].setdefault(one.of, one)
    tried = ((one.subject, _of(one, _repeated(one, about[words]))) for one, words in texts)
    return mostly(tried, "longer texts", "are those of another video too", settings)


def _repeated(one: Text, about: Mapping[str, Text]) -> str:
    if len(about) == 1:
        return ""
    other = next(other for of, other in about.items() if of != one.of)
    more = f" and {len(about) - 2} more" if len(about) > 2 else ""
    return f"the same as of {other.subject}{more}: {snippet(one.text)}"


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _of(one: Text, fault: str) -> str:
    return f"{one.what}: {fault}" if fault else ""

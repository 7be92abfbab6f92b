"""QA items as texts by name, for people to change, and back."""

from collections.abc import Mapping
from math import inf

from vr_assets.records.base import Span
from vr_assets.records.video import McqItem, Option, QaItem, SpanItem, YesNoItem

_SPAN = {"span.start_s": "start_s", "span.end_s": "end_s"}


def texts_of(item: QaItem) -> dict[str, str]:
    """What of an item may be edited: `question`, `options.A`, `answer`, `span.start_s`, `explanation`, `reasoning`, as far as its
    form has them. The answer to a question with options is a letter.
    """
    texts = {"question": item.question}
    if isinstance(item, McqItem):
        texts |= {f"options.{option.letter}": option.text for option in item.options}
    if isinstance(item, SpanItem):
        texts |= {name: f"{getattr(item.span, part):g}" for name, part in _SPAN.items()}
    else:
        texts["answer"] = item.answer
    if isinstance(item, McqItem | YesNoItem):
        texts["explanation"] = item.explanation
    return {**texts, "reasoning": item.reasoning}


def edited(item: QaItem, edits: Mapping[str, str]) -> QaItem:
    """The item with some of its texts replaced.

    Raises:
        ValueError: it has no such text, or would be no such item any more; says which and why.
    """
    texts = texts_of(item)
    for name, text in edits.items():
        if name not in texts:
            raise ValueError(f"{name}: the item has no such text; it has {', '.join(texts)}")
        if not text.strip():
            raise ValueError(f"{name}: a text cannot be empty; reject the item in place of that")
    changed: dict[str, object] = {name: text for name, text in edits.items() if "." not in name}
    if isinstance(item, McqItem):
        options = tuple(Option(letter=one.letter, text=edits.get(f"options.{one.letter}", one.text)) for one in item.options)
        letters = [one.letter for one in options]
        if edits.get("answer", item.answer) not in letters:
            raise ValueError(f"answer: {edits['answer']!r} is none of the letters {', '.join(letters)}")
        changed["options"] = options
    if isinstance(item, YesNoItem) and edits.get("answer", item.answer) not in ("Yes", "No"):
        raise ValueError(f"answer: {edits['answer']!r} is neither Yes nor No")
    if isinstance(item, SpanItem):
        start_s, end_s = (
            _seconds(name, edits[name]) if name in edits else float(getattr(item.span, part)) for name, part in _SPAN.items()
        )
        if not 0 <= start_s < end_s < inf:
            raise ValueError(f"span: {start_s:g} - {end_s:g} s is no stretch of time; the end comes after the start")
        changed["span"] = Span(start_s=start_s, end_s=end_s)
    return item.model_copy(update=changed)


def _seconds(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is no number of seconds") from None

"""The options of a question in other orders, so that one who picks a place and not a text is not right in all of them."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass

from vr_assets.parsing.letters import rename_in_option
from vr_assets.parsing.mcq import ABOVE
from vr_assets.records.video import McqItem


@dataclass(frozen=True)
class Ordered:
    """Options by letter, and the letter of the right one."""

    options: Mapping[str, str]
    answer: str


def option_orders(item: McqItem, count: int) -> tuple[Ordered, ...]:
    """Different orders that the item's own text gives, at most as many as there are options that may move.

    Each puts every option into another place. "None of the above" stays the last one.
    """
    letters = [option.letter for option in item.options]
    texts = {option.letter: option.text for option in item.options}
    moving = [letter for letter in letters if not ABOVE.search(texts[letter])]
    last = [letter for letter in letters if letter not in moving]
    seed = "\0".join([item.question, *sorted(texts.values())])
    random.Random(hashlib.sha256(seed.encode()).digest()).shuffle(moving)
    return tuple(
        _ordered(item, texts, letters, [*moving[turn:], *moving[:turn], *last]) for turn in range(min(count, len(moving)))
    )


def _ordered(item: McqItem, texts: Mapping[str, str], letters: list[str], order: list[str]) -> Ordered:
    new = {old: letter for letter, old in zip(letters, order, strict=True)}
    told = {new[old]: rename_in_option(text, new, others=texts.values()) for old, text in texts.items()}
    return Ordered({letter: told[letter] for letter in letters}, new[item.answer])

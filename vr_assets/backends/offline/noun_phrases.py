"""Noun phrases of an English caption, told by the words around them. No tagger: a word that is not known may be a noun.

What is found are words of the caption as they stand there, so that spans are exact.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from vr_assets.backends.offline import lexicon

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LABEL = re.compile(r"(?:caption|description)\s*:\s*", re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "'": "'", "`": "`"}
# A run of more unknown words is another language, or a sentence whose verb is not known.
_MOST_NOUNS = 4

_WHERE = "far left|far right|left|right|top|bottom|upper|lower|middle|center|centre"
_PLACE = re.compile(
    rf"(?:,? (?:that is|which is|located|placed|positioned|situated))? (?:on|at|in|to|near|towards?) the"
    rf" (?:{_WHERE})(?:[ -](?:left|right|middle|center|centre))?(?:[ -]hand)?(?: (?:side|corner|edge|half|part))?"
    rf"(?: of the (?:image|picture|frame|photo|scene|view))?\b(?! of\b)",
    re.IGNORECASE,
)
_RELATION = re.compile(
    r"(?:,? (?:that is|which is|located|placed|positioned|situated))? "
    r"(?P<way>(?:to|on) the (?:left|right) of|left of|right of|above|below|under|underneath|beneath|inside(?: of)?|within) ",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Word:
    text: str
    start: int
    end: int

    @cached_property
    def lower(self) -> str:
        return self.text.lower()


@dataclass(frozen=True)
class NounPhrase:
    """What a caption says of one thing or several alike. `start` and `end`, excluded, are places in the caption.

    `words` are those of the noun phrase alone, its noun last; `place` and `relation` are what stands behind it: where it is, and
    how it lies to `other`.
    """

    text: str
    start: int
    end: int
    words: tuple[Word, ...]
    count: int | None
    place: str = ""
    relation: str = ""
    other: "NounPhrase | None" = None

    @property
    def chunk(self) -> str:
        """Without article, number and place: `red circle`."""
        return self.text[self.words[0].start - self.start : self.words[-1].end - self.start]

    @property
    def noun(self) -> str:
        return lexicon.singular(self.words[-1].lower)[0]


def cleaned(caption: str) -> str:
    """A caption on one line, without a label in front and quotes around it. Its words stay."""
    text = " ".join(caption.split())
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1] and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text[found.end() :] if (found := _LABEL.match(text)) else text


def noun_phrases(caption: str) -> tuple[NounPhrase, ...]:
    """In order of place; of phrases with the same words the first."""
    words = [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(caption)]
    phrases: dict[str, NounPhrase] = {}
    at = 0
    while at < len(words):
        phrase, after = _phrase(caption, words, at)
        if phrase is not None:
            phrases.setdefault(phrase.text.lower(), phrase)
        at = max(after, at + 1)
    return tuple(phrases.values())


def phrase_of(text: str) -> NounPhrase | None:
    """What an expression says, whoever found it; None where it does not read as one noun phrase from beginning to end."""
    words = [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text)]
    phrase, _ = _phrase(text, words, 0) if words else (None, 0)
    return phrase if phrase is not None and phrase.end == words[-1].end else None


def _phrase(caption: str, words: Sequence[Word], at: int) -> tuple[NounPhrase | None, int]:
    """The noun phrase that begins at a word, if one does, and the word to go on with: the one behind its noun."""
    first, count, singular = at, None, False
    while at < len(words):
        word = words[at].lower
        if word in lexicon.GROUPS and _lower(words, at + 1) == "of":
            count, singular, at = lexicon.GROUPS[word] or count, False, at + 2
        elif word in lexicon.ARTICLES:
            singular, at = word in lexicon.SINGULAR_ARTICLES, at + 1
        elif (word in lexicon.NUMBERS or word.isdecimal()) and not (word == "one" and at > first):
            count, at = lexicon.NUMBERS.get(word) or int(word[:4]), at + 1
        else:
            break
    body, nouns, after = _body(caption, words, at, singular=singular)
    if not nouns or len(nouns) > _MOST_NOUNS or not nouns[-1].lower.isalpha():
        return None, after
    if nouns[-1].lower in lexicon.NO_THINGS or _verbal(nouns[-1].lower) or not nouns[-1].lower.isascii():
        return None, after
    if count is None and not lexicon.singular(nouns[-1].lower)[1]:
        count = 1
    start, end = words[first].start, body[-1].end
    place, relation, other = "", "", None
    if found := _PLACE.match(caption, end):
        place, end = found[0], found.end()
    elif found := _RELATION.match(caption, end):
        behind = next((place for place, word in enumerate(words) if word.start >= found.end()), len(words))
        other, _ = _phrase(caption, words, behind) if behind < len(words) else (None, 0)
        if other is not None:
            relation, end = found["way"].lower(), other.end
    return NounPhrase(caption[start:end], start, end, tuple(body), count, place.lower(), relation, other), after


def _body(caption: str, words: Sequence[Word], at: int, *, singular: bool) -> tuple[list[Word], list[Word], int]:
    """Modifiers and nouns from a word on, without what joins modifiers; those of them from the first noun on; the word behind."""
    body: list[Word] = []
    nouns: list[Word] = []
    while at < len(words):
        word = words[at]
        if body and not _joined(caption, words, at, body[-1]):
            break
        if word.lower in ("and", "or") and body and not nouns and _lower(words, at + 1) in lexicon.COLOURS:
            at += 1
            continue
        modifies = word.lower in lexicon.MODIFIERS and not (word.lower in lexicon.SHAPES and _ends(caption, words, at))
        if (
            word.lower in lexicon.STOPS
            or word.lower in lexicon.ARTICLES
            or (nouns and (modifies or _acts(word, singular=singular)))
        ):
            break
        if nouns or not (modifies or _verbal(word.lower)):
            nouns.append(word)
        if nouns or not word.lower.endswith("ly"):
            body.append(word)
        at += 1
    return body, nouns, at


def _ends(caption: str, words: Sequence[Word], at: int) -> bool:
    """Whether no noun can follow a word: `square` is the noun of `a square above ...`, and none in `a square box`."""
    behind = _lower(words, at + 1)
    ending = behind in lexicon.STOPS or behind in lexicon.ARTICLES or behind in lexicon.SIDES
    return not behind or ending or not caption[words[at].end : words[at + 1].start].isspace()


def _joined(caption: str, words: Sequence[Word], at: int, before: Word) -> bool:
    """Whether nothing but a space is between a word and the one before it; between two modifiers a comma may be."""
    between = caption[words[at - 1].end : words[at].start]
    modifiers = before.lower in lexicon.MODIFIERS and words[at].lower in lexicon.MODIFIERS
    return between.isspace() or (modifiers and between.strip() == ",")


def _acts(word: Word, *, singular: bool) -> bool:
    """Whether a word behind a noun looks like what the thing does or what is done to it."""
    return _verbal(word.lower) or (singular and lexicon.singular(word.lower)[1])


def _verbal(word: str) -> bool:
    return word.endswith(("ing", "ed", "ly")) and word not in lexicon.NOUNS_LIKE_VERBS


def _lower(words: Sequence[Word], at: int) -> str:
    return words[at].lower if at < len(words) else ""

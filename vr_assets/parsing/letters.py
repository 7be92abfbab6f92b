"""Option letters in running text, so that they can follow when the options change places.

"Option B", "(B)", "B is wrong", "options A and C" and "the first option" name options. "A car", "Person A", "Lane B", "vitamin C"
and "the B-pillar" do not. Where the same letter is a thing of the scene and stands alone as well, and nothing around it tells
which is meant, the text is rejected: a letter that was turned wrongly is a wrong answer that nobody sees.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from vr_assets.errors import ReplyError
from vr_assets.parsing.letter_words import AFTER_LETTER_A, INSCRIBING, NOUNS_IN_S, OPENERS, OPTION_NOUNS, THINGS
from vr_assets.parsing.text import snippet

# What is said of options and not of things in a scene, after the letter and before it.
_JUDGED = re.compile(
    r"[)\]*'\"]*\s+(?:\w+ly\s+|also\s+|both\s+)?(?:"
    r"(?:is|are|was|were)\s+(?:\w+\s+){0,2}?(?:(?:in)?correct|wrong|right|false|true|best|(?:in|im|un)?(?:accurate|valid|plausible|supported)"
    r"|impossible|contradicted|ruled|eliminated|excluded|the\s+(?:correct|best|right|only|answer))"
    r"|(?:cannot|can't|can|could|must|should)\s+(?:not\s+)?be"
    r"|(?:does|do|did)(?:\s+not|n't)\s+(?:match|fit|describe|reflect|align|hold|apply|explain|account)"
    r"|(?:states?|says?|describes?|claims?|suggests?|mentions?|match(?:es)?|fits?|contradicts?|misstates?|misidentif\w+|ignores?"
    r"|reflects?|names?|confuses?|reverses?|overstates?|understates?|because|as\s+the\s+(?:correct|answer|best))"
    r")\b",
    re.IGNORECASE,
)
_JUDGING = re.compile(
    r"\b(?:eliminat\w+|exclud\w+|reject\w*|rul\w+\s+out|choos\w+|chose|select\w*|pick\w*|discard\w*|dismiss\w*|favou?r\w*"
    r"|contradict\w*|support\w*|leav\w+|prefer\w*|only|answer\s+is|therefore|thus|hence)\s+(?:only\s+)?[(\[*'\"]*$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(the\s+)?(first|second|third|fourth|fifth|sixth|seventh|eighth|last)\s+(option|choice|alternative)\b", re.IGNORECASE
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

_LETTER = re.compile(r"(?<![\w°$#@])(?<!\w['’])(?<!\w\w[/-])([A-Ha-h])(?![\w°]|['’][a-rt-z])")
_JOINT = re.compile(
    r"[)\]*'\"]*(?:\s*,\s*(?:and\s+|or\s+|nor\s+)?|\s+(?:and|or|nor|and/or|vs\.?|versus)\s+|\s*[/&]\s*)[(\[*'\"]*", re.IGNORECASE
)
_THROUGH = re.compile(r"\s*(?:-|–|\s(?:to|through)\s)\s*", re.IGNORECASE)
_BEFORE = re.compile(r"(?:([A-Za-z][\w'’-]*)|([.,;:!?–—\n]|^))\s*([(\[*'\"“‘`]*)$")
_OPTION_BEFORE = re.compile(
    r"\b(?:options?|choices?|answers?|alternatives?|distractors?|candidates?|selections?|statements?|scenarios?|letters?)"
    r"\s*(?:is|are|was|would be|must be|should be|:|=|being)?\s*:?\s*"
    r"(?:therefore\s+|thus\s+|clearly\s+|option\s+|choice\s+|letter\s+|labell?ed\s+|marked\s+)?[(\[*'\"“‘`]*$",
    re.IGNORECASE,
)
_COMBINATION = re.compile(
    r"(?P<of>(?i:both|either|neither|all of|none of|only)\s+(?i:options?\s+)?|(?i:options?)\s+)?"
    r"[(]?[A-H][)]?(?:(?:\s*,\s*|\s+(?:and|or|nor|&)\s+)(?:and\s+|or\s+)?[(]?[A-H][)]?)+(?:\s+(?:only|are correct|together))?\.?"
)
_LETTER_ITSELF = re.compile(r"\b(?:the|a)\s+letters?\s+[*'\"“‘`]*$", re.IGNORECASE)
_BRACKET_BEFORE = re.compile(r"[(\[]\W?$")
_BRACKET_AFTER = re.compile(r"\W?[)\]]")
_ENUMERATES = re.compile(r"[*_]*[).:](?=[\s*_]|$)")
_WORD_AFTER = re.compile(r"\s{1,9}[\"“'‘]?([A-Za-z][\w'’-]*)")
_PART_AFTER = re.compile(r"-\w|\.\w|[&+/]\w")
_PART_BEFORE = re.compile(r"\w[-.&/]$|\d\s$|\b(?:Mr|Mrs|Ms|Dr|Prof)\.\s$")
# How far around a letter its meaning is looked for: a reply that repeats itself for pages must not take minutes to read.
_NEAR_CHARS = 80
_LINE_START = re.compile(r"(?:^|\n)[ \t>*_#-]*(?:\d+[.)]\s*)?[*_]*$")


@dataclass(frozen=True)
class _Mention:
    """Letters that stand or fall together ("options A, B and D"): their places, and what the first one's surroundings say.

    `plain`: it is taken for an option because nothing says otherwise. `through`: the two ends of a range ("options A-C").
    """

    places: tuple[int, ...]
    is_option: bool
    plain: bool
    through: tuple[int, int] | None = None


@dataclass(frozen=True)
class Scene:
    """A question and its options, by letter: texts that name things and no options."""

    question: str
    options: Mapping[str, str]

    @property
    def text(self) -> str:
        return "\n".join([self.question, *self.options.values()])

    @cached_property
    def things(self) -> frozenset[str]:
        """Nouns that carry a letter as their name. "Forklift B" in the question makes a forklift one everywhere."""
        found = re.findall(r"\b([A-Za-z]{3,})\s+(?:[B-H]\b|A\b(?!\s+[a-z]))(?![’'-]\w)", self.text)
        return THINGS | INSCRIBING | (frozenset(word.lower() for word in found) - OPENERS - OPTION_NOUNS)

    def names(self, word: str) -> bool:
        """Whether a letter after this word, singular or plural, is the name of a thing."""
        singular = word.removesuffix("s")
        return not self.things.isdisjoint((word, singular, singular.removesuffix("e")))

    def is_told(self, word: str, letter: str) -> bool:
        """Whether an option's own text has the word: "the truck (B)" names the option then."""
        return re.search(rf"\b{re.escape(word)}\b", self.options.get(letter.upper(), ""), re.IGNORECASE) is not None


def rename_letters(texts: tuple[str, ...], letters: Mapping[str, str], *, scene: Scene) -> tuple[str, ...]:
    """Texts about options, with each option's letter replaced.

    Args:
        letters: new letter by old one.
        scene: what the texts are about; options under their old letters.

    Raises:
        ReplyError: a letter names a thing of the scene in one place and stands alone, unexplained, in another.
    """
    mentions = [list(_mentions(text, letters, scene)) for text in texts]
    in_scene = {
        text[place].upper()
        for text, found in zip((*texts, scene.text), (*mentions, list(_mentions(scene.text, letters, scene))), strict=True)
        for mention in found
        if not mention.is_option
        for place in mention.places
    }
    renamed = []
    for text, found in zip(texts, mentions, strict=True):
        for mention in found:
            first = mention.places[0]
            if mention.plain and text[first].upper() in in_scene:
                around = text[max(0, first - 30) : first + 30]
                raise ReplyError(
                    f"whether {text[first]!r} names an option or a thing in the scene cannot be told: {snippet(around)}"
                )
        renamed.append(_renamed(text, found, letters))
    return tuple(renamed)


def rename_in_option(text: str, letters: Mapping[str, str], *, others: Iterable[str]) -> str:
    """An option that is made of options ("Both A and C"), with their letters replaced; any other as it is.

    Bare "A and C" is made of options only if it is the one such among `others`: several are lanes or persons.
    """
    found = _COMBINATION.fullmatch(text.strip())
    if found is None or (not found["of"] and sum(_COMBINATION.fullmatch(other.strip()) is not None for other in others) > 1):
        return text
    return re.sub(r"\b[A-H]\b", lambda letter: letters.get(letter[0], letter[0]), text)


def names_options(text: str) -> bool:
    """Whether a text names an option by its letter outright ("option B")."""
    return re.search(r"\b[Oo]ptions?\s+[(\[]?[A-H]\b", text) is not None


def named_letters(text: str, scene: Scene) -> tuple[str, ...]:
    """The letters by which a text names options of the scene, sorted."""
    found = _mentions(text, scene.options, scene)
    return tuple(sorted({text[place].upper() for mention in found if mention.is_option for place in mention.places}))


def _renamed(text: str, mentions: list[_Mention], letters: Mapping[str, str]) -> str:
    pieces: list[str] = []
    at = 0
    for mention in mentions:
        if not mention.is_option:
            continue
        if mention.through is not None:
            first, last = mention.through
            span = sorted(new for old, new in letters.items() if text[first].upper() <= old <= text[last].upper())
            listed = f"{', '.join(span[:-1])} and {span[-1]}"
            pieces += [text[at:first], listed if text[first].isupper() else listed.lower()]
            at = last + 1
            continue
        for place in mention.places:
            letter = letters[text[place].upper()]
            pieces += [text[at:place], letter if text[place].isupper() else letter.lower()]
            at = place + 1
    pieces.append(text[at:])
    return _ORDINAL.sub(lambda found: _by_letter(found, letters), "".join(pieces))


def _by_letter(found: re.Match[str], letters: Mapping[str, str]) -> str:
    """ "The first option" as "Option C": which one is first has changed."""
    old = sorted(letters)
    ordinal = found[2].lower()
    letter = old[-1] if ordinal == "last" else old[_ORDINALS.index(ordinal)] if _ORDINALS.index(ordinal) < len(old) else None
    if letter is None:
        return found[0]
    return f"{'Option' if found[0][0].isupper() else 'option'} {letters[letter]}"


def _mentions(text: str, letters: Mapping[str, str], scene: Scene) -> Iterator[_Mention]:
    found = [mark for mark in _LETTER.finditer(text) if mark[1].upper() in letters]
    index = 0
    while index < len(found):
        last = index
        while last + 1 < len(found) and _joined(text, found[last], found[last + 1]):
            last += 1
        first, end = found[index].start(), found[last].end()
        through = None
        if last == index and last + 1 < len(found) and _THROUGH.fullmatch(text[found[index].end() : found[index + 1].start()]):
            through = (first, found[index + 1].start())
        mention = _judge(text, tuple(mark.start() for mark in found[index : last + 1]), end, through, scene)
        if mention is not None:
            yield mention
        index = last + (2 if mention is not None and mention.through is not None else 1)


def _joined(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return _JOINT.fullmatch(text[one.end() : other.start()]) is not None and not _is_article(text, other.start())


def _judge(text: str, places: tuple[int, ...], end: int, through: tuple[int, int] | None, scene: Scene) -> _Mention | None:
    """What a mention names, or None where its letter is no name at all (an article, an initial, B-pillar)."""
    first = places[0]
    word = _before(_BEFORE, text, first)
    previous = word[1].lower() if word and word[1] else ""
    if _before(_OPTION_BEFORE, text, first) and not (text[first] == "a" and _is_article(text, first)):
        if through is not None and text[first].upper() < text[through[1]].upper():
            return _Mention(places, is_option=True, plain=False, through=through)
        return _Mention(places, is_option=not _before(_LETTER_ITSELF, text, first), plain=False)
    is_thing = scene.names(previous)
    if _before(_BRACKET_BEFORE, text, first) and _BRACKET_AFTER.match(text, end):
        return _Mention(places, is_option=not is_thing or scene.is_told(previous, text[first]), plain=False)
    if _before(_LINE_START, text, first) and _ENUMERATES.match(text, end):
        return _Mention(places, is_option=True, plain=False)
    near = text[max(0, first - _NEAR_CHARS) : first]
    if text.startswith(")", end) and near.count("(") <= near.count(")"):
        return _Mention(places, is_option=True, plain=False)
    if text[first].islower() or _is_part_of_a_word(text, first, end):
        return None
    if is_thing:
        return _Mention(places, is_option=False, plain=False)
    if _is_article(text, first):
        return None
    if previous and not _opens(previous):
        return _Mention(places, is_option=False, plain=False)
    if through is not None and previous == "from":
        return _Mention((*places, through[1]), is_option=False, plain=False, through=through)
    return _Mention(places, is_option=True, plain=not (_JUDGED.match(text, end) or _before(_JUDGING, text, first)))


def _is_article(text: str, place: int) -> bool:
    """Whether an "A" is the article: a word follows that an article may precede."""
    if text[place] not in "Aa":
        return False
    following = _WORD_AFTER.match(text, place + 1)
    if following is None:
        return False
    word = following[1]
    lower = word.lower().replace("’", "'")
    if word[0].isupper():
        return True
    if lower in AFTER_LETTER_A:
        return False
    # "An" would stand before a vowel, but for those that sound like "you" and "won".
    if lower[0] in "aeio" and not lower.startswith(("one", "once", "eu", "ew")):
        return False
    if lower.startswith(("under", "uses", "unlike", "until", "unless")):
        return False
    ends_like_a_verb = lower.endswith("s") and not lower.endswith(("ss", "us", "is", "'s")) and "-" not in lower
    return not ends_like_a_verb or lower in NOUNS_IN_S


def _is_part_of_a_word(text: str, first: int, end: int) -> bool:
    """B-pillar, D.C., B&W, an initial in a name, degrees."""
    return bool(_PART_AFTER.match(text, end) or _before(_PART_BEFORE, text, first) or text[first:end] == "A/C")


def _before(pattern: re.Pattern[str], text: str, place: int) -> re.Match[str] | None:
    """What a pattern, anchored at its end, finds before a place."""
    return pattern.search(text, max(0, place - _NEAR_CHARS), place)


def _opens(word: str) -> bool:
    """Whether a word before a letter leaves it alone to be a name: no noun that the letter would belong to."""
    if word in OPENERS or word in OPTION_NOUNS or word.endswith(("ly", "ing", "ed", "n't")):
        return True
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))

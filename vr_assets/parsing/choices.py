"""Answers from a closed set: Yes or No, anomaly or normal, an option's letter. Never found by searching for a substring."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from vr_assets.errors import ReplyError
from vr_assets.parsing.text import ORNAMENT, clean, snippet, unquoted
from vr_assets.settings import Mode

_LEAD_IN = re.compile(
    r"^(?:(?:so|thus|hence|therefore|overall)[,:]?\s+)?(?:the |my )?(?:final |correct |right |best )?"
    r"(?:answer|verdict|label|classification|result|decision)\s*(?:is|would be|:|=|-)\s*:?\s*",
    re.IGNORECASE,
)
_AROUND = " `'\"[]()"
# "B) No": the letter of an option that was not asked for.
_OPTION = re.compile(r"^[(\[]?[A-D][)\].:]\s+", re.IGNORECASE)
_FIRST_CLAUSE = re.compile(r"^(.*?)\s*(?:[.,;:!(\n]|\s[-–—]\s|—|–|\s(?:because|since|as)\s|$)(.*)$", re.DOTALL)

_YES = frozenset({"yes", "true"})
_NO = frozenset({"no", "false"})
_SUITABLE_WORDS = {"suitable": "yes", "not suitable": "no", "unsuitable": "no"}
_UNSURE = re.compile(
    r"^\W*(?:(?:but|though|however|and)\s+)?(?:(?:it|this|that|which|he|she|they)\s+)?(?:(?:is|was|are|were)\s+)?(?:"
    r"unclear|unsure|uncertain|unknown|indeterminate|inconclusive|insufficient|n/?a\b|not applicable|impossible to"
    r"|not (?:(?:clearly )?visible|sure|certain|clear|determinable|possible to)"
    r"|(?:cannot|can't|could not|couldn't|can not) (?:be |tell|say|see|determine|judge)"
    r")",
    re.IGNORECASE,
)

_HEDGED = (
    r"(?:(?:most|very|quite|highly) )?(?:likely|probably|possibly|perhaps|maybe|presumably|apparently|partly|partially"
    r"|somewhat|in part|i (?:think|believe|guess))(?: so| yes| no| not)?\W*(?:$|[.,;!)])"
)

_ANOMALY = r"(?:anomal(?:y|ies|ous)|abnormal(?:ity|ities)?)"
_SUBJECT = (
    r"(?:(?:the|this) (?:video|clip|scene|footage|situation|activity)(?: clip| footage)? |it |this |there )?"
    r"(?:is |are |shows |contains |has |depicts |was |were )?(?:classified as |labell?ed |labell?ed as )?(?:clearly )?"
)
_KIND = (
    r"(?: (?:detected|observed|present|found|seen|visible|occurs|occurred|events?|video|behaviou?r|activity|activities|situation"
    r"|traffic|operations?|scene|footage|is|are|was|were|in (?:the|this) (?:video|clip|scene|footage)))*"
)
_NONE = r"(?:no|not an?y?|not|without|non-?|zero|free of|does not (?:show|contain) an?y?)[ -]?"
_VERDICTS = tuple(
    (re.compile(f"{_SUBJECT}{words}{_KIND}", re.IGNORECASE), mode)
    for words, mode in (
        (_NONE + _ANOMALY, Mode.NORMAL),
        ("not (?:a )?normal", Mode.ANOMALY),
        (f"(?:an? |the )?{_ANOMALY}", Mode.ANOMALY),
        ("(?:a |the )?normal", Mode.NORMAL),
    )
)
_TURNS_BACK = re.compile(
    r"^\W*(?:(?:no|not|none|false|but|however|although|though|except|with|or|and|/|nor|unclear|unknown|n/?a)\b"
    rf"|{_HEDGED})",
    re.IGNORECASE,
)

_LETTER = r"[(\[{]?([A-Za-z])[)\]}]?"
_ONLY_LETTER = re.compile(rf"(?:(?:option|choice|answer|letter)[\s_]*:?\s*)?{_LETTER}\s*[.:,]?", re.IGNORECASE)
_LETTER_AND_TEXT = re.compile(
    r"(?:(?:option|choice|answer)\s*:?\s*)?(?:[(\[]([A-Za-z])[)\]]|([A-Za-z])(?=[).:]|\s+[-–—]\s|,?\s+(?:because|since|as)\b))"
    r"\s*[).:,]*\s*[-–—]?\s*(.*)",
    re.IGNORECASE | re.DOTALL,
)
_SENTENCE_LETTER = re.compile(
    r"\b(?:answer|option|choice)\b(?:\s+(?:is|would be|must be|should be))?\s*:?\s*(?:option|choice|letter)?\s*:?\s*"
    r"[(\[\"'*]*([A-Z])\b(?=[)\]\"'*]*\s*(?:$|[.,;:!)(\n]|[-–—]|because|since|as\b|and\b|or\b|/))",
    re.IGNORECASE,
)
_SECOND_LETTER = re.compile(r"[)\]]*\s*(?:,|/|&|and|or)+\s*(?:and\s+|or\s+)?[(\[]?[A-Z](?:[)\].,]|\s*$)", re.IGNORECASE)


def read_yes_no(text: str, *, suitability: bool = False) -> Literal["Yes", "No"]:
    """`Yes` or `No`: the word alone, first in a sentence before a comma or full stop, or after "the answer is".

    Args:
        suitability: "suitable" and "not suitable" count as well.

    Raises:
        ReplyError: anything else; "not visible" and "cannot be determined" are neither.
    """
    answer = _without_lead_in(text)
    clause, rest = _clauses(answer)
    word = clause.lower()
    if suitability and word in _SUITABLE_WORDS:
        word = _SUITABLE_WORDS[word]
    if word not in _YES | _NO or _takes_back(rest, other=_NO if word in _YES else _YES):
        raise ReplyError(f"neither Yes nor No: {snippet(text)}")
    return "Yes" if word in _YES else "No"


def read_verdict(text: str) -> Mode:
    """Anomaly or normal, from the verdict's first clause.

    Raises:
        ReplyError: it names neither, both, or takes it back ("Anomaly: no", "normal, but ...").
    """
    answer = _without_lead_in(text)
    clause, rest = _clauses(answer)
    mode = _mode(clause)
    then = _mode(_clauses(rest.strip(" .,;:!()\n-–—"))[0])
    if mode is not None and (then is mode or (then is None and not _TURNS_BACK.match(rest))):
        return mode
    raise ReplyError(f"neither anomaly nor normal: {snippet(text)}")


def read_letter(text: str, options: Mapping[str, str]) -> str:
    """The one option that an answer names: `B`, `(b)`, `**B**`, `B) text`, `The answer is B`, or the option's whole text.

    Args:
        options: text by letter.

    Raises:
        ReplyError: no option, several, or a letter with another option's text.
    """
    plain = unicodedata.normalize("NFKC", re.sub(f"[*`]|{ORNAMENT}", "", unquoted(clean(text)))).strip()
    letter = _letter(plain, options)
    if letter not in options:
        raise ReplyError(f"the answer names none of the options {', '.join(options)}, or several: {snippet(text)}")
    return letter


def _letter(plain: str, options: Mapping[str, str]) -> str:
    by_text = {same(unicodedata.normalize("NFKC", option)): letter for letter, option in options.items()}
    if (only := _ONLY_LETTER.fullmatch(plain)) and only[1].upper() in options:
        return only[1].upper()
    if letter := by_text.get(same(plain)) or by_text.get(same(_LEAD_IN.sub("", plain))):
        return letter
    if by_text.get(same(plain[1:])) == plain[:1]:
        return plain[:1]
    if (found := _LETTER_AND_TEXT.fullmatch(plain)) and not _SECOND_LETTER.match(plain[max(found.end(1), found.end(2)) :]):
        letter = (found[1] or found[2]).upper()
        if by_text.get(same(found[3]), letter) != letter:
            raise ReplyError(f"the answer's letter and text are of two options: {snippet(plain)}")
        return letter
    mentions = list(_SENTENCE_LETTER.finditer(plain))
    named = {mention[1].upper() for mention in mentions}
    several = len(named) > 1 or any(_SECOND_LETTER.match(plain[mention.end(1) :]) for mention in mentions)
    return "" if several else next(iter(named), "")


def same(text: str) -> str:
    """A text for comparison: case, spaces and punctuation at its ends do not make another option."""
    return re.sub(r"\s+", " ", text).strip(" .;,!*\"'").casefold()


def _without_lead_in(text: str) -> str:
    plain = unicodedata.normalize("NFKC", re.sub(rf"\*|{ORNAMENT}", "", unquoted(clean(text))))
    return _OPTION.sub("", _LEAD_IN.sub("", plain.strip(_AROUND)).strip(_AROUND)).strip(_AROUND)


def _clauses(answer: str) -> tuple[str, str]:
    """The first clause without punctuation, and the rest with the mark that divides them."""
    found = _FIRST_CLAUSE.match(answer)
    clause = found[1] if found else answer
    return re.sub(r"\s+", " ", clause).strip(" `'\"[]()."), answer[len(clause) :]


def _takes_back(rest: str, *, other: frozenset[str]) -> bool:
    opposite = "|".join(other)
    return bool(
        _UNSURE.match(rest)
        or re.match(rf"\W*{_HEDGED}", rest, re.IGNORECASE)
        or re.match(rf"^\W*(?:(?:and|or)\W+)?(?:{opposite})\b\W*(?:$|[.,;!)])", rest, re.IGNORECASE)
        or re.search(rf"[.;!?]\s*(?:actually|wait|rather|correction)?\W*(?:{opposite})\s*[.!]*\s*$", rest, re.IGNORECASE)
    )


def _mode(clause: str) -> Mode | None:
    return next((mode for pattern, mode in _VERDICTS if pattern.fullmatch(clause)), None)

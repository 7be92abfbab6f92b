"""Lettered options, as a list, an object or lines of text."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from vr_assets.parsing.text import snippet

LETTERS = ("A", "B", "C", "D", "E", "F", "G", "H")
FEWEST = 4
"""Options asked for. More are read; fewer are the half of a reply."""

_LETTER = "[A-Za-zＡ-Ｚａ-ｚ]"
_LINE = re.compile(
    rf"""^[\s>]*(?:[-*+•·][ ]+)?
    (?:\d{{1,2}}[.)][ ]+(?=[*_(\[]*[A-Z][).\]:*]))?
    (?P<mark>\*\*|__|`)?(?:option[ ]+)?
    [(（\[【]?(?P<letter>{_LETTER})
    (?:[)）\]】.．:：、]+|(?=[ ]+[-–—][ ])|(?=\*\*|__|`))
    (?:\*\*|__|`)?[)）.:：]?
    [ ]*(?:[-–—](?=[ ]))?[ ]*(?P<text>.*)$""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMBERED = re.compile(r"^[\s>*_]*(?:[-+•]\s+)?[(（\[]?(?P<number>\d)[)）\].．:：、]+[*_]*\s*(?P<text>\S.*)$")
_BULLET = re.compile(r"^\s*[-*+•]\s+(?P<text>\S.*)$")
# How the letters on one line are written: all in the same way.
_STYLES = (r"\({}\)", r"（{}）", r"\[{}\]", r"{}[)）]", r"{}[.．]", r"{}[:：]", r"{}、")
_RIGHT = r"(?:[✅✓✔☑]\ufe0f?|[(\[](?:the )?(?:correct|(?:correct|right) (?:answer|option|choice))[)\]]|(?:←|<-+|⇐)\s*correct\b.*)"
_WRONG = r"(?:[❌✗✘✖]\ufe0f?|[(\[](?:wrong|incorrect)(?: (?:answer|option|choice))?[)\]])"
_MARKS = re.compile(
    rf"^(?:(?P<before>{_RIGHT})|{_WRONG})?\s*(?P<text>.*?)\s*(?:(?P<after>{_RIGHT})|{_WRONG})?$", re.IGNORECASE | re.DOTALL
)


def options_of(value: object) -> object:
    """Options as a list of letter and text, whatever form they came in; what is no form of options stays as it is.

    Numbered options keep their numbers in the place of letters.

    Raises:
        ValueError: lines of text that are no options, or a list in which only some have letters.
    """
    if isinstance(value, str):
        return _of_lines(value)
    if isinstance(value, Mapping):
        return [{"letter": letter, "text": text} for letter, text in lettered(value)]
    if isinstance(value, list):
        return _of_list(value)
    return value


def split_options(question: str) -> tuple[str, str]:
    """A question and the options that follow it without a label of their own; those may be none."""
    lines = question.split("\n")
    letters = [_letter_of(found) if (found := _LINE.match(line)) else "" for line in lines]
    if LETTERS[0] in letters[1:] and LETTERS[1] in letters:
        first = letters.index(LETTERS[0], 1)
        return "\n".join(lines[:first]).strip(), "\n".join(lines[first:])
    before, *options = _on_one_line(question)
    return (before.strip(), "\n".join(options)) if before.strip() and len(options) >= FEWEST else (question, "")


def lettered(option: Mapping[str, object]) -> Sequence[tuple[str, object]]:
    """What stands under letters in an object, such as `A`, `option_a` or `(a)`, by the bare capital."""
    found = [
        (re.fullmatch(r"\W*(?:option[\s_]+)?([A-Za-z])\W*", str(key), re.IGNORECASE), value) for key, value in option.items()
    ]
    return [(match[1].upper(), value) for match, value in found if match]


def unmarked(text: str) -> tuple[str, bool]:
    """An option without the mark that says whether it is right, and whether it is marked as right."""
    found = _MARKS.fullmatch(text)
    return (found["text"], bool(found["before"] or found["after"])) if found else (text, False)


def _letter_of(line: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", line["letter"]).upper()


def _of_lines(text: str) -> list[dict[str, str]]:
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) == 1:
        lines = _on_one_line(lines[0])[1:] or lines
    if unlettered := _in_order(lines):
        return unlettered
    options: list[dict[str, str]] = []
    for line in lines:
        found = _LINE.match(line)
        if found:
            options.append({"letter": _letter_of(found), "text": found["text"].strip()})
        elif not options:
            raise ValueError(f"begin with a line that is no option: {snippet(line)}")
        elif len(options) >= FEWEST and options[-1]["text"]:
            raise ValueError(f"are followed by a line that is no option: {snippet(line)}")
        else:
            options[-1]["text"] = f"{options[-1]['text']} {line.strip()}".strip()
    return options


def _in_order(lines: Sequence[str]) -> list[dict[str, str]]:
    """Options that have numbers from 1 on, or bullets, in the place of letters."""
    numbered = [_NUMBERED.match(line) for line in lines]
    if len(lines) > 1 and [found["number"] if found else "" for found in numbered] == [f"{n + 1}" for n in range(len(lines))]:
        return [{"letter": found["number"], "text": found["text"].strip()} for found in numbered if found]
    bullets = [_BULLET.match(line) for line in lines]
    if len(lines) > 1 and all(bullets) and not any(map(_LINE.match, lines)):
        return [{"letter": letter, "text": found["text"]} for letter, found in zip(LETTERS, bullets, strict=False) if found]
    return []


def _on_one_line(text: str) -> list[str]:
    """What stands before the options on a line, and each option; a letter that is there twice may be no option's."""
    for style in _STYLES:
        places: list[int] = []
        for letter in LETTERS:
            mark = rf"(?:^|(?<=[\s,;|]))[*_]*{style.format(letter)}"
            found = [match.start() for match in re.finditer(mark, text)]
            if len(found) != 1 or (places and found[0] < places[-1]):
                break
            places.append(found[0])
        if len(places) > 1:
            parts = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
            return [parts[0], *(part.strip(" ,;|") for part in parts[1:])]
    return [text]


def _of_list(value: list[object]) -> list[object]:
    if value and all(isinstance(option, str) for option in value):
        texts = [" ".join(str(option).split()) for option in value]
        found = [_LINE.match(text) for text in texts]
        if all(found) or _in_order(texts):
            return [dict(option) for option in _of_lines("\n".join(texts))]
        if any(match and _letter_of(match) == letter for match, letter in zip(found, LETTERS, strict=False)):
            raise ValueError("have letters in part")
        return [{"letter": letter, "text": text} for letter, text in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", texts, strict=False)]
    return [_of_mapping(option) if isinstance(option, Mapping) else option for option in value]


def _of_mapping(option: Mapping[str, object]) -> Mapping[str, object]:
    """An option as an object: letter and text by their names, or `{"A": "text"}`. Its letter as the bare capital."""
    pairs = list(lettered(option))
    fields = {"letter": pairs[0][0], "text": pairs[0][1]} if len(option) == 1 and pairs else dict(option)
    for name, value in fields.items():
        if isinstance(value, str) and (bare := re.fullmatch(r"\W*(?:option\s+)?([A-Za-z])\W*", value, re.IGNORECASE)):
            fields[name] = bare[1].upper() if name.lower() not in ("text", "option", "value", "content", "description") else value
    return fields

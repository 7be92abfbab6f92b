"""Lettered options, as a list, an object or lines of text."""

import re
from collections.abc import Mapping, Sequence

from vr_assets.parsing.text import snippet

LETTERS = ("A", "B", "C", "D")

_LINE = re.compile(
    r"""^[\s>]*(?:[-*+•·][ ]+)?
    (?:\d{1,2}[.)][ ]+(?=[*_(\[]*[A-Z][).\]:*]))?
    (?P<mark>\*\*|__|`)?(?:option[ ]+)?
    [(（\[]?(?P<letter>[A-Za-z])
    (?:[)）\].:：]+|(?=[ ]+[-–—][ ])|(?=\*\*|__|`))
    (?:\*\*|__|`)?[)）.:：]?
    [ ]*(?:[-–—](?=[ ]))?[ ]*(?P<text>.*)$""",
    re.IGNORECASE | re.VERBOSE,
)
_ON_ONE_LINE = re.compile(r"(?:(?<=[\s,;|])|^)(?=[(\[*]*[A-Z][).\]]+[*]*\s)")


def options_of(value: object) -> object:
    """Options as a list of letter and text, whatever form they came in; what is no form of options stays as it is.

    Raises:
        ValueError: lines of text that are no options, or a list in which only some have letters.
    """
    if isinstance(value, str):
        return _of_lines(value)
    if isinstance(value, Mapping):
        return [{"letter": str(letter), "text": text} for letter, text in _lettered(value)]
    if isinstance(value, list):
        return _of_list(value)
    return value


def split_options(question: str) -> tuple[str, str]:
    """A question and the option lines that follow it without a label of their own; those may be none."""
    lines = question.split("\n")
    letters = [found["letter"].upper() if (found := _LINE.match(line)) else "" for line in lines]
    if LETTERS[0] in letters[1:] and LETTERS[1] in letters:
        first = letters.index(LETTERS[0], 1)
        return "\n".join(lines[:first]).strip(), "\n".join(lines[first:])
    return question, ""


def _of_lines(text: str) -> list[dict[str, str]]:
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) == 1:
        lines = [part.strip(" ,;|") for part in _ON_ONE_LINE.split(lines[0]) if part.strip()]
    options: list[dict[str, str]] = []
    for line in lines:
        found = _LINE.match(line)
        if found:
            options.append({"letter": found["letter"].upper(), "text": found["text"].strip()})
        elif not options:
            raise ValueError(f"begin with a line that is no option: {snippet(line)}")
        elif options[-1]["letter"] == LETTERS[-1] and options[-1]["text"]:
            raise ValueError(f"are followed by a line that is no option: {snippet(line)}")
        else:
            options[-1]["text"] = f"{options[-1]['text']} {line.strip()}".strip()
    return options


def _of_list(value: list[object]) -> list[object]:
    if value and all(isinstance(option, str) for option in value):
        texts = [str(option) for option in value]
        found = [_LINE.match(text) for text in texts]
        if all(found):
            return [dict(option) for option in _of_lines("\n".join(" ".join(text.split()) for text in texts))]
        if any(match and match["letter"].upper() == letter for match, letter in zip(found, LETTERS, strict=False)):
            raise ValueError("have letters in part")
        return [{"letter": letter, "text": text} for letter, text in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", texts, strict=False)]
    return [_of_mapping(option) if isinstance(option, Mapping) else option for option in value]


def _of_mapping(option: Mapping[str, object]) -> Mapping[str, object]:
    """An option as an object: letter and text by their names, or `{"A": "text"}`. Its letter as the bare capital."""
    pairs = list(_lettered(option))
    fields = {"letter": pairs[0][0], "text": pairs[0][1]} if len(option) == 1 and pairs else dict(option)
    for name, value in fields.items():
        if isinstance(value, str) and (bare := re.fullmatch(r"\W*(?:option\s+)?([A-Za-z])\W*", value, re.IGNORECASE)):
            fields[name] = bare[1].upper() if name.lower() not in ("text", "option", "value", "content", "description") else value
    return fields


def _lettered(option: Mapping[str, object]) -> Sequence[tuple[str, object]]:
    found = [
        (re.fullmatch(r"\W*(?:option[\s_]+)?([A-Za-z])\W*", str(key), re.IGNORECASE), value) for key, value in option.items()
    ]
    return [(match[1].upper(), value) for match, value in found if match]

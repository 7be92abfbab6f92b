"""JSON as models write it.

Beyond what JSON's own decoder takes: single and printed quotes, quotes inside a string that nobody escaped, keys without quotes,
commas before a closing bracket, full-width commas and colons, comments, Python's True, False and None, clock times without
quotes. Nothing is added: a string, list or object that is not closed does not read, and neither does one in which a quote could
end the string as well as stand in it.
"""

import json
import re

from pydantic import JsonValue

from vr_assets.parsing.text import snippet

# Only where JSON can begin: "[00:03 - 00:07]" is a time.
_OPENS_JSON = r"(?:[{\[](?=\s*(?:[\"'{\[\]}]|//|/\*|#\s))|\{(?=\s*(?:“|\w+\s*[:：]\s*[\"'“\[{])))"
_JSON_START = re.compile(_OPENS_JSON)
IS_JSON = re.compile(rf"^\s*(?:```\s*)?(?:(?:json|python)\s*)?{_OPENS_JSON}", re.IGNORECASE)
"""Pattern of a text that is JSON from its start on."""

_IN_JSON = re.compile(r"(?<!\\)\\(?=(?:boxed|text)\{)")
_DEEPEST = 40
_GAP = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
# Of more brackets than were opened: with a quote before it, a quote that stood in a string was taken for the string's end.
_TO_A_CLOSING_BRACKET = re.compile(r"[^{\[]*[}\]]")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_CLOCK = re.compile(r"\d{1,3}(?::\d{2}){1,2}(?:\.\d+)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NAMED: dict[str, JsonValue] = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_CLOSING = {'"': '"', "'": "'", "“": "”", "”": "”"}
_ESCAPE_OR_QUOTE = re.compile(r"\\(.)|\"", re.DOTALL)
_COMMAS, _COLONS = ",，", ":："


def find_json(answer: str) -> tuple[list[JsonValue], str | None]:
    """The outermost JSON objects and arrays in a text, and why the first that does not decode does not."""
    answer = _IN_JSON.sub(r"\\\\", answer)
    found: list[JsonValue] = []
    at = 0
    while start := _JSON_START.search(answer, at):
        try:
            value, at = _decode(answer, start.start())
        except ValueError as error:
            return found, str(error)
        found.append(value)
    return found, None


def decoded(value: object) -> object:
    """JSON that came as a string, as its value."""
    if not isinstance(value, str) or not IS_JSON.match(value):
        return value
    found, broken = find_json(value)
    return found[0] if len(found) == 1 and broken is None else value


def _decode(text: str, start: int) -> tuple[JsonValue, int]:
    """The object or list that begins at `start`, and the place after it.

    Raises:
        ValueError: it does not read; says why and where.
    """
    try:
        value, end = json.JSONDecoder(object_pairs_hook=_once, strict=False).raw_decode(text, start)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        reader = _Reader(text, start)
        value, end = reader.value(0), reader.at
    if (rest := _TO_A_CLOSING_BRACKET.match(text, end)) and any(quote in rest[0] for quote in _CLOSING):
        raise ValueError(f"text goes on after its end at character {end}")
    return value, end


def _once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"the key {snippet(twice[0])} is there twice")
    return dict(pairs)


class _Reader:
    """Reads one value at `at` and leaves `at` behind it."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def value(self, depth: int, *, ends: str = "") -> JsonValue:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        first = self._next()
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._list(depth)
        if first in _CLOSING:
            return self._string(ends)
        if found := _CLOCK.match(self.text, self.at):
            self.at = found.end()
            return found[0]
        if found := _NUMBER.match(self.text, self.at):
            self.at = found.end()
            return float(found[0]) if any(mark in found[0] for mark in ".eE") else int(found[0])
        if (found := _WORD.match(self.text, self.at)) and found[0] in _NAMED:
            self.at = found.end()
            return _NAMED[found[0]]
        raise self._wrong("value")

    def _object(self, depth: int) -> dict[str, JsonValue]:
        pairs: list[tuple[str, JsonValue]] = []
        self.at += 1
        while self._next() != "}":
            key = self._key()
            self._take(_COLONS, "colon")
            pairs.append((key, self.value(depth + 1, ends=_COMMAS + "}")))
            if self._next() != "}":
                self._take(_COMMAS, "comma and no end of the object")
        self.at += 1
        return _once(pairs)

    def _list(self, depth: int) -> list[JsonValue]:
        values: list[JsonValue] = []
        self.at += 1
        while self._next() != "]":
            values.append(self.value(depth + 1, ends=_COMMAS + "]"))
            if self._next() != "]":
                self._take(_COMMAS, "comma and no end of the list")
        self.at += 1
        return values

    def _key(self) -> str:
        if self._next() in _CLOSING:
            return self._string(_COLONS)
        if found := _WORD.match(self.text, self.at):
            self.at = found.end()
            return found[0]
        raise self._wrong("key")

    def _string(self, ends: str) -> str:
        """A string whose closing quote is the first that one of `ends` follows."""
        start, closing = self.at + 1, _CLOSING[self.text[self.at]]
        marks = re.compile(rf"\\.|{closing}", re.DOTALL)
        inside = 0
        for mark in marks.finditer(self.text, start):
            if mark[0] != closing:
                continue
            after = self._after_gap(mark.end())
            following = self.text[after : after + 1]
            if following and following in ends:
                if closing == '"' and inside % 2:
                    raise self._wrong("end of a quote inside the string")
                self.at = mark.end()
                return _unescaped(self.text[start : mark.start()])
            inside += 1
        raise self._wrong("end of the string")

    def _next(self) -> str:
        """The first character after spaces and comments, where `at` is then; empty at the end."""
        self.at = self._after_gap(self.at)
        return self.text[self.at : self.at + 1]

    def _after_gap(self, at: int) -> int:
        gap = _GAP.match(self.text, at)
        return at if gap is None else gap.end()

    def _take(self, marks: str, what: str) -> None:
        if not (mark := self._next()) or mark not in marks:
            raise self._wrong(what)
        self.at += 1

    def _wrong(self, wanted: str) -> ValueError:
        return ValueError(f"no {wanted} at character {self.at}")


def _unescaped(body: str) -> str:
    def escaped(found: re.Match[str]) -> str:
        if found[1] is None:
            return '\\"'
        if found[1] in '"\\/bfnrtu':
            return found[0]
        return "'" if found[1] == "'" else "\\" + found[0]

    return str(json.loads(f'"{_ESCAPE_OR_QUOTE.sub(escaped, body)}"', strict=False))

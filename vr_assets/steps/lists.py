"""Lists, JSONL or one JSON list, as rows with the place of each; and which graph such rows are for."""

import json
import math
from collections.abc import Iterator
from typing import NoReturn

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.settings import Graph
from vr_assets.steps.places import is_unicode

LIST_SUFFIXES = frozenset({".jsonl", ".ndjson"})
# Rows that are items by themselves are kept as one JSON list too.
ITEM_LIST_SUFFIXES = LIST_SUFFIXES | {".json"}

# The first that a row has says what it is: names that only one graph reads before those that several do.
_TELLING = {
    "video_path": Graph.VIDEOS,
    "conversation": Graph.CONVERSATIONS,
    "conversations": Graph.CONVERSATIONS,
    "image_path": Graph.IMAGES,
    "video": Graph.VIDEOS,
    "image": Graph.IMAGES,
}
_BOM = b"\xef\xbb\xbf"

Row = dict[str, JsonValue]


def graph_of(content: bytes, path: str) -> Graph:
    """Which graph a list's rows are for. Rows that name nothing that is known are the business of who reads the list.

    Raises:
        IngestError: no row tells, or they tell differently.
    """
    told: dict[Graph, str] = {}
    for where, row in rows_of(content, path, "one object"):
        name = next((name for name in _TELLING if not isinstance(row, IngestError) and row.get(name) is not None), None)
        if name:
            told.setdefault(_TELLING[name], f"{name!r} in {where}")
    if not told:
        what = "write `video_path`, `image_path` and `caption`, or `video` and `conversation`"
        raise IngestError(f"{path}: no row names a video or an image; {what}")
    if len(told) > 1:
        kinds = ", ".join(f"{graph} ({said})" for graph, said in told.items())
        raise IngestError(f"{path}: rows of several kinds: {kinds}; write a list for each")
    return next(iter(told))


def is_json_list(content: bytes) -> bool:
    return content.removeprefix(_BOM).lstrip().startswith(b"[")


def rows_of(content: bytes, path: str, form: str) -> Iterator[tuple[str, Row | IngestError]]:
    """Each row and its place, `rows.jsonl:12`; of a JSON list too, by the line where the row begins. A row that does not read is
    its error; `form` is what it should look like.

    Raises:
        IngestError: it is a JSON list that is broken.
    """
    if is_json_list(content):
        yield from _of_list(content, path, form)
        return
    for number, line in lines_of(content, path):
        try:
            yield f"{path}:{number}", parse_line(line, form)
        except IngestError as error:
            yield f"{path}:{number}", error


def lines_of(content: bytes, path: str) -> Iterator[tuple[int, bytes]]:
    """The lines of JSONL that hold something, with their numbers. Raises IngestError: it is a JSON list."""
    if is_json_list(content):
        raise IngestError(f"{path}: a JSON list, not JSONL; write one object a line")
    for number, line in enumerate(content.removeprefix(_BOM).split(b"\n"), 1):
        if line.strip():
            yield number, line


def parse_line(line: bytes, form: str) -> Row:
    """One line of a list; `form` is what it should look like. Raises IngestError."""
    try:
        fields = json.loads(line.decode(), parse_constant=_refuse, parse_float=_finite)
    except UnicodeDecodeError:
        raise IngestError("not UTF-8; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        what = f"{error.msg} at column {error.colno}"
        raise IngestError(f"not JSON ({what}): {line.decode()[:60]!r}; write one object a line") from None
    except (ValueError, RecursionError) as error:
        raise IngestError(f"cannot be read ({error}): {line.decode()[:60]!r}") from None
    if not is_unicode(json.dumps(fields, ensure_ascii=False)):
        raise IngestError(f"half a character: {line.decode()[:60]!r}; write \\u escapes in pairs")
    if not isinstance(fields, dict):
        raise IngestError(f"not an object: {line.decode()[:60]!r}; write {form}")
    return fields


def check_names(fields: Row, ours: frozenset[str]) -> None:
    """Raises IngestError: a field has the name of one that we write."""
    taken = sorted(fields.keys() & ours)
    if taken:
        names = " and ".join(repr(name) for name in taken)
        raise IngestError(f"field {names} would hide one of ours; rename it, such as {f'source_{taken[0]}'!r}")


def only_value(fields: Row, *names: str) -> JsonValue:
    """What a row says under one name or another. Raises IngestError: nothing, or two things."""
    named = [fields[name] for name in names if fields.get(name) is not None]
    if not named:
        raise IngestError(f"no {names[0]}; name the {names[-1]}")
    if any(value != named[0] for value in named):
        raise IngestError(f"{names[0]} {named[0]!r} and {names[1]} {named[1]!r} differ; keep one")
    return named[0]


def _refuse(number: str) -> NoReturn:
    raise IngestError(f"{number} is no number that JSON can hold; leave the field out")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _of_list(content: bytes, path: str, form: str) -> Iterator[tuple[str, Row | IngestError]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise IngestError(f"{path}: not UTF-8; save the file as UTF-8") from None
    decoder = json.JSONDecoder()
    at, line, counted = text.index("[") + 1, 1, 0
    try:
        while True:
            at = _past_space(text, at)
            if text[at : at + 1] == "]":
                break
            line, counted = line + text.count("\n", counted, at), at
            value, at = decoder.raw_decode(text, at)
            yield f"{path}:{line}", _checked(value, form)
            at = _past_space(text, at)
            if text[at : at + 1] not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' or ']' after a row", text, at)
            at += text[at] == ","
        if text[at + 1 :].strip():
            raise json.JSONDecodeError("Extra data after the list", text, at + 1)
    except json.JSONDecodeError as error:
        raise IngestError(
            f"{path}:{error.lineno}: not JSON ({error.msg} at column {error.colno}); nothing of the list is taken, mend it there"
        ) from None
    except (ValueError, RecursionError) as error:
        raise IngestError(f"{path}:{line}: cannot be read ({error})") from None


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _checked(value: JsonValue, form: str) -> Row | IngestError:
    """What `parse_line` refuses of a line is refused of a row in a list too."""
    written = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict):
        return IngestError(f"not an object: {written[:60]!r}; write {form}")
    if not is_unicode(written):
        return IngestError("half a character; write \\u escapes in pairs")
    if not _is_finite(value):
        return IngestError("NaN or Infinity is no number that JSON can hold; write null, or leave the field out")
    return value


def _is_finite(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)

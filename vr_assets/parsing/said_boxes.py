"""Boxes in a reply about groundings, whatever its layout: who they are of, as the reply names it, and their numbers."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vr_assets.errors import ReplyError
from vr_assets.parsing.lax_json import IS_JSON, decoded, find_json
from vr_assets.parsing.refusals import refuses
from vr_assets.parsing.text import in_short, snippet, spoken, tagged, without_courtesies, without_fences

Numbers = tuple[float, ...]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LOCS = re.compile(r"<loc(\d{4})>")
_NOT_THERE = re.compile(
    r"\W*(?:none|null|nil|absent|n/?a|no (?:box|boxes|instances?)|not (?:found|visible|present|shown|there|in it)|empty)\W*",
    re.IGNORECASE,
)
_LINE = re.compile(r"^\s*(?:[-*+•]\s+)?(?:\[?(?P<number>\d{1,3})\]?[.):]\s+)?(?P<label>[^|\n]*?)\s*[|:]\s*(?P<rest>.*)$")
_HEADING = re.compile(r"^\W*(?:boxes|groundings?|results?)\W*$", re.IGNORECASE)

_BOX_KEYS = ("box_2d", "bbox_2d", "bbox", "box", "bounding_box", "boundingbox", "coordinates", "coords", "location", "rect")
_LIST_KEYS = (
    *("boxes", "bboxes", "instances", "detections", "bounding_boxes", "boundingboxes", "groundings", "results", "objects"),
    *("expressions", "annotations", "regions", "answer", "output", "data", "predictions"),
)
_LABEL_KEYS = ("label", "expression", "text", "phrase", "name", "object", "description", "referring_expression")
_NUMBER_KEYS = ("number", "index", "id", "expression_id", "expression_index", "expression_number", "no")
_SCORE_KEYS = ("score", "confidence", "probability", "conf")
_SCORES_KEYS = ("scores", "confidences", "probabilities")
_CORNERS = (
    ("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "right", "bottom"),
    ("x_min", "y_min", "x_max", "y_max"), ("x0", "y0", "x1", "y1"),
)  # fmt: skip
_SIZED = (("x", "y", "width", "height"), ("x", "y", "w", "h"), ("left", "top", "width", "height"))


@dataclass(frozen=True)
class SaidBox:
    """Four numbers as they came, or more or fewer. `corners`: they were named one by one, and are left, top, right, bottom."""

    numbers: Numbers
    score: object = None
    corners: bool = False


@dataclass(frozen=True)
class Said:
    """What a reply says of one expression. `is_absent`: that the image does not show it."""

    number: int | None
    label: str
    boxes: tuple[SaidBox, ...] = ()
    is_absent: bool = False


def read_said(text: str) -> tuple[Said, ...]:
    """What a reply says, in its order.

    Raises:
        ReplyError: a refusal, broken JSON, two different answers, or nothing that is a box or says that there is none.
    """
    answer = without_courtesies(spoken(text))
    answer = tagged(answer) or answer
    found, broken = find_json(answer)
    if broken:
        raise ReplyError(f"broken JSON ({broken}): {snippet(answer)}")
    if found and (len(found) == 1 or IS_JSON.match(answer)):
        return _of_json(found, answer)
    lines = tuple(_of_lines(without_fences(answer)))
    if lines and any(said.boxes or said.is_absent for said in lines):
        return lines
    what = "a refusal" if refuses(answer) else "no boxes"
    raise ReplyError(f"{what}: {snippet(answer)}")


def _of_json(found: Sequence[object], answer: str) -> tuple[Said, ...]:
    # One object a line, without a list around them, is one answer; the same answer again is one, too.
    same = [value for place, value in enumerate(found) if value not in found[:place]]
    if len(same) > 1 and not all(isinstance(value, Mapping) and _label_of(value) != (None, "") for value in same):
        raise ReplyError(f"{len(same)} different answers in one reply: {snippet(answer)}")
    value = same[0] if len(same) == 1 else same
    try:
        said = tuple(_walk(value, None, "", depth=0))
    except ValueError as error:
        raise ReplyError(f"{error}: {snippet(answer)}") from None
    if not said and not _is_empty(value):
        raise ReplyError(f"JSON without boxes: {snippet(answer)}")
    return said


def _is_empty(value: object) -> bool:
    """Whether a reply is an empty list, in its wrappers or alone: it says that nothing is there."""
    if isinstance(value, Mapping):
        return len(value) == 1 and all(_key(key) in _LIST_KEYS and _is_empty(part) for key, part in value.items())
    return value == []


def _walk(value: object, number: int | None, label: str, *, depth: int) -> Iterator[Said]:
    """Entries in a value that stands under a name."""
    value = decoded(value)
    if depth > 6:
        raise ValueError("nested too deeply")
    if isinstance(value, list) and value and all(isinstance(decoded(part), Mapping) for part in value):
        for part in value:
            yield from _walk(part, number, label, depth=depth + 1)
    elif isinstance(value, Mapping):
        yield from _of_object({_key(key): (key, part) for key, part in value.items()}, number, label, depth=depth)
    elif number is not None or label:
        yield _entry(number, label, value, None)
    elif boxes := _boxes(value, None):
        # Boxes that belong to nothing: whoever asked about one thing knows of which.
        yield Said(None, "", boxes)


def _of_object(fields: Mapping[str, tuple[object, object]], number: int | None, label: str, *, depth: int) -> Iterator[Said]:
    plain = {key: part for key, (_, part) in fields.items()}
    own_number, own_label = _label_of(plain)
    number, label = (number, label) if (own_number, own_label) == (None, "") else (own_number, own_label)
    score = _first(plain, (*_SCORE_KEYS, *_SCORES_KEYS))
    if corners := _corners(plain):
        yield Said(number, label, (SaidBox(corners, score, corners=True),))
        return
    for key in _BOX_KEYS:
        if key in plain:
            yield _entry(number, label, plain[key], score)
            return
    named = [key for key in _LIST_KEYS if key in plain and not isinstance(plain[key], str)]
    if named and (len(plain) == 1 or _is_list_of_entries(plain[named[0]]) or number is not None or label):
        part = decoded(plain[named[0]])
        if isinstance(part, Mapping) or (part and _is_list_of_entries(part)):
            yield from _walk(part, number, label, depth=depth + 1)
        elif number is not None or label or part:
            yield _entry(number, label, part, score)
        return
    if own_label or own_number is not None:
        if len(plain) <= 3:
            raise ValueError(f"an entry without a box: {in_short(own_label) or own_number}")
        return
    for original, part in fields.values():
        # Keyed by the expressions themselves, or by their numbers.
        yield from _walk(part, *_named(str(original)), depth=depth + 1)


def _is_list_of_entries(value: object) -> bool:
    value = decoded(value)
    return isinstance(value, list) and all(isinstance(decoded(part), Mapping) for part in value)


def _entry(number: int | None, label: str, value: object, score: object) -> Said:
    value = decoded(value)
    if _says_absent(value):
        return Said(number, label, is_absent=True)
    boxes = _boxes(value, score)
    if not boxes:
        raise ValueError(f"what is said of {in_short(label) or number} is no box: {snippet(str(value))}")
    return Said(number, label, boxes)


def _says_absent(value: object) -> bool:
    if isinstance(value, list) and value and all(_says_absent(part) for part in value):
        return True
    return value is None or value == [] or value is False or (isinstance(value, str) and _is_nothing(value))


def _is_nothing(text: str) -> bool:
    return not text.strip(" []()\"'") or bool(_NOT_THERE.fullmatch(text))


def _boxes(value: object, score: object) -> tuple[SaidBox, ...]:
    """The boxes in a value: one, unnested or not, or a list of them; with a list of scores each has its own."""
    value = decoded(value)
    if isinstance(value, str):
        return tuple(SaidBox(four, score) for four in _numbers_of(value))
    if isinstance(value, Mapping):
        plain = {_key(key): part for key, part in value.items()}
        own = _first(plain, _SCORE_KEYS)
        own = score if own is None else own
        if corners := _corners(plain):
            return (SaidBox(corners, own, corners=True),)
        inner = _first(plain, _BOX_KEYS)
        return () if inner is None else _boxes(inner, own)
    if not isinstance(value, list):
        return ()
    if value and all(_is_number(part) for part in value):
        numbers = tuple(map(_number, value))
        if len(numbers) > 4 and len(numbers) % 4 == 0:
            return tuple(SaidBox(numbers[at : at + 4], _score_at(score, at // 4)) for at in range(0, len(numbers), 4))
        return (SaidBox(numbers, _score_at(score, 0)),)
    nested = [_boxes(part, _score_at(score, place)) for place, part in enumerate(value)]
    # One that is none among others would shift nothing, but it would be lost without a word.
    return tuple(box for boxes in nested for box in (boxes or (SaidBox(()),)))


def _score_at(score: object, place: int) -> object:
    score = decoded(score)
    if isinstance(score, list):
        return score[place] if place < len(score) else None
    return score


def _corners(plain: Mapping[str, object]) -> Numbers | None:
    for names in _CORNERS:
        if all(name in plain and _is_number(plain[name]) for name in names):
            return tuple(_number(plain[name]) for name in names)
    for names in _SIZED:
        if all(name in plain and _is_number(plain[name]) for name in names):
            left, top, across, down = (_number(plain[name]) for name in names)
            return left, top, left + across, top + down
    return None


def _numbers_of(text: str) -> list[Numbers]:
    if locs := _LOCS.findall(text):
        text = " ".join(locs)
    numbers = tuple(map(float, _NUMBER.findall(text)))
    if len(numbers) < 4 or len(numbers) % 4:
        return [numbers] if numbers else []
    return [numbers[at : at + 4] for at in range(0, len(numbers), 4)]


def _of_lines(text: str) -> Iterator[Said]:
    """`1. the red car | [10, 20, 30, 40] | 0.9`, a box a line; PaliGemma's `<loc0010>... the red car`."""
    for line in text.splitlines():
        if not line.strip() or _HEADING.match(line):
            continue
        if _LOCS.search(line):
            for piece in line.split(";"):
                boxes = tuple(SaidBox(four) for four in _numbers_of(piece))
                yield Said(None, _LOCS.sub("", piece).strip(), boxes)
            continue
        found = _LINE.match(line)
        if found is None:
            continue
        box, _, score = found["rest"].partition("|")
        number = int(found["number"]) if found["number"] else None
        label = found["label"].strip()
        if _is_nothing(box):
            yield Said(number, label, is_absent=True)
        elif any(mark in box for mark in "[(<,") and (told := _numbers_of(box)):
            yield Said(number, label, tuple(SaidBox(four, score.strip() or None) for four in told))


def _label_of(value: Mapping[str, object]) -> tuple[int | None, str]:
    plain = {_key(key): part for key, part in value.items()}
    label, number = _first(plain, _LABEL_KEYS), _first(plain, _NUMBER_KEYS)
    if isinstance(label, int) and number is None:
        label, number = None, label
    number, of_label = _named(str(number)) if number is not None and not isinstance(number, Mapping | list) else (None, "")
    return number, label.strip() if isinstance(label, str) else of_label


def _named(key: str) -> tuple[int | None, str]:
    """A key as a number or as words: `3`, `expression 3`, `3. a red car`, `a red car`."""
    found = re.fullmatch(r"\s*(?:expr(?:ession)?|e|#|no\.?)?[\s_#-]*(\d{1,3})\s*", key, re.IGNORECASE)
    if found:
        return int(found[1]), ""
    numbered = re.match(r"\s*(\d{1,3})[.):]\s+(.+)", key)
    return (int(numbered[1]), numbered[2].strip()) if numbered else (None, key.strip())


def _first(plain: Mapping[str, object], names: Sequence[str]) -> object:
    return next((plain[name] for name in names if name in plain), None)


def _key(key: object) -> str:
    return re.sub(r"[\s-]+", "_", str(key).strip().strip("\"'").lower())


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return math.isfinite(value)
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value.strip()))


def _number(value: object) -> float:
    assert isinstance(value, int | float | str)
    return float(value)

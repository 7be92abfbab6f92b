"""One reader for every task: JSON, however it is wrapped, or else labelled blocks of text.

A reply model declares its fields as strings; what it accepts beyond their own names is declared beside them. What does not read
as the whole of what was asked is a ReplyError that names the field.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, JsonValue, ValidationError, model_validator

from vr_assets.errors import ReplyError
from vr_assets.parsing.labels import Labels, read_blocks
from vr_assets.parsing.refusals import refuses
from vr_assets.parsing.text import clean, snippet, spoken, without_courtesies, without_fences

# Only where JSON can begin: "[00:03 - 00:07]" is a time.
_JSON_START = re.compile(r"[{\[](?=\s*[\"{\[\]}])")
_IS_JSON = re.compile(r"^\s*(?:```(?:json)?\s*\n?\s*)?[{\[]\s*[\"{\[\]}]", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<[^<>\d]*>")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# What models put around an answer; deeper than this it is no wrapper.
_MOST_WRAPPERS = 4
_PROBLEMS_TOLD = 4

Names = Mapping[str, tuple[str, ...]]
"""Further names of fields, in lower case with spaces."""


def _as_words(value: object) -> object:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return f"{value}"
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "\n".join(value)
    return clean(value) if isinstance(value, str) else value


def _some(value: str) -> str:
    if not any(character.isalnum() for character in value):
        raise ValueError(f"holds no words: {snippet(value)}" if value else "is empty")
    if _PLACEHOLDER.fullmatch(value):
        raise ValueError(f"is a placeholder: {snippet(value)}")
    return value


Words = Annotated[str, BeforeValidator(_as_words), AfterValidator(_some)]
"""Text that must be there."""

Remark = Annotated[str, BeforeValidator(_as_words)]
"""Text that may be empty."""


class ReplyModel(BaseModel):
    """What a reply consists of. Its JSON schema is what models are held to; reading it is laxer than the schema.

    Attributes:
        other_names: what models like to call a field.
        whole: the field that a text without any label is.
        before_labels: the field that text before the first label is, when it has no label of its own.
        may_be_missing: fields without which the reply is whole.
        also_read: names that are no field, for `_complete` to make fields of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    other_names: ClassVar[Names] = MappingProxyType({})
    whole: ClassVar[str | None] = None
    before_labels: ClassVar[str | None] = None
    may_be_missing: ClassVar[tuple[str, ...]] = ()
    also_read: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def labels(cls) -> Labels:
        """Every name a field goes by, and the field."""
        return _labels(cls)

    @model_validator(mode="before")
    @classmethod
    def _from_what_came(cls, value: object) -> object:
        """Unwrap, and bring names to their fields. Further fields are the model's remarks and not read."""
        fields = _fields(cls, value)
        if fields is None:
            return value
        known = cls._complete(dict.fromkeys(cls.may_be_missing, "") | fields)
        return {name: part for name, part in known.items() if name in cls.model_fields}

    @classmethod
    def _complete(cls, fields: dict[str, object]) -> dict[str, object]:
        """Fields that are missing, from others that came."""
        return fields


M = TypeVar("M", bound=ReplyModel)


def read_reply(text: str, model: type[M]) -> M:
    """A reply as its model.

    Raises:
        ReplyError: says what is missing or wrong, and how the reply begins.
    """
    answer = without_courtesies(spoken(text))
    found, broken = find_json(answer)
    read: list[M] = []
    problems: list[str] = []
    for value in found:
        try:
            if _fields(model, value) is not None:
                read.append(model.model_validate(value))
        except ValidationError as error:
            problems.append(_problems(error))
        except ValueError as error:
            problems.append(str(error))
    if any(one != read[0] for one in read):
        raise ReplyError(f"{len(read)} different answers in one reply: {snippet(answer)}")
    if read:
        return read[0]
    if broken:
        raise ReplyError(f"broken JSON ({broken}): {snippet(answer)}")
    if _IS_JSON.match(answer):
        raise ReplyError(f"{'; '.join(problems) or f'JSON without {_asked(model)}'}: {snippet(answer)}")
    try:
        return _read_layout(answer, model)
    except ReplyError:
        if problems:
            raise ReplyError(f"{'; '.join(problems)}: {snippet(answer)}") from None
        raise


def find_json(answer: str) -> tuple[list[JsonValue], str | None]:
    """The outermost JSON objects and arrays in a text, and why the first that does not decode does not."""
    decoder = json.JSONDecoder(object_pairs_hook=_once, strict=False)
    found: list[JsonValue] = []
    at = 0
    while start := _JSON_START.search(answer, at):
        try:
            value, at = decoder.raw_decode(answer, start.start())
        except RecursionError:
            return found, "nested too deeply"
        except ValueError as error:
            return found, str(error)
        found.append(value)
    return found, None


def holds_json(answer: str, model: type[ReplyModel]) -> bool:
    """Whether JSON in an answer is the reply: the answer begins with JSON, or JSON that reads is in it."""
    if _IS_JSON.match(answer):
        return True
    for value in find_json(answer)[0]:
        try:
            model.model_validate(value)
        except ValidationError:
            continue
        return True
    return False


def _once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"the key {snippet(twice[0])} is there twice")
    return dict(pairs)


def _read_layout(answer: str, model: type[M]) -> M:
    values, before = _one_block(answer, model)
    fields: dict[str, str] = dict(values)
    unlabelled = (model.before_labels, model.whole) if fields else (model.whole,)
    place = next((name for name in unlabelled if name is not None and name not in fields), None)
    if before and place is not None:
        fields[place] = before
    if not fields:
        what = "a refusal" if refuses(answer) else f"without {_asked(model)}"
        raise ReplyError(f"{what}: {snippet(answer)}")
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        refusal = "a refusal; " if refuses(answer) else ""
        raise ReplyError(f"{refusal}{_problems(error)}: {snippet(answer)}") from None


def _one_block(answer: str, model: type[ReplyModel]) -> tuple[dict[str, str], str]:
    """The values of a reply about one thing. A label may come again, with the same value."""
    before, blocks = read_blocks(without_fences(answer), model.labels())
    values: dict[str, str] = {}
    for block in blocks:
        for name, value in block.items():
            if clean(values.setdefault(name, value)) != clean(value):
                raise ReplyError(f"{name.replace('_', ' ')} is there twice: {snippet(values[name])} and {snippet(value)}")
    return values, before


@cache
def _labels(model: type[ReplyModel]) -> Labels:
    names = {name.replace("_", " "): name for name in (*model.model_fields, *model.also_read)}
    for name, others in model.other_names.items():
        for other in others:
            names.setdefault(other, name)
    return Labels(names)


def _fields(model: type[ReplyModel], value: object) -> dict[str, object] | None:
    """The fields in a JSON value, out of their wrappers, or None where it holds none of them."""
    names = model.labels().names
    only = next(iter(model.model_fields)) if len(model.model_fields) == 1 else None
    lists = only is not None and model.model_fields[only].annotation is not str
    for _ in range(_MOST_WRAPPERS):
        if isinstance(value, Mapping):
            fields: dict[str, object] = {}
            for key, part in value.items():
                name = names.get(_spaced(str(key)))
                if name is not None and fields.setdefault(name, part) != part:
                    raise ValueError(f"{name} is there twice")
            if fields:
                return fields
            parts: Sequence[object] = list(value.values())
            if only is not None and lists and len(parts) > 1 and all(isinstance(part, Mapping) for part in parts):
                return {only: parts}
        elif isinstance(value, list):
            if only is not None and lists:
                return {only: value}
            parts = value
        else:
            return None
        if len(parts) != 1:
            return None
        value = parts[0]
    return None


def _asked(model: type[ReplyModel]) -> str:
    return ", ".join(name.replace("_", " ") for name in model.model_fields)


def _spaced(key: str) -> str:
    return re.sub(r"[\s_-]+", " ", _CAMEL.sub(" ", key)).strip().lower()


def _problems(error: ValidationError) -> str:
    told = []
    for problem in error.errors(include_url=False)[:_PROBLEMS_TOLD]:
        place = " ".join(str(part + 1) if isinstance(part, int) else part.replace("_", " ") for part in problem["loc"])
        if problem["type"] == "missing":
            told.append(f"{place} is missing")
        elif problem["type"] == "value_error":
            told.append(f"{place} {problem['msg'].removeprefix('Value error, ')}".strip())
        else:
            told.append(f"{place} does not read ({problem['msg'].lower()})")
    return "; ".join(told)

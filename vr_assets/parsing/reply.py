"""One reader for every task: JSON, however it is wrapped, or else labelled blocks of text.

A reply model declares its fields as strings; what it accepts beyond their own names is declared beside them. What does not read
as the whole of what was asked is a ReplyError that names the field.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, ClassVar, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from vr_assets.errors import ReplyError
from vr_assets.parsing.labels import Labels, read_blocks
from vr_assets.parsing.lax_json import IS_JSON, decoded, find_json
from vr_assets.parsing.layouts import as_labels
from vr_assets.parsing.refusals import refuses
from vr_assets.parsing.text import clean, snippet, spoken, tagged, without_courtesies, without_fences

_PLACEHOLDER = re.compile(r"<[^<>\d]*>|\[(?:your|insert|the|add|write)\b[^\[\]\d]*\]", re.IGNORECASE)
_UNIT = re.compile(r" (?:in )?(?:s|secs?|seconds)$")
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

    @classmethod
    def own_names(cls) -> frozenset[str]:
        return frozenset(name.replace("_", " ") for name in cls.model_fields)

    @model_validator(mode="before")
    @classmethod
    def _from_what_came(cls, value: object) -> object:
        """Unwrap, and bring names to their fields. Further fields are the model's remarks and not read."""
        fields = _fields(cls, value)
        if fields is None:
            return {} if isinstance(value, Mapping) else value
        known = cls._complete(dict.fromkeys(cls.may_be_missing, "") | fields)
        return {
            name: part if cls.model_fields[name].annotation is str else decoded(part)
            for name, part in known.items()
            if name in cls.model_fields
        }

    @classmethod
    def entry(cls) -> "type[ReplyModel] | None":
        """What each entry of the reply consists of, where the reply is one list; else None."""
        parts = [part for field in cls.model_fields.values() for part in get_args(field.annotation)]
        return parts[0] if len(cls.model_fields) == 1 and parts and issubclass(parts[0], ReplyModel) else None

    @classmethod
    def told(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        """A JSON object, before its names are looked up, for forms that are no matter of names."""
        return value

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
    answer = spoken_reply(text, model)
    if inner := tagged(answer):
        try:
            return _read(inner, model)
        except ReplyError:
            # The tag may hold one field of several, with the others before it.
            pass
    return _read(answer, model)


def spoken_reply(text: str, model: type[ReplyModel]) -> str:
    """The answer in a reply, without courtesies. Where its fields stand in tags, `<reasoning>` is one of them, not thinking.

    Raises:
        ReplyError: nothing is left, or the reply runs on into another turn.
    """
    fields = set(model.labels().names)
    if (entry := model.entry()) is not None:
        fields |= set(entry.labels().names)
    in_tags = any(f"</{name}>" in text.lower() for name in fields - {"answer", "reasoning", "thought process"})
    return without_courtesies(spoken(text, fields=fields if in_tags else ()))


def _read(answer: str, model: type[M]) -> M:
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
    if model.entry() and len(found) > 1 and all(isinstance(value, Mapping) for value in found):
        return _validated(found, model, answer)
    if IS_JSON.match(answer):
        raise ReplyError(f"{'; '.join(problems) or f'JSON without {_asked(model)}'}: {snippet(answer)}")
    try:
        return _read_layout(answer, model)
    except ReplyError:
        if problems:
            raise ReplyError(f"{'; '.join(problems)}: {snippet(answer)}") from None
        raise


def _validated(value: object, model: type[M], answer: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        refusal = "a refusal; " if refuses(answer) else ""
        raise ReplyError(f"{refusal}{_problems(error)}: {snippet(answer)}") from None


def holds_json(answer: str, model: type[ReplyModel]) -> bool:
    """Whether JSON in an answer is the reply: the answer begins with JSON, or JSON that reads is in it."""
    if IS_JSON.match(answer):
        return True
    for value in find_json(answer)[0]:
        try:
            model.model_validate(value)
        except ValidationError:
            continue
        return True
    return False


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
    return _validated(fields, model, answer)


def _one_block(answer: str, model: type[ReplyModel]) -> tuple[dict[str, str], str]:
    """The values of a reply about one thing. A label may come again, with the same value."""
    before, blocks = read_blocks(as_labels(without_fences(answer), model.labels()), model.labels())
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


def _fields(
    model: type[ReplyModel], value: object, *, depth: int = _MOST_WRAPPERS, beside_others: bool = False
) -> dict[str, object] | None:
    """The fields in a JSON value, out of their wrappers, or None where it holds none of them.

    Fields may stand in several wrappers, each in one. What stands beside a wrapped reply is the model's remarks; then it takes a
    field's own name to tell the reply from them.
    """
    value = decoded(value)
    if isinstance(value, list):
        if model.entry() and all(isinstance(part, Mapping) for part in value):
            return {next(iter(model.model_fields)): value}
        parts = value if len(value) == 1 else []
    elif isinstance(value, Mapping):
        told = model.told(value)
        if fields := _named(model, told):
            return fields if not beside_others or any(_spaced(key) in model.own_names() for key in told) else None
        parts = list(told.values())
        if model.entry() and len(parts) > 1 and all(isinstance(part, Mapping) for part in parts):
            return {next(iter(model.model_fields)): parts}
    else:
        return None
    beside = beside_others or len(parts) > 1
    wrapped = [found for part in parts if depth and (found := _fields(model, part, depth=depth - 1, beside_others=beside))]
    together = {name: part for found in wrapped for name, part in found.items()}
    return together if together and len(together) == sum(map(len, wrapped)) else None


def _named(model: type[ReplyModel], value: Mapping[str, object]) -> dict[str, object]:
    names = model.labels().names
    fields: dict[str, object] = {}
    for key, part in value.items():
        spaced = _spaced(str(key))
        name = names.get(spaced) or names.get(_UNIT.sub("", spaced))
        if name is not None and fields.setdefault(name, part) != part:
            raise ValueError(f"{name} is there twice")
    return fields


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

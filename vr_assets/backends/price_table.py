"""Price tables as files: their form, and what is said of one that does not have it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from vr_assets.errors import SettingsError
from vr_assets.settings import MediaResolution, environment_name

PRICES_FILE = "budget.prices_file"
SETTING = f"{PRICES_FILE}, {environment_name(PRICES_FILE)}"

Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Tokens = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ByResolution(_Form):
    """Tokens for each of Gemini's media resolutions."""

    low: Tokens
    medium: Tokens
    high: Tokens

    def at(self, resolution: MediaResolution | None) -> float:
        match resolution:
            case MediaResolution.LOW:
                return self.low
            case MediaResolution.MEDIUM:
                return self.medium
            case MediaResolution.HIGH:
                return self.high
            case None:
                return max(self.low, self.medium, self.high)


# Tags, so that a mistake is told for the form that was meant.
_NUMBER, _TABLE = "a number", "by resolution"
_MediaTokens = Annotated[
    Annotated[Tokens, Tag(_NUMBER)] | Annotated[ByResolution, Tag(_TABLE)],
    Discriminator(lambda value: _TABLE if isinstance(value, dict | ByResolution) else _NUMBER),
]


class Entry(_Form):
    """Prices of the models that it names, in USD per million tokens, and the most tokens that media take."""

    names: Annotated[tuple[str, ...], Field(min_length=1)]
    source: str = ""
    input_usd: Usd
    output_usd: Usd
    above_input_tokens: int | None = Field(None, gt=0)
    above_input_usd: Usd | None = None
    above_output_usd: Usd | None = None
    video_tokens_per_s: _MediaTokens | None = None
    frame_tokens: _MediaTokens | None = None

    @model_validator(mode="after")
    def _above_is_whole(self) -> Self:
        given = [self.above_input_tokens, self.above_input_usd, self.above_output_usd]
        if any(one is not None for one in given) and None in given:
            raise ValueError("above_input_tokens, above_input_usd and above_output_usd go together: give all three or none")
        return self


class Table(_Form):
    """A file. `as_of` is the date of its prices."""

    as_of: str = ""
    models: tuple[Entry, ...] = ()


def read_table(path: Path) -> Table:
    """Raises SettingsError that names file, model, field and cure."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{PRICES_FILE} = {path}: cannot be read ({error.strerror}); correct {SETTING}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML ({error}); mend that line, the form is shown in docs/costs.md") from None
    try:
        return Table.model_validate(content)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path}: {line}" for line in _problems(error, content))) from None


def _problems(error: ValidationError, content: Mapping[str, object]) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False):
        entries, place, field = content.get("models"), problem["loc"][1:2], [str(part) for part in problem["loc"]]
        model = ""
        if place and isinstance(place[0], int) and isinstance(entries, list) and isinstance(entries[place[0]], dict):
            names = entries[place[0]].get("names")
            model = f"model {', '.join(names) if isinstance(names, list) else f'number {place[0] + 1}'}: "
            field = field[2:]
        field = [part for part in field if part not in (_NUMBER, _TABLE)]
        lines.append(f"{model}{'.'.join(field) or 'the entry'}: {_said(problem['type'], problem['msg'], problem['input'])}")
    return list(dict.fromkeys(lines))


def _said(kind: str, message: str, value: object) -> str:
    match kind:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            fields = ", ".join(Entry.model_fields)
            return f"is no field of a price table; take it out, or spell it as one of {fields} (each model under [[models]])"
        case "tuple_type":
            return f'{value!r}: must be a list, such as names = ["MODEL"], and each model a [[models]] of its own; correct it'
        case "value_error":
            return f"{message.removeprefix('Value error, ')}"
        case _:
            return f"{value!r}: {message}; correct it"

"""What models cost: the shipped table, and a user's own in front of it.

A table names models exactly or by pattern; an exact name goes before any pattern. A model that is in no table has no known price,
and its calls no known cost: never 0.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from vr_assets.backends.price_table import SETTING, ByResolution, Entry, Table, read_table
from vr_assets.errors import SettingsError, StageError
from vr_assets.records.call import MediaForm, Request, Usage
from vr_assets.settings import MediaResolution

NAME = "prices.toml"
_MILLION = 1_000_000

# Room for what a chat template and the wrapping of the parts add, in tokens.
_ENVELOPE_TOKENS = 256
# A frame's time label (`00:12.5`) and what separates parts, in tokens.
_LABEL_TOKENS = 16


@dataclass(frozen=True)
class Price:
    """What one model costs, in USD per million tokens. Media tokens are the most that is billed; None: the table does not say.

    From an input of more than `above_input_tokens` on, all tokens of a call cost the `above` prices.
    """

    model: str
    table: str
    input_usd: float
    output_usd: float
    above_input_tokens: float = math.inf
    above_input_usd: float = 0.0
    above_output_usd: float = 0.0
    video_tokens_per_s: float | None = None
    frame_tokens: float | None = None

    @property
    def is_free(self) -> bool:
        return not any((self.input_usd, self.output_usd, self.above_input_usd, self.above_output_usd))

    def cost(self, usage: Usage) -> float | None:
        """USD of a call; None where its tokens are not known. Thinking counts as output, and `Usage` holds it as such."""
        if self.is_free:
            return 0.0
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        return self.usd(usage.input_tokens, usage.output_tokens)

    def usd(self, input_tokens: float, output_tokens: float) -> float:
        if input_tokens > self.above_input_tokens:
            return (input_tokens * self.above_input_usd + output_tokens * self.above_output_usd) / _MILLION
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / _MILLION

    def bound(self, request: Request, output_limit: int, *, frames_only: bool = False) -> float:
        """The most USD that one attempt at a request can cost. No token is shorter than a byte: bytes bound the text's tokens.

        Args:
            output_limit: of the attempt, in tokens, thinking included.
            frames_only: for a request that is not prepared: whether its videos will be shown as frames.

        Raises:
            StageError: the table does not say how many tokens the request's media take; names the field to add.
        """
        if self.is_free:
            return 0.0
        shown = self.media_tokens(request, frames_only=frames_only)
        if shown is None:
            raise StageError(self._lacks(request, frames_only))
        return self.usd(text_bytes(request) + _ENVELOPE_TOKENS + shown, output_limit)

    def media_tokens(self, request: Request, *, frames_only: bool = False) -> float | None:
        """The most tokens that a request's media take; None where the table does not say."""
        total = 0.0
        for media in request.media:
            if media.form is MediaForm.VIDEO and not frames_only:
                # One frame a second, the first at 0: one more than whole seconds have passed.
                each, count = self.video_tokens_per_s, math.floor(media.span.duration_s) + 1.0
            else:
                each, count = self.frame_tokens, float(media.frame_count)
                each = None if each is None else each + _LABEL_TOKENS
            if each is None:
                return None
            total += each * count
        return total

    def _lacks(self, request: Request, frames_only: bool) -> str:
        video = any(media.form is MediaForm.VIDEO for media in request.media) and not frames_only
        field, what = (
            ("video_tokens_per_s", "a second of video")
            if video and self.video_tokens_per_s is None
            else ("frame_tokens", "a frame")
        )
        return (
            f"a budget is set, and {self.table} does not say how many tokens {what} takes for {self.model}, so what a call "
            f"may cost cannot be told. Add it, the most that is billed, to the model's entry in your own table "
            f"({SETTING}):\n{_example(self.model, self.input_usd, self.output_usd, field)}"
        )


class Prices:
    """Price tables, the strongest first."""

    def __init__(self, tables: Sequence[tuple[str, Table]]) -> None:
        self._tables = tables

    @classmethod
    def load(cls, file: str) -> "Prices":
        """The shipped table, and before it the user's own.

        Args:
            file: as the setting `budget.prices_file` has it; "" for none.

        Raises:
            SettingsError: the user's file is missing or cannot be used; names file, model, field and cure.
        """
        own = [(file, read_table(Path(file).expanduser()))] if file else []
        shipped = _find_shipped(Path(__file__).parents[1])
        return cls([*own, (f"the shipped {NAME}", read_table(shipped))])

    @property
    def as_of(self) -> str:
        """The date of the shipped prices."""
        return self._tables[-1][1].as_of

    def of(self, model: str, *, resolution: MediaResolution | None = None) -> Price | None:
        """A model's price; None where no table names it.

        Args:
            resolution: how Gemini is asked to look at media; None: as closely as it can, for the most it can cost.
        """
        for file, table in self._tables:
            entry = _find(table, model)
            if entry is not None:
                return _price(model, file, entry, resolution)
        return None

    def required(self, model: str, *, resolution: MediaResolution | None = None) -> Price:
        """A model's price, where a budget is set and nothing may be spent without knowing it.

        Raises:
            StageError: no table names it; has an entry to paste.
        """
        price = self.of(model, resolution=resolution)
        if price is None:
            looked = ", ".join(file for file, _ in self._tables)
            raise StageError(
                f"a budget is set (budget.run_usd or budget.batch_usd), and the price of {model!r} is not known ({looked}). "
                f"Say it in your own table, in USD per million tokens, 0 where nothing is paid "
                f"({SETTING}):\n{_example(model, 0.25, 1.5, 'video_tokens_per_s')}\nOr take the budget away."
            )
        return price


def text_bytes(request: Request) -> int:
    """Bytes of all that a request says in words, in the longer of the two reply styles."""
    schema = json.dumps(request.reply_schema, indent=2) if request.reply_schema else ""
    return max(len(f"{request.prompt.schema_text}{schema}".encode()), len(request.prompt.layout_text.encode()))


def _find(table: Table, model: str) -> Entry | None:
    exact = (entry for entry in table.models if model in entry.names)
    by_pattern = (entry for entry in table.models if any(fnmatchcase(model, name) for name in entry.names))
    return next(exact, None) or next(by_pattern, None)


def _price(model: str, file: str, entry: Entry, resolution: MediaResolution | None) -> Price:
    def at(tokens: float | ByResolution | None) -> float | None:
        return tokens.at(resolution) if isinstance(tokens, ByResolution) else tokens

    return Price(
        model=model,
        table=file,
        input_usd=entry.input_usd,
        output_usd=entry.output_usd,
        above_input_tokens=math.inf if entry.above_input_tokens is None else entry.above_input_tokens,
        above_input_usd=entry.above_input_usd or 0.0,
        above_output_usd=entry.above_output_usd or 0.0,
        video_tokens_per_s=at(entry.video_tokens_per_s),
        frame_tokens=at(entry.frame_tokens),
    )


def _example(model: str, input_usd: float, output_usd: float, field: str) -> str:
    tokens = {"video_tokens_per_s": "80", "frame_tokens": "280"}[field]
    return (
        f'[[models]]\nnames = ["{model}"]\ninput_usd = {input_usd:g}\noutput_usd = {output_usd:g}\n'
        f"{field} = {tokens}   # the model's own figure; needed where it is shown media"
    )


def _find_shipped(package: Path) -> Path:
    """Inside the package in an installed wheel, beside it in a checkout."""
    for path in (package / f"_{NAME}", package.parent / NAME):
        if path.is_file():
            return path
    raise SettingsError(f"the shipped {NAME} is missing, reinstall vr-assets")

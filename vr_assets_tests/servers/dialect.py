"""What a server needs to know of an API: how it reads requests and writes answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from vr_assets.settings import Task


class Thinking(StrEnum):
    """How a reasoning model lets its thoughts be seen."""

    NONE = "none"
    TAGS = "tags"
    UNCLOSED = "unclosed"
    FIELD = "field"


THOUGHTS = "Let me look at this step by step: THOUGHT."


@dataclass(frozen=True)
class Medium:
    """Something that was shown. `kind` is video or image."""

    kind: str
    mime_type: str
    content: bytes


def prompt_of(parts: Sequence[str | Medium]) -> str:
    """The last text of a request."""
    return next((part for part in reversed(parts) if isinstance(part, str)), "")


@dataclass(frozen=True)
class Question:
    """One request as the dialect read it. `parts` are in order, the prompt last; `parameters` is everything beside them."""

    task: Task
    structured: bool
    model: str
    parts: tuple[str | Medium, ...]
    parameters: Mapping[str, JsonValue]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if isinstance(part, str))

    @property
    def media(self) -> tuple[Medium, ...]:
        return tuple(part for part in self.parts if isinstance(part, Medium))

    @property
    def prompt(self) -> str:
        return prompt_of(self.parts)


class Dialect(Protocol):
    """How one API reads requests and writes answers."""

    def key(self, headers: Mapping[str, str]) -> str:
        """The key a request came with, or nothing. Header names are in lower case."""
        ...

    def read(self, path: str, body: Mapping[str, JsonValue]) -> Question | None:
        """The question of a request; None when the path is none of the API's."""
        ...

    def names(self, body: Mapping[str, JsonValue]) -> set[str]:
        """The parameters that a request sets."""
        ...

    def output_limit(self, body: Mapping[str, JsonValue]) -> int | None:
        """The output limit that a request sets, in tokens."""
        ...

    def unlimited(self, body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """The request without its output limit."""
        ...

    def answer(self, text: str, *, question: Question, cut: bool, thinking: Thinking) -> JsonValue: ...

    def tokens(self, answer: JsonValue) -> tuple[int, int]:
        """The tokens that an answer says it took: in and out."""
        ...

    def refusal(
        self, status: int, message: str, *, code: str, parameter: str | None = None, retry_after_s: float | None = None
    ) -> JsonValue: ...

    def headers(self, retry_after_s: float) -> Mapping[str, str]:
        """How a refusal's headers tell when to come back, where the API says it there."""
        ...

"""Options that several commands share, and what they say as settings."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vr_assets.settings import BackendName, flatten, parse_assignments

if TYPE_CHECKING:
    from pydantic import JsonValue

    from vr_assets.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

COMMAND_LINE = "the command line"


def settings_options(function: F) -> F:
    """--set and --backend."""
    function = click.option(
        "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting, by its dotted name (see `config`)."
    )(function)
    return click.option(
        "--backend", type=click.Choice([str(name) for name in BackendName]), help="Sets vlm.backend and llm.backend."
    )(function)


def given(assignments: Iterable[str], backend: str | None) -> dict[str, object]:
    """What --set and --backend say, by dotted name; --set is the more exact and wins."""
    both: dict[str, object] = {"vlm.backend": backend, "llm.backend": backend} if backend else {}
    return {**both, **parse_assignments(assignments)}


def as_json(names: Iterable[str], settings: "Settings") -> "dict[str, JsonValue]":
    """Values of settings as batch.json keeps them."""
    values = flatten(settings.model_dump(mode="json"))
    kept: dict[str, Any] = {name: values[name] for name in names}
    return kept

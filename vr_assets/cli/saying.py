"""What people read: plain lines, and tables that fit 80 columns."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

_CREDENTIALS = re.compile(r"(\w+://)[^/@\s]+@")


def say(text: str = "") -> None:
    click.echo(text)


def note(text: str) -> None:
    """Something to know that is no result; goes to stderr."""
    click.secho(text, fg="yellow", err=True)


def complain(text: str) -> None:
    """Why a command failed, on stderr."""
    click.secho(f"error: {text}", fg="red", err=True)


def without_credentials(text: str) -> str:
    """Text with the user and password of any address in it left out."""
    return _CREDENTIALS.sub(r"\1***@", text)


def table(*columns: str, numbers: Sequence[str] = (), title: str | None = None) -> "Table":
    """An empty table; columns in `numbers` are set flush right and never wrapped."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", no_wrap=name in numbers, overflow="fold")
    return made


def show(made: "Table") -> None:
    from rich.console import Console

    Console(highlight=False).print(made)

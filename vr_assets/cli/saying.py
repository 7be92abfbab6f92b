"""What people read: plain lines, and tables that fit 80 columns."""

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

# Controls, formats (directions, zero widths), halves of characters, separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_CREDENTIALS = re.compile(r"(\w+://)[^/@\s]+@")


def say(text: str = "") -> None:
    """A line on stdout, made `harmless`."""
    click.echo(harmless(text))


def note(text: str) -> None:
    """Something to know that is no result; goes to stderr."""
    click.secho(harmless(text), fg="yellow", err=True)


def complain(text: str) -> None:
    """Why a command failed, on stderr."""
    click.secho(f"error: {harmless(text)}", fg="red", err=True)


def without_credentials(text: str) -> str:
    """Text with the user and password of any address in it left out."""
    return _CREDENTIALS.sub(r"\1***@", text)


def harmless(text: str) -> str:
    """What a model or a stranger's file says, for a terminal: control characters, and those that turn the direction of writing,
    are spelled out and not obeyed; line breaks and tabs stay. Credentials in addresses are left out.
    """
    shown = (
        character if character in "\n\t" or unicodedata.category(character) not in _UNSEEN else f"\\x{ord(character):02x}"
        for character in text
    )
    return without_credentials("".join(shown))


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

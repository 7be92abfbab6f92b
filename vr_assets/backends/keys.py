"""API keys: read from the variable that a setting names, never shown."""

from collections.abc import Mapping

from vr_assets.errors import StageError


def read_key(environ: Mapping[str, str], variable: str) -> str:
    """The key in an environment variable, or "" where it is unset or blank.

    Raises:
        StageError: the value cannot travel in an HTTP header. HTTP clients quote such a value in their own error.
    """
    key = environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise StageError(f"{variable} holds characters that no API key has (a line break, a space, an accent): set it again.")
    return key


def hide(key: str, text: str) -> str:
    """A text without the key: endpoints quote it when they refuse it."""
    return text.replace(key, "[key]") if key else text

"""A new domain: the template's files, with its worksheet, in a folder of the user's own."""

import re
from pathlib import Path

from vr_assets.errors import PromptError
from vr_assets.prompts import find_shipped
from vr_assets.prompts.catalog import GENERAL, PROMPTS, SHARED
from vr_assets.prompts.files import domains

TEMPLATE = "template"
PLACEHOLDER = re.compile(r"<<[^<>]*>>")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def new_domain(name: str, folder: Path) -> tuple[Path, ...]:
    """Copy the template; the files that were made, the worksheet first.

    Raises:
        PromptError: the name cannot be used or is taken, or the folder cannot be written.
    """
    made = folder / name
    check_new(name, folder)
    source = find_shipped(Path(__file__).parents[1]) / TEMPLATE
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    copies = [made / path.relative_to(source) for path in files]
    write({copy: path.read_text(encoding="utf-8") for copy, path in zip(copies, files, strict=True)})
    return tuple(sorted(copies, key=lambda copy: (copy.name != "WORKSHEET.md", copy)))


def check_new(name: str, folder: Path) -> None:
    """Raises PromptError: no domain can be made under this name."""
    shipped = find_shipped(Path(__file__).parents[1])
    if not _NAME.fullmatch(name) or name in {SHARED, *map(str, PROMPTS)}:
        raise PromptError(f"{name!r} cannot be the name of a domain; write a-z, 0-9, - and _, and begin with a letter")
    if name in domains((shipped,)):
        also = "; a folder of that name would take the place of single files of it" if name != GENERAL else ""
        raise PromptError(f"{name!r} is the name of a shipped domain{also}; choose another")
    if (folder / name).exists():
        raise PromptError(
            f"{folder / name} is there already; choose another name, or work on it and run `vr-assets prompts check`"
        )


def write(files: dict[Path, str]) -> None:
    """Raises PromptError: a folder cannot be written."""
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PromptError(f"{error.filename}: cannot be written ({error.strerror})") from error

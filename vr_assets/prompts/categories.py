"""The incident categories of a domain: `<domain>/categories.toml`, a line each: `"wrong way" = "what to look for"`."""

import re
import tomllib
from collections.abc import Collection, Mapping

from vr_assets.prompts.catalog import CATEGORIES
from vr_assets.prompts.files import PromptFiles
from vr_assets.prompts.rendering import Problem

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read_categories(files: PromptFiles) -> tuple[Mapping[str, str], list[Problem]]:
    """What to look for in each category of a domain, by name, and what is wrong with the file. Most domains name none."""
    path = files.find(f"{files.domain}/{CATEGORIES}")
    if path is None:
        return {}, []
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except UnicodeDecodeError:
        return {}, [Problem(path, 1, "not UTF-8: save the file as UTF-8")]
    except tomllib.TOMLDecodeError as error:
        where = _AT_LINE.search(str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        return {}, [Problem(path, line, f"not TOML: {_AT_LINE.sub('', str(error)).strip()}")]
    problems = []
    seen: set[str] = set()
    for name, look_for in found.items():
        line = _line_of(name, text)
        if not isinstance(look_for, str) or not look_for.strip():
            problems.append(Problem(path, line, f'write {name} as text: "{name}" = "what to look for"'))
        elif "<<" in look_for or "<<" in name:
            problems.append(Problem(path, line, "a placeholder is left, write your own words there, or take the line away"))
        if (plain := _plain(name)) in seen or plain in {"anomaly", "normal"}:
            problems.append(Problem(path, line, f"{name!r} cannot be told from another label; choose another name"))
        seen.add(plain)
    return ({} if problems else dict(found)), problems


def category_of(label: object, categories: Collection[str]) -> str | None:
    """The category that a label names, whatever its case and whether its words are joined; None where it names none."""
    if not isinstance(label, str):
        return None
    return next((name for name in categories if _plain(name) == _plain(label)), None)


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.casefold().strip()))


def _line_of(name: str, text: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.partition("=")[0].strip().strip("\"'") == name), 1)

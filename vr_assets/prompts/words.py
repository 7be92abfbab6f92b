"""The offline annotator's words, read from `<domain>/vocabulary.toml` over those of `general`."""

import re
import tomllib
from collections.abc import Iterator

from pydantic import ValidationError

from vr_assets.prompts.catalog import GENERAL, VOCABULARY
from vr_assets.prompts.checks import near
from vr_assets.prompts.files import PromptFiles
from vr_assets.prompts.rendering import Problem
from vr_assets.records.vocabulary import Vocabulary

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def read_vocabulary(files: PromptFiles) -> tuple[Vocabulary, list[Problem]]:
    """The words of a domain, and what is wrong with the files that hold them."""
    words: dict[str, object] = {}
    problems: list[Problem] = []
    for domain in dict.fromkeys((GENERAL, files.domain)):
        path = files.find(f"{domain}/{VOCABULARY}")
        if path is None:
            continue
        try:
            text = path.read_text(encoding="utf-8-sig")
            found = tomllib.loads(text)
        except UnicodeDecodeError:
            problems.append(Problem(path, 1, "not UTF-8: save the file as UTF-8"))
            continue
        except tomllib.TOMLDecodeError as error:
            where = _AT_LINE.search(str(error))
            line = int(where[1]) if where else text.count("\n") + 1
            problems.append(Problem(path, line, f"not TOML: {_AT_LINE.sub('', str(error)).strip()}"))
            continue
        flaws = [Problem(path, _line_of(key, text), what) for key, what in _flaws(found)]
        problems += flaws
        words |= {} if flaws else found
    return Vocabulary.model_validate(words), problems


def _flaws(found: dict[str, object]) -> Iterator[tuple[str, str]]:
    try:
        Vocabulary.model_validate(found)
    except ValidationError as error:
        for flaw in error.errors():
            key = str(flaw["loc"][0])
            if flaw["type"] == "extra_forbidden":
                yield key, f"the vocabulary has no word {key!r}{near(key, tuple(Vocabulary.model_fields))}"
            else:
                yield key, f"{key} = {found[key]!r} is not one or a few plain words in lower case, at most 40 letters"


def _line_of(key: str, text: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, start=1) if line.split("=")[0].strip().strip("\"'[]") == key), 1)

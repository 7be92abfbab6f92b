"""A Python module of prompts (`PROMPT_TEMPLATES`, `{name}` fields) read as data and written as files of a domain.

The module is never run: its syntax tree is read, and a value that is not written out in it is refused.
"""

import ast
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vr_assets.errors import PromptError
from vr_assets.prompts.catalog import PROMPTS, offered_to
from vr_assets.settings import Asset, Mode, QaType

TEMPLATES = "PROMPT_TEMPLATES"

_MODES = (Mode.ANOMALY, Mode.NORMAL)


def _places() -> Mapping[str, str]:
    """For each key that a module may have, the file it becomes."""
    found: dict[str, str] = {
        "video_filtering": "filtered_videos/suitable.md",
        "video_anomaly_classification": "filtered_videos/anomaly_or_normal.md",
        "highlight_timestamp_extraction": "highlights/moment.md",
        "highlight_chunk_caption": "highlights/clip.md",
    }
    for mode in _MODES:
        found |= {
            f"{mode}_global_caption": f"captions/global.{mode}.md",
            f"{mode}_dense_caption": f"captions/dense.{mode}.md",
            f"{mode}_chunk_caption": f"chunk_captions/chunk.{mode}.md",
            f"{mode}_description": f"descriptions/description.{mode}.md",
        }
    for kind in QaType:
        if str(kind) in PROMPTS[Asset.QA]:
            found[str(kind)] = f"qa/{kind}.md"
        else:
            found |= {f"{mode}_{kind}": f"qa/{kind}.{mode}.md" for mode in _MODES}
    return found


PLACES = _places()

# What modules call the values that our prompts are given. In QA and highlights two captions of theirs are one value of ours.
_VALUES: Mapping[str, str] = {
    "chunk_duration": "duration",
    "video_duration": "duration",
    "start_time": "start",
    "end_time": "end",
    "anomaly_time": "moment",
    "chunk_captions_str": "chunks",
    "chunk_captions": "chunks",
    "highlight_caption": "highlight",
    "highlight_chunk": "highlight",
    "detailed_description": "description",
}
_ONE_CAPTION = {"global_caption": "captions", "dense_caption": "captions"}

# What the known system reads of a module besides its prompts.
_HOOKS: Mapping[str, str] = {
    "SUBCATEGORY_GUIDANCE": "write its labels, and what to look for in each, into categories.toml",
    "INCIDENT_FOCUS_DEFAULTS": "what is said of every incident goes into _shared/capture_incident.md",
    "TOPIC_PAIRINGS": "there is no joint prompt",
    "NORMAL_TOPIC_PAIRINGS": "there is no joint prompt",
    "postprocess_description": "answers are read by parsers, and no code of a domain runs",
}


@dataclass
class Imported:
    """Files by their path in the domain, and what had no place: keys, fields, and what a person should look at."""

    files: dict[str, str] = field(default_factory=dict)
    left_over: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def import_module(path: Path) -> Imported:
    """Read a module's prompts.

    Raises:
        PromptError: it cannot be read, or holds no `PROMPT_TEMPLATES` that is written out.
    """
    made = Imported()
    tree = _read(path)
    made.left_over += [f"{name}: {_HOOKS[name]}" for name in _HOOKS if name in _named(tree)]
    for key, template in _templates(tree, path).items():
        place = PLACES.get(key)
        if place is None:
            made.left_over.append(f"{key}: there is no such prompt")
        elif place in made.files:
            made.left_over.append(f"{key}: {place} is taken by another key")
        else:
            made.files[place] = _converted(key, template, place, made)
    return made


def _read(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror})") from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise PromptError(f"{path}:{line}: not a Python module ({error})") from None


def _named(tree: ast.Module) -> set[str]:
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return functions | {name for name, _ in _assignments(tree)}


def _templates(tree: ast.Module, path: Path) -> dict[str, str]:
    texts: dict[str, str] = {}
    templates: dict[str, str] | None = None
    for name, value in _assignments(tree):
        if name != TEMPLATES:
            if (text := _text(value, texts)) is not None:
                texts[name] = text
        elif isinstance(value, ast.Dict):
            templates = _entries(value, texts, path)
        else:
            raise PromptError(f"{path}:{value.lineno}: {TEMPLATES} must be a dict that is written out; the module is not run")
    if templates is None:
        raise PromptError(f"{path}: there is no {TEMPLATES} = {{...}} in it")
    return templates


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _entries(made: ast.Dict, texts: Mapping[str, str], path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in zip(made.keys, made.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise PromptError(f"{path}:{value.lineno}: a key of {TEMPLATES} is not written out; the module is not run")
        text = _text(value, texts)
        if text is None:
            raise PromptError(f"{path}:{value.lineno}: the prompt {key.value} is not plain text; the module is not run")
        found[key.value] = text
    return found


def _text(value: ast.expr, texts: Mapping[str, str]) -> str | None:
    """Text that is written out: a literal, the name of one, or several put together with `+`; with or without `.strip()`."""
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return texts.get(name)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _text(left, texts), _text(right, texts)
            return None if first is None or second is None else first + second
        case ast.Call(func=ast.Attribute(value=inner, attr="strip" | "lstrip" | "rstrip"), args=[], keywords=[]):
            bare = _text(inner, texts)
            return None if bare is None else bare.strip()
        case _:
            return None


def _converted(key: str, template: str, place: str, made: Imported) -> str:
    """A `str.format` template as one of ours."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        made.remarks.append(f"{place}: its braces do not read as fields ({error}); all are taken as text")
        parts = [(template, None, None, None)]
    offered = offered_to(place)
    used: set[str] = set()
    written: list[str] = []
    literal = ""
    for text, name, _, _ in parts:
        literal += text
        if name is None:
            # A doubled brace ends a part; what follows belongs to the same text.
            continue
        written.append(_as_text(literal))
        literal = ""
        value = _value(name, place, offered)
        if value is None:
            made.left_over.append(f"{key}: {{{name}}} is no value of {place} (there are: {', '.join(offered) or 'none'})")
            written.append(f"<<{{{name}}}: had no place, write it out or take it away>>")
        elif value in used and value == "captions":
            # Two captions of theirs are one value of ours.
            made.remarks.append(f"{place}: {{{name}}} is part of captions, which is there already")
        else:
            used.add(value)
            written.append(f"{{{{ {value} }}}}")
    body = "".join((*written, _as_text(literal))).strip("\n")
    if place.startswith("filtered_videos/"):
        made.remarks.append(f"{place}: put the part that asks for the reply into {{% if alone %}} ... {{% endif %}}")
        body = f"{{% if alone %}}{{% endif %}}{body}"
    declared = ", ".join(value for value in offered if value in used) or "none"
    return f"{{# values: {declared} #}}\n{{# Imported from {key}. #}}\n{body}\n"


def _value(name: str, place: str, offered: tuple[str, ...]) -> str | None:
    plain = re.split(r"[!:.\[]", name)[0]
    names = (plain, _VALUES.get(plain, ""), _ONE_CAPTION.get(plain, ""))
    return next((value for value in names if value in offered), None)


def _as_text(literal: str) -> str:
    """Text in which nothing reads as a tag or a field."""
    return re.sub(r"\{(?=[{%#\w]|\Z)", "{{ '{' }}", literal)

"""Prompt files on disk: which file a name means in a domain, what it holds, and what it draws in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import TemplateSyntaxError, nodes

from vr_assets.prompts.catalog import GENERAL, PROMPTS, SHARED
from vr_assets.prompts.limits import LimitedParser

_PARSER = LimitedParser()
_DECLARATION = re.compile(r"\{#-?\s*values:(.*?)-?#\}")
_LEADS_OUT = "it is a link that leads out of the folders of domains, and what it leads to would be sent to a model: copy the file"
_DRAWS_IN = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


@dataclass(frozen=True)
class Reference:
    """A file that another extends, includes or imports. `name` is None when it is computed, or may be missing."""

    name: str | None
    line: int


@dataclass(frozen=True)
class PromptFile:
    """One file. `name` is `<domain>/<asset>/<file>`; `declared` is None when the first line declares nothing.

    `flaw` is the line and reason why `tree` does not hold the file's content: not UTF-8, or not a template.
    """

    name: str
    path: Path
    text: str
    tree: nodes.Template
    flaw: tuple[int, str] | None
    declared: tuple[str, ...] | None
    references: tuple[Reference, ...]
    parent: str | None

    @property
    def path_in_domain(self) -> str:
        return self.name.partition("/")[2]


class PromptFiles:
    """The files one domain can reach. Each is read once, so that what was checked is what is rendered."""

    def __init__(self, domain: str, roots: tuple[Path, ...]) -> None:
        self.domain = domain
        self.roots = roots
        self.read = cache(self._read)
        # Where `<domain>/<asset>/<file>` lies; None when no root has it.
        self.find = cache(self._find)

    def resolve(self, name: str) -> str:
        """A name without a domain (`qa/_base.md`) means the domain's file, else the one of `general`."""
        if name.partition("/")[0] not in {SHARED, *PROMPTS}:
            return name
        own = f"{self.domain}/{name}"
        return own if self.find(own) else f"{GENERAL}/{name}"

    def closure(self, file: PromptFile) -> tuple[PromptFile, ...]:
        """A file and all it draws in, in the order in which a reader meets them, each once."""
        found: dict[str, PromptFile] = {}

        def visit(file: PromptFile) -> None:
            if file.name not in found:
                found[file.name] = file
                for drawn in self.drawn_in(file):
                    visit(drawn)

        visit(file)
        return tuple(found.values())

    def drawn_in(self, file: PromptFile) -> Iterator[PromptFile]:
        """The files this one names and that are there."""
        for reference in file.references:
            if reference.name and self.find(name := self.resolve(reference.name)):
                yield self.read(name)

    def ancestors(self, file: PromptFile) -> tuple[PromptFile, ...]:
        """The files it extends, nearest first, as far as they are there."""
        found: list[PromptFile] = []
        while file.parent and self.find(name := self.resolve(file.parent)):
            file = self.read(name)
            if file in found:
                break
            found.append(file)
        return tuple(found)

    def in_domain(self, domain: str) -> Iterator[tuple[str, Path]]:
        """Name and path of every file of a domain, hidden ones and editors' backups aside."""
        for root in self.roots:
            for path in sorted((root / domain).rglob("*")):
                parts = path.relative_to(root).parts
                if path.is_file() and not path.name.endswith("~") and not any(part.startswith(".") for part in parts):
                    yield "/".join(parts), path

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever a file of the domain or of `general` does."""
        paths = [path for domain in {self.domain, GENERAL} for _, path in self.in_domain(domain)]
        return tuple(sorted((str(path), status.st_size, status.st_mtime_ns) for path in paths for status in [path.stat()]))

    def _find(self, name: str) -> Path | None:
        parts = name.split("/")
        if any(part in {"", ".", ".."} or "\\" in part for part in parts):
            return None
        return next((path for root in self.roots if (path := root.joinpath(*parts)).is_file()), None)

    def _is_inside(self, path: Path, name: str) -> bool:
        """Whether a file lies in its domain's folder, or in another domain's, wherever links may lead."""
        folders = [root / domain for root in self.roots for domain in (name.partition("/")[0], ".")]
        return any(path.resolve().is_relative_to(folder.resolve()) for folder in folders)

    def _read(self, name: str) -> PromptFile:
        path = self.find(name)
        if path is None:
            raise FileNotFoundError(name)
        text, flaw = _text_of(path) if self._is_inside(path, name) else ("", (1, _LEADS_OUT))
        tree = nodes.Template([], lineno=1)
        if flaw is None:
            try:
                tree = _PARSER.parse(text)
            except TemplateSyntaxError as error:
                flaw = (error.lineno, f"not a template: {error.message}")
        parent = next((_reference(node).name for node in tree.body if isinstance(node, nodes.Extends)), None)
        references = tuple(_reference(node) for node in tree.find_all(_DRAWS_IN))
        return PromptFile(name, path, text, tree, flaw, _declared(text), references, parent)


def domains(roots: tuple[Path, ...]) -> tuple[str, ...]:
    """The names of the domains in some folders."""
    taken = {SHARED, *map(str, PROMPTS)}
    return tuple(
        sorted({path.name for root in roots for path in root.iterdir() if path.is_dir() and path.name[0] not in "._"} - taken)
    )


def _text_of(path: Path) -> tuple[str, tuple[int, str] | None]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", (content.count(b"\n", 0, error.start) + 1, "not UTF-8: save the file as UTF-8")
    return text.replace("\r\n", "\n"), None


def _declared(text: str) -> tuple[str, ...] | None:
    found = _DECLARATION.match(text.partition("\n")[0])
    if found is None:
        return None
    names = tuple(name for part in found[1].split(",") if (name := part.strip()))
    return () if names == ("none",) else names


def _reference(node: nodes.Node) -> Reference:
    target = getattr(node, "template", None)
    certain = isinstance(target, nodes.Const) and isinstance(target.value, str) and not getattr(node, "ignore_missing", False)
    return Reference(target.value if certain and isinstance(target, nodes.Const) else None, node.lineno)

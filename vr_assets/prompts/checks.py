"""What can be wrong with a prompt file before it is rendered."""

import difflib
import re
from collections.abc import Collection, Iterator, Sequence

from jinja2 import TemplateSyntaxError, meta, nodes

from vr_assets.prompts.catalog import (
    ALL_VALUES,
    CATEGORIES,
    GENERAL,
    PROMPTS,
    PROVIDED,
    SHARED,
    SHOWN_IN_SCREENING,
    VOCABULARY,
    offered_to,
    prompt_paths,
)
from vr_assets.prompts.files import PromptFile, PromptFiles
from vr_assets.prompts.rendering import Problem, PromptEnvironment

_MARKED = re.compile(r"<<[^<>]*>>")
_FORMAT_FIELD = re.compile(rf"\{{\s*({'|'.join(sorted(ALL_VALUES))})\s*(?:[!:.\[][^{{}}]*)?\}}")
_FOR_READERS = frozenset({"README.md", "WORKSHEET.md"})
_NEVER_SHOWN = (nodes.If, nodes.For, nodes.Include, nodes.CallBlock, nodes.FilterBlock)


def near(name: str, names: Collection[str]) -> str:
    """`; did you mean ...?`, or nothing."""
    folded = {other.casefold(): other for other in sorted(names)}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    return f"; did you mean {folded[found[0]]}?" if found else ""


def check_file(file: PromptFile, files: PromptFiles, environment: PromptEnvironment) -> Iterator[Problem]:
    """All problems of one file, as far as they show without values."""
    flaw = file.flaw or _compile_flaw(file, environment)
    if flaw:
        yield Problem(file.path, *flaw)
        return
    ancestors = files.ancestors(file)
    for line, what in (
        *_value_problems(file, ancestors),
        *_leftovers(file),
        *_reference_problems(file, files),
        *_override_problems(file, ancestors),
        *_screening_problems(file, ancestors),
    ):
        yield Problem(file.path, line, what)


def check_names(files: PromptFiles, reached: Collection[str]) -> Iterator[Problem]:
    """Files of the domain and of `general` that no prompt will ever read: misspelt prompts, parts that none includes."""
    for domain in dict.fromkeys((files.domain, GENERAL)):
        for name, path in files.in_domain(domain):
            inside = name.partition("/")[2]
            folder, _, last = inside.rpartition("/")
            if inside in {*_FOR_READERS, CATEGORIES, VOCABULARY} or inside in prompt_paths():
                continue
            if (folder == SHARED or folder in PROMPTS) and (last.startswith("_") or folder == SHARED) and last.endswith(".md"):
                if name not in reached and domain == files.domain:
                    yield Problem(path, 1, f"no prompt of domain {domain} includes this part")
            else:
                yield Problem(path, 1, f"{inside} is not the name of a prompt{near(inside, prompt_paths())}")


_Found = Iterator[tuple[int, str]]


def _compile_flaw(file: PromptFile, environment: PromptEnvironment) -> tuple[int, str] | None:
    try:
        environment.get_template(file.name)
    except TemplateSyntaxError as error:
        return error.lineno, f"not a template: {error.message}"
    return None


def _value_problems(file: PromptFile, ancestors: Sequence[PromptFile]) -> _Found:
    made = {name for shown in (file, *ancestors) for name in _made_here(shown.tree)}
    used = meta.find_undeclared_variables(file.tree) - PROVIDED - made
    offered = offered_to(file.path_in_domain)
    there_are = f"{file.path_in_domain} may use: {', '.join(offered) or 'none'}"
    declaration = f"{{# values: {', '.join(sorted(used.intersection(offered))) or 'none'} #}}"
    if file.declared is None:
        yield 1, f"the first line must declare the values that this file uses: {declaration}"
    declared = used.intersection(offered) if file.declared is None else set(file.declared)
    for name in sorted(declared.difference(offered)):
        yield 1, f"there is no value {name}{near(name, offered)}; {there_are}"
    for name in sorted(declared.intersection(offered) - used):
        yield 1, f"the value {name} is declared but not used"
    for name in sorted(used - declared):
        line = min(node.lineno for node in file.tree.find_all(nodes.Name) if node.name == name)
        if name in offered:
            yield line, f"the value {name} is used but not declared: make the first line {declaration}"
        else:
            yield line, f"there is no value {name}{near(name, offered)}; {there_are}"


def _made_here(tree: nodes.Template) -> Iterator[str]:
    """Names that a file sets or imports. Where they reach is left to the trial rendering: a block sees what its file sets."""
    yield from (node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param"))
    yield from (node.name for node in tree.find_all(nodes.Macro))
    yield from (node.target for node in tree.find_all(nodes.Import))
    for node in tree.find_all(nodes.FromImport):
        yield from (name if isinstance(name, str) else name[1] for name in node.names)


def _leftovers(file: PromptFile) -> _Found:
    for node in file.tree.find_all((nodes.TemplateData, nodes.Const)):
        text = node.data if isinstance(node, nodes.TemplateData) else getattr(node, "value", "")
        if not isinstance(text, str):
            continue
        for found in _MARKED.finditer(text):
            line = node.lineno + text.count("\n", 0, found.start())
            yield line, f"a placeholder is left, write your own words there: {' '.join(found[0].split())}"
        for found in _FORMAT_FIELD.finditer(text):
            line = node.lineno + text.count("\n", 0, found.start())
            yield line, f"{found[0]} would be sent as it stands: write {{{{ {found[1]} }}}}"


def _reference_problems(file: PromptFile, files: PromptFiles) -> _Found:
    for reference in file.references:
        if reference.name is None:
            yield reference.line, "name the file as plain text and without `ignore missing`: what it says is part of the prompt"
        elif files.find(name := files.resolve(reference.name)) is None:
            there = [other for domain in dict.fromkeys((files.domain, GENERAL)) for other, _ in files.in_domain(domain)]
            yield reference.line, f"{reference.name} is not there{near(name, there)}"
        elif any(drawn.name == file.name for drawn in files.closure(files.read(name))):
            yield reference.line, f"{reference.name} leads back to this file: it would include itself without end"


def _override_problems(file: PromptFile, ancestors: Sequence[PromptFile]) -> _Found:
    for extends in file.tree.find_all(nodes.Extends):
        if extends not in file.tree.body:
            yield extends.lineno, "extends must stand at the top, outside any if or block"
    if file.parent is None or not ancestors or ancestors[-1].parent is not None:
        return
    blocks = sorted({block.name for ancestor in ancestors for block in ancestor.tree.find_all(nodes.Block)})
    for node in file.tree.body:
        if isinstance(node, nodes.Block) and node.name not in blocks:
            yield node.lineno, f"{file.parent} has no block {node.name}{near(node.name, blocks)}; it has: {', '.join(blocks)}"
        elif isinstance(node, _NEVER_SHOWN) or (isinstance(node, nodes.Output) and _visible(node)):
            yield _first_line(node), "text outside a block is never shown in a file that extends another: put it into a block"


def _visible(output: nodes.Output) -> bool:
    return any(not isinstance(part, nodes.TemplateData) or part.data.strip() for part in output.nodes)


def _first_line(node: nodes.Node) -> int:
    data = next(node.find_all(nodes.TemplateData), None) if isinstance(node, nodes.Output) else None
    if data is None:
        return node.lineno
    return data.lineno + data.data.count("\n", 0, len(data.data) - len(data.data.lstrip()))


def _screening_problems(file: PromptFile, ancestors: Sequence[PromptFile]) -> _Found:
    chain = (file, *ancestors)
    if file.path_in_domain in SHOWN_IN_SCREENING and not any(_uses_alone(shown) for shown in chain):
        yield 1, "screening shows this prompt without its reply part: put that part into {% if alone %} ... {% endif %}"


def _uses_alone(file: PromptFile) -> bool:
    return "alone" in meta.find_undeclared_variables(file.tree)

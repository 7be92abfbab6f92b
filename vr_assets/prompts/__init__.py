"""Prompt files: found, checked all at once, rendered in both reply styles, fingerprinted.

A prompt is `<domain>/<asset>/<name>.md`, a Jinja2 template whose first line declares the values which that file itself uses:
`{# values: duration, captions #}`, or `{# values: none #}`. Files whose name begins with `_` are parts that prompts include or
extend. A name that begins with an asset (`qa/_base.md`) means the domain's file if it has one, else that of `general`; a name
that begins with a domain (`general/qa/_base.md`) means that domain's file. So a domain holds only what differs.

Three more names are provided: `structured`, true in the schema style and false in the layout style; `alone`, which the screening
prompt sets to false where it shows another prompt without its reply part; and `clock_in_picture`, whether a clock is burned into
what the model is shown.

`<domain>/categories.toml` is no prompt: it names incident categories and what to look for in each.

`<domain>/vocabulary.toml` is no prompt: it holds words of the offline annotator, over those of `general`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from vr_assets.errors import PromptError
from vr_assets.prompts.catalog import GENERAL, PROMPTS, TIMES, find_shipped
from vr_assets.prompts.categories import read_categories
from vr_assets.prompts.checks import check_file, check_names, near
from vr_assets.prompts.files import PromptFile, PromptFiles, domains
from vr_assets.prompts.rendering import RENDER_ERRORS, Problem, PromptEnvironment, locate
from vr_assets.prompts.words import read_vocabulary
from vr_assets.records.call import PromptText
from vr_assets.settings import Asset

__all__ = ["PROMPTS", "Prompts", "find_shipped", "folders"]

_SAMPLES = (("00:09.5", "text"), ("01:42", ""))


class Prompts:
    """All prompts of one domain, read and checked once."""

    def __init__(self, domain: str, roots: Iterable[Path], *, clock_in_picture: bool = False) -> None:
        """Read a domain from folders of domains, the first one strongest.

        Raises:
            PromptError: the domain is unknown, or some of its files cannot be used: one error that lists every problem.
        """
        roots = tuple(roots)
        known = domains(roots)
        if domain not in known:
            raise PromptError(f"unknown prompt domain {domain!r}{near(domain, known)}; there are: {', '.join(known)}")
        self.domain = domain
        self._files = PromptFiles(domain, roots)
        self._schema = PromptEnvironment(self._files, structured=True, clock_in_picture=clock_in_picture)
        self._layout = PromptEnvironment(self._files, structured=False, clock_in_picture=clock_in_picture)
        self._closures: dict[tuple[Asset, str], tuple[PromptFile, ...]] = {}
        self._fingerprints: dict[tuple[Asset, str], str] = {}
        self.categories, amiss = read_categories(self._files)
        self.vocabulary, wrong_words = read_vocabulary(self._files)
        if problems := sorted({*self._check(), *amiss, *wrong_words}):
            listed = "\n".join(f"  {problem}" for problem in problems)
            raise PromptError(f"the prompts of domain {domain} cannot be used, {len(problems)} to mend:\n{listed}")

    @classmethod
    def load(cls, domain: str, *, overlay: Path | None = None, clock_in_picture: bool = False) -> "Prompts":
        """Read a domain; `overlay` is a folder of the user's own domains, looked in before the shipped ones.

        What was read before in this process is read again when a file has changed.

        Raises:
            PromptError: with every problem, as `file:line: what`.
        """
        roots = folders(overlay)
        return _read(domain, roots, clock_in_picture, PromptFiles(domain, roots).state())

    def names(self, asset: Asset) -> tuple[str, ...]:
        """The prompts of an asset; none for one that asks no model."""
        return tuple(PROMPTS.get(asset, {}))

    def render(self, asset: Asset, name: str, values: Mapping[str, str]) -> PromptText:
        """Both styles of one prompt. Values are text, never templates; those that the prompt does not use are ignored.

        Raises:
            PromptError: there is no such prompt, it needs a value that is missing, or it is given one that it is not offered.
        """
        if name not in self.names(asset):
            raise PromptError(f"{asset} has no prompt {name!r}{near(name, self.names(asset))}")
        closure = self._closures[asset, name]
        offered = PROMPTS[asset][name]
        needed = {value for file in closure for value in file.declared or ()}.intersection(offered)
        if needed - values.keys() or values.keys() - set(offered):
            lacks, knows_not = sorted(needed - values.keys()), sorted(values.keys() - set(offered))
            raise PromptError(f"{closure[0].path}:1: values missing: {lacks}, values not offered: {knows_not}")
        try:
            schema_text, layout_text = self._texts(closure[0], values)
        except RENDER_ERRORS as error:
            raise PromptError(str(locate(error, closure))) from error
        return PromptText(
            domain=self.domain,
            asset=asset,
            name=name,
            fingerprint=self._fingerprints[asset, name],
            schema_text=schema_text,
            layout_text=layout_text,
            vocabulary=self.vocabulary,
        )

    def fingerprint(self, asset: Asset) -> str:
        """SHA-256 in hex over the sources of all prompts of an asset, before values, and of what categories give them."""
        steered = any("look_for" in offered for offered in PROMPTS.get(asset, {}).values())
        categories = [part for entry in sorted(self.categories.items()) for part in entry] if steered else []
        sources = (part for name in self.names(asset) for part in (name, *(file.text for file in self._closures[asset, name])))
        return _hash((*sources, *categories))

    def sources(self, asset: Asset, name: str) -> tuple[PromptFile, ...]:
        """The files of a prompt: its own, then those it draws in, each once."""
        return self._closures[asset, name]

    def prompt_fingerprint(self, asset: Asset, name: str) -> str:
        """SHA-256 in hex over the sources of one prompt, before values: what provenance names it by."""
        return self._fingerprints[asset, name]

    def _texts(self, file: PromptFile, values: Mapping[str, str]) -> tuple[str, str]:
        return self._schema.text(file.name, dict(values)), self._layout.text(file.name, dict(values))

    def _check(self) -> Iterator[Problem]:
        found: dict[str, list[Problem]] = {}
        for asset, prompts in PROMPTS.items():
            for name, offered in prompts.items():
                path = f"{asset}/{name}.md"
                resolved = self._files.resolve(path)
                if self._files.find(resolved) is None:
                    yield Problem(self._files.roots[-1] / GENERAL / path, 1, "this prompt is missing")
                    continue
                closure = self._closures[asset, name] = self._files.closure(self._files.read(resolved))
                self._fingerprints[asset, name] = _hash(file.text for file in closure)
                for file in closure:
                    if file.name not in found:
                        found[file.name] = list(check_file(file, self._files, self._schema))
                problems = [problem for file in closure for problem in found[file.name]]
                yield from problems or self._try_out(closure, offered)
        yield from check_names(self._files, found)

    def _try_out(self, closure: tuple[PromptFile, ...], offered: Iterable[str]) -> Iterator[Problem]:
        for time, text in _SAMPLES:
            values = {value: time if value in TIMES else text for value in offered}
            try:
                texts = self._texts(closure[0], values)
            except RENDER_ERRORS as error:
                yield locate(error, closure)
            else:
                if not all(text.strip() for text in texts):
                    yield Problem(closure[0].path, 1, "this prompt says nothing")


def folders(overlay: Path | None) -> tuple[Path, ...]:
    """The folders of domains, strongest first: the user's own, then the shipped ones.

    Raises:
        PromptError: the user's own is not there.
    """
    if overlay is not None and not overlay.is_dir():
        raise PromptError(f"prompts.prompts_dir = {overlay}: there is no such folder")
    shipped = find_shipped(Path(__file__).parents[1])
    return (overlay, shipped) if overlay else (shipped,)


@lru_cache(maxsize=8)
def _read(domain: str, roots: tuple[Path, ...], clock_in_picture: bool, state: object) -> Prompts:
    """`state` is the files': reading and trying them all out takes 0.3 s, and a run needs them several times."""
    return Prompts(domain, roots, clock_in_picture=clock_in_picture)


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

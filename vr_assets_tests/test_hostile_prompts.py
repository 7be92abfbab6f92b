"""Domains that somebody else wrote: what they cannot do."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from vr_assets.errors import PromptError
from vr_assets.prompts import Prompts
from vr_assets.settings import Asset

HEAD = "{# values: none #}\n"
PROMPT = "descriptions/description.normal.md"

DOUBLED = "".join(f"{{% macro m{n + 1}() %}}{{{{ m{n}() }}}}{{{{ m{n}() }}}}{{% endmacro %}}" for n in range(40))
HOSTILE = {
    "an attribute": ("{{ ''.__class__.__mro__ }}", "unsafe|__class__"),
    "an attribute by its name": ("{{ ''['__class__'] }}", "__class__"),
    "an attribute by a filter": ("{{ '' | attr('__class__') }}", "__class__"),
    "an attribute of a macro": ("{% macro m() %}{% endmacro %}{{ m.__globals__ }}", "__globals__"),
    "the code of a function": ("{{ cycler.__init__.__globals__ }}", "__init__|no value cycler"),
    "a list that is changed": ("{% set a = [] %}{{ a.append(1) }}", "append"),
    "loops in loops": ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}x", "without end"),
    "a long range": ("{% for a in range(99999999) %}{% endfor %}x", "too large|Range too big"),
    "a macro that calls itself": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError|without end"),
    "macros that call twice": ("{% macro m0() %}x{% endmacro %}" + DOUBLED + "{{ m40() }}", "without end|characters"),
    "a text that doubles": ("{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}", "characters"),
    "a block that doubles": ("{% set a = 'xx' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40 + "{{ a }}", "characters"),
    "a text that is repeated": ("{{ 'x' * 999999999 }}", r"calculate with \*"),
    "a power": ("{{ 9 ** 9 ** 9 }}", r"calculate with \*\*"),
    "a width": ("{{ '%0999999999d' % 1 }}", "calculate with %"),
    "a width by a method": ("{{ 'x'.ljust(999999999) }}", "too large a number"),
    "a width by a filter": ("{{ 'x' | center(999999999) }}", "center"),
    "a part above": ("{% include 'mine/../../secret.md' %}", "is not there"),
    "a part by its whole path": ("{% include '/etc/hostname' %}", "is not there"),
    "a part by an import": ("{% import '../secret.md' as x %}{{ x }}", "is not there"),
}


def load(folder: Path, files: Mapping[str, str]) -> Prompts:
    for name, text in files.items():
        path = folder / "prompts" / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Prompts.load("mine", overlay=folder / "prompts")


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_is_refused_when_it_is_loaded_with_its_file_and_line(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    with pytest.raises(PromptError) as caught:
        load(tmp_path, {PROMPT: f"{HEAD}Look.\n{text}\n"})
    said = str(caught.value)
    assert re.search(rf"mine/{re.escape(PROMPT)}:3: ", said) and re.search(words, said), said
    assert "secret\n" not in said


def test_a_loop_that_is_long_only_over_real_evidence_is_refused_when_it_is_rendered(tmp_path: Path) -> None:
    text = "Look.\n{% for a in chunks %}{% for b in chunks %}{% endfor %}{% endfor %}x"
    prompts = load(tmp_path, {PROMPT: "{# values: chunks #}\n" + text})
    with pytest.raises(PromptError, match=rf"{re.escape(PROMPT)}:3: .*without end"):
        prompts.render(Asset.DESCRIPTIONS, "description.normal", {"chunks": "a caption " * 2_000})


@pytest.mark.parametrize("part", [PROMPT, "_shared/watching.md", "qa"])
def test_a_link_that_leads_out_of_the_domain_is_refused(part: str, tmp_path: Path) -> None:
    """What it leads to would be sent to a model."""
    secret = tmp_path / "secret"
    target = secret / "_normal.md" if part == "qa" else secret / "key"
    target.parent.mkdir()
    target.write_text(f"{HEAD}a key")
    link = tmp_path / "prompts" / "mine" / part
    link.parent.mkdir(parents=True)
    link.symlink_to(secret if part == "qa" else target)
    with pytest.raises(PromptError, match="a link that leads out") as caught:
        load(tmp_path, {})
    assert "a key" not in str(caught.value)


def test_a_domain_whose_folder_is_a_link_is_a_domain(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "captions").mkdir(parents=True)
    (elsewhere / "captions" / "global.normal.md").write_text(f"{HEAD}Look.")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "mine").symlink_to(elsewhere)
    assert load(tmp_path, {}).render(Asset.CAPTIONS, "global.normal", {"duration": "00:05"}).schema_text == "Look.\n"


def test_loops_that_end_are_nobodys_business(tmp_path: Path) -> None:
    prompts = load(tmp_path, {"captions/global.normal.md": HEAD + "{% for a in range(40) %}{{ loop.index }} {% endfor %}"})
    assert prompts.render(Asset.CAPTIONS, "global.normal", {"duration": "00:05"}).schema_text.split() == [
        str(number) for number in range(1, 41)
    ]

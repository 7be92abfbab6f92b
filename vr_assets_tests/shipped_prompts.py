"""The shipped domains and the example, read and rendered once in a process: `template` with its placeholders filled in."""

import json
import re
import tempfile
from functools import cache
from pathlib import Path

import pytest
from pydantic import JsonValue

import vr_assets
from vr_assets.prompts import PROMPTS, Prompts, find_shipped
from vr_assets.records.call import PromptText
from vr_assets.settings import Asset

SHIPPED = find_shipped(Path(vr_assets.__file__).parent)
EXAMPLES = Path(__file__).parents[1] / "examples" / "domains"
DOMAINS = ("general", "traffic", "warehouse", "template", "shelf")
WRITTEN_OUT = ("traffic", "warehouse")
"""Domains whose worked examples are all their own."""

PROMPT_NAMES = [(asset, name) for asset, prompts in PROMPTS.items() for name in prompts]
EXEMPLIFIED = [key for key in PROMPT_NAMES if key[0] is Asset.QA or key[1].startswith("dense")]
MAY_BE_EMPTY = {"chunks", "description", "highlight", "global_caption", "dense_caption", "category", "look_for", "timeline"}
LONG = {"duration": "00:42", "start": "00:10", "end": "00:15", "moment": "00:12.5"}
SHORT = {"duration": "00:08.4", "start": "00:02.0", "end": "00:07.0", "moment": "00:05.5"}
HOURS = LONG | {"duration": "01:02:03"}

PLACEHOLDER = re.compile(r"<<([^<>]*)>>")

every_domain = pytest.mark.parametrize("domain", DOMAINS)
every_prompt = pytest.mark.parametrize(("asset", "name"), PROMPT_NAMES, ids=[f"{asset}-{name}" for asset, name in PROMPT_NAMES])
every_example = pytest.mark.parametrize(("asset", "name"), EXEMPLIFIED, ids=[f"{asset}-{name}" for asset, name in EXEMPLIFIED])
every_qa_prompt = pytest.mark.parametrize("name", list(PROMPTS[Asset.QA]))
both_modes = pytest.mark.parametrize("mode", ["anomaly", "normal"])
short_and_long = pytest.mark.parametrize("times", [LONG, SHORT], ids=["long", "short"])


@cache
def load(domain: str) -> Prompts:
    if domain != "template":
        return Prompts.load(domain, overlay=EXAMPLES)
    with tempfile.TemporaryDirectory() as folder:
        return Prompts.load(domain, overlay=filled_in(Path(folder)))


def filled_in(folder: Path) -> Path:
    """A copy of `template` in a folder, every placeholder replaced by its own words."""
    for path in (SHIPPED / "template").rglob("*/*.md"):
        copy = folder / path.relative_to(SHIPPED)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(PLACEHOLDER.sub(r"\1", path.read_text()))
    return folder


def rendered(domain: str, asset: Asset, name: str, *, times: dict[str, str] = LONG, empty: bool = False) -> PromptText:
    return _rendered(domain, asset, name, tuple(times.items()), empty)


@cache
def _rendered(domain: str, asset: Asset, name: str, times: tuple[tuple[str, str], ...], empty: bool) -> PromptText:
    given = {value: dict(times).get(value, f"A sentinel for {value}.") for value in PROMPTS[asset][name]}
    shown = {value: "" if empty and value in MAY_BE_EMPTY else text for value, text in given.items()}
    return load(domain).render(asset, name, shown)


def example(text: str) -> str:
    """The worked example of a rendered prompt."""
    found = re.findall(r"<example>\n(.*?)\n</example>", text, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def setting(text: str) -> str:
    """What a rendered prompt says about the video of its worked example."""
    return text.partition("### Example")[2].partition("<example>")[0].partition("about the video at hand.")[2].strip()


def reply(domain: str, asset: Asset, name: str, *, times: dict[str, str] = SHORT) -> dict[str, JsonValue]:
    """The worked example as the reply that it is."""
    found = json.loads(example(rendered(domain, asset, name, times=times).schema_text))
    assert isinstance(found, dict)
    return found


def clocks(text: str) -> list[float]:
    """The times in a text, in seconds."""
    return [int(minutes) * 60 + float(rest) for minutes, rest in re.findall(r"\b(\d\d):(\d\d(?:\.\d)?)", text)]


def length_s(domain: str, asset: Asset, name: str, *, times: dict[str, str] = SHORT) -> float:
    """The length of the worked example's video."""
    about = setting(rendered(domain, asset, name, times=times).schema_text)
    found = re.match(r"(?:Its video is|In its video,|Its video,) (\d\d:\d\d(?:\.\d)?) long[.,]", about)
    assert found, about
    return clocks(found[1])[0]

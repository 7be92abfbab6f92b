"""One item in every form a model may give it, with values full of what the forms themselves are made of: it reads the same in
each, or not at all. A JSON reply that was cut anywhere does not read."""

import json
import random
from collections.abc import Callable

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.qa import OpenQaReply
from vr_assets.parsing.reply import read_reply
from vr_assets_tests.parsing.forms import JSONS, LAYOUTS, Fields, bold_whole_line, escaped

WORDS = [
    "he waves", "the red car stops", "at the gate", "(left)", "(A)", "A) or B)", "why?", "yes", "No.", "null", "None", "…", "—",
    "at 00:05", "10,000 people", "50% off", "# 3", "// no entry", "/* worn */", "=> 3", "item 2", "it stops: then turns", "a, b",
    'he says "stop"', 'a sign "A", "B"', 'called "Joe", and', '"', "'", "“quoted”", "'single'", "it's red", "the dogs' bowls",
    "it's 5 o'clock", "{exit: left}", "and {x}", "a [red] car", "}", "]", ":", ",", "<b>tag</b>", "**bold**", "answer", "~",
    "the answer is B", "the sign reads ANSWER: yes", "he asks the reason: none", "\nthen he turns", "\nAt 00:07 it stops",
]  # fmt: skip
# Emphasis around emphasis, and line breaks written as backslash and n, have no reading of their own.
FAITHFUL = [form for form in LAYOUTS if form not in (bold_whole_line, escaped)]


def values(seed: int) -> dict[str, str]:
    chance = random.Random(seed)
    return {
        name: f"Here {' '.join(chance.choices(WORDS, k=chance.randint(1, 6)))}" for name in ("question", "answer", "reasoning")
    }


def said(reply: str) -> dict[str, str] | None:
    try:
        return read_reply(reply, OpenQaReply).model_dump()
    except ReplyError:
        return None


@pytest.mark.parametrize("form", JSONS.values(), ids=JSONS)
def test_json_says_the_same_in_any_spelling(form: Callable[[object], str]) -> None:
    for seed in range(60):
        assert said(form(values(seed))) == said(json.dumps(values(seed))), values(seed)


@pytest.mark.parametrize("form", FAITHFUL, ids=lambda form: form.__name__)
def test_a_layout_says_what_the_json_says_or_nothing(form: Callable[[Fields], str]) -> None:
    read = 0
    for seed in range(60):
        told = said(form(values(seed)))
        read += told is not None
        assert told in (None, said(json.dumps(values(seed)))), values(seed)
    assert read > 45


@pytest.mark.parametrize("mark", ['"', "'", "“”"], ids=["double", "single", "printed"])
def test_quotes_that_nobody_escaped_are_read_for_certain_or_not_at_all(mark: str) -> None:
    read = 0
    for seed in range(1500):
        fields = ", ".join(f"{mark[0]}{name}{mark[-1]}: {mark[0]}{value}{mark[-1]}" for name, value in values(seed).items())
        told = said(f"{{{fields}}}")
        read += told is not None
        assert told in (None, said(json.dumps(values(seed)))), values(seed)
    assert read > 500


@pytest.mark.parametrize(
    "form", [form for name, form in JSONS.items() if name != "told twice"], ids=[name for name in JSONS if name != "told twice"]
)
def test_a_cut_says_nothing_in_any_spelling(form: Callable[[object], str]) -> None:
    for seed in range(6):
        reply = form(values(seed))
        assert said(reply) is not None
        for length in range(max(reply.rfind("}"), reply.rfind("]"))):
            assert said(reply[:length]) is None, reply[:length]

"""`vr-assets why`, at a terminal."""

import json
from pathlib import Path

import pytest

from vr_assets.cli.saying import harmless
from vr_assets.records.call import Request
from vr_assets.settings import Task
from vr_assets_tests.steps.graph import valid
from vr_assets_tests.test_cli import SHORT, Terminal

HOSTILE = "[red]A van[/red] \x1b]8;;http://evil\x07stops\x1b[2J \u202etfel\u202c \x9b31m."


def hostile(request: Request) -> str:
    if request.task is Task.OPEN_QA:
        return f"QUESTION: What does the van do?\nANSWER: {HOSTILE}\nREASONING: It brakes. So it stops."
    return valid(request)


def test_what_models_wrote_is_shown_and_not_obeyed(terminal: Terminal, videos: Path) -> None:
    terminal.script = hostile
    terminal.vr("ingest", str(sorted(videos.iterdir())[0]), "--batch", "cams", "--mode", "normal", "--set", "qa.qa_types=open_qa")
    checks = ("--set", "evidence.checks=support")
    said = terminal.vr("run", "--batch", "cams", "--select", f"{SHORT},evidence", *checks)
    assert said.code == 0, said.err
    assert "support: 0 of 1 items did not pass" in said.out
    video = sorted(videos.iterdir())[0].name
    told = terminal.vr("why", video, "--full")
    assert told.code == 0, told.err
    assert "[red]A van[/red]" in told.out and r"\x1b]8;;" in told.out and r"\x202e" in told.out
    item = next(word for word in told.out.split() if word.endswith("open_qa/0"))
    short = terminal.vr("why", item)
    assert f"{item} in batch cams" in short.out and "check support" in short.out and "characters more: --full" in short.out
    listed = terminal.vr("why", item, "--json", "--batch", "cams")
    assert json.loads(listed.out)[0]["item"] == item
    for said in (told, short, listed):
        assert not {character for character in said.out if ord(character) < 32 or 127 <= ord(character) < 160} - {"\n"}
        assert "\u202e" not in said.out


def test_an_item_that_nobody_knows_ends_with_one_error(terminal: Terminal) -> None:
    said = terminal.vr("why", "nowhere")
    assert (said.code, said.out) == (1, "") and said.err.startswith("error: no item 'nowhere'")


def test_an_error_obeys_no_name_and_tells_no_password(terminal: Terminal) -> None:
    said = terminal.vr("ingest", "\x1b[2Jhttp://me:sesame@host/clips")
    assert said.code == 1 and r"\x1b[2Jhttp" in said.err
    assert "\x1b[2J" not in said.err and "sesame" not in said.err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("over\rwritten", r"over\x0dwritten"),
        ("\u2066hidden", r"\x2066hidden"),
        ("s3://me:secret@host/x", "s3://***@host/x"),
        ("日本語 été 🚗", "日本語 été 🚗"),
    ],
)
def test_a_terminal_gets_letters_and_no_orders(text: str, shown: str) -> None:
    assert harmless(text) == shown

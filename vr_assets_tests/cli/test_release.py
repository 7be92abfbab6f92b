"""`vr-assets release`, as a user meets it."""

import json
from pathlib import Path

import pytest

from vr_assets_tests.export.release.batches import a_store
from vr_assets_tests.test_cli import Terminal, flat


@pytest.fixture
def batches(terminal: Terminal) -> Path:
    """Three batches of rows; where they lie."""
    return a_store(terminal.root).root


@pytest.mark.slow
def test_a_data_set_is_released_by_name_and_remembers_what_it_is_made_of(terminal: Terminal, batches: Path) -> None:
    said = terminal.vr("release", "yards", "--batch", "cams", "--form", "qwen_vl", "--set", "release.validation_share=0")
    assert said.code == 0, said.err
    assert "New version: " in said.out and "left out: 3 unwritable" in said.out
    assert "validation: empty" in flat(said.err)
    assert json.loads((batches / "datasets" / "yards" / "dataset.json").read_text()) == {
        "name": "yards",
        "batches": ["cams"],
        "settings": {"release.forms": ["qwen_vl"], "release.validation_share": 0.0},
    }
    again = terminal.vr("release", "yards")
    assert "Unchanged: " in again.out
    (version,) = (batches / "datasets" / "yards").glob("2*")
    assert (version / "qwen_vl" / "train.jsonl").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param(["yards"], 2, "vr-assets release yards --batch A", id="no batches"),
        pytest.param(["../yards", "--batch", "cams"], 2, "cannot be the name of a data set", id="a name that leads elsewhere"),
        pytest.param(["yards", "--batch", "jun"], 1, "no batch 'jun'", id="a batch that is not there"),
        pytest.param(["yards", "--batch", "cams", "--set", "release.share=0.2"], 2, "release.", id="a setting that is not there"),
        pytest.param(
            ["yards", "--batch", "cams", "--set", "release.validation_share=1"], 2, "less than 1", id="nothing to train on"
        ),
    ],
)
def test_what_cannot_be_released_is_said_before_anything_is_noted(
    terminal: Terminal, batches: Path, arguments: list[str], code: int, told: str
) -> None:
    said = terminal.vr("release", *arguments)
    assert said.code == code and told in flat(said.err), said.err
    assert not (batches / "datasets").exists()

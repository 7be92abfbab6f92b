"""`vr-assets prompts`, as a user meets it."""

import json
from pathlib import Path

import pytest

from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.prompts import PROMPTS, Prompts
from vr_assets.prompts.importing import PLACES, import_module
from vr_assets.settings import Task
from vr_assets_tests.steps.graph import valid
from vr_assets_tests.test_cli import Terminal, flat

SHORT = "raw_videos,captions,chunk_captions,qa,task_files"


@pytest.fixture
def own(terminal: Terminal) -> Path:
    """The folder of own domains, with one in it."""
    folder = terminal.root / "mine"
    (folder / "docks" / "captions").mkdir(parents=True)
    (folder / "docks" / "captions" / "dense.normal.md").write_text(
        '{# values: none #}\n{% extends "general/captions/dense.normal.md" %}\n{% block focus %}Name each dock.{% endblock %}\n'
    )
    terminal.monkeypatch.setenv("VR_PROMPTS__PROMPTS_DIR", str(folder))
    return folder


def test_list_and_check_expect_the_template_to_be_refused_and_say_so(terminal: Terminal, own: Path) -> None:
    listed, checked = terminal.vr("prompts", "list"), terminal.vr("prompts", "check")
    assert (listed.code, checked.code, checked.err) == (0, 0, "")
    for said in (listed, checked):
        assert "as it should be" in flat(said.out)
    assert "docks: ok, 42 prompts" in checked.out
    assert "yours" in listed.out


def test_list_of_a_domain_names_values_hash_and_where_each_prompt_comes_from(terminal: Terminal, own: Path) -> None:
    prompts = Prompts.load("docks", overlay=own)
    rows = {
        line.split()[0]: line.split()[1:3] for line in terminal.vr("prompts", "list", "docks").out.splitlines() if "/" in line
    }
    assert len(rows) == sum(map(len, PROMPTS.values()))
    for asset in PROMPTS:
        for name in PROMPTS[asset]:
            source = "docks" if name == "dense.normal" else "general"
            assert rows[f"{asset}/{name}"] == [prompts.prompt_fingerprint(asset, name)[:8], source]


def test_check_names_every_problem_with_its_file_and_line(terminal: Terminal, own: Path) -> None:
    broken = own / "docks" / "captions" / "dense.normal.md"
    broken.write_text(broken.read_text().replace("each dock", "<<which>> {{ docks }}"))
    said = terminal.vr("prompts", "check")
    assert said.code == 1
    assert f"{broken}:3: a placeholder is left" in said.err and f"{broken}:3: there is no value docks" in said.err
    assert "traffic: ok" in said.out


def test_show_says_it_as_it_is_sent_for_a_video_and_asks_nobody(terminal: Terminal, own: Path, videos: Path) -> None:
    video = str(sorted(videos.iterdir())[0])
    said = terminal.vr("prompts", "show", "captions/dense", "--domain", "docks", "--video", video, "--mode", "normal")
    assert said.code == 1 and "did you mean captions/dense.normal" in said.err
    said = terminal.vr("prompts", "show", "captions/dense.normal", "--domain", "docks", "--video", video, "--mode", "normal")
    assert said.code == 0, said.err
    assert "It is 00:01.0 long." in said.out and "Name each dock." in said.out
    assert terminal.requests == []
    other = terminal.vr("prompts", "show", "captions/dense.anomaly", "--video", video, "--mode", "normal")
    assert other.code == 1 and "captions/dense.normal, captions/global.normal is" in other.err


def test_diff_shows_only_what_differs(terminal: Terminal, own: Path) -> None:
    said = terminal.vr("prompts", "diff", "general", "docks")
    added = [line for line in said.out.splitlines() if line.startswith("+")]
    assert sorted(added) == ["+", "+++ docks/captions/dense.normal", "+Name each dock."]
    assert f"{sum(map(len, PROMPTS.values())) - 1} prompts are the same in both" in said.out


def test_new_makes_a_domain_with_its_worksheet_that_is_refused_until_it_is_filled_in(terminal: Terminal, own: Path) -> None:
    said = terminal.vr("prompts", "new", "yard")
    assert said.code == 0
    assert (own / "yard" / "WORKSHEET.md").is_file() and "WORKSHEET.md" in said.out
    assert terminal.vr("prompts", "check", "yard").code == 1
    for path in (own / "yard").rglob("*/*.md"):
        path.write_text(path.read_text().replace("<<", "").replace(">>", ""))
    assert terminal.vr("prompts", "check", "yard").out == "yard: ok, 42 prompts\n"
    assert "is there already" in terminal.vr("prompts", "new", "yard").err


@pytest.mark.parametrize("name", ["general", "captions", "../x", "Yard"])
def test_new_refuses_a_name_that_cannot_be_a_domain(name: str, terminal: Terminal, own: Path) -> None:
    assert terminal.vr("prompts", "new", name).code == 1


def test_new_without_a_folder_of_own_domains_names_the_cure(terminal: Terminal) -> None:
    said = terminal.vr("prompts", "new", "yard")
    assert said.code == 1 and "--into" in said.err and "VR_PROMPTS__PROMPTS_DIR" in said.err


# --- import -------------------------------------------------------------------------------------------------------------

MODULE = '''
import os
open("ran", "w")
HEAD = "You watch docks. "
TIMES = (
    "From {start_time} to {end_time}. "
)
PROMPT_TEMPLATES = {
    "video_filtering": HEAD + "Is it one?",
    "normal_dense_caption": """It is {duration:.1f} s long. Write {{"a": [1]}} and {{% x %}} and {{{{duration}}}}.""",
    "highlight_timestamp_extraction": "When? {global_caption} {dense_caption} {chunk_captions_str}",
    "highlight_chunk_caption": TIMES + "{anomaly_time}",
    "anomaly_mcq_open_qa": "Both.",
}
TOPIC_PAIRINGS = [("a", "b")]
'''


def test_a_module_is_imported_without_being_run_and_what_had_no_place_is_told(terminal: Terminal, own: Path) -> None:
    module = terminal.root / "theirs.py"
    module.write_text(MODULE)
    said = terminal.vr("prompts", "import-module", str(module), "theirs")
    assert said.code == 0, said.err
    assert not (terminal.root / "ran").exists()
    assert "TOPIC_PAIRINGS" in said.out and "anomaly_mcq_open_qa: there is no such prompt" in said.out
    shown = terminal.vr("prompts", "show", "captions/dense.normal", "--domain", "theirs").out
    assert 'It is 00:42 s long. Write {"a": [1]} and {% x %} and {{duration}}.' in shown
    shown = terminal.vr("prompts", "show", "highlights", "--domain", "theirs").out
    assert "[captions]" in shown and "[chunks]" in shown and "From 00:10 to 00:15. 00:12.5" in shown
    assert "Is it one?" in terminal.vr("prompts", "show", "filtered_videos/screening", "--domain", "theirs").out


def test_a_field_without_a_place_is_named_and_the_domain_refused_until_it_is_mended(terminal: Terminal, own: Path) -> None:
    module = terminal.root / "theirs.py"
    module.write_text('PROMPT_TEMPLATES = {"anomaly_mcq": "Of {dense_incident_type}: {description}"}')
    said = terminal.vr("prompts", "import-module", str(module), "theirs")
    assert said.code == 1
    assert "{dense_incident_type} is no value of qa/mcq.anomaly.md" in said.out
    assert "mcq.anomaly.md:3: a placeholder is left" in said.err


MODULES = {
    "no dict": ("PROMPT_TEMPLATES = make()", "must be a dict that is written out"),
    "no templates": ("X = {}", "there is no PROMPT_TEMPLATES"),
    "a call": ('PROMPT_TEMPLATES = {"anomaly_mcq": open("x").read()}', "anomaly_mcq is not plain text"),
    "an f-string": ('PROMPT_TEMPLATES = {"anomaly_mcq": f"{1 + 1}"}', "anomaly_mcq is not plain text"),
    "no Python": ("PROMPT_TEMPLATES = {", "not a Python module"),
    "no key of ours": ('PROMPT_TEMPLATES = {"x": "y"}', "no key of it is the name of a prompt"),
}


@pytest.mark.parametrize(("text", "words"), MODULES.values(), ids=MODULES)
def test_a_module_that_is_not_written_out_is_refused(text: str, words: str, terminal: Terminal, own: Path) -> None:
    module = terminal.root / "theirs.py"
    module.write_text(text)
    said = terminal.vr("prompts", "import-module", str(module), "theirs")
    assert said.code == 1 and words in said.err
    assert not (own / "theirs").exists()


def test_the_26_and_the_30_keys_have_their_places(tmp_path: Path) -> None:
    pairs = [f"{mode}_{what}" for mode in ("anomaly", "normal") for what in (
        "global_caption", "dense_caption", "chunk_caption", "description", "mcq", "bcq", "open_qa", "temporal_event_desc",
        "causal_linkage", "temporal_localization",
    )]  # fmt: skip
    single = ["video_filtering", "video_anomaly_classification", "highlight_timestamp_extraction", "highlight_chunk_caption"]
    keys = [*pairs, *single, "scene_description", "event_summary"]
    more = [f"{mode}_{what}" for mode in ("anomaly", "normal") for what in ("event_verification", "mcq_open_qa")]
    assert (len(keys), len(keys) + len(more)) == (26, 30)
    assert set(keys) <= set(PLACES)
    module = tmp_path / "theirs.py"
    module.write_text(f"PROMPT_TEMPLATES = {json.dumps(dict.fromkeys([*keys, *more], 'Look.'))}")
    made = import_module(module)
    assert len(made.files) == 28
    assert made.left_over == [f"{mode}_mcq_open_qa: there is no such prompt" for mode in ("anomaly", "normal")]


# --- stale --------------------------------------------------------------------------------------------------------------


def test_stale_tells_what_an_edit_would_redo_and_asks_nothing(terminal: Terminal, own: Path, videos: Path) -> None:
    terminal.monkeypatch.setattr("vr_assets.steps.foreseeing.make_backend", lambda *_, **__: ScriptedBackend(valid))
    terminal.vr("ingest", str(videos), "--batch", "cams", "--domain", "docks", "--mode", "normal")
    assert "was not annotated yet" in terminal.vr("prompts", "stale", "--batch", "cams").out
    terminal.vr("run", "--batch", "cams", "--select", SHORT)
    said = terminal.vr("prompts", "stale", "--batch", "cams")
    assert "as they are now" in said.out and "Nothing to ask" in said.out

    edited = own / "docks" / "captions" / "dense.normal.md"
    edited.write_text(edited.read_text().replace("each dock", "each dock and its door"))
    said = terminal.vr("prompts", "stale", "--batch", "cams")
    assert said.code == 0, said.err
    assert ["captions/dense.normal", "2"] in [line.split() for line in said.out.splitlines()]
    captions = next(line.split() for line in said.out.splitlines() if line.split()[:1] == ["captions"])
    assert captions[1:3] == ["2", "2"]
    assert terminal.requests == []
    terminal.vr("run", "--batch", "cams", "--select", SHORT)
    assert [request.task for request in terminal.requests if request.media] == [Task.DENSE_CAPTION] * 2

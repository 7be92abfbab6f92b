"""What a change touches is asked again, and nothing else."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from vr_assets.settings import Asset, QaType, Task
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, draw_videos, openai_at, tasks
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow

# Where many videos are what matters.
FEWER_CALLS = {"VR_QA__QA_TYPES": f"{QaType.MCQ},{QaType.OPEN_QA}"}


def test_a_batch_that_holds_a_pilots_videos_asks_nothing_for_them(serve: ServerFactory, tmp_path: Path) -> None:
    everything = draw_videos(tmp_path / "all", 6, seconds=1)
    pilot = tmp_path / "pilot"
    pilot.mkdir()
    for path in sorted(everything.iterdir())[:2]:
        shutil.copy(path, pilot)
    server = serve(Behaviour())
    project = Project.at(tmp_path / "project", {**openai_at(server), **FEWER_CALLS})
    project.vr("ingest", str(pilot), "--batch", "pilot")
    project.vr("run", "--batch", "pilot")
    paid = len(server.served)
    project.vr("ingest", str(everything), "--batch", "all")
    project.vr("run", "--batch", "all")
    assert len(server.served) - paid == paid * 4 / 2
    assert project.statuses("all", Asset.QA) == {"ok": 6}


@pytest.mark.thorough
def test_an_edited_qa_prompt_asks_that_type_again_and_nothing_else(serve: ServerFactory, two: Path, tmp_path: Path) -> None:
    server = serve(Behaviour())
    own = tmp_path / "prompts" / "ours" / "qa"
    own.mkdir(parents=True)
    prompt = own / "open_qa.anomaly.md"
    prompt.write_text(_GENERAL.joinpath("qa", "open_qa.anomaly.md").read_text())
    project = Project.at(tmp_path, {**openai_at(server), "VR_PROMPTS__PROMPTS_DIR": str(tmp_path / "prompts")})
    project.vr("ingest", str(two), "--batch", "cams", "--domain", "ours")
    project.vr("run", "--batch", "cams")
    before = len(server.served)
    prompt.write_text(prompt.read_text() + "{% block focus %}Keep the answer under forty words.{% endblock %}\n")
    project.vr("run", "--batch", "cams")
    assert tasks(server.served[before:]) == Counter({Task.OPEN_QA: 2})


@pytest.mark.thorough
def test_fifty_videos_run_again_ask_nothing_decode_nothing_and_say_so(serve: ServerFactory, tmp_path: Path) -> None:
    server = serve(Behaviour())
    project = Project.at(tmp_path, {**openai_at(server), **FEWER_CALLS})
    project.vr("ingest", str(draw_videos(tmp_path / "videos", 50, seconds=1)), "--batch", "cams")
    project.vr("run", "--batch", "cams")
    before, outputs = len(server.served), project.outputs("cams")
    proxies = tmp_path / "data" / "media" / "proxies"
    shutil.rmtree(proxies)
    said = project.vr("run", "--batch", "cams", "--select", "filtered_videos+")
    assert len(server.served) == before
    assert not proxies.exists() or not any(path.is_file() for path in proxies.rglob("*"))
    assert re.search(r"qa: 50 of 50, .*100 reused, 0 asked", said)
    assert project.outputs("cams") == outputs


@pytest.mark.thorough
def test_force_asks_the_named_assets_again_and_no_others(serve: ServerFactory, two: Path, tmp_path: Path) -> None:
    server = serve(Behaviour())
    project = Project.at(tmp_path, openai_at(server))
    project.vr("ingest", str(two), "--batch", "cams")
    project.vr("run", "--batch", "cams")
    before = len(server.served)
    project.vr("run", "--batch", "cams", "--force", "captions")
    assert tasks(server.served[before:]) == Counter({Task.GLOBAL_CAPTION: 2, Task.DENSE_CAPTION: 2})


@pytest.mark.thorough
def test_13_a_mended_parser_reads_old_answers_without_a_request_and_without_a_key(
    serve: ServerFactory, two: Path, tmp_path: Path
) -> None:
    server = serve(Behaviour())
    project = Project.at(tmp_path, openai_at(server))
    project.vr("ingest", str(two), "--batch", "cams")
    project.run("python", "-c", _BROKEN_PARSER, "run", "--batch", "cams")
    assert all(QaType.MCQ not in [one["qa_type"] for one in row["qa"]] for row in project.rows("cams", Asset.QA))  # type: ignore[index,union-attr,call-overload]
    before = len(server.served)
    server.stop()
    project.vr("run", "--batch", "cams", "--select", "qa+")
    assert len(server.served) == before
    assert all(not row["failures"] for row in project.rows("cams", Asset.QA))


_GENERAL = Path(__file__).parents[2] / "prompts" / "general"

_BROKEN_PARSER = """
import vr_assets.parsing.qa as parsing
from vr_assets.errors import ReplyError
right = parsing.parse_qa
def broken(text, *, qa_type, within):
    if qa_type == "mcq":
        raise ReplyError("a defect")
    return right(text, qa_type=qa_type, within=within)
parsing.parse_qa = broken
from vr_assets.cli import main
main()
"""

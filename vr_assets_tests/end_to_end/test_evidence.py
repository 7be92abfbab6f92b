"""Evidence checks through the command line and a real server: estimated, asked once, marked."""

from collections import Counter
from pathlib import Path

import pytest

from vr_assets.settings import Asset, QaType
from vr_assets.storage import Store
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, draw_videos, openai_at, tasks
from vr_assets_tests.end_to_end.test_estimate import estimated, foreseen
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow

CHECKS = ("--set", "evidence.checks=blind,support,agreement")
# Eight types, of which bcq has two.
ITEMS = len(QaType)


def test_checks_ask_what_was_estimated_and_mark_the_items_and_nothing_is_paid_twice(serve: ServerFactory, tmp_path: Path) -> None:
    server = serve(Behaviour())
    project = Project.at(tmp_path / "project", openai_at(server))
    project.vr("ingest", str(draw_videos(tmp_path / "videos", 2, seconds=1)), "--batch", "cams", "--mode", "normal")
    project.vr("run", "--batch", "cams")
    annotated = tasks(server.served)
    assert "judge" not in annotated and not (project.root / "data" / "batches" / "cams" / "evidence.jsonl").exists()

    refused = project.vr("run", "--batch", "cams", "--select", "evidence", *CHECKS, code=1)
    assert "routes.agreement=NAME" in refused and tasks(server.served) == annotated
    project.env |= {
        "VR_ENDPOINTS__SECOND__BACKEND": "openai",
        "VR_ENDPOINTS__SECOND__OPENAI__BASE_URL": server.url,
        "VR_ENDPOINTS__SECOND__OPENAI__MODEL_NAME": "another",
        "VR_ROUTES__AGREEMENT": "second",
    }
    before = foreseen(estimated(project, "cams", (Asset.EVIDENCE,)))
    assert before["support"] == 2 * ITEMS
    assert "agreement" not in project.vr("estimate", "--batch", "cams"), "what is not named is not counted"
    said = project.vr("run", "--batch", "cams", "--select", "evidence")
    assert tasks(server.served) - annotated == before
    assert f"support: 0 of {2 * ITEMS} items did not pass" in said
    assert {one.body["model"] for one in server.served if one.question and one.question.task == "agreement"} == {"another"}

    marks = Store(project.root / "data").read_marks("cams")
    assert Counter(mark.check for mark in marks) == Counter(blind=2 * (ITEMS - 2), support=2 * ITEMS, agreement=2 * ITEMS)
    stored = {str(answer["key"]) for answer in project.journal()}
    assert all(mark.keys and stored.issuperset(mark.keys) for mark in marks)

    asked = len(server.served)
    project.vr("run", "--batch", "cams", "--select", "qa,evidence")
    assert len(server.served) == asked
    assert Store(project.root / "data").read_marks("cams") == marks
    assert "fresh" in project.vr("run", "--batch", "cams", "--select", "evidence", "--dry-run")


@pytest.mark.thorough
def test_the_offline_annotator_judges_nothing_and_says_so(tmp_path: Path) -> None:
    project = Project.at(tmp_path / "project")
    project.vr(
        "ingest",
        str(draw_videos(tmp_path / "videos", 1)),
        "--batch",
        "cams",
        "--backend",
        "opencv",
        *CHECKS[:1],
        "evidence.checks=blind",
    )
    said = project.vr("run", "--batch", "cams", "--select", "*,evidence", code=1)
    assert "cannot judge: the offline annotator" in said
    assert project.statuses("cams", Asset.EVIDENCE) == {"failed": 1}
    assert Store(project.root / "data").read_marks("cams") == []

"""The whole graph through each backend: real SDKs, real servers, the format's own validator on what comes out."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from vr_assets.settings import Asset, QaType
from vr_assets_tests.end_to_end.project import Project, gemini_at, openai_at
from vr_assets_tests.servers.gemini import GeminiDialect
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, serve

pytestmark = pytest.mark.slow

CANARY = "AIza-canary-of-the-tests"
EVERY_TYPE = ",".join(QaType)


def real_clips() -> Path:
    """The folder of real clips, where there is one."""
    folder = Path(os.environ.get("VR_TEST_VIDEOS") or Path(__file__).parents[3] / "shared" / "videos")
    if not folder.is_dir():
        pytest.skip(f"no real clips in {folder}; VR_TEST_VIDEOS names another folder")
    return folder


def annotate(root: Path, videos: Path, env: Mapping[str, str], *ingest: str) -> Project:
    """A project whose batch `cams` went through the whole graph, its task files validated."""
    project = Project.at(root, env)
    project.vr("ingest", str(videos), "--batch", "cams", "--set", f"qa.qa_types={EVERY_TYPE}", *ingest)
    project.vr("run", "--batch", "cams")
    folder = root / "data" / "batches" / "cams" / "task_files"
    project.run("tao-daft", "validate", "tao-vl-reason-v1.0", "--path", str(folder))
    return project


@pytest.mark.parametrize(
    "layout", [pytest.param(False, id="schema", marks=pytest.mark.thorough), pytest.param(True, id="layout")]
)
def test_an_openai_endpoint_annotates_in_both_reply_styles(layout: bool, two: Path, tmp_path: Path) -> None:
    refused = frozenset({"response_format"}) if layout else frozenset()
    with serve(OpenAIDialect(), Behaviour(refuse=refused, key=CANARY)) as server:
        env = {**openai_at(server), "OPENAI_API_KEY": CANARY}
        project = annotate(tmp_path, two, env)
    assert project.statuses("cams", Asset.QA) == {"ok": 2}
    assert {len(row["items"]) for row in project.rows("cams", Asset.TASK_FILES)} == {11}  # type: ignore[arg-type]
    assert keys_found(tmp_path) == []


def test_gemini_annotates_real_clips_and_its_key_is_written_nowhere(tmp_path: Path) -> None:
    with serve(GeminiDialect(), Behaviour(key=CANARY)) as server:
        project = annotate(tmp_path, real_clips(), gemini_at(server, key=CANARY))
        kinds = {shown.mime_type for one in server.served if one.question for shown in one.question.media}
    assert kinds == {"video/mp4"}
    assert project.statuses("cams", Asset.QA) == {"ok": 4}
    assert keys_found(tmp_path) == []


def test_the_offline_annotator_needs_no_server_and_says_what_it_is(tmp_path: Path) -> None:
    project = annotate(tmp_path, real_clips(), {}, "--backend", "opencv")
    assert project.statuses("cams", Asset.QA) == {"ok": 4}
    tagged = [path.read_text() for path in (tmp_path / "data" / "batches" / "cams" / "task_files").glob("*.json")]
    assert tagged and all("baseline-annotator" in text for text in tagged)


def keys_found(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_a_refused_key_ends_the_run_with_one_error_that_says_what_to_set(videos: Path, tmp_path: Path) -> None:
    with serve(GeminiDialect(), Behaviour(key="another")) as server:
        project = Project.at(tmp_path, gemini_at(server, key=CANARY))
        project.vr("ingest", str(videos), "--batch", "cams")
        said = project.vr("run", "--batch", "cams", code=1)
        assert len(server.served) <= 16
    assert "GOOGLE_API_KEY" in said and CANARY not in said

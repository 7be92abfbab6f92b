"""The whole graph under the field's faults: it ends as if there had been none, and asks no more often than they explain."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from vr_assets.settings import Asset, Graph, QaType
from vr_assets_tests.end_to_end.conftest import Calm
from vr_assets_tests.end_to_end.project import Project, by_content, gemini_at, hurried, openai_at
from vr_assets_tests.servers.faults import FIELD, FaultMix, Kind
from vr_assets_tests.servers.gemini import GeminiDialect
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Twice as often as the field has them: few videos meet them all.
MIX = FaultMix(seed=20, shares={kind: 2 * share for kind, share in FIELD.items()})
WORKERS = 16


def annotate(root: Path, videos: Path, env: dict[str, str]) -> Project:
    project = Project.at(root, env)
    project.vr("ingest", str(videos), "--batch", "cams")
    project.vr("run", "--batch", "cams")
    return project


def faults(served: Sequence[Served]) -> Counter[str]:
    return Counter(one.fault for one in served if one.fault and one.fault != Kind.SLOW)


def assert_every_task_arrived(project: Project, videos: int) -> None:
    for asset in Graph.VIDEOS.assets:
        assert project.statuses("cams", asset) == {"ok": videos}, asset
    expected = set(QaType) - {QaType.EVENT_VERIFICATION}
    for row in project.rows("cams", Asset.QA):
        assert not row["failures"]
        assert {item["qa_type"] for item in row["qa"]} == expected  # type: ignore[index,union-attr,call-overload]


def assert_asked_as_often_as_the_faults_explain(served: Sequence[Served]) -> None:
    """Each content: one request a fault, and then the one that was answered; after a cut with a higher limit."""
    for requests in by_content(served).values():
        assert [one.usable for one in requests] == [False] * (len(requests) - 1) + [True], [one.fault for one in requests]
        for before, after in pairwise(requests):
            raised = (after.output_limit or 0) / (before.output_limit or 1)
            assert raised == (2 if before.fault == Kind.CUT else 1), (before.fault, before.output_limit, after.output_limit)


@pytest.mark.thorough
def test_twelve_videos_come_through_the_fields_faults_as_if_there_were_none(fleet: Path, calm: Calm, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), Behaviour(mix=MIX)) as server:
        project = annotate(tmp_path, fleet, {**openai_at(server, workers=WORKERS), **hurried("openai")})
        served = server.served
    met = faults(served)
    assert met.total() >= 30 and len(met) >= 7, met
    assert_every_task_arrived(project, 12)
    assert project.task_files("cams") == calm(fleet).task_files("cams")
    assert_asked_as_often_as_the_faults_explain(served)


@pytest.mark.thorough
def test_gemini_comes_through_them_too(videos: Path, tmp_path: Path) -> None:
    with serve(GeminiDialect()) as server:
        clean = annotate(tmp_path / "clean", videos, {**gemini_at(server), **hurried("gemini")})
        undisturbed = len(server.served)
    with serve(GeminiDialect(), Behaviour(mix=MIX)) as server:
        env = {**gemini_at(server, workers=WORKERS), **hurried("gemini")}
        project = annotate(tmp_path / "faulty", videos, env)
        served = server.served
    met = faults(served)
    assert met.total() >= 7 and len(met) >= 3, met
    assert_every_task_arrived(project, 6)
    assert project.task_files("cams") == clean.task_files("cams")
    assert_asked_as_often_as_the_faults_explain(served)
    assert len(served) == undisturbed + met.total()


@pytest.mark.thorough
def test_without_another_attempt_the_same_faults_cost_rows(videos: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), Behaviour(mix=MIX)) as server:
        env = {**openai_at(server, workers=WORKERS), **hurried("openai"), "VR_CALLS__MAX_ATTEMPTS": "1"}
        project = Project.at(tmp_path, {**env, "VR_CHECKS__MAX_FAILED_SHARE": "1"})
        project.vr("ingest", str(videos), "--batch", "cams")
        project.vr("run", "--batch", "cams")
    assert any(row["failures"] or row["status"] != "ok" for row in project.rows("cams", Asset.QA))

"""The findings of a batch, and its report."""

from pathlib import Path

import pytest

from vr_assets.records.review import Finding, item_id
from vr_assets.records.row import Failure
from vr_assets.settings import Asset, Graph, QaType, Settings, Status
from vr_assets.steps.findings import find_all
from vr_assets.steps.report import publish_report, report
from vr_assets.storage import Store
from vr_assets_tests.steps.checks.batches import NAME, Rows, change, change_item, good, put


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return good(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def test_a_good_batch_has_no_findings(store: Store, rows: Rows) -> None:
    put(store, rows, Graph.VIDEOS)
    assert find_all(store, NAME, Settings()) == []


def test_findings_name_the_item_the_stage_and_the_check(store: Store, rows: Rows) -> None:
    change_item(rows, QaType.OPEN_QA, lambda number: {"reasoning": "."} if number == 3 else {})
    change(rows, Asset.CAPTIONS, lambda _: {"dense_caption": "n"}, of=1)
    put(store, rows, Graph.VIDEOS)
    assert find_all(store, NAME, Settings()) == [
        Finding(check="empty_texts", asset="captions", subject="v00", said="dense caption: says next to nothing: 'n'"),
        Finding(check="reasoning_present", asset="qa", subject=item_id("v03", QaType.OPEN_QA, 0), said="no reasoning"),
    ]


def test_what_is_wrong_with_a_batch_as_a_whole_has_its_name(store: Store, rows: Rows) -> None:
    change_item(rows, QaType.MCQ, lambda _: {"answer": "C"})
    put(store, rows, Graph.VIDEOS)
    assert [(one.check, one.subject) for one in find_all(store, NAME, Settings())] == [("letter_balance", NAME)]


def test_stages_that_were_not_made_have_no_findings(store: Store, rows: Rows) -> None:
    put(store, rows, Graph.VIDEOS)
    for asset in Graph.VIDEOS.assets[1:]:
        store.rows_file(NAME, asset).unlink()
    assert find_all(store, NAME, Settings()) == []


def test_a_report_tells_where_each_video_was_lost_and_not_where_it_did_not_come(store: Store, rows: Rows) -> None:
    dark = {"status": Status.FILTERED_OUT, "reason": "dark"}
    normal = {"status": Status.SKIPPED, "reason": "normal", "highlight_chunk": None}
    change(rows, Asset.FILTERED_VIDEOS, lambda _: dark, of=1)
    for asset in Graph.VIDEOS.assets[2:-1]:
        change(rows, asset, lambda _: {"status": Status.SKIPPED, "reason": "dark", "blocked_by": Asset.FILTERED_VIDEOS}, of=1)
    rows[Asset.HIGHLIGHTS][1] = rows[Asset.HIGHLIGHTS][1].model_copy(update=normal)
    rows[Asset.QA][2] = rows[Asset.QA][2].model_copy(update={"failures": (Failure(what="mcq", reason="no options"),)})
    put(store, rows, Graph.VIDEOS)
    told = report(store, NAME, Settings())
    lost = told.split("## Lost, by stage")[1].split("\n## ")[0]
    assert [line.split(" | ")[2:] for line in lost.splitlines() if line.startswith("| filtered")] == [["filtered out", "dark |"]]
    assert "skipped" not in lost
    assert "| filtered\\_videos | 15 | 0 | 0 | 1 |" in told
    assert "| qa | mcq | 1 | no options |" in told
    assert "1 of 16 videos were left out" in told


def test_a_report_shows_what_models_and_files_say_as_they_say_it(store: Store, rows: Rows) -> None:
    hostile = "<script>alert(1)</script> | a\n# b [c](javascript:d)"
    change(rows, Asset.CAPTIONS, lambda _: {"status": Status.FAILED, "reason": hostile}, of=16)
    put(store, rows, Graph.VIDEOS)
    told = report(store, NAME, Settings())
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\| a \\# b \\[c\\](javascript:d)" in told
    assert "<script" not in told


def test_the_same_rows_make_the_same_report_in_the_batchs_folder(store: Store, rows: Rows) -> None:
    put(store, rows, Graph.VIDEOS)
    first = publish_report(store, NAME, Settings())
    assert publish_report(store, NAME, Settings()) == first
    assert (store.batch_folder(NAME) / "report.md").read_text() == first


@pytest.mark.parametrize("graph", Graph)
def test_every_graph_has_a_report(graph: Graph, store: Store, rows: Rows) -> None:
    put(store, rows, graph)
    told = report(store, NAME, Settings())
    assert f" {graph}, registered" in told
    assert "0 failed, 0 had nothing to judge" in told

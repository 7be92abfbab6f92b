"""Checks as Dagster runs them: what warns, what stops, what is skipped, and what people are told."""

import json
from pathlib import Path

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from vr_assets.backends.scripted import Line
from vr_assets.definitions import defs
from vr_assets.records.call import Request
from vr_assets.settings import Asset, Status, Task
from vr_assets.steps.checks import RULES
from vr_assets.steps.rows import ROWS
from vr_assets_tests.defs.bench import SHORT, Bench
from vr_assets_tests.steps.graph import valid


def names_letters(request: Request) -> Line:
    """Good answers, but for reasoning that names letters."""
    told = valid(request)
    if request.task is not Task.MCQ:
        return told
    return json.dumps(json.loads(told) | {"reasoning": "It is seen to stop, so option B is wrong."})


def statuses(bench: Bench, asset: Asset) -> dict[str, AssetCheckExecutionRecordStatus]:
    keys = [key for key in defs.resolve_asset_graph().asset_check_keys if key.asset_key == dg.AssetKey(asset.value)]
    found = bench.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {key.name: record.status for key, record in found.items()}


def test_a_run_warns_of_flaws_and_ends_with_a_report(bench: Bench, videos: list[Path]) -> None:
    bench.script = names_letters
    bench.ingest("cams", videos)
    outcome = bench.run("cams", SHORT)
    assert outcome.error is None
    said = "2 of 2 multiple-choice questions name letters in their reasoning (100.0%; checks.max_flawed_share = 0.05)"
    assert any(warning.startswith("qa: ") and said in warning for warning in outcome.warnings)
    told = (bench.store.batch_folder("cams") / "report.md").read_text()
    assert "### qa: reasoning_letters" in told
    observed = bench.instance.fetch_observations(dg.AssetKey(Asset.TASK_FILES.value), limit=1).records[0].asset_observation
    assert observed is not None and observed.metadata["report"].value == told
    states = statuses(bench, Asset.QA)
    assert states["content"] is AssetCheckExecutionRecordStatus.FAILED
    # Two videos are too few to tell a balance: planned and never judged, which the UI shows as skipped.
    assert states["balance"] is AssetCheckExecutionRecordStatus.PLANNED
    assert states["rows"] is AssetCheckExecutionRecordStatus.SUCCEEDED


def test_a_check_that_is_made_to_block_stops_the_run_after_its_rows_are_published(bench: Bench, videos: list[Path]) -> None:
    bench.script = names_letters
    bench.ingest("cams", videos)
    outcome = bench.run("cams", SHORT, given={"checks.blocking": ["reasoning_letters"]})
    assert outcome.stopped and str(outcome.error).startswith("qa: ")
    assert "name letters in their reasoning" in str(outcome.error)
    assert bench.store.read_rows("cams", Asset.QA, ROWS[Asset.QA]) is not None
    assert bench.store.read_rows("cams", Asset.TASK_FILES, ROWS[Asset.TASK_FILES]) is None
    assert "reasoning\\_letters" in (bench.store.batch_folder("cams") / "report.md").read_text()


def test_failed_rows_only_warn_where_nothing_blocks(bench: Bench, videos: list[Path]) -> None:
    bench.script = lambda request: "I cannot see the video." if request.task is Task.GLOBAL_CAPTION else valid(request)
    bench.ingest("cams", videos)
    outcome = bench.run("cams", [Asset.RAW_VIDEOS, Asset.CAPTIONS], given={"checks.blocking": []})
    assert (outcome.error, outcome.stages[-1].rows[Status.FAILED]) == (None, 2)
    assert any(warning.startswith("captions: 2 of 2 rows failed (100%") for warning in outcome.warnings)


def test_every_rule_is_told_of_in_the_description_of_its_check() -> None:
    graph = defs.resolve_asset_graph()
    for asset, rules in RULES.items():
        specs = [graph.get_check_spec(key) for key in graph.asset_check_keys if key.asset_key == dg.AssetKey(asset.value)]
        described = "\n".join(str(spec.description) for spec in specs)
        assert all(f"- {check}: " in described for check in rules)

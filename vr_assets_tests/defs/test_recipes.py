"""Staleness is true per batch: an edit makes stale exactly what it touches."""

from pathlib import Path

import dagster as dg
import pytest

from vr_assets.definitions import defs
from vr_assets.defs.instance import register
from vr_assets.defs.plans import State, plan
from vr_assets.defs.recipes import observe_recipes
from vr_assets.defs.resources import StoreResource
from vr_assets.defs.sensors import recipe_changes
from vr_assets.errors import IngestError
from vr_assets.settings import Asset, Graph, QaType, Task
from vr_assets_tests.defs.bench import SHORT, Bench, edit


def tick(bench: Bench) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(instance=bench.instance, resources={"store": StoreResource()})
    result = recipe_changes(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def observed(result: dg.SensorResult | dg.SkipReason) -> list[tuple[str, str | None]]:
    assert isinstance(result, dg.SensorResult)
    told = [event for event in result.asset_events if isinstance(event, dg.AssetMaterialization)]
    return [("/".join(event.asset_key.path), event.partition) for event in told]


def test_an_edited_qa_prompt_makes_only_qa_stale_and_only_in_the_batches_of_its_domain(
    bench: Bench, videos: list[Path], prompt: Path
) -> None:
    bench.ingest("ours", videos, prompts__prompts_module="ours", mode="anomaly")
    bench.ingest("others", videos[:1])
    for batch in ("ours", "others"):
        assert bench.run(batch, SHORT).error is None
        assert bench.stale(batch) == []

    edit(prompt)
    result = tick(bench)
    assert observed(result) == [("recipes/qa", "ours")]
    assert isinstance(result, dg.SensorResult)
    for event in result.asset_events:
        bench.instance.report_runless_asset_event(event)
    assert bench.stale("ours") == [Asset.QA]
    assert bench.stale("others") == []

    assert bench.run("ours", [Asset.QA]).error is None
    assert bench.asked == [QaType.OPEN_QA] * 2
    assert bench.stale("ours") == [Asset.TASK_FILES]


def test_an_edited_block_redoes_exactly_the_answers_it_shaped_stale_before_and_current_after(
    bench: Bench, videos: list[Path], prompt: Path
) -> None:
    block = prompt.parents[1] / "captions" / "dense.anomaly.md"
    block.parent.mkdir()
    head = '{# values: none #}\n{% extends "general/captions/dense.anomaly.md" %}\n'
    block.write_text(head + "{% block focus %}Name every crane.{% endblock %}\n")
    bench.ingest("ours", videos, prompts__prompts_module="ours", mode="anomaly")
    bench.ingest("others", videos, mode="anomaly")
    for batch in ("ours", "others"):
        assert bench.run(batch, SHORT).error is None

    block.write_text(head + "{% block focus %}Name every crane and its load.{% endblock %}\n")
    assert observe_recipes(bench.instance, bench.store, ["ours", "others"]) == 1
    assert (bench.stale("ours"), bench.stale("others")) == ([Asset.CAPTIONS], [])

    assert bench.run("ours", SHORT).error is None
    # The scripted model says something else when asked something else, and QA is asked about what it says.
    asked = [Task.DENSE_CAPTION, *(kind for kind in QaType if kind is not QaType.EVENT_VERIFICATION)]
    assert bench.asked == sorted(asked * len(videos))
    assert bench.stale("ours") == []
    assert bench.run("others", SHORT).error is None
    assert bench.asked == []


def test_a_rerun_to_the_same_rows_leaves_everything_downstream_fresh(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    bench.run("cams", [Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CAPTIONS])
    assert bench.run("cams", [Asset.FILTERED_VIDEOS]).error is None
    assert bench.asked == []
    assert bench.stale("cams") == []


def test_a_run_right_after_an_edit_is_fresh_though_no_sensor_ticked_in_between(
    bench: Bench, videos: list[Path], prompt: Path
) -> None:
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    bench.run("ours", SHORT)
    edit(prompt)
    bench.run("ours", [Asset.QA, Asset.TASK_FILES])
    assert bench.stale("ours") == []
    assert isinstance(tick(bench), dg.SkipReason)


def test_a_recipe_that_did_not_change_is_not_observed_again(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos)
    assert isinstance(tick(bench), dg.SkipReason)
    assert observe_recipes(bench.instance, bench.store, ["cams"]) == 0


def test_an_edit_that_is_taken_back_is_observed_too(bench: Bench, videos: list[Path], prompt: Path) -> None:
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    before = prompt.read_text()
    edit(prompt)
    assert observe_recipes(bench.instance, bench.store, ["ours"]) == 1
    prompt.write_text(before)
    assert observed(tick(bench)) == [("recipes/qa", "ours")]


def test_broken_prompts_of_one_domain_do_not_hide_changes_of_others(bench: Bench, videos: list[Path], prompt: Path) -> None:
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    bench.ingest("others", videos[:1])
    prompt.write_text("{# values: none #}\n{{ nonsense }}\n")
    batch = bench.store.read_batch("others")
    bench.store.write_batch(batch.model_copy(update={"settings": {"qa.qa_types": ["mcq"]}}))
    assert observed(tick(bench)) == [("recipes/qa", "others")]


def test_the_sensor_says_what_is_wrong_with_a_prompt_that_cannot_be_used(bench: Bench, videos: list[Path], prompt: Path) -> None:
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    prompt.write_text("{# values: none #}\n{{ nonsense }}\n")
    result = tick(bench)
    assert isinstance(result, dg.SkipReason)
    assert f"{prompt}:2" in str(result.skip_message)


def test_endpoints_and_limits_make_nothing_stale(bench: Bench, videos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    bench.ingest("cams", videos)
    monkeypatch.setenv("VR_VLM__GEMINI__BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("VR_CALLS__MAX_WORKERS", "2")
    assert isinstance(tick(bench), dg.SkipReason)


def test_an_import_makes_the_stages_stale_that_it_gives_rows_to_and_no_others(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos)
    batch = bench.store.read_batch("cams")
    bench.store.write_batch(batch.model_copy(update={"imported": {Asset.CAPTIONS: "0123456789abcdef"}}))
    assert observed(tick(bench)) == [("recipes/captions", "cams")]


def test_a_plan_says_what_is_missing_stale_and_fresh_and_why(bench: Bench, videos: list[Path], prompt: Path) -> None:
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    batch = bench.store.read_batch("ours")
    assert {one.state for one in plan(bench.instance, defs, batch, list(Graph.VIDEOS.assets))} == {State.MISSING}
    bench.run("ours", SHORT)
    assert {(one.state, one.why) for one in plan(bench.instance, defs, batch, SHORT)} == {(State.FRESH, "")}

    edit(prompt)
    planned = {one.asset: one for one in plan(bench.instance, defs, batch, SHORT)}
    assert [asset for asset, one in planned.items() if one.state is State.STALE] == [Asset.QA]
    assert "prompts" in planned[Asset.QA].why
    assert planned[Asset.TASK_FILES].why == "unless qa changes"

    bench.run("ours", [Asset.QA])
    planned = {one.asset: one for one in plan(bench.instance, defs, batch, SHORT)}
    assert planned[Asset.TASK_FILES].state is State.STALE
    assert planned[Asset.TASK_FILES].why == "qa changed"


def test_a_batch_is_not_registered_where_it_would_be_forgotten(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos)
    with pytest.raises(IngestError, match="DAGSTER_HOME"):
        register(bench.instance, bench.store, ["cams"])

"""A run of a batch: what is published, what is told, and how it ends."""

import re
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from vr_assets.backends.scripted import Line
from vr_assets.definitions import defs
from vr_assets.defs.resources import epochs_of
from vr_assets.errors import ReplyError, StageError
from vr_assets.journal import Epochs
from vr_assets.records.call import Request
from vr_assets.records.video import QaVideo
from vr_assets.settings import Asset, Graph, Settings, Status, Task
from vr_assets.steps.rows import ROWS
from vr_assets_tests.defs.bench import SHORT, Bench
from vr_assets_tests.steps.graph import valid

KEY = "sk-very-secret"


def test_a_run_publishes_a_row_for_every_video_at_every_stage_and_says_the_same_of_each(
    bench: Bench, videos: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    bench.ingest("cams", [*videos, tmp_path / "broken.mp4"], checks__max_failed_share=0.5)
    outcome = bench.run("cams")
    assert outcome.error is None
    assert [stage.asset for stage in outcome.stages] == list(Graph.VIDEOS.assets)
    for asset in Graph.VIDEOS.assets:
        rows = bench.store.read_rows("cams", asset, ROWS[asset])
        assert rows is not None and [row.subject for row in rows] == [str(path) for path in [*videos, tmp_path / "broken.mp4"]]
        metadata = bench.materialization("cams", asset).metadata
        counted = {status: metadata[f"rows/{status}"].value for status in Status}
        assert counted == {status: Counter(row.status for row in rows)[status] for status in Status}
        for name in ("calls/asked", "calls/reused", "tokens/input", "tokens/output", "seconds", "rows", "reasons", "file"):
            assert name in metadata
    assert sum(stage.asked for stage in outcome.stages) == len(bench.asked)
    assert len(list(bench.store.task_files_folder("cams").glob("*.json"))) == 10
    for asset in list(Graph.VIDEOS.assets)[1:]:
        shown = str(bench.materialization("cams", asset).metadata["preview"].value)
        assert "data:image/jpeg;base64," in shown
        assert len(shown) < 150_000


def test_a_preview_shows_what_was_written(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    bench.run("cams", [Asset.RAW_VIDEOS, Asset.CAPTIONS])
    captions = bench.store.read_rows("cams", Asset.CAPTIONS, ROWS[Asset.CAPTIONS])
    assert captions
    shown = str(bench.materialization("cams", Asset.CAPTIONS).metadata["preview"].value)
    assert str(captions[0].model_dump()["global_caption"]) in re.sub(r"\\(.)", r"\1", shown)


def test_a_preview_that_cannot_be_made_costs_nothing_else(
    bench: Bench, videos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> bytes:
        raise RuntimeError("no sheet")

    monkeypatch.setattr("vr_assets.media.library.MediaLibrary.contact_sheet", broken)
    bench.ingest("cams", videos[:1])
    assert bench.run("cams", [Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS]).error is None
    assert "preview" not in bench.materialization("cams", Asset.FILTERED_VIDEOS).metadata


def test_a_second_run_asks_nothing_and_decodes_nothing_for_its_previews(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos)
    first = bench.run("cams", SHORT)
    for folder in ("sheets", "proxies"):
        shutil.rmtree(bench.store.media_folder / folder)
    outcome = bench.run("cams", SHORT)
    asked = sum(stage.asked for stage in first.stages)
    assert (bench.asked, sum(stage.reused for stage in outcome.stages)) == ([], asked)
    assert list(bench.store.media_folder.glob("proxies/*.mp4")) == []


def test_too_many_failed_rows_are_published_and_then_stop_the_run_with_the_reasons(bench: Bench, videos: list[Path]) -> None:
    def refuses_to_caption(request: Request) -> Line:
        return "I cannot see the video." if request.task is Task.GLOBAL_CAPTION else valid(request)

    bench.script = refuses_to_caption
    bench.ingest("cams", videos)
    outcome = bench.run("cams", SHORT)
    assert outcome.stopped and outcome.error
    assert "captions: 2 of 2 rows failed (100%; checks.max_failed_share = 0.2); 2x global_caption" in outcome.error
    assert bench.store.read_rows("cams", Asset.CAPTIONS, ROWS[Asset.CAPTIONS]) is not None
    assert bench.store.read_rows("cams", Asset.CHUNK_CAPTIONS, ROWS[Asset.CHUNK_CAPTIONS]) is None
    assert bench.run("cams", [Asset.CAPTIONS], given={"checks.max_failed_share": 1.0}).error is None


def test_a_refused_key_ends_the_run_at_once_with_one_sentence_and_is_not_tried_again(bench: Bench, videos: list[Path]) -> None:
    def refused(_: Request) -> Line:
        return StageError("the endpoint refuses the key in OPENAI_API_KEY; set another")

    bench.script = refused
    bench.ingest("cams", videos)
    outcome = bench.run("cams")
    assert outcome.error == "filtered_videos: the endpoint refuses the key in OPENAI_API_KEY; set another"
    assert [stage.asset for stage in outcome.stages] == [Asset.RAW_VIDEOS]
    assert len(bench.asked) <= len(videos)


def test_a_forgotten_key_stops_the_run_before_its_first_row(
    bench: Bench, videos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("VR_DATA_ROOT", str(bench.store.root))
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    bench.ingest("cams", videos)
    outcome = bench.run("cams")
    assert outcome.stages == ()
    for way in ("GOOGLE_API_KEY", "vlm.openai.base_url", "opencv"):
        assert way in str(outcome.error)


def test_a_defect_is_reported_as_one(bench: Bench, videos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> list[QaVideo]:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("vr_assets.defs.assets.read_videos", broken)
    bench.ingest("cams", videos)
    assert str(bench.run("cams").error).startswith("raw_videos: internal error, please report it: ZeroDivisionError: a defect")


def test_stages_that_are_left_out_are_absent_for_those_that_can_do_without(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    assert bench.run("cams", SHORT).error is None
    assert not {Task.SCREENING, Task.SUITABLE, Task.MOMENT, Task.DESCRIPTION} & set(bench.asked)
    rows = bench.store.read_rows("cams", Asset.QA, QaVideo)
    assert rows and rows[0].status is Status.OK and len(rows[0].qa) == 8


def test_a_missing_upstream_is_an_error_that_names_the_command(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    error = str(bench.run("cams", [Asset.CHUNK_CAPTIONS]).error)
    assert "captions was not made for batch 'cams'" in error
    assert "vr-assets run --batch cams --select '+captions'" in error


def test_force_asks_the_named_assets_again(bench: Bench, videos: list[Path]) -> None:
    some = [Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CAPTIONS]
    bench.ingest("cams", videos)
    bench.run("cams", some)
    bench.run("cams", some, given={"force_reprocess": ["captions"]})
    assert Counter(bench.asked) == {Task.GLOBAL_CAPTION: 2, Task.DENSE_CAPTION: 2}


def test_a_forced_run_that_is_started_again_counts_the_answers_of_the_first(bench: Bench) -> None:
    root = bench.instance.add_run(dg.DagsterRun("annotate_videos"))
    again = bench.instance.add_run(dg.DagsterRun("annotate_videos", root_run_id=root.run_id, parent_run_id=root.run_id))
    settings = Settings(force_reprocess=("captions",), retry=("all",))
    first, second = (epochs_of(Asset.CAPTIONS, settings, run, bench.instance) for run in (root, again))
    assert first == second
    assert first.forced is not None and first.forced == first.retried
    assert datetime.fromisoformat(first.forced).tzinfo is UTC
    assert epochs_of(Asset.QA, settings, again, bench.instance) == Epochs(retried=first.forced)
    assert epochs_of(Asset.QA, Settings(), again, bench.instance) == Epochs()


def test_retry_asks_again_where_the_answers_so_far_could_not_be_used(bench: Bench, videos: list[Path]) -> None:
    some = [Asset.RAW_VIDEOS, Asset.CAPTIONS]
    lenient = {"checks.max_failed_share": 1.0, "calls.max_answers": 1}
    bench.script = lambda request: "I cannot see the video." if request.task is Task.GLOBAL_CAPTION else valid(request)
    bench.ingest("cams", videos[:1])
    bench.run("cams", some, given=lenient)
    bench.script = valid
    bench.run("cams", some, given=lenient)
    assert bench.asked == []
    bench.run("cams", some, given={**lenient, "retry": ["captions"]})
    assert bench.asked == [Task.GLOBAL_CAPTION]


def test_a_name_that_is_no_asset_in_force_is_an_error(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    assert "caption; there are raw_videos" in str(bench.run("cams", given={"force_reprocess": ["caption"]}).error)


def test_run_config_that_would_change_the_recipe_is_refused(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    error = str(bench.run("cams", given={"vlm.gemini.temperature": 1.0}).error)
    assert "vr-assets run --batch cams --set vlm.gemini.temperature=1.0" in error


def test_a_run_over_several_batches_is_refused_before_it_does_anything(bench: Bench, videos: list[Path]) -> None:
    for name in ("a", "b"):
        bench.ingest(name, videos)
    tags = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "b"}
    result = defs.resolve_job_def("annotate_videos").execute_in_process(instance=bench.instance, tags=tags, raise_on_error=False)
    failed = result.failure_data_for_node("raw_videos")
    assert failed is not None and failed.user_failure_data is not None
    assert "one run works on one batch, this one has 2" in str(failed.user_failure_data.description)
    assert not bench.store.rows_file("a", Asset.RAW_VIDEOS).exists()


def test_progress_is_told_as_it_goes_on(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos)
    bench.run("cams", [Asset.RAW_VIDEOS, Asset.CAPTIONS])
    assert [(one.asset, one.done, one.total) for one in bench.reported if one.done == one.total] == [
        (Asset.RAW_VIDEOS, 2, 2),
        (Asset.CAPTIONS, 2, 2),
    ]


def test_a_run_without_a_listener_logs_how_far_it_is(bench: Bench, videos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vr_assets.defs.progress.LOG_INTERVAL_S", 0)
    bench.ingest("cams", videos)
    result = defs.resolve_job_def("videos_to_captions").execute_in_process(instance=bench.instance, partition_key="cams")
    logged = [record.event_log_entry.user_message for record in bench.instance.get_records_for_run(result.run_id).records]
    assert "captions: 2 of 2 videos, 0 failed; 0 answers reused, 4 asked" in logged


def test_no_event_of_a_run_holds_a_key(bench: Bench, videos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)
    bench.script = lambda request: ReplyError("odd") if request.task is Task.MCQ else valid(request)
    bench.ingest("cams", videos[:1])
    outcome = bench.run("cams", SHORT)
    logged = [repr(record.event_log_entry) for record in bench.instance.get_records_for_run(outcome.run_id).records]
    files = [path.read_bytes() for path in bench.store.root.rglob("*") if path.is_file()]
    assert logged and KEY not in "".join(logged)
    assert not any(KEY.encode() in content for content in files)

"""Imported rows in place of answers: what they answer is not asked."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import anyio
import pytest

from vr_assets.errors import StageError
from vr_assets.journal import Epochs
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.call import Request
from vr_assets.records.video import CaptionedVideo, QaVideo
from vr_assets.settings import Asset, Mode, QaType, Settings, Status, Task
from vr_assets.steps.session import Run, Session
from vr_assets.steps.stage import check_backends, imports_of
from vr_assets.steps.taking_over import TakenOver, take_over
from vr_assets.steps.tao_results import find_results
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph, Rows
from vr_assets_tests.tao_runs import REPLIES, TOLD, Json, step_lines, write_run

LENGTHS_S = (6.0, 2.0)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A video of two chunks and one of a single chunk."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        write_clip(folder / f"cam{index}.mp4", moving_box(round(seconds * 8), box_px=20 + index), 8)
        for index, seconds in enumerate(LENGTHS_S)
    ]


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path / "data")


def lines_of(clips: Sequence[Path]) -> list[dict[str, list[Json]]]:
    """What a run of another machine wrote about the clips."""
    return [step_lines(f"/old/{path.name}", seconds) for path, seconds in zip(clips, LENGTHS_S, strict=True)]


def imported(
    graph: Graph, manifest: Sequence[ManifestRow], lines: Sequence[dict[str, list[Json]]], *, only: Sequence[Asset] = ()
) -> TakenOver:
    store = Store(graph.folder)
    if graph.batch not in store.batches():
        batch = Batch(name=graph.batch, family=graph.batch, source_root=None, created="2026-01-01T00:00:00+00:00")
        store.create_batch(batch, manifest)
    results = find_results(write_run(graph.folder.parent / "results", lines))
    batches = [store.read_batch(graph.batch)]

    async def work() -> TakenOver:
        return await take_over(results, batches, store, settings_of=lambda _: Settings(), only=only)

    return anyio.run(work)


def listed(*paths: Path) -> list[ManifestRow]:
    return [ManifestRow(video_path=str(path), source=f"list.jsonl:{line}") for line, path in enumerate(paths, 1)]


def test_what_was_imported_whole_is_never_asked(clips: list[Path], graph: Graph) -> None:
    taken = imported(graph, listed(*clips), lines_of(clips))
    rows, asked = graph.run(listed(*clips))
    assert not taken.problems and set(taken.taken.values()) == {2}
    assert not asked
    for item in fields(Rows):
        made = getattr(rows, item.name)
        assert [(row.video, row.status) for row in made] == [(str(path), Status.OK) for path in clips], item.name
        assert [row.is_imported for row in made] == [item.name != "raw"] * 2
    assert [row.global_caption for row in rows.captions] == [TOLD] * 2
    assert [row.mode for row in rows.qa] == [Mode.ANOMALY] * 2
    assert [[one.qa_type for one in row.qa] for row in rows.qa] == [list(REPLIES)] * 2


def test_only_what_was_not_imported_is_asked(clips: list[Path], graph: Graph) -> None:
    """Of the first video no QA type but mcq reads, of the second nothing but the captions was there."""
    first, second = lines_of(clips)
    first["qa"] = [first["qa"][0], {**first["qa"][1], "qa_output": "**"}]
    imported(graph, listed(*clips), [first, {"captions": second["captions"]}])
    rows, asked = graph.run(listed(*clips), qa__qa_types="mcq,bcq")
    assert [row.status for row in rows.qa] == [Status.OK] * 2
    about = {LENGTHS_S[0]: set[Task](), LENGTHS_S[1]: set[Task]()}
    for request in asked:
        about[_length(request)].add(request.task)
    assert about[LENGTHS_S[0]] == {Task.BCQ}
    assert about[LENGTHS_S[1]] == {
        Task.SUITABLE, Task.CHUNK_CAPTION, Task.MOMENT, Task.CLIP_CAPTION, Task.DESCRIPTION, Task.MCQ, Task.BCQ,
    }  # fmt: skip
    assert [[one.qa_type for one in row.qa] for row in rows.qa] == [[QaType.MCQ, QaType.BCQ]] * 2
    assert [source.backend for source in rows.qa[0].provenance] == ["imported", "scripted"]


def _length(request: Request) -> float:
    return min(LENGTHS_S, key=lambda length_s: abs(request.evidence.duration_s - length_s))


def test_an_imported_verdict_is_a_verdict_and_a_label_in_the_manifest_beats_it(clips: list[Path], graph: Graph) -> None:
    first, second = lines_of(clips)
    first["filter"][0]["is_valid"] = False
    manifest = listed(*clips)
    manifest[1] = manifest[1].model_copy(update={"mode": Mode.NORMAL})
    imported(graph, manifest, [first, second])
    rows, asked = graph.run(manifest)
    assert not asked
    assert [(row.status, row.mode) for row in rows.filtered] == [(Status.FILTERED_OUT, Mode.ANOMALY), (Status.OK, Mode.NORMAL)]
    assert rows.captions[0].blocked_by is Asset.FILTERED_VIDEOS
    assert rows.highlights[1].reason == "normal"


def test_only_the_stages_that_were_chosen_are_taken_over(clips: list[Path], graph: Graph) -> None:
    taken = imported(graph, listed(*clips), lines_of(clips), only=[Asset.CAPTIONS])
    assert taken.taken == {Asset.CAPTIONS: 2}
    assert not imports_of(graph.batch, Asset.QA, Store(graph.folder))


def test_importing_again_replaces_and_keeps_what_is_not_named(clips: list[Path], graph: Graph) -> None:
    first, second = lines_of(clips)
    imported(graph, listed(*clips), [first, second])
    store = Store(graph.folder)
    before = store.read_batch(graph.batch).imported
    first["captions"][0]["global_caption"] = f"Once more. {TOLD}"
    imported(graph, listed(*clips), [{"captions": first["captions"], "qa": first["qa"][:1]}])
    captions = store.read_imported(graph.batch, Asset.CAPTIONS, CaptionedVideo)
    assert sorted(row.global_caption for row in captions) == sorted([TOLD, f"Once more. {TOLD}"])
    assert [len(row.qa) for row in store.read_imported(graph.batch, Asset.QA, QaVideo)] == [8, 8]
    after = store.read_batch(graph.batch).imported
    assert {asset for asset in after if after[asset] != before[asset]} == {Asset.CAPTIONS}


def test_videos_that_cannot_be_had_are_named(clips: list[Path], graph: Graph, tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp4"
    part = ManifestRow(video_path=str(clips[0]), start_s=0.0, end_s=3.0)
    lines = [step_lines(f"/old/{name}", 6.0) for name in ("cam0.mp4", "gone.mp4", "never.mp4")]
    taken = imported(graph, [part, *listed(gone)], lines)
    said = "\n".join(map(str, taken.problems))
    assert not any(taken.taken.values())
    assert "/old/never.mp4: the batch has no file" in said
    assert f"{gone}: " in said
    assert "only in parts" in said


def test_forcing_a_stage_sets_its_imported_rows_aside_and_no_others(clips: list[Path], graph: Graph) -> None:
    imported(graph, listed(*clips), lines_of(clips))
    store = Store(graph.folder)
    run = Run(batch=graph.batch, epochs=lambda asset: Epochs(forced="2026" if asset is Asset.CAPTIONS else None))

    async def work() -> list[int]:
        async with Session(Settings(), store, run, environ={}) as session:
            return [len(session.stage(asset).imports) for asset in (Asset.CAPTIONS, Asset.CHUNK_CAPTIONS)]

    assert anyio.run(work) == [0, 2]
    assert not imports_of(graph.batch, Asset.CAPTIONS, store)
    aside = store.batch_folder(graph.batch) / "imported" / "captions.forced.jsonl"
    assert len(aside.read_text().splitlines()) == 2


def test_the_same_import_again_changes_nothing_but_for_what_was_set_aside(clips: list[Path], graph: Graph) -> None:
    imported(graph, listed(*clips), lines_of(clips))
    store = Store(graph.folder)
    first = store.read_batch(graph.batch).imported
    imported(graph, listed(*clips), lines_of(clips))
    assert store.read_batch(graph.batch).imported == first
    store.set_imported_aside(graph.batch, Asset.CAPTIONS)
    imported(graph, listed(*clips), lines_of(clips))
    again = store.read_batch(graph.batch).imported
    assert {asset for asset in first if again[asset] != first[asset]} == {Asset.CAPTIONS}
    assert len(imports_of(graph.batch, Asset.CAPTIONS, store)) == 2


def test_imported_rows_run_without_a_key(clips: list[Path], graph: Graph) -> None:
    lines = lines_of(clips)
    imported(graph, listed(*clips), [{name: found for name, found in one.items() if name != "qa"} for one in lines])
    store = Store(graph.folder)
    check_backends(IMPORTED_STAGES, Settings(), store, environ={}, batch=graph.batch)
    with pytest.raises(StageError, match="GOOGLE_API_KEY"):
        check_backends([*IMPORTED_STAGES, Asset.QA], Settings(), store, environ={}, batch=graph.batch)


IMPORTED_STAGES = [Asset.FILTERED_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS, Asset.HIGHLIGHTS, Asset.DESCRIPTIONS]

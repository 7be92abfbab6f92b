"""What is filtered by what was measured: no call is paid for footage that shows nothing, or for a second copy."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.prices import Prices
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.video import FilteredVideo, QualityFacts
from vr_assets.settings import Asset, FilterSettings, LeftOut, Mode, Status, Task, resolve
from vr_assets.settings import Graph as Graphs
from vr_assets.steps.estimate import estimate
from vr_assets.steps.measured import left_out
from vr_assets.storage import Store
from vr_assets_tests.clips import blank, moving_box, write_clip
from vr_assets_tests.steps.graph import Graph

FPS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of black and of still footage, a live video, two copies of it, and another."""
    folder = tmp_path_factory.mktemp("footage")
    live = [*moving_box(32), *moving_box(32)[::-1]]
    write_clip(folder / "black.mp4", blank(24), FPS)
    write_clip(folder / "still.mp4", [live[5]] * 24, FPS)
    write_clip(folder / "live.mp4", live, FPS)
    write_clip(folder / "copy.mp4", live, FPS, options={"crf": "34"})
    write_clip(folder / "trimmed.mp4", live[5:], FPS)
    write_clip(folder / "other.mp4", moving_box(48, box_px=50, colour=(255, 255, 255)), FPS)
    return folder


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path / "data")


def listed(folder: Path, *names: str, mode: Mode | None = None) -> list[ManifestRow]:
    return [ManifestRow(video_path=str(folder / f"{name}.mp4"), mode=mode) for name in names]


def said(rows: Sequence[FilteredVideo]) -> list[tuple[Status, LeftOut | None]]:
    return [(row.status, row.left_out_for) for row in rows]


def firsts(rows: Sequence[FilteredVideo]) -> list[str | None]:
    return [Path(row.near_duplicate_of.video).stem if row.near_duplicate_of else None for row in rows]


@pytest.mark.parametrize("mode", [None, Mode.NORMAL], ids=["unlabelled", "labelled"])
@pytest.mark.parametrize("enabled", [True, False], ids=["filter on", "filter off"])
def test_footage_that_shows_nothing_costs_no_call(folder: Path, graph: Graph, *, mode: Mode | None, enabled: bool) -> None:
    rows, asked = graph.run(listed(folder, "black", "still", mode=mode), filter__enabled=enabled)
    assert asked == []
    assert said(rows.filtered) == [(Status.FILTERED_OUT, LeftOut.DARK), (Status.FILTERED_OUT, LeftOut.FROZEN)]
    assert [row.blocked_by for row in rows.captions] == [Asset.FILTERED_VIDEOS] * 2
    assert all(row.quality and row.quality.frozen_share == 1 for row in rows.filtered)


def test_the_reason_names_the_figure_and_the_setting_that_lets_it_through(folder: Path, graph: Graph) -> None:
    rows, _ = graph.run(listed(folder, "black", "still"))
    assert [row.reason for row in rows.filtered] == [
        "dark: nothing can be made out in 100.0% of it (filter.max_dark_share = 0.999; 1 lets it through)",
        "frozen: 100.0% of it is one still picture (filter.max_frozen_share = 0.999; 1 lets it through)",
    ]
    rows, asked = graph.run(listed(folder, "still"), filter__max_frozen_share=1)
    assert rows.filtered[0].status is Status.OK and asked


GREY = QualityFacts(brightness_mean=100, brightness_std=1, dark_share=0, frozen_share=0, detail=50)


@pytest.mark.parametrize(
    ("limits", "cause", "words"),
    [
        ({}, None, ""),
        ({"min_brightness": 120.0}, LeftOut.DIM, "mean brightness 100.0 of 255, under filter.min_brightness = 120"),
        ({"max_brightness": 90.0}, LeftOut.BRIGHT, "mean brightness 100.0 of 255, over filter.max_brightness = 90"),
        ({"min_detail": 60.0}, LeftOut.BLURRED, "detail 50.0, under filter.min_detail = 60"),
    ],
)
def test_brightness_and_blur_filter_only_where_a_limit_is_set(
    limits: dict[str, float], cause: LeftOut | None, words: str
) -> None:
    found = left_out(GREY, FilterSettings(**limits))
    assert (found[0] if found else None) is cause
    assert words in (found[1] if found else "")


def test_what_was_never_measured_is_not_left_out() -> None:
    assert left_out(None, FilterSettings(min_brightness=120.0, min_detail=60.0)) is None


def test_a_copy_is_marked_and_annotated_all_the_same(folder: Path, graph: Graph) -> None:
    rows, asked = graph.run(listed(folder, "live", "other", "copy"))
    assert firsts(rows.filtered) == [None, None, "live"]
    assert {row.status for row in rows.captions} == {Status.OK}
    assert sum(request.task is Task.SCREENING for request in asked) == 3


def test_one_of_each_group_is_asked_about_and_the_others_say_which(folder: Path, graph: Graph) -> None:
    rows, asked = graph.run(listed(folder, "copy", "other", "live", "trimmed"), filter__near_duplicates="one_of_each")
    assert {request.subject.name for request in asked} == {str(folder / "copy.mp4"), str(folder / "other.mp4")}
    assert firsts(rows.filtered) == [None, None, "copy", "copy"]
    skipped = rows.filtered[2]
    assert (skipped.status, skipped.reason) == (
        Status.SKIPPED,
        f"near-duplicate of {folder / 'copy.mp4'} in batch batch (filter.near_duplicates = one_of_each)",
    )
    assert rows.captions[2].blocked_by is Asset.FILTERED_VIDEOS


def test_keep_looks_for_none(folder: Path, graph: Graph) -> None:
    rows, _ = graph.run(listed(folder, "live", "copy"), filter__near_duplicates="keep")
    assert firsts(rows.filtered) == [None, None]
    assert not (graph.folder / "media" / "signatures.sqlite").exists()


def test_the_first_may_lie_in_an_earlier_batch_and_rows_stay_when_a_batch_runs_again(folder: Path, graph: Graph) -> None:
    def run(batch: str, *names: str) -> tuple[list[FilteredVideo], int]:
        graph.batch = batch
        rows, asked = graph.run(listed(folder, *names), filter__near_duplicates="one_of_each")
        return rows.filtered, len(asked)

    first, _ = run("monday", "live", "other")
    second, asked = run("friday", "trimmed", "copy")
    assert asked == 0
    assert [row.near_duplicate_of.batch for row in second if row.near_duplicate_of] == ["monday", "monday"]
    assert (run("monday", "live", "other")[0], run("friday", "trimmed", "copy")[0]) == (first, second)


def test_a_video_that_is_left_out_stands_for_no_group(folder: Path, graph: Graph, tmp_path: Path) -> None:
    dim = [(image * 0.8).astype(image.dtype) for image in [*moving_box(32), *moving_box(32)[::-1]]]
    write_clip(tmp_path / "dim.mp4", dim, FPS)
    manifest = [*listed(tmp_path, "dim"), *listed(folder, "live")]
    rows, _ = graph.run(manifest, filter__near_duplicates="one_of_each", filter__min_brightness=80)
    assert said(rows.filtered) == [(Status.FILTERED_OUT, LeftOut.DIM), (Status.OK, None)]


def test_an_estimate_knows_what_was_measured(folder: Path, graph: Graph) -> None:
    names, given = ("black", "live", "copy"), {"filter.near_duplicates": "one_of_each", "filter.min_detail": "1"}
    store = Store(graph.folder)
    store.create_batch(Batch(name="batch", family="batch", source_root=None, created="2026-01-01"), listed(folder, *names))

    def screened() -> int:
        settings = resolve(("test", given)).settings
        found = anyio.run(
            lambda: estimate(
                "batch", Graphs.VIDEOS.assets, settings, store, environ={"GOOGLE_API_KEY": "k"}, prices=Prices.load("")
            )
        )
        stage = next(one for one in found.stages if one.asset is Asset.FILTERED_VIDEOS)
        return len(stage.calls) + stage.answered

    assert screened() == 3
    graph.run(listed(folder, *names), filter__near_duplicates="one_of_each", filter__min_detail=1)
    assert screened() == 1

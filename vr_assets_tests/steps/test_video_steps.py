"""The video steps: a row for every video at every stage, and no failure that takes another with it.

Tests with a number are about the known failure of that number.
"""

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from vr_assets.errors import MediaError, ReplyError, StageError, TransientError
from vr_assets.records.batch import ManifestRow
from vr_assets.records.call import MediaForm, Request
from vr_assets.records.row import VideoRow
from vr_assets.settings import Asset, Mode, QaType, Status, Task
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph, Rows, Script, valid

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


def listed(*paths: Path) -> list[ManifestRow]:
    return [ManifestRow(video_path=str(path), source=f"list.jsonl:{line}") for line, path in enumerate(paths, 1)]


def of(video: Path) -> Callable[[Request], bool]:
    """Whether a request is about a video; a request knows only its length."""
    length_s = LENGTHS_S[int(video.stem[-1])]
    return lambda request: abs(request.evidence.duration_s - length_s) < 0.5


def failing(task: Task, about: Callable[[Request], bool], error: Exception) -> Script:
    def script(request: Request) -> str:
        if request.task is task and about(request):
            raise error
        return valid(request)

    return script


def all_rows(rows: Rows) -> list[tuple[str, list[VideoRow]]]:
    return [(item.name, getattr(rows, item.name)) for item in fields(rows)]


def test_every_stage_makes_an_ok_row_for_every_readable_video(clips: list[Path], graph: Graph) -> None:
    rows, _ = graph.run(listed(*clips))
    for name, made in all_rows(rows):
        assert [(row.video, row.status) for row in made] == [(str(path), Status.OK) for path in clips], name
    assert [len(row.chunk_captions) for row in rows.chunks] == [2, 1]
    assert {len(row.qa) for row in rows.qa} == {8}


@pytest.mark.parametrize("error", [ReplyError("odd"), TransientError("busy"), MediaError("torn"), KeyError("a bug")], ids=repr)
def test_01_one_video_without_a_description_loses_its_own_qa_only(clips: list[Path], graph: Graph, error: Exception) -> None:
    rows, _ = graph.run(listed(*clips), failing(Task.DESCRIPTION, of(clips[0]), error))
    assert [row.status for row in rows.descriptions] == [Status.FAILED, Status.OK]
    assert str(error) in rows.descriptions[0].reason
    assert [(row.status, row.blocked_by) for row in rows.qa] == [(Status.SKIPPED, Asset.DESCRIPTIONS), (Status.OK, None)]


@pytest.mark.parametrize("task", [Task.MOMENT, Task.CLIP_CAPTION])
def test_02_an_error_on_one_highlight_stops_nothing_else(clips: list[Path], graph: Graph, task: Task) -> None:
    about = of(clips[0])
    script = failing(task, about, TransientError("busy"))
    rows, _ = graph.run(listed(*clips), script)
    assert [row.status for row in rows.highlights] == [Status.FAILED, Status.OK]
    assert [row.blocked_by for row in rows.descriptions] == [Asset.HIGHLIGHTS, None]
    assert [row.blocked_by for row in rows.qa] == [Asset.HIGHLIGHTS, None]


def test_03_failed_skipped_and_never_tried_look_different(clips: list[Path], graph: Graph, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    rows, _ = graph.run(listed(clips[0], broken, tmp_path / "gone.mp4", clips[0]))
    assert [row.status for row in rows.raw] == [Status.OK, Status.FAILED, Status.FAILED, Status.SKIPPED]
    assert "broken.mp4" in rows.raw[1].reason and "gone.mp4" in rows.raw[2].reason
    for name, made in all_rows(rows)[1:]:
        assert [row.blocked_by for row in made] == [None, Asset.RAW_VIDEOS, Asset.RAW_VIDEOS, Asset.RAW_VIDEOS], name


def test_04_a_changed_video_is_asked_again_whatever_its_path(clips: list[Path], graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "cam0.mp4"
    shutil.copy(clips[0], path)
    graph.run(listed(path))
    path.unlink()
    shutil.copy(clips[0], tmp_path / "renamed.mp4")
    _, renamed = graph.run(listed(tmp_path / "renamed.mp4"))
    assert renamed == []
    shutil.copy(clips[1], path)
    _, replaced = graph.run(listed(path))
    assert {request.task for request in replaced} >= {Task.SCREENING, Task.GLOBAL_CAPTION, Task.CHUNK_CAPTION}


def test_05_a_failed_chunk_keeps_the_paid_ones_and_later_refreshes_what_was_written_without_it(
    clips: list[Path], graph: Graph
) -> None:
    second = lambda request: request.evidence.span.start_s > 1  # noqa: E731
    rows, _ = graph.run(listed(clips[0]), failing(Task.CHUNK_CAPTION, second, ReplyError("odd")))
    row = rows.chunks[0]
    assert (row.status, [chunk.chunk_index for chunk in row.chunk_captions]) == (Status.OK, [0])
    assert [(failure.what, failure.reason) for failure in row.failures] == [("chunk 1", "odd")]
    assert rows.qa[0].status is Status.OK
    later, asked = graph.run(listed(clips[0]))
    assert [chunk.chunk_index for chunk in later.chunks[0].chunk_captions] == [0, 1]
    again = [request.task for request in asked]
    assert again.count(Task.CHUNK_CAPTION) == 1
    assert Task.DESCRIPTION in again and Task.GLOBAL_CAPTION not in again


def test_a_row_of_which_nothing_is_left_is_failed(clips: list[Path], graph: Graph) -> None:
    rows, _ = graph.run(listed(clips[0]), failing(Task.CHUNK_CAPTION, lambda request: True, ReplyError("odd")))
    assert rows.chunks[0].status is Status.FAILED
    assert rows.chunks[0].reason == "chunk 0: odd; chunk 1: odd"


def test_07_a_video_listed_twice_is_paid_once_and_its_twin_says_so(clips: list[Path], graph: Graph, tmp_path: Path) -> None:
    twin = tmp_path / "twin.mp4"
    shutil.copy(clips[1], twin)
    _, once = graph.run(listed(clips[1]))
    rows, again = Graph(tmp_path / "other").run(listed(clips[1], twin))
    assert len(again) == len(once)
    assert (rows.raw[1].status, rows.raw[1].reason) == (Status.SKIPPED, f"same content as {clips[1]}")


def test_twins_that_are_labelled_differently_fail_naming_both_lines(clips: list[Path], graph: Graph) -> None:
    first, second = listed(clips[1], clips[1])
    rows, asked = graph.run([first.model_copy(update={"mode": Mode.ANOMALY}), second.model_copy(update={"mode": Mode.NORMAL})])
    assert asked == []
    for row in rows.raw:
        assert row.status is Status.FAILED
        assert "list.jsonl:1" in row.reason and "list.jsonl:2" in row.reason


def test_08_the_same_file_name_in_two_folders_is_two_videos(clips: list[Path], graph: Graph, tmp_path: Path) -> None:
    paths = [tmp_path / folder / "clip.mp4" for folder in ("one", "two")]
    for source, path in zip(clips, paths, strict=True):
        path.parent.mkdir()
        shutil.copy(source, path)
    rows, _ = graph.run(listed(*paths))
    assert len({row.video_id for row in rows.qa}) == 2
    assert [row.status for row in rows.qa] == [Status.OK, Status.OK]


def test_09_a_video_over_the_length_limit_is_skipped_before_anything_is_paid(clips: list[Path], graph: Graph) -> None:
    rows, asked = graph.run(listed(clips[0]), videos__max_video_length_sec=5)
    assert asked == []
    assert rows.raw[0].status is Status.SKIPPED
    assert "6.0 s long, over videos.max_video_length_sec = 5" in rows.raw[0].reason


def test_10_long_video_settings_reach_what_the_model_is_shown(clips: list[Path], graph: Graph) -> None:
    _, asked = graph.run(
        listed(clips[0]),
        long_video__long_video_threshold_sec=4,
        long_video__long_video_sample_fps=1.0,
        long_video__long_video_max_frames=3,
    )
    whole = next(request for request in asked if request.task is Task.GLOBAL_CAPTION)
    assert whole.media[0].form is MediaForm.FRAMES
    _, other = graph.run(
        listed(clips[0]),
        long_video__long_video_threshold_sec=4,
        long_video__long_video_sample_fps=1.0,
        long_video__long_video_max_frames=2,
    )
    assert Task.GLOBAL_CAPTION in {request.task for request in other}


def test_no_more_videos_are_in_work_than_allowed(clips: list[Path], graph: Graph) -> None:
    rows, asked = graph.run(listed(*clips), calls__videos_in_work=1)
    assert [row.status for row in rows.qa] == [Status.OK, Status.OK]
    places = [index for index, request in enumerate(asked) if request.task is Task.CHUNK_CAPTION and of(clips[0])(request)]
    others = [index for index, request in enumerate(asked) if request.task is Task.CHUNK_CAPTION and of(clips[1])(request)]
    assert max(places) < min(others)


def test_24_a_video_that_could_not_be_labelled_is_unknown_and_says_so_never_normal(clips: list[Path], graph: Graph) -> None:
    def script(request: Request) -> str:
        if request.task is Task.SCREENING:
            return "garbage"
        if request.task is Task.ANOMALY_OR_NORMAL:
            raise TransientError("busy")
        return valid(request)

    rows, asked = graph.run(listed(clips[1]), script)
    row = rows.filtered[0]
    assert (row.status, row.mode) == (Status.OK, Mode.UNKNOWN)
    assert [failure.what for failure in row.failures] == ["anomaly_or_normal"]
    assert {request.prompt.name for request in asked if request.task is Task.GLOBAL_CAPTION} == {"global.normal"}
    assert {one.prompt_key for one in rows.qa[0].qa} >= {"normal_mcq"}


def test_a_video_whose_suitability_is_not_known_is_failed_not_valid(clips: list[Path], graph: Graph) -> None:
    rows, _ = graph.run(listed(clips[1]), lambda request: "garbage")
    assert (rows.filtered[0].status, rows.filtered[0].is_valid) == (Status.FAILED, None)


@pytest.mark.parametrize(
    ("structured", "given", "tasks"),
    [
        (True, {}, [Task.SCREENING]),
        (False, {}, [Task.SUITABLE, Task.ANOMALY_OR_NORMAL]),
        (True, {"filter__enabled": False}, [Task.ANOMALY_OR_NORMAL]),
        (True, {"mode": "anomaly"}, [Task.SUITABLE]),
        (True, {"mode": "normal", "filter__enabled": False}, []),
    ],
    ids=["structured: one call", "layout: two calls", "filter off", "pre-sorted", "nothing to ask"],
)
def test_the_filter_asks_only_what_settings_leave_open(
    clips: list[Path], graph: Graph, structured: bool, given: dict[str, object], tasks: list[Task]
) -> None:
    def script(request: Request) -> str:
        return valid(request, structured=structured)

    rows, asked = graph.run(listed(clips[1]), script, structured=structured, **given)
    screening = {Task.SCREENING, Task.SUITABLE, Task.ANOMALY_OR_NORMAL}
    assert sorted(request.task for request in asked if request.task in screening) == sorted(tasks)
    assert rows.qa[0].status is Status.OK


def test_a_rows_own_label_beats_the_batchs(clips: list[Path], graph: Graph) -> None:
    labelled = listed(clips[1])[0].model_copy(update={"mode": Mode.NORMAL})
    rows, _ = graph.run([labelled], mode="anomaly")
    assert {row.mode for _, made in all_rows(rows) for row in made} == {Mode.NORMAL}


def test_unsuitable_footage_is_filtered_out_with_the_models_words(clips: list[Path], graph: Graph) -> None:
    def script(request: Request) -> str:
        return valid(request).replace('"suitable": "Yes"', '"suitable": "No"')

    rows, asked = graph.run(listed(clips[1]), script)
    assert [request.task for request in asked] == [Task.SCREENING]
    assert rows.filtered[0].status is Status.FILTERED_OUT
    assert rows.filtered[0].validity_words in rows.filtered[0].reason
    assert (rows.qa[0].status, rows.qa[0].blocked_by) == (Status.SKIPPED, Asset.FILTERED_VIDEOS)


def test_a_normal_video_has_no_highlight_and_that_blocks_nothing(clips: list[Path], graph: Graph) -> None:
    rows, asked = graph.run(listed(clips[1]), lambda request: valid(request, verdict="Normal"))
    assert (rows.highlights[0].status, rows.highlights[0].reason) == (Status.SKIPPED, "normal")
    assert not {Task.MOMENT, Task.CLIP_CAPTION} & {request.task for request in asked}
    assert [rows.descriptions[0].status, rows.qa[0].status] == [Status.OK, Status.OK]


def test_one_qa_type_that_fails_leaves_the_other_seven(clips: list[Path], graph: Graph) -> None:
    rows, _ = graph.run(listed(clips[1]), failing(Task.BCQ, lambda request: True, ReplyError("odd")))
    row = rows.qa[0]
    assert (row.status, len(row.qa), [failure.what for failure in row.failures]) == (Status.OK, 7, [QaType.BCQ])


def test_an_error_that_nothing_can_help_ends_the_stage(clips: list[Path], graph: Graph) -> None:
    with pytest.raises(StageError, match="the key was refused"):
        graph.run(listed(*clips), failing(Task.GLOBAL_CAPTION, of(clips[1]), StageError("the key was refused")))


def test_chunks_and_highlights_carry_their_true_cut(clips: list[Path], graph: Graph) -> None:
    rows, _ = graph.run(listed(clips[0]))
    first, second = rows.chunks[0].chunk_captions
    assert [first.timestamp_start, second.timestamp_end] == pytest.approx([0.0, 6.0])
    assert first.timestamp_end == second.timestamp_start == pytest.approx(5.0, abs=0.2)
    highlight = rows.highlights[0].highlight_chunk
    assert highlight is not None
    assert highlight.timestamp_start <= highlight.anomaly_timestamp_sec <= highlight.timestamp_end
    assert highlight.timestamp_end - highlight.timestamp_start >= 2


def test_a_part_of_a_recording_is_told_on_its_own_clock(clips: list[Path], graph: Graph) -> None:
    def script(request: Request) -> str:
        if request.task is Task.DENSE_CAPTION:
            return '{"events": [{"start": "00:01.0", "end": "00:02.5", "text": "A box moves."}]}'
        return '{"reason": "r", "timestamp": "00:02.0"}' if request.task is Task.MOMENT else valid(request)

    rows, asked = graph.run([ManifestRow(video_path=str(clips[0]), start_s=2.0, end_s=5.0)], script)
    assert rows.raw[0].video_id.endswith("@2-5")
    whole = next(request for request in asked if request.task is Task.GLOBAL_CAPTION)
    assert whole.media[0].form is MediaForm.VIDEO
    assert [whole.media[0].span.start_s, whole.media[0].span.end_s] == pytest.approx([0.0, 3.0])
    assert rows.captions[0].media is not None and rows.captions[0].media.offset_s == pytest.approx(2.0)
    assert [event.start_s for event in rows.captions[0].events] == [1.0]
    assert rows.chunks[0].chunk_captions[0].timestamp_start == pytest.approx(0.0)
    highlight = rows.highlights[0].highlight_chunk
    assert highlight is not None and highlight.timestamp_end == pytest.approx(3.0)


def test_a_part_that_ends_after_its_recording_is_an_error(clips: list[Path], graph: Graph) -> None:
    rows, _ = graph.run([ManifestRow(video_path=str(clips[0]), start_s=2.0, end_s=50.0, source="list.jsonl:3")])
    assert rows.raw[0].status is Status.FAILED
    assert "list.jsonl:3: the part ends at 50 s, the recording at 6.0 s" in rows.raw[0].reason


def test_stages_left_out_are_absent_not_fatal(clips: list[Path], graph: Graph) -> None:
    rows, asked = graph.run(listed(clips[1]))
    assert {request.prompt.name for request in asked if request.task is Task.MCQ} == {"mcq.anomaly"}
    assert rows.qa[0].provenance[0].prompt_hash
    assert all(entry.keys for _, made in all_rows(rows)[1:] for row in made for entry in row.provenance)

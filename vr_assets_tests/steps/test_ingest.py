"""Ingest finds every video once, loses none in silence, and registers only what is new."""

import json
import os
import shutil
from pathlib import Path

import pytest

from vr_assets.errors import IngestError
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import Mode
from vr_assets.steps.video_lists import RESERVED_FIELDS
from vr_assets.storage import Store
from vr_assets_tests.media.zoo import NAMES
from vr_assets_tests.steps.taking_in import Ingest, listed, names, place, problems, rows, spans


def test_a_folder_is_walked_in_one_order_whatever_the_case_of_a_suffix(ingest: Ingest, footage: Path) -> None:
    intake = ingest(footage)
    assert names(intake, footage) == ["cam1/a.mp4", "cam1/b.MKV", "cam2/a.mp4"]
    assert all(row.source == str(footage) for row in rows(intake))
    assert (intake.new, intake.known, problems(intake)) == (3, 0, [])


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"])
def test_every_kind_of_video_is_found(ingest: Ingest, tmp_path: Path, clip: Path, suffix: str) -> None:
    place(clip, tmp_path / "footage" / f"a{suffix}")
    assert ingest(tmp_path / "footage").new == 1


def test_a_batch_says_where_it_came_from_and_keeps_only_what_was_set(ingest: Ingest, footage: Path) -> None:
    [made] = ingest(footage, given={"mode": "anomaly"}).batches
    assert made.batch.model_dump() == {
        "name": "footage",
        "graph": "videos",
        "imported": {},
        "family": "footage",
        "source_root": str(footage),
        "settings": {"mode": "anomaly"},
        "created": "2026-03-04T05:06:00+00:00",
    }


def test_hidden_files_and_what_this_project_wrote_are_no_input(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    store = Store(tmp_path / "data")
    place(clip, tmp_path / "a.mp4", tmp_path / "._a.mp4", tmp_path / ".trash" / "b.mp4", store.media_folder / "proxy.mp4")
    place(clip, tmp_path / "data" / "mine" / "c.mp4")
    assert names(ingest(tmp_path, store=store, family="all"), tmp_path) == ["a.mp4", "data/mine/c.mp4"]


def test_links_are_followed_but_not_in_circles(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "far" / "a.mp4")
    (tmp_path / "footage").mkdir()
    (tmp_path / "footage" / "near").symlink_to(tmp_path / "far")
    (tmp_path / "far" / "back").symlink_to(tmp_path / "footage")
    assert names(ingest(tmp_path / "footage"), tmp_path / "footage") == ["near/a.mp4"]


def test_a_list_gives_parts_labels_and_further_fields(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "videos" / "a.mp4")
    path = listed(
        tmp_path / "lists" / "pilot.jsonl",
        {"video_path": "../videos/a.mp4", "start_s": 1, "end_s": 3.5, "mode": "Anomaly", "camera": "0007", "shift": None},
        "",
        {"video": str(tmp_path / "videos" / "a.mp4"), "label": "normal", "tags": ["x"]},
        {"video": "../videos/a.mp4", "start_s": 3.5, "end_s": 5, "label": "forklift"},
    )
    intake = ingest(path, store=Store(tmp_path / "data"))
    where = str(tmp_path / "videos" / "a.mp4")
    first = ManifestRow(
        video_path=where, start_s=1.0, end_s=3.5, mode=Mode.ANOMALY, source=f"{path}:1", fields={"camera": "0007", "shift": None}
    )
    assert rows(intake) == [
        first,
        ManifestRow(video_path=where, mode=Mode.NORMAL, source=f"{path}:3", fields={"tags": ["x"]}),
        ManifestRow(video_path=where, start_s=3.5, end_s=5.0, source=f"{path}:4", fields={"label": "forklift"}),
    ]
    assert (intake.family, problems(intake)) == ("pilot", [])


def test_a_list_with_a_byte_order_mark_and_windows_line_ends_reads_like_any_other(
    ingest: Ingest, tmp_path: Path, clip: Path
) -> None:
    place(clip, tmp_path / "ä.mp4")
    (tmp_path / "list.jsonl").write_bytes('\ufeff{"video": "ä.mp4"}\r\n\r\n'.encode())
    intake = ingest(tmp_path / "list.jsonl", store=Store(tmp_path / "data"))
    assert (names(intake, tmp_path), problems(intake)) == (["ä.mp4"], [])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param('{"video": "a.mp4"', "not JSON", id="torn"),
        pytest.param('["a.mp4"]', "not an object", id="no object"),
        pytest.param({"camera": 7}, "no video_path", id="no path"),
        pytest.param({"video": ["a.mp4"]}, r"\['a.mp4'\] is no path", id="a list of paths"),
        pytest.param({"video": " "}, "is no path", id="an empty path"),
        pytest.param({"video": "a.mp4", "video_path": "b.mp4"}, "differ; keep one", id="two paths"),
        pytest.param({"video": "https://host/a.mp4"}, "address; only s3:// can be read: fetch", id="an address"),
        pytest.param({"video": "a\0.mp4"}, "no file can have that name", id="a path that cannot be"),
        pytest.param({"video": "a.mp4", "start_s": 9, "end_s": 4}, "end_s 4 is not after start_s 9", id="end before start"),
        pytest.param({"video": "a.mp4", "start_s": 2, "end_s": 2}, "not after", id="an empty part"),
        pytest.param({"video": "a.mp4", "start_s": 2}, "give both", id="half a part"),
        pytest.param({"video": "a.mp4", "start_s": -1, "end_s": 2}, "start_s -1 is no time", id="before the start"),
        pytest.param({"video": "a.mp4", "start_s": "0:10", "end_s": 20}, "'0:10' is no time", id="a clock reading"),
        pytest.param({"video": "a.mp4", "start_s": True, "end_s": 2}, "True is no time", id="a truth value"),
        pytest.param('{"video": "a.mp4", "start_s": 0, "end_s": 1e999}', "1e999", id="an infinite number"),
        pytest.param('{"video": "a.mp4", "start_s": 0, "end_s": 1' + "0" * 400 + "}", "is no time", id="a huge number"),
        pytest.param('{"video": "a.mp4", "x": 1' + "0" * 5000 + "}", "cannot be read", id="a number too long to read"),
        pytest.param('{"video": "a.mp4", "score": NaN}', "NaN", id="not a number"),
        pytest.param({"video": "a.mp4", "mode": "accident"}, "'accident' is neither anomaly nor normal", id="another mode"),
        pytest.param({"video": "a.mp4", "mode": "normal", "label": "anomaly"}, "differ; keep one", id="two labels"),
        pytest.param({"video": "a.mp4", "answer": "B"}, "field 'answer' would hide", id="a key of the item"),
        pytest.param({"video": "a.mp4", "image_id": "a.png"}, "field 'image_id'", id="a second media id"),
        pytest.param({"video": "a.mp4", "status": "ok", "fps": 3}, "'fps' and 'status'", id="keys of the row"),
        pytest.param({"video": "a.mp4", "x": "\ud800"}, "half a character", id="half a character"),
        pytest.param("[" * 100_000, "cannot be read", id="a deep nest"),
    ],
)
def test_a_bad_line_is_named_with_its_value_and_the_good_ones_go_on(
    ingest: Ingest, tmp_path: Path, clip: Path, line: object, says: str
) -> None:
    place(clip, tmp_path / "good.mp4", tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "good.mp4"}, line, {"video": "good.mp4", "start_s": 1, "end_s": 2})
    intake = ingest(path, store=Store(tmp_path / "data"))
    assert spans(rows(intake)) == [(None, None), (1.0, 2.0)]
    [problem] = intake.problems
    assert problem.where == f"{path}:2"
    with pytest.raises(IngestError, match=says):
        raise IngestError(problem.what)


def test_a_line_that_is_not_utf_8_is_named(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    (tmp_path / "list.jsonl").write_bytes(b'{"video": "a.mp4"}\n{"video": "\xe4.mp4"}\n')
    intake = ingest(tmp_path / "list.jsonl", store=Store(tmp_path / "data"))
    assert intake.new == 1
    assert problems(intake) == [f"{tmp_path}/list.jsonl:2: not UTF-8; save the file as UTF-8"]


def test_a_file_name_that_is_not_utf_8_is_named_and_costs_no_other_video(ingest: Ingest, footage: Path, clip: Path) -> None:
    shutil.copy(clip, os.fsdecode(os.fsencode(footage) + b"/\xe4.mp4"))
    intake = ingest(footage)
    assert intake.new == 3
    assert len(intake.problems) == 1 and "not UTF-8; rename" in problems(intake)[0]


@pytest.mark.parametrize("how", ["walked", "listed", "listed in ASCII"])
def test_every_name_that_a_file_can_have_comes_back_from_the_manifest(
    ingest: Ingest, tmp_path: Path, clip: Path, how: str
) -> None:
    store, folder = Store(tmp_path / "data"), tmp_path / "all"
    place(clip, *(folder / name for name in NAMES))
    lines = [json.dumps({"video": f"all/{name}"}, ensure_ascii=how == "listed in ASCII") for name in NAMES]
    intake = ingest(folder if how == "walked" else listed(tmp_path / "list.jsonl", *lines), store=store, family="cams")
    assert problems(intake) == []
    assert sorted(names(intake, folder)) == sorted(NAMES)
    assert tuple(store.read_manifest("cams")) == tuple(rows(intake))
    assert ingest(folder, store=store, family="cams").known == len(NAMES)


def test_a_link_that_leads_nowhere_is_a_problem_and_has_a_row(ingest: Ingest, footage: Path) -> None:
    (footage / "old.mp4").symlink_to("moved.mp4")
    intake = ingest(footage)
    assert intake.new == 4
    assert len(intake.problems) == 1 and "old.mp4: no such file; its row fails" in problems(intake)[0]


def test_names_of_ours_are_reserved_and_everyday_ones_are_not() -> None:
    assert {"question", "answer", "item_index", "duration", "status", "provenance", "qa", "events", "fields"} <= RESERVED_FIELDS
    assert not {"camera", "label", "source", "id", "tags", "weather", "conversation", "split"} & RESERVED_FIELDS


def test_a_video_that_is_not_there_is_a_problem_and_has_a_row(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4"}, {"video": "gone.mp4", "mode": "normal"})
    intake = ingest(path, store=Store(tmp_path / "data"))
    assert names(intake, tmp_path) == ["a.mp4", "gone.mp4"]
    assert problems(intake) == [f"{path}:2: {tmp_path}/gone.mp4: no such file; its row fails until it is there"]
    assert intake.batches[0].batch.source_root == str(tmp_path)


def test_a_broken_video_is_a_problem_and_has_a_row(ingest: Ingest, footage: Path) -> None:
    (footage / "cam2" / "z.mp4").write_bytes(b"not a video")
    intake = ingest(footage)
    assert intake.new == 4
    assert len(intake.problems) == 1 and "z.mp4" in problems(intake)[0]


def test_what_is_no_file_is_named_and_not_opened(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "footage" / "a.mp4")
    os.mkfifo(tmp_path / "footage" / "pipe.mp4")
    intake = ingest(tmp_path / "footage")
    assert intake.new == 1
    assert len(intake.problems) == 1 and "pipe.mp4: is no file" in problems(intake)[0]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("gone", "no such file or folder", id="not there"),
        pytest.param("notes.txt", "neither a folder nor one of", id="something else"),
        pytest.param("list.jsonl", "write one object a line", id="a JSON list"),
    ],
)
def test_a_path_that_cannot_be_ingested_stops_ingest(ingest: Ingest, tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "list.jsonl").write_text('[\n  {"video": "a.mp4"}\n]\n')
    with pytest.raises(IngestError, match=says):
        ingest(tmp_path / name)


def test_nothing_to_ingest_says_what_to_name(ingest: Ingest) -> None:
    with pytest.raises(IngestError, match="video_root"):
        ingest()


def test_a_folder_without_videos_is_said_and_makes_no_batch(ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    intake = ingest(tmp_path / "empty")
    assert (intake.batches, len(intake.problems)) == ((), 1)


def test_the_settings_name_the_input_when_no_path_does(ingest: Ingest, footage: Path, tmp_path: Path) -> None:
    path = listed(tmp_path / "list.jsonl", {"video": "footage/cam1/a.mp4", "mode": "normal"})
    store = Store(tmp_path / "data")
    intake = ingest(store=store, given={"ingest.video_root": str(footage), "ingest.input_jsonl_files": [str(path)]})
    assert intake.family == "footage"
    assert [row.mode for row in rows(intake) if row.video_path.endswith("cam1/a.mp4")] == [Mode.NORMAL]
    assert intake.new == 3


def test_the_filter_keeps_the_lines_where_its_field_is_truthy(ingest: Ingest, footage: Path, tmp_path: Path) -> None:
    keeps = ({"video": f"footage/{name}", "keep": keep} for name, keep in [("cam1/a.mp4", 1), ("cam1/b.MKV", 0)])
    path = listed(tmp_path / "list.jsonl", *keeps, {"video": "footage/cam2/a.mp4"})
    intake = ingest(path, store=Store(tmp_path / "data"), given={"ingest.filter_field": "keep"})
    assert names(intake, footage) == ["cam1/a.mp4"]
    assert (intake.dropped, rows(intake)[0].fields) == (2, {"keep": 1})


def test_a_video_that_the_filter_dropped_does_not_come_back_from_its_folder(
    ingest: Ingest, footage: Path, tmp_path: Path
) -> None:
    path = listed(tmp_path / "list.jsonl", {"video": "footage/cam1/a.mp4", "keep": False})
    intake = ingest(footage, path, given={"ingest.filter_field": "keep"})
    assert names(intake, footage) == ["cam1/b.MKV", "cam2/a.mp4"]


def test_a_part_that_the_filter_dropped_leaves_the_video_itself(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": 0, "end_s": 2})
    intake = ingest(tmp_path / "a.mp4", path, store=Store(tmp_path / "data"), given={"ingest.filter_field": "keep"})
    assert (spans(rows(intake)), intake.dropped) == ([(None, None)], 1)


def test_the_same_video_is_taken_once(ingest: Ingest, footage: Path, tmp_path: Path) -> None:
    same = {"video": "footage/cam1/a.mp4", "camera": 1}
    path = listed(tmp_path / "list.jsonl", same, same)
    intake = ingest(footage, footage / "cam1", path)
    assert names(intake, footage) == ["cam1/b.MKV", "cam2/a.mp4", "cam1/a.mp4"]
    assert intake.repeated == 2


def test_lines_that_contradict_each_other_are_both_kept_in_one_batch(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4", tmp_path / "b.mp4")
    path = listed(
        tmp_path / "list.jsonl",
        {"video": "b.mp4"},
        {"video": "a.mp4", "mode": "normal"},
        {"video": "a.mp4", "mode": "anomaly"},
        {"video": "./a.mp4", "mode": "normal", "camera": 2},
    )
    intake = ingest(path, store=Store(tmp_path / "data"), given={"ingest.batch_size": 2})
    assert [[row.source.rpartition(":")[2] for row in batch.rows] for batch in intake.batches] == [["1"], ["2", "3", "4"]]


def test_more_videos_than_a_batch_holds_make_several(ingest: Ingest, footage: Path) -> None:
    intake = ingest(footage, given={"ingest.batch_size": 2})
    assert [(batch.batch.name, batch.batch.family, len(batch.rows)) for batch in intake.batches] == [
        ("footage", "footage", 2),
        ("footage-2", "footage", 1),
    ]
    assert {batch.batch.source_root for batch in intake.batches} == {str(footage)}


def test_ingesting_again_registers_only_what_is_new(ingest: Ingest, footage: Path, clip: Path) -> None:
    ingest(footage, family="cams")
    place(clip, footage / "cam3" / "a.mp4", footage / "cam1" / "aa.mp4")
    again = ingest(footage, family="cams")
    assert (again.known, again.new) == (3, 2)
    assert names(again, footage) == ["cam1/aa.mp4", "cam3/a.mp4"]
    assert [batch.batch.name for batch in again.batches] == ["cams-2"]
    assert again.batches[0].batch.source_root == str(footage)
    assert ingest(footage, family="cams").batches == ()
    assert ingest(footage, family="others").new == 5


def test_a_part_is_known_apart_from_its_recording(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    store = Store(tmp_path / "data")
    ingest(listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": 1, "end_s": 2}), store=store)
    more = [{"video": "a.mp4", "start_s": 1, "end_s": end} for end in (2, 3)]
    again = ingest(listed(tmp_path / "list.jsonl", *more, {"video": "a.mp4"}), store=store)
    assert (again.known, spans(rows(again))) == (1, [(1.0, 3.0), (None, None)])


def test_a_known_video_with_another_label_is_said_not_swallowed(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    store = Store(tmp_path / "data")
    ingest(listed(tmp_path / "list.jsonl", {"video": "a.mp4", "mode": "normal"}), store=store)
    again = ingest(listed(tmp_path / "list.jsonl", {"video": "a.mp4", "mode": "anomaly"}), store=store)
    assert (again.known, again.new) == (1, 0)
    assert len(again.problems) == 1 and "list.jsonl:1" in problems(again)[0] and "--batch" in problems(again)[0]
    assert problems(ingest(tmp_path / "a.mp4", store=store, family="list")) == []


def test_videos_with_nothing_in_common_but_the_root_have_no_source_root(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    path = listed(tmp_path / "list.jsonl", {"video": "/nowhere/a.mp4"}, {"video": "/elsewhere/b.mp4"})
    intake = ingest(path, store=Store(tmp_path / "data"))
    assert intake.batches[0].batch.source_root is None

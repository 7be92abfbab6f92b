"""Ingest finds every video once, loses none in silence, and registers only what is new."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import pytest
from pydantic import JsonValue

from vr_assets.errors import IngestError, MediaError
from vr_assets.media.recordings import Recordings
from vr_assets.media.workers import Workers
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import MediaSettings, Mode, resolve
from vr_assets.steps.ingest import Intake, take_in
from vr_assets.steps.video_lists import RESERVED_FIELDS
from vr_assets.storage import Store
from vr_assets_tests.clips import blank, write_clip
from vr_assets_tests.media.zoo import NAMES

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", blank(10, size=(64, 48), level=90), 2)


@pytest.fixture
def footage(tmp_path: Path, clip: Path) -> Path:
    folder = tmp_path / "footage"
    place(clip, folder / "cam1" / "a.mp4", folder / "cam1" / "b.MKV", folder / "cam2" / "a.mp4")
    (folder / "cam1" / "notes.txt").write_text("not a video")
    return folder


def place(clip: Path, *paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, path)


Ingest = Callable[..., Intake]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(MediaSettings(workers=2))
    yield made
    made.close()


@pytest.fixture
def ingest(workers: Workers, tmp_path: Path) -> Ingest:
    """Takes in and registers, as the command does; `given` are settings by dotted name."""

    def take(
        *paths: Path, store: Store | None = None, family: str | None = None, given: Mapping[str, JsonValue] | None = None
    ) -> Intake:
        given = given or {}
        store = store or Store(tmp_path / "data")
        settings = resolve(("test", given)).settings
        recordings = Recordings(store.media_folder, workers)
        taking_in = partial(
            take_in, paths, store=store, recordings=recordings, family=family, settings=settings, explicit=given, now=NOW
        )
        intake = anyio.run(taking_in)
        for batch in intake.batches:
            store.create_batch(batch.batch, batch.rows)
        return intake

    return take


def split_at(seconds: float) -> dict[str, JsonValue]:
    return {"videos.max_video_length_sec": seconds, "videos.long_recordings": "split"}


def listed(path: Path, *lines: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def rows(intake: Intake) -> list[ManifestRow]:
    return [row for batch in intake.batches for row in batch.rows]


def names(intake: Intake, folder: Path) -> list[str]:
    return [str(Path(row.video_path).relative_to(folder)) for row in rows(intake)]


def problems(intake: Intake) -> list[str]:
    return [str(problem) for problem in intake.problems]


def spans(found: Sequence[ManifestRow]) -> list[tuple[float | None, float | None]]:
    return [(row.start_s, row.end_s) for row in found]


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
        pytest.param({"video": "s3://bucket/a.mp4"}, "address; fetch", id="an address"),
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


def test_long_videos_are_counted_before_anything_is_paid(ingest: Ingest, footage: Path, tmp_path: Path) -> None:
    path = listed(tmp_path / "list.jsonl", {"video": "footage/cam1/a.mp4", "start_s": 0, "end_s": 4.5})
    intake = ingest(footage, path, given={"videos.max_video_length_sec": 4})
    assert (intake.too_long.videos, intake.new) == (4, 4)
    assert ingest(footage, family="short", given={"videos.max_video_length_sec": 5}).too_long.videos == 0


def test_long_recordings_become_parts_that_cover_them(ingest: Ingest, footage: Path) -> None:
    intake = ingest(footage, given=split_at(2))
    assert spans(rows(intake)[:3]) == [(0.0, 2.0), (2.0, 4.0), (4.0, 5.0)]
    assert (intake.too_long.videos, intake.too_long.parts, intake.new) == (3, 9, 9)
    assert all(row.split for row in rows(intake))
    again = ingest(footage, given=split_at(2))
    assert (again.known, again.new, again.too_long.videos) == (3, 0, 0)


def test_a_recording_first_skipped_can_be_split_later(ingest: Ingest, footage: Path) -> None:
    ingest(footage, given={"videos.max_video_length_sec": 3})
    again = ingest(footage, given=split_at(3))
    assert (again.known, again.too_long.parts) == (0, 6)
    assert ingest(footage, given={"videos.max_video_length_sec": 3}).known == 3


def test_another_limit_does_not_cut_a_recording_anew(ingest: Ingest, footage: Path) -> None:
    ingest(footage, given=split_at(2))
    again = ingest(footage, given=split_at(1))
    assert (again.known, again.new) == (3, 0)


def test_a_stretch_that_no_part_covered_yet_is_not_lost(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    store = Store(tmp_path / "data")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": 0, "end_s": 3})
    assert spans(rows(ingest(path, store=store, family="cams", given=split_at(2)))) == [(0.0, 2.0), (2.0, 3.0)]
    assert spans(rows(ingest(tmp_path / "a.mp4", store=store, family="cams", given=split_at(2)))) == [(3.0, 5.0)]


def test_a_part_that_is_held_is_not_made_again(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    store = Store(tmp_path / "data")
    ingest(listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": 2, "end_s": 4}), store=store, family="cams")
    again = ingest(tmp_path / "a.mp4", store=store, family="cams", given=split_at(2))
    assert spans(rows(again)) == [(0.0, 2.0), (4.0, 5.0)]


def test_a_labelled_part_takes_the_place_of_the_same_part_made_by_splitting(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": 2, "end_s": 4, "mode": "anomaly"})
    intake = ingest(tmp_path / "a.mp4", path, store=Store(tmp_path / "data"), given=split_at(2))
    assert spans(rows(intake)) == [(0.0, 2.0), (2.0, 4.0), (4.0, 5.0)]
    assert [row.mode for row in rows(intake)] == [None, Mode.ANOMALY, None]


def test_the_parts_of_a_labelled_recording_keep_its_label_and_fields(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4", "mode": "anomaly", "camera": 7})
    intake = ingest(path, store=Store(tmp_path / "data"), given=split_at(3))
    assert [(row.mode, row.fields, row.source) for row in rows(intake)] == [(Mode.ANOMALY, {"camera": 7}, f"{path}:1")] * 2


def test_recordings_that_are_too_long_are_foreseen_in_parts_and_calls(ingest: Ingest, footage: Path) -> None:
    skipped = ingest(footage, family="skipped", given={"videos.max_video_length_sec": 2}).too_long
    split = ingest(footage, family="split", given=split_at(2)).too_long
    assert (skipped.videos, skipped.parts) == (3, 9)
    assert skipped.duration_s == pytest.approx(15)
    assert skipped.calls == 9 * 15
    assert replace(skipped, split=True) == split


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Three seconds of one scene, six of another, one of a third."""
    images = blank(100, size=(64, 48), level=90)
    for image in images[:30]:
        image[:20] = 230
    for image in images[30:90]:
        image[:, :30] = 200
    for image in images[90:]:
        image[10:40, 20:50] = 10
    (tmp_path / "scenes").mkdir()
    return write_clip(tmp_path / "scenes" / "a.mp4", images, 10, gop=10).parent


def test_recordings_are_split_at_their_scenes_where_that_is_asked_for(ingest: Ingest, scenes: Path) -> None:
    given = {**split_at(4), "ingest.split_at": "scene_cuts", "ingest.shortest_part_sec": 2}
    intake = ingest(scenes, given=given)
    assert spans(rows(intake)) == [(0.0, 3.0), (3.0, 6.5), (6.5, 10.0)]
    assert all(row.split for row in rows(intake))
    again = ingest(scenes, given=given)
    assert (again.known, again.new) == (1, 0)


def test_looking_for_scenes_says_how_far_it_is(workers: Workers, scenes: Path, tmp_path: Path) -> None:
    given = {**split_at(4), "ingest.split_at": "scene_cuts"}
    store, said = Store(tmp_path / "data"), list[tuple[float, float]]()
    taking_in = partial(
        take_in,
        [scenes],
        store=store,
        recordings=Recordings(store.media_folder, workers),
        family=None,
        settings=resolve(("test", given)).settings,
        explicit={},
        now=NOW,
        on_looked=lambda done_s, total_s: said.append((done_s, total_s)),
    )
    anyio.run(taking_in)
    assert said == [(10.0, 10.0)]


@pytest.mark.parametrize(
    ("start_s", "end_s", "says"),
    [
        pytest.param(1, 9, "5.0 s long and has no part from 1 to 9 s; correct end_s", id="an end beyond the recording's"),
        pytest.param(5, 9, "correct start_s", id="a start beyond it"),
        pytest.param(0, 1e8, "correct end_s", id="an end far beyond it, which would be millions of parts"),
    ],
)
@pytest.mark.parametrize("split", [False, True], ids=["skip", "split"])
def test_a_part_that_its_recording_does_not_have_is_said_before_the_run_fails_it(
    ingest: Ingest, tmp_path: Path, clip: Path, start_s: float, end_s: float, says: str, split: bool
) -> None:
    place(clip, tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": start_s, "end_s": end_s})
    intake = ingest(path, given=split_at(2) if split else {})
    assert spans(rows(intake)) == [(start_s, end_s)]
    assert len(intake.problems) == 1 and says in problems(intake)[0]
    assert problems(intake)[0].startswith(f"{path}:1: {tmp_path}/a.mp4")


def test_a_part_may_end_a_little_after_what_the_header_says(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4")
    path = listed(tmp_path / "list.jsonl", {"video": "a.mp4", "start_s": 1, "end_s": 5.5})
    assert problems(ingest(path)) == []


def test_parts_that_overlap_are_taken_and_said_once_a_video(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    place(clip, tmp_path / "a.mp4", tmp_path / "b.mp4")
    overlapping = [{"video": "a.mp4", "start_s": start_s, "end_s": start_s + 2} for start_s in (0, 1, 2)]
    apart = [{"video": "b.mp4", "start_s": start_s, "end_s": start_s + 2} for start_s in (0, 2)]
    path = listed(tmp_path / "list.jsonl", *overlapping, *apart)
    intake = ingest(path)
    assert intake.new == 5
    [said] = problems(intake)
    assert f"0 to 2 s ({path}:1) and 1 to 3 s ({path}:2) overlap; what they share is asked about twice" in said


def test_a_recording_whose_scenes_cannot_be_found_is_split_at_a_fixed_length(
    ingest: Ingest, tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(self: Recordings, path: Path, *, on_looked: object) -> tuple[float, ...]:
        raise MediaError(f"{path}: not done after 600 s; raise media.deadline_s or re-encode the file")

    monkeypatch.setattr(Recordings, "cuts_s", fails)
    place(clip, tmp_path / "footage" / "a.mp4")
    intake = ingest(tmp_path / "footage", given={**split_at(2), "ingest.split_at": "scene_cuts"})
    assert spans(rows(intake)) == [(0.0, 2.0), (2.0, 4.0), (4.0, 5.0)]
    assert len(intake.problems) == 1 and "raise media.deadline_s" in problems(intake)[0] and "fixed length" in problems(intake)[0]


def test_videos_with_nothing_in_common_but_the_root_have_no_source_root(ingest: Ingest, tmp_path: Path, clip: Path) -> None:
    path = listed(tmp_path / "list.jsonl", {"video": "/nowhere/a.mp4"}, {"video": "/elsewhere/b.mp4"})
    intake = ingest(path, store=Store(tmp_path / "data"))
    assert intake.batches[0].batch.source_root is None

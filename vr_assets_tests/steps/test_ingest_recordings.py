"""Ingest of long recordings: counted, split at lengths or scenes, in parts that a list names."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import pytest

from vr_assets.errors import MediaError
from vr_assets.media.recordings import Recordings
from vr_assets.media.workers import Workers
from vr_assets.settings import Mode, resolve
from vr_assets.steps.ingest import take_in
from vr_assets.storage import Store
from vr_assets_tests.clips import blank, write_clip
from vr_assets_tests.steps.taking_in import NOW, Ingest, listed, place, problems, rows, spans, split_at


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

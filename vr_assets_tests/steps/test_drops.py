"""Files that are dropped into a folder: what becomes a batch, when, and what never happens twice."""

import os
import shutil
from pathlib import Path

import pytest

from vr_assets.errors import IngestError
from vr_assets.records.batch import Batch
from vr_assets.steps.drops import drop_book
from vr_assets.storage import Store
from vr_assets_tests.steps.conftest import Looking
from vr_assets_tests.steps.taking_in import listed, place


def held(store: Store, batch: str) -> list[str]:
    return [Path(row.video_path).name for row in store.read_manifest(batch)]


def test_a_file_that_grows_is_left_alone_until_it_rests(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, folder / "a.mp4", folder / "b.mp4")
    assert look(0).unsettled == 2
    with (folder / "b.mp4").open("ab") as growing:
        growing.write(b"more")
    assert (look(60).batches, look(60).unsettled) == ([], 1)
    assert look(121).batches == ["drops"]
    assert held(store, "drops") == ["a.mp4", "b.mp4"]


def test_a_batch_closes_at_its_size_and_the_rest_waits_for_its_age(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, *(folder / f"{name}.mp4" for name in "abc"))
    look(0)
    second = look(61)
    assert (second.batches, second.waiting, second.closes_in_s) == (["drops"], 1, 839)
    assert look(899).batches == []
    assert look(900).batches == ["drops-2"]
    assert held(store, "drops-2") == ["c.mp4"]


def test_one_file_a_minute_makes_few_batches(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    for minute in range(40):
        place(clip, folder / f"{minute:02}.mp4")
        look(60 * minute, ingest__batch_size=200)
    assert len(store.batches()) == 2
    assert [len(held(store, batch)) for batch in ("drops", "drops-2")] == [15, 15]


def test_a_file_is_complete_when_its_mark_is_there(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, folder / "a.mp4", folder / "b.mp4")
    (folder / "b.mp4.done").touch()
    given = {"drops__done_suffix": ".done", "drops__batch_age_s": 0}
    first = look(0, **given)
    assert (held(store, *first.batches), first.unsettled) == (["b.mp4"], 1)


def test_what_was_taken_is_not_taken_again(look: Looking, folder: Path, clip: Path) -> None:
    place(clip, folder / "a.mp4", folder / "b.mp4")
    look(0)
    look(60)
    assert str(look(2000)) == "nothing new"


def test_a_replaced_file_is_another_file(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, folder / "a.mp4", folder / "b.mp4")
    look(0)
    look(60)
    place(clip, folder / "a.mp4")
    os.utime(folder / "a.mp4", (5, 5))
    look(100)
    assert look(1000).batches == ["drops-2"]
    assert held(store, "drops-2") == ["a.mp4"]
    assert look(2000).batches == []


def test_a_file_that_goes_while_it_waits_is_told_of(look: Looking, folder: Path, clip: Path) -> None:
    place(clip, folder / "a.mp4")
    look(0)
    (folder / "a.mp4").unlink()
    assert look(30).problems == [f"{folder / 'a.mp4'}: went before it was taken"]
    assert look(60).problems == []


def test_a_renamed_file_is_taken_under_its_new_name(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, folder / "a.mp4.part")
    look(0)
    (folder / "a.mp4.part").rename(folder / "a.mp4")
    look(100)
    assert held(store, *look(1000).batches) == ["a.mp4"]


def test_a_list_becomes_a_batch_of_its_own_with_its_fields(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, folder.parent / "elsewhere" / "far.mp4")
    listed(folder / "night.jsonl", {"video_path": "../elsewhere/far.mp4", "site": "north"})
    look(0)
    assert look(60).batches == ["night"]
    assert [row.fields for row in store.read_manifest("night")] == [{"site": "north"}]


def test_a_bad_list_is_told_of_once_and_stops_nothing(look: Looking, folder: Path, clip: Path) -> None:
    place(clip, folder / "a.mp4", folder / "b.mp4")
    (folder / "bad.jsonl").write_text("[1, 2]\n")
    listed(folder / "half.jsonl", {"video_path": "a.mp4"}, "{not json")
    look(0)
    found = look(60)
    assert found.batches == ["half", "drops"]
    assert [str(folder / "bad.jsonl") in problem for problem in found.problems] == [True, False]
    assert "half.jsonl:2" in found.problems[1]
    assert look(90).problems == []
    listed(folder / "bad.jsonl", {"video_path": "a.mp4"})
    look(100)
    assert look(160).batches == ["bad"]


def test_a_crash_between_registering_and_writing_down_neither_loses_nor_doubles(
    look: Looking, folder: Path, clip: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(clip, *(folder / f"{name}.mp4" for name in "abcd"))
    look(0)
    create = Store.create_batch
    made: list[str] = []

    def crash(self: Store, batch: Batch, rows: object) -> None:
        if made:
            raise KeyboardInterrupt
        made.append(batch.name)
        create(self, batch, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "create_batch", crash)
    with pytest.raises(KeyboardInterrupt):
        look(60)
    monkeypatch.undo()
    assert store.batches() == ("drops",)
    assert look(70).batches == ["drops-2"]
    assert sorted(held(store, "drops") + held(store, "drops-2")) == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    assert drop_book(store).to_launch() == ["drops", "drops-2"]


def test_a_lost_memory_takes_nothing_twice(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, folder / "a.mp4", folder / "b.mp4")
    look(0)
    look(60)
    (store.root / "drops.sqlite").unlink()
    look(100)
    assert look(160).batches == []
    assert store.batches() == ("drops",)


def test_thousands_are_taken_over_several_looks(look: Looking, folder: Path, clip: Path, store: Store) -> None:
    place(clip, *(folder / f"{number:03}.mp4" for number in range(13)))
    look(0)
    assert [(found.batches, found.later) for found in (look(60), look(90))] == [
        (["drops", "drops-2", "drops-3", "drops-4", "drops-5"], 2),
        (["drops-6"], 0),
    ]


def test_a_folder_that_is_not_there_is_named(look: Looking, folder: Path) -> None:
    shutil.rmtree(folder)
    with pytest.raises(IngestError, match="drops.folder = .* is no folder"):
        look(0)

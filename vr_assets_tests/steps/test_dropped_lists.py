"""Lists that are dropped: which graph each becomes a batch of, and what is no list."""

import json
import os
from pathlib import Path

import pytest

from vr_assets.records.batch import ConversationEntry, ImageEntry
from vr_assets.settings import Graph
from vr_assets.storage import Store
from vr_assets_tests.steps.conftest import Looking
from vr_assets_tests.steps.taking_in import listed, place

TURNS = [{"from": "human", "value": ""}]
IMAGE = {"image_path": "x.jpg", "caption": "A car."}
CONVERSATION = {"video": "a.mp4", "conversation": TURNS}


def graphs(store: Store) -> dict[str, Graph]:
    return {batch.name: batch.graph for batch in store.read_batches()}


def test_the_rows_tell_which_graph_a_list_is_for(look: Looking, folder: Path, store: Store) -> None:
    listed(folder / "ground.jsonl", IMAGE)
    listed(folder / "talk.jsonl", CONVERSATION)
    (folder / "whole.json").write_text(json.dumps([CONVERSATION], indent=1))
    listed(folder / "watch.jsonl", {"video_path": "a.mp4", "image": "thumbnail.jpg", "conversation": "a field of theirs"})
    look(0)
    assert sorted(look(60).batches) == ["ground", "talk", "watch", "whole"]
    told = {"ground": Graph.IMAGES, "talk": Graph.CONVERSATIONS, "watch": Graph.VIDEOS, "whole": Graph.CONVERSATIONS}
    assert graphs(store) == told
    assert [Path(row.image_path) for row in store.read_entries("ground", ImageEntry)] == [folder / "x.jpg"]
    assert [row.row for row in store.read_entries("whole", ConversationEntry)] == [CONVERSATION]


BAD: dict[str, tuple[list[object], str]] = {
    "mixed": ([IMAGE, CONVERSATION], "mixed.jsonl: rows of several kinds: images ('image_path' in {folder}/mixed.jsonl:1), conv"),
    "unknown": ([{"url": "a.mp4"}, "{broken"], "unknown.jsonl: no row names a video or an image; write `video_path`"),
    "empty": ([], "empty.jsonl: no row names a video or an image"),
    "-": ([IMAGE], "-.jsonl: no batch name can be made of '-'"),
    "con": ([IMAGE], "con.jsonl: 'con' cannot be the name of a batch"),
}


def test_a_list_that_cannot_be_told_is_a_named_problem_among_good_ones(look: Looking, folder: Path, store: Store) -> None:
    for name, (rows, _) in BAD.items():
        listed(folder / f"{name}.jsonl", *rows)
    listed(folder / "good.jsonl", IMAGE, {"caption": "Of what?"})
    look(0)
    found = look(60)
    assert found.batches == ["good"]
    for _, says in BAD.values():
        assert [problem for problem in found.problems if problem.startswith(f"{folder}/{says.format(folder=folder)}")]
    assert f"{folder}/good.jsonl:2: no image_path; name the image" in found.problems
    assert look(90).problems == []


def test_a_list_of_another_kind_than_its_family_names_itself(look: Looking, folder: Path, store: Store) -> None:
    listed(folder / "night.jsonl", IMAGE)
    listed(folder / "later" / "night.jsonl", CONVERSATION)
    listed(folder / "later" / "Night.jsonl", IMAGE)
    look(0)
    found = look(60)
    assert sorted(problem.partition(": ")[0] for problem in found.problems if "--batch" in problem) == [
        str(folder / "later" / "night.jsonl"),
        str(folder / "night.jsonl"),
    ]
    assert store.batches() == ("Night",)


def test_json_that_is_no_list_is_somebody_elses(look: Looking, folder: Path, clip: Path) -> None:
    place(clip, folder / "a.mp4")
    (folder / "a.json").write_text('[{"camera": 7}]')
    (folder / "project.json").write_text('{"camera": 7}')
    look(0)
    found = look(60)
    assert (found.batches, found.problems, found.waiting) == ([], [], 1)


def test_a_video_that_is_dropped_under_two_names_has_a_row_under_each(
    look: Looking, folder: Path, clip: Path, store: Store
) -> None:
    place(clip, folder / "a.mp4", folder / "copy.mp4")
    look(0)
    assert look(60).batches == ["drops"]
    assert [Path(row.video_path).name for row in store.read_manifest("drops")] == ["a.mp4", "copy.mp4"]


@pytest.mark.timeout(60)
def test_pipes_and_devices_are_problems_that_nothing_waits_for(look: Looking, folder: Path, store: Store) -> None:
    os.mkfifo(folder / "pipe.jsonl")
    os.mkfifo(folder / "pipe.mp4")
    (folder / "null.jsonl").symlink_to("/dev/null")
    (folder / "zero.mp4").symlink_to("/dev/zero")
    listed(folder / "good.jsonl", IMAGE)
    look(0)
    found = look(60)
    assert found.batches == ["good"]
    told = [problem for problem in found.problems if "x.jpg" not in problem]
    names = ["null.jsonl", "pipe.jsonl", "pipe.mp4", "zero.mp4"]
    assert sorted(Path(problem.partition(": ")[0]).name for problem in told) == names
    assert sum("not a list but a folder, device or pipe" in problem for problem in told) == 2

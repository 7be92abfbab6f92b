"""Conversations as they are ingested: rows of every kind that people have, and what is said of those that cannot be read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.records.batch import ConversationEntry
from vr_assets.settings import resolve
from vr_assets.steps.conversation_lists import CONVERSATION_LISTS
from vr_assets.steps.intake import Intake
from vr_assets.storage import Store
from vr_assets_tests.steps.taking_in import NOW, listed

EMPTY: JsonValue = [{"from": "human", "value": ""}]
Take = Callable[..., Intake[ConversationEntry]]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Takes in and registers."""
    store = Store(tmp_path / "data")

    def taken(*paths: Path, **given: object) -> Intake[ConversationEntry]:
        settings = resolve(("test", {name.replace("__", "."): value for name, value in given.items()})).settings
        intake = CONVERSATION_LISTS.take_in(
            list(map(str, paths)), store=store, family="conv", settings=settings, explicit={}, now=NOW
        )
        for batch in intake.batches:
            store.create_batch(batch.batch, batch.rows)
        return intake

    return taken


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.png"):
        (tmp_path / name).write_bytes(b"anything")


def rows(intake: Intake[ConversationEntry]) -> list[ConversationEntry]:
    return [row for batch in intake.batches for row in batch.rows]


def whole(path: Path, *found: object) -> Path:
    path.write_text(json.dumps(found, indent=1))
    return path


@pytest.mark.parametrize("write", [listed, whole], ids=["JSONL", "JSON list"])
def test_a_row_is_kept_as_it_was_given_with_its_files_found_beside_the_list(
    write: Callable[..., Path], take: Take, tmp_path: Path
) -> None:
    first = {"id": "0007", "video": ["./a.mp4"], "conversation": EMPTY, "image": None, "n": 1.0, "deep": {"k": [1, "1", None]}}
    second = {"video": ["a.mp4", "b.mp4"], "image": "c.png", "conversation": [{"from": "human", "value": "Who?"}], "id": 7}
    intake = take(write(tmp_path / "rows.json", first, second))
    assert not intake.problems
    assert [json.dumps(row.row) for row in rows(intake)] == [json.dumps(first), json.dumps(second)]
    assert rows(intake)[0].videos == (str(tmp_path / "a.mp4"),)
    assert rows(intake)[1].videos == (str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"))
    assert [row.images for row in rows(intake)] == [(), (str(tmp_path / "c.png"),)]


@pytest.mark.parametrize("image", [None, "", [], [None], ["", None]])
def test_an_image_that_is_null_is_none(image: JsonValue, take: Take, tmp_path: Path) -> None:
    intake = take(listed(tmp_path / "rows.jsonl", {"video": "a.mp4", "image": image, "conversation": EMPTY}))
    assert (rows(intake)[0].images, intake.problems) == ((), ())


BAD: dict[str, tuple[object, str]] = {
    "no conversation": ({"video": "a.mp4"}, "no conversation; write"),
    "other name": ({"video": "a.mp4", "conversations": EMPTY}, "rename `conversations` to `conversation`"),
    "no media": ({"video": None, "conversation": EMPTY}, "no video and no image"),
    "number": ({"video": 5, "conversation": EMPTY}, "video 5 is no path"),
    "address": ({"video": "https://host/a.mp4", "conversation": EMPTY}, "is an address"),
    "image elsewhere": ({"image": "https://host/c.png", "conversation": EMPTY}, "only s3:// can be read"),
    "bucket alone": ({"video": "s3://b/", "conversation": EMPTY}, "names no object"),
    "no turns": ({"video": "a.mp4", "conversation": []}, "no list of turns"),
    "text": ({"video": "a.mp4", "conversation": "Who?"}, "no list of turns"),
    "other speaker": ({"video": "a.mp4", "conversation": [{"from": "user", "value": ""}]}, "turn 1 .* from system, human, gpt"),
    "no human": ({"video": "a.mp4", "conversation": [{"from": "gpt", "value": "A van."}]}, "no turn is from human"),
    "value": ({"video": "a.mp4", "conversation": [{"from": "human", "value": 3}]}, "turn 1 has the value 3"),
    "tags": ({"video": "a.mp4", "conversation": [{"from": "human", "value": "<video><video>"}]}, "2 <video> for 1 videos"),
    "ours": ({"video": "a.mp4", "conversation": EMPTY, "caption": "A van."}, "field 'caption' would hide one of ours"),
    "no object": ([1, 2], "not an object"),
}


@pytest.mark.parametrize(("row", "says"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("write", [listed, whole], ids=["JSONL", "JSON list"])
def test_a_row_that_cannot_be_read_is_named_by_file_and_line_and_the_others_are_taken(
    write: Callable[..., Path], row: object, says: str, take: Take, tmp_path: Path
) -> None:
    good = {"video": "b.mp4", "conversation": EMPTY}
    path = write(tmp_path / "rows.json", good, row, good)
    intake = take(path)
    (problem,) = intake.problems
    line = path.read_text().splitlines()[int(problem.where.rpartition(":")[2]) - 1]
    assert problem.where.startswith(f"{path}:")
    assert json.dumps(row).startswith(line.strip().rstrip(","))
    with pytest.raises(IngestError, match=says):
        raise IngestError(problem.what)
    assert len(rows(intake)) == 2


def test_a_broken_json_list_is_refused_as_a_whole_and_says_where(take: Take, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[\n{"video": "a.mp4", "conversation": [{"from": "human", "value": ""}]},\n{"video": oops}\n]')
    with pytest.raises(IngestError, match=r"rows\.json:3: not JSON .* nothing of the list is taken"):
        take(path)


def test_a_list_may_hold_nan_where_it_says_so_of_that_row_alone(take: Take, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    good = json.dumps({"video": "a.mp4", "conversation": EMPTY})
    path.write_text(f'[{good},\n{{"video": "a.mp4", "image": NaN, "conversation": []}}]')
    intake = take(path)
    assert [str(problem) for problem in intake.problems] == [
        f"{path}:2: NaN or Infinity is no number that JSON can hold; write null, or leave the field out"
    ]
    assert len(rows(intake)) == 1


def test_a_file_that_is_not_there_is_a_problem_and_its_row_is_taken_all_the_same(take: Take, tmp_path: Path) -> None:
    path = listed(tmp_path / "rows.jsonl", {"video": ["a.mp4", "gone.mp4"], "conversation": EMPTY})
    intake = take(path)
    assert [str(problem) for problem in intake.problems] == [
        f"{path}:1: {tmp_path}/gone.mp4: no such file; the row fails until it is there"
    ]
    assert len(rows(intake)) == 1


def test_videos_and_images_may_lie_in_a_bucket(take: Take, tmp_path: Path) -> None:
    intake = take(listed(tmp_path / "rows.jsonl", {"video": "s3://b/a.mp4", "image": "s3://b/c.png", "conversation": EMPTY}))
    assert (rows(intake)[0].videos, rows(intake)[0].images, intake.problems) == (("s3://b/a.mp4",), ("s3://b/c.png",), ())


def test_a_path_from_where_the_command_is_given_is_found_too(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    intake = take(listed(tmp_path / "lists" / "rows.jsonl", {"video": "./a.mp4", "conversation": EMPTY}))
    assert rows(intake)[0].videos == (str(tmp_path / "a.mp4"),)


def test_twins_are_rows_each_and_what_was_taken_is_known_as_often_as_it_was(take: Take, tmp_path: Path) -> None:
    row = {"video": "a.mp4", "conversation": EMPTY}
    path = listed(tmp_path / "rows.jsonl", row, row)
    assert (take(path).new, take(path).known) == (2, 2)
    listed(path, row, row, row, {**row, "id": 1})
    again = take(path)
    assert (again.known, again.new) == (2, 2)
    assert [batch.batch.name for batch in again.batches] == ["conv-2"]


def test_rows_are_put_into_batches_in_order(take: Take, tmp_path: Path) -> None:
    found = [{"video": "a.mp4", "conversation": EMPTY, "id": number} for number in range(5)]
    intake = take(listed(tmp_path / "rows.jsonl", *found), ingest__batch_size=2)
    assert [[row.row["id"] for row in batch.rows] for batch in intake.batches] == [[0, 1], [2, 3], [4]]


def test_rows_without_a_field_are_dropped_where_that_is_asked_for(take: Take, tmp_path: Path) -> None:
    found = [{"video": "a.mp4", "conversation": EMPTY, "keep": keep} for keep in (True, False)]
    intake = take(listed(tmp_path / "rows.jsonl", *found), ingest__filter_field="keep")
    assert (intake.dropped, [row.row["keep"] for row in rows(intake)]) == (1, [True])


@pytest.mark.parametrize(
    ("name", "says"), [(".", "not a list"), ("rows.csv", "not a list"), ("https://host/rows.jsonl", "only s3://")]
)
def test_what_is_no_list_is_refused(name: str, says: str, tmp_path: Path) -> None:
    settings = resolve().settings
    with pytest.raises(IngestError, match=says):
        CONVERSATION_LISTS.take_in([name], store=Store(tmp_path), family=None, settings=settings, explicit={}, now=NOW)

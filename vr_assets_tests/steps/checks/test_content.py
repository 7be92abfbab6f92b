"""What rules of times, questions and images let pass, and what just not."""

import sys

import pytest

from vr_assets.records.image import Box, GroundedImage, Instance
from vr_assets.records.row import Failure
from vr_assets.records.video import ChunkCaption, QaVideo
from vr_assets.settings import Asset, Check, Graph, QaType, Settings
from vr_assets.steps.checks import RULES
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look
from vr_assets.storage import Store
from vr_assets_tests.export.rows import a_set, no, yes
from vr_assets_tests.steps.checks.batches import NAME, Rows, change, change_item, put


def look(store: Store, rows: Rows, asset: Asset, check: Check) -> Look:
    put(store, rows, Graph.of(asset))
    return RULES[asset][check](BatchRows(store, NAME), asset, Settings())


def chunk(index: int, start_s: float, end_s: float) -> ChunkCaption:
    return ChunkCaption(chunk_index=index, timestamp_start=start_s, timestamp_end=end_s, caption="A van goes on.")


@pytest.mark.parametrize(
    ("chunks", "fault"),
    [
        ([chunk(0, 0.0, 11.0), chunk(1, 9.0, 20.0)], ""),
        ([chunk(1, 10.1, 20.0), chunk(0, 0.0, 10.0)], ""),
        ([chunk(0, 0.0, 10.0)], "nothing is told of 10 - 20 s"),
        ([chunk(1, 10.0, 20.0)], "nothing is told of 0 - 10 s"),
        ([chunk(0, 0.0, 25.0)], "chunk 0 is outside the video, which is 20 s long"),
        ([], "nothing is told of 0 - 20 s"),
    ],
)
def test_chunks_cover_a_video_or_leave_a_hole_that_is_named(
    chunks: list[ChunkCaption], fault: str, store: Store, rows: Rows
) -> None:
    change(rows, Asset.CHUNK_CAPTIONS, lambda _: {"chunk_captions": tuple(chunks)}, of=1)
    found = look(store, rows, Asset.CHUNK_CAPTIONS, Check.CHUNK_COVERAGE)
    assert [said for _, said in found.breaches] == ([fault] if fault else [])


def test_a_hole_is_told_with_the_reason_why_its_chunk_failed(store: Store, rows: Rows) -> None:
    failed = Failure(what="chunk 1", reason="a refusal in place of a caption")
    change(rows, Asset.CHUNK_CAPTIONS, lambda _: {"chunk_captions": (chunk(0, 0.0, 10.0),), "failures": (failed,)}, of=1)
    found = look(store, rows, Asset.CHUNK_CAPTIONS, Check.CHUNK_COVERAGE)
    assert found.breaches == (("v00", "nothing is told of 10 - 20 s (chunk 1: a refusal in place of a caption)"),)


@pytest.mark.parametrize(
    ("answer", "is_found"),
    [
        ("It stops at 00:19 and goes on after 3 seconds.", False),
        ("The overlay clock shows 14:30 when it stops.", False),
        ("It stops at 00:48.", True),
        ("From 00:08 to 00:04 it stands still.", True),
        ("At 25 s it stops.", True),
    ],
)
def test_times_of_the_video_are_held_to_lie_in_it(answer: str, *, is_found: bool, store: Store, rows: Rows) -> None:
    change_item(rows, QaType.OPEN_QA, lambda _: {"answer": answer})
    assert bool(look(store, rows, Asset.QA, Check.TIMES_INSIDE).breaches) is is_found


@pytest.mark.parametrize(
    ("question", "is_repeated"),
    [
        ("When does the red car of line 0 move, in all?", True),
        ("When does the red car of line 7 move?", False),
        ("Why does it slow down before the crossing?", False),
    ],
)
def test_questions_about_a_video_that_share_their_words_and_numbers_are_one(
    question: str, *, is_repeated: bool, store: Store, rows: Rows
) -> None:
    rows[Asset.QA] = rows[Asset.QA][:1]
    change_item(rows, QaType.OPEN_QA, lambda _: {"question": question})
    found = look(store, rows, Asset.QA, Check.REPEATED_QUESTIONS)
    assert found.breaches == ((("v00/temporal_localization/0", "asks what v00/open_qa/0 asks"),) if is_repeated else ())


def test_the_two_questions_of_bcq_may_be_alike(store: Store, rows: Rows) -> None:
    alike = no().model_copy(update={"question": "Does the van ever stop?"})
    change(rows, Asset.QA, lambda _: {"qa": (a_set(QaType.BCQ, yes(), alike),)})
    assert look(store, rows, Asset.QA, Check.REPEATED_QUESTIONS).breaches == ()


def test_a_letter_that_is_a_thing_of_the_scene_names_no_option(store: Store, rows: Rows) -> None:
    change_item(rows, QaType.MCQ, lambda _: {"reasoning": "A car in lane B stops. It does not turn."})
    assert look(store, rows, Asset.QA, Check.REASONING_LETTERS).breaches == ()


def test_a_type_that_failed_is_found_with_its_reason(store: Store, rows: Rows) -> None:
    row = rows[Asset.QA][0]
    assert isinstance(row, QaVideo)
    failed = Failure(what=QaType.MCQ, reason="two options are the same")
    change(rows, Asset.QA, lambda _: {"qa": row.qa[1:], "failures": (failed,)}, of=1)
    assert look(store, rows, Asset.QA, Check.UNREAD_SHARE).breaches == (("v00", "mcq: two options are the same"),)


@pytest.mark.parametrize(
    "box",
    [(-1.0, 0.0, 10.0, 10.0), (0.0, 0.0, 101.0, 10.0), (0.0, 0.0, 10.0, 51.0), (5.0, 0.0, 5.0, 10.0), (9.0, 0.0, 5.0, 10.0)],
)
def test_a_box_outside_or_without_area_is_found(box: Box, store: Store, rows: Rows) -> None:
    row = rows[Asset.GROUNDINGS][0]
    assert isinstance(row, GroundedImage)
    found = row.expressions[0].model_copy(update={"instances": (Instance(bbox_id="b", bbox=box),)})
    change(rows, Asset.GROUNDINGS, lambda _: {"expressions": (found,)}, of=1)
    assert look(store, rows, Asset.GROUNDINGS, Check.BOXES_INSIDE).passed is False


def test_the_same_box_is_no_fault_for_two_expressions(store: Store, rows: Rows) -> None:
    row = rows[Asset.GROUNDINGS][0]
    assert isinstance(row, GroundedImage)
    twice = (row.expressions[0], row.expressions[0].model_copy(update={"expression_id": "other"}))
    change(rows, Asset.GROUNDINGS, lambda _: {"expressions": twice}, of=1)
    assert look(store, rows, Asset.GROUNDINGS, Check.NEAR_DUPLICATE_BOXES).passed is True


def test_without_the_formats_own_validator_our_records_judge_and_say_so(
    store: Store, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nvidia_tao_daft.validators.tao_vl_reason_v1_0", None)
    found = look(store, rows, Asset.TASK_FILES, Check.TASK_FILE_SCHEMA)
    assert found.passed is True
    assert found.said == "0 faults in 6 task files, by our own records: nvidia-tao-daft is not installed"


def test_media_that_are_gone_fail_the_validation_of_task_files(store: Store, rows: Rows) -> None:
    row = rows[Asset.QA][0]
    assert isinstance(row, QaVideo) and row.media
    change(rows, Asset.QA, lambda _: {"media": row.media.model_copy(update={"path": "/gone/0.mp4"})}, of=1)  # type: ignore[union-attr]
    found = look(store, rows, Asset.TASK_FILES, Check.TASK_FILE_SCHEMA)
    assert found.passed is False
    assert "media not found: /gone/0.mp4" in found.breaches[0][1]

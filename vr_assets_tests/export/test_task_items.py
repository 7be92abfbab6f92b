"""What an item says: its question with one instruction, its answer as text, where it came from."""

import json
from pathlib import Path

import pytest

from vr_assets.export.task_items import RowItems, items_of, media_id
from vr_assets.records.task_file import Item, TaskName
from vr_assets.records.video import QaItem, QaSet, YesNoItem
from vr_assets.settings import QaType, Status
from vr_assets_tests.export.rows import REASONING, a_row, a_set, mcq, no, open_item, span_item, yes

CLIP = Path("/footage/cam1/clip.mp4")


def items(*sets: QaSet, duration_s: float = 30.0) -> dict[TaskName, Item]:
    found = items_of(a_row(CLIP, sets, duration_s=duration_s), media_root="/footage")
    assert found.failures == ()
    return dict(found.items)


def test_a_video_with_all_eight_types_yields_twelve_items() -> None:
    found = items_of(a_row(CLIP), media_root=None)
    assert found.failures == ()
    assert [task for task, _ in found.items] == [
        "mcq", "mcq_openended", "bcq", "bcq_openended", "bcq", "bcq_openended", "open_qa", "causal_linkage",
        "temporal_localization", "temporal_description", "scene_description", "video_summarization",
    ]  # fmt: skip


def test_a_multiple_choice_question_lists_its_options_and_asks_for_a_letter() -> None:
    made = items(a_set(QaType.MCQ, mcq()))
    assert made[TaskName.MCQ].question == (
        "Who yields?\nA) The bus\nB) The white van\nC) The tram\nD) Nobody\nAnswer with the letter of the correct option only."
    )
    assert made[TaskName.MCQ].answer == "B"
    assert made[TaskName.MCQ_OPENENDED].question.startswith("Who yields?\nA) The bus\n")
    assert "explanation" in made[TaskName.MCQ_OPENENDED].question.splitlines()[-1]
    assert made[TaskName.MCQ_OPENENDED].answer == "B) The white van. It brakes at the line."


def test_a_yes_no_question_is_answered_in_one_word_and_in_a_sentence() -> None:
    made = items(a_set(QaType.BCQ, yes()))
    assert (made[TaskName.BCQ].question, made[TaskName.BCQ].answer) == ("Does the van stop?\nAnswer with Yes or No only.", "Yes")
    assert made[TaskName.BCQ_OPENENDED].answer == "Yes. It stops at the line."
    assert "explanation" in made[TaskName.BCQ_OPENENDED].question.splitlines()[-1]


@pytest.mark.parametrize(
    ("explanation", "expected"),
    [
        pytest.param("Yes, it stops.", "Yes, it stops.", id="says the word itself"),
        pytest.param("yes: it stops.", "yes: it stops.", id="in small letters"),
        pytest.param("Yesterday's tracks show it.", "Yes. Yesterday's tracks show it.", id="a longer word"),
    ],
)
def test_the_word_is_not_said_twice(explanation: str, expected: str) -> None:
    qa = YesNoItem(question="Does it stop?", answer="Yes", explanation=explanation, reasoning=REASONING)
    assert items(a_set(QaType.BCQ, qa))[TaskName.BCQ_OPENENDED].answer == expected


def test_a_time_question_names_the_layout_of_its_answer() -> None:
    made = items(a_set(QaType.TEMPORAL_LOCALIZATION, span_item(3.0, 7.0)))[TaskName.TEMPORAL_LOCALIZATION]
    assert made.question == 'When does the van wait?\nAnswer in JSON as {"start": "MM:SS", "end": "MM:SS"}.'
    assert json.loads(made.answer) == {"start": "00:03", "end": "00:07"}


def test_a_clip_under_ten_seconds_is_answered_in_tenths() -> None:
    made = items(a_set(QaType.TEMPORAL_LOCALIZATION, span_item(0.4, 2.0)), duration_s=3.0)[TaskName.TEMPORAL_LOCALIZATION]
    assert '"start": "MM:SS.f"' in made.question
    assert json.loads(made.answer) == {"start": "00:00.4", "end": "00:02.0"}


def test_an_event_is_verified_with_yes_or_no() -> None:
    made = items(a_set(QaType.EVENT_VERIFICATION, no()))
    assert (made[TaskName.EVENT_VERIFICATION].answer, set(made)) == ("No", {"event_verification"})


def test_an_instruction_that_the_question_already_ends_with_is_not_repeated() -> None:
    asked = no().model_copy(update={"question": "Does it stop?\nAnswer with Yes or No only."})
    assert items(a_set(QaType.BCQ, asked))[TaskName.BCQ].question == "Does it stop?\nAnswer with Yes or No only."


def test_an_item_says_what_it_is_about_and_who_made_it() -> None:
    row = a_row(CLIP, [a_set(QaType.OPEN_QA, open_item("Why?"))], fields={"camera": "0007", "shift": None})
    [(_, item)] = items_of(row, media_root="/footage").items
    said = json.loads(item.to_line())
    assert said.pop("item_index")
    assert said == {
        "video_id": "cam1/clip.mp4", "question": "Why?", "answer": "The van waits.", "reasoning": REASONING, "duration": 30.0,
        "fps": 12.5, "width": 768, "height": 432, "mode": "normal", "model": "gemini-model", "prompt_version": "hash-of-open_qa",
        "camera": "0007", "shift": None,
    }  # fmt: skip
    assert Item.model_validate_json(item.to_line()) == item


def test_a_part_says_where_it_lies_and_its_times_are_on_its_own_clock() -> None:
    row = a_row(CLIP, [a_set(QaType.TEMPORAL_LOCALIZATION, span_item(10.0, 30.0))], part=(300.0, 600.0))
    [(_, item)] = items_of(row, media_root=None).items
    assert (item.start_s, item.end_s, item.duration) == (300.0, 600.0, 300.0)
    assert json.loads(item.answer) == {"start": "00:10", "end": "00:30"}


def test_a_part_ends_to_the_digit_where_its_neighbour_starts() -> None:
    row = a_row(CLIP, [a_set(QaType.OPEN_QA, open_item("Why?"))], part=(0.71, 14.01))
    [(_, item)] = items_of(row, media_root=None).items
    assert item.end_s == 14.01


def test_an_index_survives_the_failure_of_other_items() -> None:
    both = items_of(a_row(CLIP, [a_set(QaType.BCQ, yes(), no())]), media_root=None)
    broken = yes().model_copy(update={"reasoning": " "})
    one = items_of(a_row(CLIP, [a_set(QaType.BCQ, broken, no())]), media_root=None)
    assert [item.item_index for _, item in one.items] == [item.item_index for _, item in both.items[2:]]
    assert len({item.item_index for _, item in both.items}) == 4


def test_two_parts_of_one_recording_have_different_indices() -> None:
    rows = [a_row(CLIP, [a_set(QaType.OPEN_QA, open_item("Why?"))], part=part) for part in ((0.0, 30.0), (30.0, 60.0))]
    assert len({item.item_index for row in rows for _, item in items_of(row, media_root=None).items}) == 2


@pytest.mark.parametrize(
    ("qa_type", "item", "failed", "reason"),
    [
        pytest.param(QaType.OPEN_QA, open_item("Why?", reasoning=" \n"), ["open_qa 1"], "no reasoning", id="no reasoning"),
        pytest.param(QaType.OPEN_QA, open_item("Why?", answer=""), ["open_qa 1"], "no answer", id="no answer"),
        pytest.param(QaType.OPEN_QA, open_item(" "), ["open_qa 1"], "no question", id="no question"),
        pytest.param(QaType.MCQ, mcq(explanation=""), ["mcq_openended 1"], "no explanation", id="short form stays"),
        pytest.param(QaType.MCQ, mcq(answer="*"), ["mcq 1", "mcq_openended 1"], "none of the options A, B", id="no option"),
        pytest.param(QaType.TEMPORAL_LOCALIZATION, span_item(40, 50), ["temporal_localization 1"], "outside", id="outside"),
        pytest.param(QaType.MCQ, open_item("Why?"), ["mcq 1", "mcq_openended 1"], "open item", id="another kind of item"),
    ],
)  # fmt: skip
def test_an_item_that_cannot_be_written_is_a_failure_of_its_own(
    qa_type: QaType, item: QaItem, failed: list[str], reason: str
) -> None:
    found = items_of(a_row(CLIP, [a_set(qa_type, item), a_set(QaType.EVENT_SUMMARY, open_item("Sum up."))]), media_root=None)
    assert [failure.what for failure in found.failures] == failed
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.failures[0].reason)
    assert found.items[-1][0] is TaskName.VIDEO_SUMMARIZATION


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"media": None}, id="no media"),
        pytest.param({"provenance": ()}, id="no provenance"),
        pytest.param({"fields": {"answer": "mine"}}, id="a field with the name of a key"),
        pytest.param({"fields": {"image_id": "x.png"}}, id="a second media id"),
    ],
)
def test_a_row_that_cannot_vouch_for_its_items_gives_failures_and_no_items(changes: dict[str, object]) -> None:
    found = items_of(a_row(CLIP).model_copy(update=changes), media_root=None)
    assert (found.items, len(found.failures)) == ((), 12)


def test_a_row_that_is_not_ok_gives_nothing() -> None:
    row = a_row(CLIP).model_copy(update={"status": Status.FAILED, "reason": "no answer"})
    assert items_of(row, media_root=None) == RowItems()


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        pytest.param("/footage/cam1/a.mp4", "/footage", "cam1/a.mp4", id="below"),
        pytest.param("/footage/cam1/a.mp4", "/footage/", "cam1/a.mp4", id="a root with a slash"),
        pytest.param("/footage2/a.mp4", "/footage", "/footage2/a.mp4", id="beside, with the same beginning"),
        pytest.param("/footage/a.mp4", None, "/footage/a.mp4", id="no root"),
        pytest.param("s3://bucket/cam/a.mp4", "s3://bucket", "cam/a.mp4", id="an address"),
    ],
)
def test_a_media_id_is_the_path_below_the_root(path: str, root: str | None, expected: str) -> None:
    assert media_id(path, root) == expected

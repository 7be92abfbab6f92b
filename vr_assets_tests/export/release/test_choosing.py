"""What reviews and checks leave of the rows, and the line of all that they do not."""

from collections import Counter
from pathlib import Path

import pytest

from vr_assets.errors import ReleaseError
from vr_assets.export.release.choosing import Choice, Known, choose
from vr_assets.export.release.gathering import BatchRows
from vr_assets.records.release import Why
from vr_assets.records.review import Decision, Finding, Verdict, fingerprint, item_id
from vr_assets.records.task_file import Item, TaskName
from vr_assets.records.video import NearDuplicate, QaVideo
from vr_assets.settings import QaType, Status
from vr_assets_tests.export.release.batches import AT, a_video, batch_rows, decided, marked, release_settings

ROW = a_video(Path("/f/a.mp4"), duration_s=30.0, fields={"camera": 1})
MCQ = item_id(ROW.video_id, QaType.MCQ, 0)


def chosen(*rows: BatchRows, known: Known | None = None, **settings: object) -> Choice:
    return choose(rows, release_settings(**settings), known or Known())


def tasks(choice: Choice) -> list[str]:
    return [str(task) for video in choice.videos for task, _ in video.items]


def items(choice: Choice, task: TaskName) -> list[Item]:
    return [item for video in choice.videos for name, item in video.items if name is task]


def why(choice: Choice) -> dict[str, Why]:
    return {one.subject: one.why for one in choice.left_out}


def test_what_nobody_spoke_against_is_released_whole() -> None:
    choice = chosen(batch_rows(ROW))
    assert len(tasks(choice)) == 12 and choice.left_out == ()
    assert choice.videos[0].untouched == {kind for kind in QaType if kind is not QaType.EVENT_VERIFICATION}


def test_a_rejected_item_goes_from_both_its_files_and_is_named_with_the_note() -> None:
    choice = chosen(batch_rows(ROW, decisions=[decided(ROW, QaType.MCQ, Verdict.REJECT)]))
    assert not {"mcq", "mcq_openended"} & {*tasks(choice)} and len(tasks(choice)) == 10
    (left,) = choice.left_out
    assert (left.subject, left.why, left.said) == (MCQ, Why.REJECTED, "seen twice")


def test_the_others_of_a_set_keep_their_index_when_the_first_is_rejected() -> None:
    rejected = chosen(batch_rows(ROW, decisions=[decided(ROW, QaType.BCQ, Verdict.REJECT)]))
    (left,) = items(rejected, TaskName.BCQ)
    assert left == items(chosen(batch_rows(ROW)), TaskName.BCQ)[1]


def test_an_edit_is_what_is_released() -> None:
    edit = decided(ROW, QaType.MCQ, Verdict.EDIT, edits={"question": "Who stops?", "answer": "A", "options.A": "A tram"})
    choice = chosen(batch_rows(ROW, decisions=[edit]))
    (item,) = items(choice, TaskName.MCQ)
    assert item.question.startswith("Who stops?\nA) A tram\n") and item.answer == "A"
    assert QaType.MCQ not in choice.videos[0].untouched and choice.decided_at == AT


def test_an_edit_that_makes_no_item_stops_the_release_and_names_it() -> None:
    edit = decided(ROW, QaType.MCQ, Verdict.EDIT, edits={"answer": "E"})
    with pytest.raises(ReleaseError, match=f"{MCQ}.*'E'"):
        chosen(batch_rows(ROW, decisions=[edit]))


def test_a_decision_about_another_text_is_named_and_not_applied() -> None:
    choice = chosen(batch_rows(ROW, decisions=[decided(ROW, QaType.MCQ, Verdict.REJECT, of="0" * 16)]))
    assert len(tasks(choice)) == 12
    assert [(name, one.subject) for name, one in choice.outdated] == [("cams", MCQ)]


def test_of_several_decisions_the_last_counts() -> None:
    both = [decided(ROW, QaType.MCQ, verdict) for verdict in (Verdict.REJECT, Verdict.ACCEPT)]
    assert len(tasks(chosen(batch_rows(ROW, decisions=both)))) == 12
    assert len(tasks(chosen(batch_rows(ROW, decisions=both[::-1])))) == 10


def test_only_what_was_accepted_is_released_where_that_is_asked_for() -> None:
    accepted = [
        decided(ROW, QaType.BCQ, Verdict.ACCEPT),
        decided(ROW, QaType.OPEN_QA, Verdict.EDIT, edits={"answer": "It waits."}),
    ]
    choice = chosen(batch_rows(ROW, decisions=accepted), only_accepted=True)
    assert tasks(choice) == ["bcq", "bcq_openended", "open_qa"]
    assert not choice.videos[0].with_captions, "nobody accepted those"
    assert Counter(why(choice).values()) == {Why.NOT_ACCEPTED: 7}


def whole(verdict: Verdict) -> Decision:
    return Decision(subject=ROW.video_id, of=fingerprint(ROW), verdict=verdict, at=AT)


def test_a_video_may_be_accepted_or_rejected_as_a_whole() -> None:
    accepted = chosen(batch_rows(ROW, decisions=[whole(Verdict.ACCEPT)]), only_accepted=True)
    assert len(tasks(accepted)) == 12 and accepted.videos[0].with_captions
    rejected = chosen(batch_rows(ROW, decisions=[whole(Verdict.REJECT)]))
    assert rejected.videos == () and why(rejected) == {ROW.video_id: Why.REJECTED}


def test_what_was_decided_about_items_of_a_rejected_video_is_not_outdated_but_of_a_failed_one_is() -> None:
    about_item = decided(ROW, QaType.MCQ, Verdict.ACCEPT)
    assert chosen(batch_rows(ROW, decisions=[about_item, whole(Verdict.REJECT)])).outdated == ()
    failed = ROW.model_copy(update={"status": Status.FAILED, "reason": "cut", "qa": ()})
    assert [one for _, one in chosen(batch_rows(failed, decisions=[about_item])).outdated] == [about_item]


def test_a_failed_mark_leaves_its_item_out_unless_a_reviewer_accepts_it() -> None:
    mark = marked(ROW, QaType.MCQ, "blind")
    assert why(chosen(batch_rows(ROW, marks=[mark]))) == {MCQ: Why.MARK}
    assert len(tasks(chosen(batch_rows(ROW, marks=[mark], decisions=[decided(ROW, QaType.MCQ, Verdict.ACCEPT)])))) == 12


@pytest.mark.parametrize(
    ("mark", "patterns"),
    [
        pytest.param(marked(ROW, QaType.MCQ, "blind", passed=True), ("*",), id="passed"),
        pytest.param(marked(ROW, QaType.MCQ, "blind", of="0" * 16), ("*",), id="about another text"),
        pytest.param(marked(ROW, QaType.MCQ, "blind"), ("support", "agree*"), id="of a check that is passed over"),
    ],
)
def test_other_marks_leave_nothing_out(mark: object, patterns: tuple[str, ...]) -> None:
    assert len(tasks(chosen(batch_rows(ROW, marks=[mark]), failed_marks=patterns))) == 12  # type: ignore[list-item]


def test_findings_leave_out_what_they_name_where_their_check_is_named() -> None:
    findings = [
        Finding(check=check, asset="qa", subject=subject, said="so") for check, subject in (("a", MCQ), ("b", ROW.video_id))
    ]
    assert len(tasks(chosen(batch_rows(ROW, findings=findings)))) == 12
    assert why(chosen(batch_rows(ROW, findings=findings), findings=["a"])) == {MCQ: Why.FINDING}
    assert why(chosen(batch_rows(ROW, findings=findings), findings=["*"])) == {ROW.video_id: Why.FINDING}


def test_the_same_video_in_a_later_batch_is_asked_nothing_twice() -> None:
    choice = chosen(batch_rows(ROW), batch_rows(ROW, name="more"))
    assert len(tasks(choice)) == 12
    assert {(one.batch, one.why) for one in choice.left_out} == {("more", Why.REPEATED)}


def test_another_question_about_it_is_kept_under_an_index_of_its_own() -> None:
    edit = decided(ROW, QaType.OPEN_QA, Verdict.EDIT, edits={"question": "Where does the van wait?"})
    choice = chosen(batch_rows(ROW), batch_rows(ROW, name="more", decisions=[edit]))
    indexes = [item.item_index for video in choice.videos for _, item in video.items]
    assert len(indexes) == len(set(indexes)) == 13


def test_rows_that_are_not_ok_and_files_that_are_gone_are_named() -> None:
    failed = QaVideo(video_id="f", video="/f/b.mp4", status=Status.FAILED, reason="/f/b.mp4: broken")
    choice = chosen(batch_rows(failed, ROW), known=Known(missing={("cams", 1): "/f/a.mp4: no such file"}))
    assert [(one.subject, one.path, one.why, one.said) for one in choice.left_out] == [
        ("f", "b.mp4", Why.NOT_OK, "failed: b.mp4: broken"),
        (ROW.video_id, "a.mp4", Why.MEDIA, "a.mp4: no such file"),
    ]


def test_near_duplicates_are_left_out_where_that_is_asked_for() -> None:
    known = Known(near={("cams", 0): NearDuplicate(video_id="first", video="/f/first.mp4", batch="old")})
    assert len(tasks(chosen(batch_rows(ROW), known=known))) == 12
    assert why(chosen(batch_rows(ROW), known=known, drop_near_duplicates=True)) == {ROW.video_id: Why.NEAR_DUPLICATE}


def test_an_item_that_cannot_be_written_is_named_and_costs_no_other() -> None:
    broken = ROW.model_copy(update={"fields": {"question": "taken"}})
    choice = chosen(batch_rows(broken, ROW.model_copy(update={"video_id": "b"})))
    assert len(tasks(choice)) == 12 and len(choice.videos) == 1
    assert {one.why for one in choice.left_out} == {Why.UNWRITABLE} and "'question'" in choice.left_out[0].said

"""Which items the evidence checks mark, what they ask, and what they ask only once."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from vr_assets.errors import StageError
from vr_assets.parsing.option_orders import option_orders
from vr_assets.records.base import Span
from vr_assets.records.batch import ManifestRow
from vr_assets.records.call import Request
from vr_assets.records.review import Mark, fingerprint
from vr_assets.records.video import McqItem, OpenItem, Option, QaItem, QaSet, SpanItem, YesNoItem
from vr_assets.settings import Mode, QaType, Status, Task
from vr_assets.steps.evidence_checks import overlap
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph, Rows

Replies = Callable[[Request], str]

SEEN = "It is seen."
MCQ = McqItem(
    question="Where does the van go?",
    options=tuple(Option(letter=letter, text=text) for letter, text in zip("ABCD", ("Left", "Right", "Up", "Down"), strict=True)),
    answer="B",
    explanation=SEEN,
    reasoning=SEEN,
)
YES = YesNoItem(question="Does the van turn?", answer="Yes", explanation=SEEN, reasoning=SEEN)
NO = YesNoItem(question="Does the van stop?", answer="No", explanation=SEEN, reasoning=SEEN)
OPEN = OpenItem(question="Why does the van brake?", answer="A cyclist crosses.", reasoning=SEEN)
SPAN = SpanItem(question="When does the van wait?", span=Span(start_s=0.5, end_s=1.5), reasoning=SEEN)
SECOND = {"endpoints__other__backend": "opencv", "routes__agreement": "other"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    """A video of two seconds that went through the graph, and the folder that holds its facts."""
    folder = tmp_path_factory.mktemp("watched")
    write_clip(folder / "one.mp4", moving_box(8), 4)
    graph = Graph(folder)
    rows, _ = graph.run([ManifestRow(video_path=str(folder / "one.mp4"), mode=Mode.ANOMALY, source="test")], qa__qa_types="mcq")
    return folder, rows


@pytest.fixture
def graph(watched: tuple[Path, Rows], tmp_path: Path) -> Graph:
    """A project that asked nothing yet and need not decode."""
    shutil.copytree(watched[0] / "media", tmp_path / "media")
    return Graph(tmp_path)


@pytest.fixture
def holding(watched: tuple[Path, Rows]) -> Callable[..., Rows]:
    """The video's rows with QA of one's own: items by QA type."""

    def rows(**items: QaItem | tuple[QaItem, ...]) -> Rows:
        sets = tuple(
            QaSet(qa_type=QaType(kind), prompt_key=kind, items=given if isinstance(given, tuple) else (given,), raw_reply="")
            for kind, given in items.items()
        )
        return replace(watched[1], qa=[watched[1].qa[0].model_copy(update={"qa": sets})])

    return rows


def saying(answer: str, verdict: str = "Yes") -> Replies:
    """Answers every question so, and every question to a judge so."""

    def script(request: Request) -> str:
        judged = request.task in (Task.SUPPORT, Task.JUDGE)
        return json.dumps({"reason": "Because.", **({"verdict": verdict} if judged else {"answer": answer})})

    return script


def knowing(*items: QaItem) -> Replies:
    """Answers as the items have it, whatever the order; a judge says Yes."""

    def script(request: Request) -> str:
        item = request.evidence.item
        assert item is not None and item in items
        match item:
            case McqItem():
                right = next(option.text for option in item.options if option.letter == item.answer)
                line = next(line for line in request.prompt.schema_text.splitlines() if line.endswith(f") {right}"))
                return saying(line[0])(request)
            case SpanItem():
                return saying("00:00.5 - 00:01.5")(request)
            case _:
                return saying(item.answer)(request)

    return script


def passed(marks: Sequence[Mark]) -> dict[str, bool]:
    return {f"{mark.check} {mark.subject.partition('/')[2]}": mark.passed for mark in marks}


def tasks(requests: Sequence[Request]) -> Counter[Task]:
    return Counter(request.task for request in requests)


def test_with_no_check_on_nothing_is_asked_and_the_row_says_what_to_set(graph: Graph, holding: Callable[..., Rows]) -> None:
    (row,), asked = graph.check(holding(mcq=MCQ), saying("B"))
    assert (row.status, row.marks, asked) == (Status.SKIPPED, (), [])
    assert "evidence.checks" in row.reason


def test_a_choice_that_is_right_in_three_orders_without_the_video_does_not_need_it(
    graph: Graph, holding: Callable[..., Rows]
) -> None:
    (row,), asked = graph.check(holding(mcq=MCQ), knowing(MCQ), evidence__checks="blind")
    assert passed(row.marks) == {"blind mcq/0": False}
    assert "3 of 3" in row.marks[0].said
    assert row.marks[0].of == fingerprint(MCQ)
    assert len(set(row.marks[0].keys)) == 3
    assert not any(request.media for request in asked)


@pytest.mark.parametrize("letter", "ABCD")
def test_who_always_picks_the_same_place_is_right_in_one_order_at_most(
    letter: str, graph: Graph, holding: Callable[..., Rows]
) -> None:
    (row,), asked = graph.check(holding(mcq=MCQ), saying(letter), evidence__checks="blind")
    assert passed(row.marks) == {"blind mcq/0": True}
    assert len(asked) == 3


def test_orders_are_the_items_own_and_put_every_option_elsewhere() -> None:
    orders = option_orders(MCQ, 3)
    assert orders == option_orders(MCQ.model_copy(update={"explanation": "Other."}), 3)
    for text in ("Left", "Right", "Up", "Down"):
        assert len({next(letter for letter, other in order.options.items() if other == text) for order in orders}) == 3
    assert {order.options[order.answer] for order in orders} == {"Right"}


def test_an_option_about_the_others_stays_last_and_names_them_by_their_new_letters() -> None:
    texts = ("Both B and C", "It is red", "It is wet", "None of the above")
    item = MCQ.model_copy(update={"options": tuple(Option(letter=a, text=t) for a, t in zip("ABCD", texts, strict=True))})
    for order in option_orders(item, 3):
        assert order.options["D"] == "None of the above"
        both = next(text for text in order.options.values() if text.startswith("Both"))
        assert {order.options[letter] for letter in (both[5], both[11])} == {"It is red", "It is wet"}


def test_a_pair_stands_or_falls_together(graph: Graph, holding: Callable[..., Rows]) -> None:
    (row,), asked = graph.check(holding(bcq=(YES, NO)), knowing(YES, NO), evidence__checks="blind")
    assert passed(row.marks) == {"blind bcq/0": False, "blind bcq/1": False}
    assert len(asked) == len({request.prompt.identity for request in asked}) == 4


def test_who_says_yes_to_everything_does_not_answer_a_pair(graph: Graph, holding: Callable[..., Rows]) -> None:
    (row,), _ = graph.check(holding(bcq=(YES, NO)), saying("Yes"), evidence__checks="blind")
    assert passed(row.marks) == {"blind bcq/0": True, "blind bcq/1": True}


@pytest.mark.parametrize(("verdict", "needs_video"), [("Yes", False), ("No", True)])
def test_an_open_guess_is_compared_by_a_judge(
    verdict: str, needs_video: bool, graph: Graph, holding: Callable[..., Rows]
) -> None:
    (row,), asked = graph.check(holding(open_qa=OPEN), saying("A dog runs.", verdict), evidence__checks="blind")
    assert passed(row.marks) == {"blind open_qa/0": needs_video}
    assert [request.task for request in asked] == [Task.BLIND, Task.JUDGE]
    assert "A dog runs." in asked[1].prompt.schema_text and OPEN.answer in asked[1].prompt.schema_text
    assert OPEN.answer not in asked[0].prompt.schema_text


@pytest.mark.parametrize(
    ("guess", "needs_video"), [("00:00.4 - 00:01.5", False), ("00:00.0 - 00:00.6", True), ("00:01.5 - 00:02.0", True)]
)
def test_a_guessed_stretch_counts_by_its_overlap(
    guess: str, needs_video: bool, graph: Graph, holding: Callable[..., Rows]
) -> None:
    (row,), _ = graph.check(holding(temporal_localization=SPAN), saying(guess), evidence__checks="blind")
    assert passed(row.marks) == {"blind temporal_localization/0": needs_video}


def test_overlap_is_intersection_over_union() -> None:
    one = Span(start_s=0.0, end_s=2.0)
    assert overlap(one, one) == 1.0
    assert overlap(one, Span(start_s=1.0, end_s=3.0)) == pytest.approx(1 / 3)
    assert overlap(one, Span(start_s=2.0, end_s=3.0)) == overlap(one, Span(start_s=5.0, end_s=6.0)) == 0.0


def test_what_a_blind_guess_tells_nothing_about_is_not_asked_blind(graph: Graph, holding: Callable[..., Rows]) -> None:
    rows = holding(event_verification=YES, scene_description=OPEN, event_summary=OPEN)
    (row,), asked = graph.check(rows, saying("Yes"), evidence__checks="blind")
    assert (row.status, row.marks, asked) == (Status.OK, (), [])


def test_support_shows_the_judge_the_evidence_the_question_and_the_answer_and_no_video(
    graph: Graph, holding: Callable[..., Rows], watched: tuple[Path, Rows]
) -> None:
    (row,), asked = graph.check(holding(mcq=MCQ, bcq=(YES, NO)), saying("", "No"), evidence__checks="support")
    assert passed(row.marks) == {"support mcq/0": False, "support bcq/0": False, "support bcq/1": False}
    text = asked[0].prompt.schema_text
    assert watched[1].captions[0].global_caption in text
    assert watched[1].chunks[0].chunk_captions[0].caption in text
    assert watched[1].descriptions[0].detailed_description in text
    assert "Where does the van go?" in text and "B) Right" in text
    assert not asked[0].media


def test_a_second_model_watches_the_video_and_agrees_or_not(graph: Graph, holding: Callable[..., Rows]) -> None:
    rows = holding(mcq=MCQ, bcq=(YES, NO), temporal_localization=SPAN, open_qa=OPEN)
    (row,), asked = graph.check(rows, knowing(MCQ, YES, NO, SPAN, OPEN), evidence__checks="agreement", **SECOND)
    assert set(passed(row.marks).values()) == {True}
    assert len(row.marks) == 5
    watching = [request for request in asked if request.task is Task.AGREEMENT]
    assert len(watching) == 5 and all(request.media for request in watching)
    (row,), _ = Graph(graph.folder / "other").check(rows, saying("Yes", "No"), evidence__checks="agreement", **SECOND)
    assert passed(row.marks) == {"agreement bcq/0": True, "agreement bcq/1": False, "agreement open_qa/0": False}
    assert [failure.what for failure in row.failures] == ["agreement mcq/0", "agreement temporal_localization/0"]


def test_who_did_not_see_the_video_agrees_with_nobody(graph: Graph, holding: Callable[..., Rows]) -> None:
    script = lambda request: json.dumps({"reason": "No video was provided, so I guess.", "answer": "B"})  # noqa: E731
    (row,), _ = graph.check(holding(mcq=MCQ), script, evidence__checks="agreement", **SECOND)
    assert row.status is Status.FAILED and "did not see the video" in row.reason


def test_a_model_is_no_second_to_itself(graph: Graph, holding: Callable[..., Rows]) -> None:
    with pytest.raises(StageError, match="routes.agreement=NAME"):
        graph.check(holding(mcq=MCQ), saying("B"), evidence__checks="agreement")


def test_what_cannot_be_judged_is_a_failure_and_no_mark(graph: Graph, holding: Callable[..., Rows]) -> None:
    def script(request: Request) -> str:
        return "Hm." if request.evidence.item == OPEN else saying("A")(request)

    (row,), _ = graph.check(holding(mcq=MCQ, open_qa=OPEN), script, evidence__checks="support")
    assert row.status is Status.OK
    assert passed(row.marks) == {"support mcq/0": True}
    assert [failure.what for failure in row.failures] == ["support open_qa/0"]


def test_one_wrong_order_is_enough_even_where_another_was_not_answered(graph: Graph, holding: Callable[..., Rows]) -> None:
    orders = [order.options["A"] for order in option_orders(MCQ, 3)]

    def script(request: Request, known: str) -> str:
        shown_first = next(line for line in request.prompt.schema_text.splitlines() if line.startswith("A) "))
        return "Hm." if shown_first == f"A) {orders[0]}" else known

    (row,), _ = graph.check(holding(mcq=MCQ), lambda request: script(request, saying("A")(request)), evidence__checks="blind")
    assert passed(row.marks) == {"blind mcq/0": True}
    other = Graph(graph.folder / "other")
    (row,), _ = other.check(holding(mcq=MCQ), lambda one: script(one, knowing(MCQ)(one)), evidence__checks="blind")
    assert row.status is Status.FAILED and not row.marks, "all that was answered was right: it cannot be told"


def test_nothing_is_paid_twice_and_a_changed_item_asks_its_own_calls_alone(graph: Graph, holding: Callable[..., Rows]) -> None:
    checks = {"evidence__checks": "blind,support"}
    rows, asked = graph.check(holding(mcq=MCQ, open_qa=OPEN), saying("A"), **checks)
    assert tasks(asked) == {Task.BLIND: 4, Task.JUDGE: 1, Task.SUPPORT: 2}
    again, asked = graph.check(holding(mcq=MCQ, open_qa=OPEN), saying("A"), **checks)
    assert (again, asked) == (rows, [])
    edited = OPEN.model_copy(update={"answer": "A dog crosses."})
    changed, asked = graph.check(holding(mcq=MCQ, open_qa=edited), saying("A"), **checks)
    # What it is asked blind has not changed.
    assert tasks(asked) == {Task.JUDGE: 1, Task.SUPPORT: 1}
    assert all(request.evidence.item == edited for request in asked)
    assert {mark.of for mark in changed[0].marks} == {fingerprint(MCQ), fingerprint(edited)}


def test_another_threshold_asks_nothing_anew(graph: Graph, holding: Callable[..., Rows]) -> None:
    rows = holding(temporal_localization=SPAN)
    (strict,), _ = graph.check(rows, saying("00:00.8 - 00:01.5"), evidence__checks="blind", evidence__min_iou=0.9)
    (lax,), asked = graph.check(rows, saying(""), evidence__checks="blind", evidence__min_iou=0.3)
    assert [strict.marks[0].passed, lax.marks[0].passed, asked] == [True, False, []]


def test_a_video_that_an_earlier_stage_stopped_is_not_asked_about(graph: Graph, holding: Callable[..., Rows]) -> None:
    rows = holding(mcq=MCQ)
    stopped = rows.qa[0].model_copy(update={"status": Status.FAILED, "reason": "no item", "qa": ()})
    (row,), asked = graph.check(replace(rows, qa=[stopped]), saying("B"), evidence__checks="blind")
    assert (row.status, row.blocked_by, asked) == (Status.SKIPPED, "qa", [])

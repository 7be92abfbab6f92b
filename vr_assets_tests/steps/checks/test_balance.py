"""What is out of balance, and what may be chance."""

import math

import pytest

from vr_assets.records.video import McqItem, QaVideo
from vr_assets.settings import Asset, Graph, QaType, Settings
from vr_assets.steps.checks.balance import at_least, letter_balance, option_lengths, yes_no_balance
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look
from vr_assets.storage import Store
from vr_assets_tests.export.rows import a_set, no, yes
from vr_assets_tests.steps.checks.batches import MANY, NAME, Rows, change, change_item, put


def letters(store: Store, rows: Rows, answers: str, **checks: float) -> Look:
    """The balance of so many questions as there are answers."""
    rows[Asset.QA] = rows[Asset.QA][: len(answers)]
    change_item(rows, QaType.MCQ, lambda number: {"answer": answers[number]})
    put(store, rows, Graph.VIDEOS)
    settings = Settings.model_validate({"checks": checks})
    return letter_balance(BatchRows(store, NAME), Asset.QA, settings)


@pytest.mark.parametrize(("count", "total", "probability"), [(3, 10, 0.25), (10, 10, 0.25), (1, 4, 0.5), (0, 7, 0.3)])
def test_the_bound_is_the_binomial_tail(count: int, total: int, probability: float) -> None:
    exact = sum(math.comb(total, k) * probability**k * (1 - probability) ** (total - k) for k in range(count, total + 1))
    assert at_least(count, total, probability) == pytest.approx(exact)


def test_the_bound_holds_for_batches_of_thousands() -> None:
    assert at_least(10_000, 10_000, 0.5) == 0.0
    assert at_least(2_500, 10_000, 0.25) == pytest.approx(0.5, abs=0.01)


def test_a_few_questions_with_the_same_letter_are_no_fault_and_no_pass(store: Store, rows: Rows) -> None:
    found = letters(store, rows, "BBB")
    assert (found.passed, found.breaches) == (None, ())
    assert found.said == "3 of 3 multiple-choice questions answered B: too few to tell from chance"


def test_a_share_over_its_limit_that_chance_gives_often_passes(store: Store, rows: Rows) -> None:
    assert letters(store, rows, "BBBBBAACCD").passed is True


def test_a_share_that_chance_hardly_gives_passes_under_its_limit(store: Store, rows: Rows) -> None:
    assert letters(store, rows, "B" * MANY, max_letter_share=1.0).passed is True


def test_a_letter_that_is_nearly_always_right_is_found_and_named(store: Store, rows: Rows) -> None:
    found = letters(store, rows, "B" * 12 + "ACDA")
    assert found.passed is False
    assert found.breaches == ((NAME, "12 of 16 multiple-choice questions answered B"),)
    assert found.said == "12 of 16 multiple-choice questions answered B (75%; checks.max_letter_share = 0.4)"


def test_right_options_that_are_the_shortest_give_themselves_away_as_well(store: Store, rows: Rows) -> None:
    def shorter(number: int) -> dict[str, object]:
        row = rows[Asset.QA][number]
        assert isinstance(row, QaVideo)
        item = row.qa[0].items[0]
        assert isinstance(item, McqItem)
        return {
            "options": tuple(
                one.model_copy(update={"text": "It" if one.letter == item.answer else f"{one.text}, not at once"})
                for one in item.options
            )
        }

    change_item(rows, QaType.MCQ, shorter)
    put(store, rows, Graph.VIDEOS)
    found = option_lengths(BatchRows(store, NAME), Asset.QA, Settings())
    assert [said for _, said in found.breaches] == ["16 of 16 multiple-choice questions whose right option is the shortest"]


def test_each_type_of_yes_and_no_is_balanced_by_itself(store: Store, rows: Rows) -> None:
    asked = (a_set(QaType.BCQ, yes(), no()), a_set(QaType.EVENT_VERIFICATION, yes()))
    change(rows, Asset.QA, lambda _: {"qa": asked})
    put(store, rows, Graph.VIDEOS)
    found = yes_no_balance(BatchRows(store, NAME), Asset.QA, Settings())
    assert [said for _, said in found.breaches] == ["16 of 16 event_verification questions answered Yes"]

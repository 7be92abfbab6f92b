"""When a text stops in the middle, repeats another, or refuses."""

import pytest

from vr_assets.records.conversation import CaptionedConversation
from vr_assets.settings import Asset, Check, Graph, Settings
from vr_assets.steps.checks import RULES
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look
from vr_assets.steps.checks.wording import is_cut
from vr_assets.storage import Store
from vr_assets_tests.steps.checks.batches import NAME, Rows, change, put


def look(store: Store, rows: Rows, asset: Asset, check: Check) -> Look:
    put(store, rows, Graph.of(asset))
    return RULES[asset][check](BatchRows(store, NAME), asset, Settings())


@pytest.mark.parametrize(
    "text",
    [
        "A van stops. Then it turns",
        "A van stops at the",
        "A van, a bus,",
        "A van stops (near the kerb) and",
        "一辆车停下。然后它",
        "[00:00 - 00:04] A van comes.\n[00:04 - 00:09] It stops. Then it",
    ],
)
def test_a_text_that_hangs_in_the_air_is_cut(text: str) -> None:
    assert is_cut(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A van stops.",
        "A red van at a crossing",
        'The sign says "Stop"',
        "一辆车停下。",
        "Events:\n- A van comes\n- It stops",
        "It takes 3.5 s in all",
        "The driver, Mr. Smith",
        "A van stops **at once**",
    ],
)
def test_a_text_that_ends_as_it_means_to_is_not_cut(text: str) -> None:
    assert not is_cut(text)


def test_a_text_about_one_video_may_come_twice_in_it(store: Store, rows: Rows) -> None:
    same = "A van comes from the left, slows down at the crossing, waits for the lights and turns."
    change(rows, Asset.CAPTIONS, lambda _: {"global_caption": same, "dense_caption": same}, of=1)
    assert look(store, rows, Asset.CAPTIONS, Check.REPEATED_TEXTS).breaches == ()


def test_what_another_video_is_told_with_is_named_with_that_video(store: Store, rows: Rows) -> None:
    same = "A van comes from the left; slows down at the crossing, waits for the lights and turns."
    change(rows, Asset.CAPTIONS, lambda number: {"global_caption": same.upper() if number else same}, of=3)
    found = look(store, rows, Asset.CAPTIONS, Check.REPEATED_TEXTS)
    assert [subject for subject, _ in found.breaches] == ["v00", "v01", "v02"]
    assert found.breaches[1][1].startswith("global caption: the same as of v00 and 1 more:")


def test_rows_of_the_same_media_and_prompt_are_one_answer(store: Store, rows: Rows) -> None:
    first, second = rows[Asset.VIDEO_CAPTIONS]
    assert isinstance(first, CaptionedConversation) and isinstance(second, CaptionedConversation)
    rows[Asset.VIDEO_CAPTIONS] = [first, first.model_copy(update={"source": second.source})]
    assert look(store, rows, Asset.VIDEO_CAPTIONS, Check.REPEATED_TEXTS).breaches == ()


def test_a_word_is_an_answer_to_a_prompt_of_the_users_and_no_caption(store: Store, rows: Rows) -> None:
    change(rows, Asset.VIDEO_CAPTIONS, lambda _: {"caption": "Yes"})
    change(rows, Asset.CAPTIONS, lambda _: {"global_caption": "Yes"})
    assert look(store, rows, Asset.VIDEO_CAPTIONS, Check.EMPTY_TEXTS).passed is True
    store.remove_batch(NAME)
    assert look(store, rows, Asset.CAPTIONS, Check.EMPTY_TEXTS).passed is False


def test_few_flaws_among_many_texts_pass_and_are_findings_all_the_same(store: Store, rows: Rows) -> None:
    change(rows, Asset.CAPTIONS, lambda _: {"global_caption": "A van comes from the left and"}, of=1)
    found = look(store, rows, Asset.CAPTIONS, Check.TRUNCATED_TEXTS)
    assert (found.passed, len(found.breaches)) == (True, 1)
    assert found.said == "1 of 32 texts stop in the middle (3.1%; checks.max_flawed_share = 0.05)"

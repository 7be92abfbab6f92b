"""Option letters in running text follow their options; letters of the scene stay."""

from collections.abc import Mapping

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.letters import Scene, names_options, rename_in_option, rename_letters

TURNED = {"A": "C", "B": "A", "C": "D", "D": "B"}


def turned(text: str, question: str = "", options: Mapping[str, str] | None = None) -> str:
    (text,) = rename_letters((text,), TURNED, scene=Scene(question, options or {}))
    return text


@pytest.mark.parametrize(
    ("text", "followed"),
    [
        ("Option B is right.", "Option A is right."),
        ("option b is right", "option a is right"),
        ("(B) fits.", "(A) fits."),
        ("B is wrong; A is right.", "A is wrong; C is right."),
        ("options A and C", "options C and D"),
        ("Options A, C, and D are wrong", "Options C, D, and B are wrong"),
        ("Options (A), (B) and (D)", "Options (C), (A) and (B)"),
        ("options B/C", "options A/D"),
        ("options A-C are wrong", "options A, C and D are wrong"),
        ("Options B through D are wrong", "Options A, B and D are wrong"),
        ("options a-c are wrong", "options a, c and d are wrong"),
        ("options A-C and D are wrong", "options A, C and D and B are wrong"),
        ("options C to A", "options D to C"),
        ("A understates it", "C understates it"),
        ("Person A waves; options A-C are wrong", "Person A waves; options A, C and D are wrong"),
        ("B wrongly says so", "A wrongly says so"),
        ("choice D", "choice B"),
        ("the answer is (B).", "the answer is (A)."),
        ("The correct answer is A because it stops", "The correct answer is C because it stops"),
        ("Answer: B", "Answer: A"),
        ("the correct letter is B", "the correct letter is A"),
        ("A and C can be eliminated.", "C and D can be eliminated."),
        ("A) is late.\nB) fits.\nC. never\n- D: yes", "C) is late.\nA) fits.\nD. never\n- B: yes"),
        ("**B** is right", "**A** is right"),
        ("'B' is right", "'A' is right"),
        ("B's claim is wrong", "A's claim is wrong"),
        ("Unlike A, B shows the car", "Unlike C, A shows the car"),
        ("Only B fits", "Only A fits"),
        ("This eliminates B and leaves D.", "This eliminates A and leaves B."),
        ("neither A nor D", "neither C nor B"),
        ("Thus, B.", "Thus, A."),
        ("B", "A"),
        ("He chose A for safety", "He chose C for safety"),
        ("A describes a truck, A ignores it, A never happens", "C describes a truck, C ignores it, C never happens"),
        ("Since A matches, A is it", "Since C matches, C is it"),
        ("rules out A. A man walks", "rules out C. A man walks"),
        ("The first option is wrong, the last option too", "Option C is wrong, option B too"),
        ("Option A: A car stops", "Option C: A car stops"),
        ("I pick B over A.", "I pick A over C."),
        ("plan B, option B", "plan B, option A"),
        ("Statement B is wrong, scenario A too", "Statement A is wrong, scenario C too"),
        ("the option labelled B", "the option labelled A"),
        ("The answer is A. A car hits the pole.", "The answer is C. A car hits the pole."),
        ("A: blue, not red. B: right.", "C: blue, not red. A: right."),
        ("Lanes A and B are empty, so option A", "Lanes A and B are empty, so option C"),
    ],
)
def test_20_letters_that_name_options_follow_the_shuffle(text: str, followed: str) -> None:
    assert turned(text) == followed


@pytest.mark.parametrize(
    "text",
    [
        "A car enters. A bus stops. A parked car. A sports car. A goods train.",
        "A wrongly parked car, A used car, A one-way street, A uniformed man",
        "in this option a car stops; (A man waves.)",
        "It shows: A man. At 00:05 A worker falls.",
        "Person A and Person B walk. Person A and B stop.",
        "persons A and B walk",
        "boxes A and B fall",
        "Lane B is empty",
        "vitamin C",
        "Vitamin C",
        "the man (A) and the woman (B)",
        "the B-pillar and the A-frame",
        "Washington, D.C. today",
        "20 C outside",
        "an A/C unit",
        "A/C is on.",
        "from A to B",
        "Forklift B hits the rack",
        "John B. Smith walks",
        "the letter B on the door",
        "the truck marked B, the sign that reads B",
        "Mr. B and Dr. A. Smith",
        "Vehicle-A hits vehicle-B",
        "building C, crossing B, bus A",
        "I'd say, he'd say",
    ],
)
def test_20_letters_of_the_scene_and_articles_stay(text: str) -> None:
    assert turned(text) == text


def test_20_a_noun_that_carries_a_letter_in_the_question_is_a_thing_in_the_reasoning() -> None:
    assert turned("the parcels (B) fall", question="Which parcels B fall?") == "the parcels (B) fall"
    assert turned("the parcels (B) fall") == "the parcels (A) fall"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Car A hits Car B. A approaches fast.", ""),
        ("B is the lane of the man in lane B", ""),
        ("A approaches fast.", "What does Car A do?"),
    ],
)
def test_20_a_letter_that_may_be_either_is_rejected_not_turned(text: str, question: str) -> None:
    with pytest.raises(ReplyError, match="cannot be told"):
        turned(text, question)


def test_20_a_letter_in_brackets_after_a_things_name_is_the_option_that_tells_of_it() -> None:
    options = {"A": "A red car", "B": "A blue truck"}
    assert turned("The blue truck (B) hits the pole.", options=options) == "The blue truck (A) hits the pole."
    assert turned("The man (B) waves.", options=options) == "The man (B) waves."


def test_20_a_letter_that_is_judged_is_an_option_though_a_thing_has_it_too() -> None:
    assert turned("Lane B is empty, so B is wrong.") == "Lane B is empty, so A is wrong."
    assert turned("Lane B is empty. This eliminates B.") == "Lane B is empty. This eliminates A."


@pytest.mark.parametrize(
    ("option", "others", "renamed"),
    [
        ("Both A and C", ["Both A and C", "A car"], "Both C and D"),
        ("A and C", ["A and C", "A car"], "C and D"),
        ("Neither A nor B", ["Neither A nor B"], "Neither C nor A"),
        ("A and B", ["A and B", "B and C"], "A and B"),
        ("A", ["A", "B"], "A"),
        ("A car and a bus", ["A car and a bus"], "A car and a bus"),
    ],
)
def test_20_an_option_made_of_options_follows_and_lanes_stay(option: str, others: list[str], renamed: str) -> None:
    assert rename_in_option(option, TURNED, others=others) == renamed


def test_a_question_that_names_options_is_known_from_one_that_does_not() -> None:
    assert names_options("Why is option B wrong?")
    assert not names_options("Which option describes a car best?")
    assert not names_options("What does Person B do?")

"""Answers from a closed set."""

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.choices import read_letter, read_verdict, read_yes_no
from vr_assets.settings import Mode

OPTIONS = {"A": "A red car", "B": "A blue truck", "C": "None", "D": "Two bicycles"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes", "Yes"),
        ("**Yes**", "Yes"),
        ("yes.", "Yes"),
        ("YES\nbecause it stops", "Yes"),
        ("[Yes]", "Yes"),
        ("'No'", "No"),
        ("**No**, there is none", "No"),
        ("No", "No"),
        ("Yes, the car stops.", "Yes"),
        ("Yes, no car is on the road.", "Yes"),
        ("Yes — the truck turns", "Yes"),
        ("Yes, the plate is not visible.", "Yes"),
        ("No because it stops", "No"),
        ("The answer is **Yes**", "Yes"),
        ("Answer: No", "No"),
        ("Final answer: Yes.", "Yes"),
        ("true", "Yes"),
        ("✅ Yes", "Yes"),
        ("Ｙｅｓ（是）", "Yes"),
        ("B) No", "No"),
    ],
)
def test_24_yes_and_no_read_in_bold_and_in_a_sentence(text: str, answer: str) -> None:
    assert read_yes_no(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "Not visible",
        "Unclear",
        "cannot be determined",
        "N/A",
        "Maybe",
        "Yes/No",
        "Yes or No",
        "Yes and no",
        "No idea",
        "No evidence of a car",
        "No, it cannot be determined from the video.",
        "No (not visible)",
        "No - unclear",
        "No, wait. Yes.",
        "Yes. Actually, no.",
        "Nope",
        "Yesterday",
        "Yes, most likely",
        "Yes (probably).",
        "No, I think so",
        "Probably yes",
        "Normal",
        "The car stops",
        "*",
    ],
)
def test_25_not_visible_is_neither_yes_nor_no(text: str) -> None:
    with pytest.raises(ReplyError, match="neither Yes nor No"):
        read_yes_no(text)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("Anomaly", Mode.ANOMALY),
        ("**Anomaly**", Mode.ANOMALY),
        ("ANOMALY.", Mode.ANOMALY),
        ("anomalous", Mode.ANOMALY),
        ("Abnormal", Mode.ANOMALY),
        ("not normal", Mode.ANOMALY),
        ("Anomaly detected", Mode.ANOMALY),
        ("There is an anomaly", Mode.ANOMALY),
        ("The verdict is Anomaly", Mode.ANOMALY),
        ("Anomaly (not normal)", Mode.ANOMALY),
        ("Anomaly. Normal traffic would stop.", Mode.ANOMALY),
        ("Anomaly, possibly caused by ice", Mode.ANOMALY),
        ("⚠️ Anomaly", Mode.ANOMALY),
        ("This is an anomaly because the car leaves the road", Mode.ANOMALY),
        ("Normal", Mode.NORMAL),
        ("**Normal**", Mode.NORMAL),
        ("normal traffic", Mode.NORMAL),
        ("The video is normal", Mode.NORMAL),
        ("no anomaly", Mode.NORMAL),
        ("Not an anomaly", Mode.NORMAL),
        ("No anomalies detected", Mode.NORMAL),
        ("There is no anomaly in the video.", Mode.NORMAL),
        ("It is not anomalous", Mode.NORMAL),
        ("Normal (no anomaly)", Mode.NORMAL),
        ("Normal - traffic flows freely", Mode.NORMAL),
    ],
)
def test_24_a_verdict_reads_in_bold_and_with_its_negation(text: str, mode: Mode) -> None:
    assert read_verdict(text) is mode


@pytest.mark.parametrize(
    "text",
    [
        "Unclear",
        "unknown",
        "Anomaly/Normal",
        "Anomaly or Normal",
        "Anomaly: No",
        "Anomaly, none",
        "anomaly not detected",
        "Normal, but an anomaly at 00:10",
        "Normal: Anomaly",
        "Normal, probably",
        "Possibly anomaly",
        "Mostly normal with a minor anomaly",
        "Yes",
        "Paranormal",
        "Cannot be determined",
    ],
)
def test_24_what_names_both_or_neither_is_no_verdict(text: str) -> None:
    with pytest.raises(ReplyError, match="neither anomaly nor normal"):
        read_verdict(text)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("**B**", "B"),
        ("b", "B"),
        ("(b)", "B"),
        ("[B]", "B"),
        ("B.", "B"),
        ("B)", "B"),
        ("B) A blue truck", "B"),
        ("**B**) A blue truck", "B"),
        ("**B** A blue truck", "B"),
        ("B - A blue truck", "B"),
        ("B) because it is blue", "B"),
        ("B, because it is blue", "B"),
        ("Option B", "B"),
        ("option b: a blue truck", "B"),
        ("Answer: B", "B"),
        ("The answer is B", "B"),
        ("The correct answer is option **B**.", "B"),
        ("The answer is B and not C.", "B"),
        ("The answer is a", "A"),
        ("a blue truck.", "B"),
        ("A red car", "A"),
        ("None", "C"),
        ("（B）", "B"),
        ("Ｂ", "B"),
        ("option_b", "B"),
        ("B ✅", "B"),
        ("The correct answer is: A blue truck.", "B"),
    ],
)
def test_21_a_letter_reads_in_bold_in_a_sentence_or_as_its_option(text: str, letter: str) -> None:
    assert read_letter(text, OPTIONS) == letter


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "T",
        "E",
        "The answer is a truck",
        "B and C",
        "A, B",
        "B/C",
        "B or C",
        "Both",
        "A green car",
        "Not B",
        "The answer is B. The answer is C.",
        "The answer is B and C.",
        "2",
    ],
)
def test_21_a_star_a_t_or_several_letters_name_no_option(text: str) -> None:
    with pytest.raises(ReplyError, match="none of the options"):
        read_letter(text, OPTIONS)


def test_a_letter_with_another_options_text_is_rejected() -> None:
    with pytest.raises(ReplyError, match="of two options"):
        read_letter("B) A red car", OPTIONS)


def test_a_letter_that_is_also_an_options_text_is_the_letter() -> None:
    assert read_letter("B", {"A": "B", "B": "A", "C": "x", "D": "y"}) == "B"
    assert read_letter("y", {"A": "B", "B": "A", "C": "x", "D": "y"}) == "D"

"""Questions, answers and reasoning."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from pydantic import JsonValue

from vr_assets.errors import ReplyError
from vr_assets.parsing.qa import parse_qa
from vr_assets.records.base import Span
from vr_assets.records.video import McqItem, OpenItem, QaItem, SpanItem, YesNoItem
from vr_assets.settings import QaType
from vr_assets_tests.parsing.forms import JSONS, LAYOUTS, Fields, bold_whole_line

WITHIN = Span(start_s=0.0, end_s=30.4)
OPEN_TYPES = [
    QaType.OPEN_QA,
    QaType.CAUSAL_LINKAGE,
    QaType.TEMPORAL_EVENT_DESC,
    QaType.SCENE_DESCRIPTION,
    QaType.EVENT_SUMMARY,
]


def parse(reply: str | Mapping[str, JsonValue], qa_type: QaType) -> tuple[QaItem, ...]:
    return parse_qa(reply if isinstance(reply, str) else json.dumps(reply), qa_type=qa_type, within=WITHIN)


# --- mcq

TEXTS = {"A": "A red car", "B": "A blue truck", "C": "A bicycle", "D": "A bus"}


def listed(texts: Mapping[str, str]) -> JsonValue:
    return [{"letter": letter, "text": text} for letter, text in texts.items()]


MCQ: dict[str, JsonValue] = {
    "question": "What hits the pole?",
    "options": listed(TEXTS),
    "answer": "B",
    "explanation": "The blue truck hits it.",
    "reasoning": "At 00:05 the blue truck turns too fast and hits the pole.",
}


def mcq(**changes: JsonValue) -> McqItem:
    (item,) = parse({**MCQ, **changes}, QaType.MCQ)
    assert isinstance(item, McqItem)
    return item


def right(item: McqItem) -> str:
    return next(option.text for option in item.options if option.letter == item.answer)


def new_letters(item: McqItem) -> dict[str, str]:
    """Where each option of TEXTS went."""
    by_text = {option.text: option.letter for option in item.options}
    return {letter: by_text[text] for letter, text in TEXTS.items()}


def test_the_options_are_shuffled_and_the_answer_follows() -> None:
    item = mcq()
    assert [option.letter for option in item.options] == ["A", "B", "C", "D"]
    assert sorted(option.text for option in item.options) == sorted(TEXTS.values())
    assert right(item) == "A blue truck"


def test_the_shuffle_is_a_function_of_the_question_alone() -> None:
    order = list("ABCD")
    random.Random(hashlib.sha256(b"What hits the pole?").digest()).shuffle(order)
    assert order != list("ABCD")
    assert [option.text for option in mcq().options] == [TEXTS[letter] for letter in order]
    assert mcq(reasoning="It turns and hits.", answer="D").options == mcq().options


def test_the_right_option_has_no_favourite_letter() -> None:
    letters = Counter(mcq(question=f"What hits pole number {number}?").answer for number in range(800))
    assert all(150 < letters[letter] < 250 for letter in "ABCD")


def test_20_letters_in_reasoning_and_explanation_follow_the_shuffle() -> None:
    item = mcq(
        explanation="Option B: the truck hits it. (A) and (C) stay away.",
        reasoning=(
            "A man stands at lane B. Person A waves. Option A is wrong, since the car stops. B is right. "
            "Options C and D are never near; choice D is parked. The answer is B."
        ),
    )
    new = new_letters(item)
    assert item.explanation == f"Option {new['B']}: the truck hits it. ({new['A']}) and ({new['C']}) stay away."
    assert item.reasoning == (
        f"A man stands at lane B. Person A waves. Option {new['A']} is wrong, since the car stops. {new['B']} is right. "
        f"Options {new['C']} and {new['D']} are never near; choice {new['D']} is parked. The answer is {new['B']}."
    )


@pytest.mark.parametrize("question", [f"What hits pole {number}?" for number in range(30)])
def test_20_the_reasoning_still_names_the_right_option_whatever_the_order(question: str) -> None:
    item = mcq(question=question, reasoning="B is right, A is wrong.", explanation="Option B.")
    new = new_letters(item)
    assert item.reasoning == f"{new['B']} is right, {new['A']} is wrong."
    assert item.explanation == f"Option {item.answer}."


def test_20_a_letter_that_may_be_a_person_or_an_option_is_not_guessed() -> None:
    with pytest.raises(ReplyError, match="cannot be told"):
        mcq(reasoning="Person A runs. Then A stops.")


def test_an_option_about_the_others_stays_last() -> None:
    options = listed(TEXTS | {"D": "None of the above"})
    for number in range(20):
        item = mcq(question=f"What hits pole {number}?", options=options)
        assert item.options[3].text == "None of the above"
    with pytest.raises(ReplyError, match="before the last"):
        mcq(options=listed(TEXTS | {"B": "All of the above"}))


def test_20_an_option_made_of_options_follows_them() -> None:
    options = listed(TEXTS | {"D": "Both A and C"})
    item = mcq(options=options, answer="D")
    letters = {option.text: option.letter for option in item.options}
    assert right(item) == f"Both {letters['A red car']} and {letters['A bicycle']}"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(TEXTS, id="object"),
        pytest.param([f"{letter}) {text}" for letter, text in TEXTS.items()], id="lettered strings"),
        pytest.param([f"({letter}) {text}" for letter, text in TEXTS.items()], id="bracketed strings"),
        pytest.param(list(TEXTS.values()), id="bare strings"),
        pytest.param([{letter: text} for letter, text in TEXTS.items()], id="objects by letter"),
        pytest.param([{"label": f"{letter}.", "option": text} for letter, text in TEXTS.items()], id="other names"),
        pytest.param([{"letter": letter.lower(), "text": text} for letter, text in TEXTS.items()], id="small letters"),
        pytest.param([{"letter": f"Option {letter}", "text": text} for letter, text in TEXTS.items()], id="letters in words"),
        pytest.param([{"text": text, "letter": letter} for letter, text in reversed(TEXTS.items())], id="another order"),
        pytest.param("A) A red car\nB) A blue truck\nC) A bicycle\nD) A bus", id="one string"),
        pytest.param("A. A red car B. A blue truck C. A bicycle D. A bus", id="one line"),
    ],
)
def test_options_read_in_any_json_form(options: JsonValue) -> None:
    assert mcq(options=options) == mcq()


OPTION_LINES = [
    "{letter}) {text}",
    "{letter}. {text}",
    "({letter}) {text}",
    "[{letter}] {text}",
    "{letter}: {text}",
    "{letter} - {text}",
    "**{letter}** {text}",
    "**{letter})** {text}",
    "**{letter}.** {text}",
    "**{letter}:** {text}",
    "**{letter}) {text}**",
    "- {letter}) {text}",
    "* **{letter}**: {text}",
    "Option {letter}: {text}",
    "  {letter})\t{text}  ",
    "{letter}）{text}",
    "{letter})\n{text}",
]


@pytest.mark.parametrize("label", ["OPTIONS:\n", "**Options:**\n\n", "### Options\n", "OPTIONS\n", "", "Choices:\n"])
@pytest.mark.parametrize("line", OPTION_LINES)
def test_22_options_read_however_their_letters_are_written(line: str, label: str) -> None:
    lines = "\n".join(line.format(letter=letter, text=text) for letter, text in TEXTS.items())
    after = f"ANSWER: **B**\nEXPLANATION: {MCQ['explanation']}\nREASONING: {MCQ['reasoning']}"
    reply = f"QUESTION: {MCQ['question']}\n{label}{lines}\n{after}"
    assert parse(reply, QaType.MCQ) == (mcq(),)


# Bold around several lines is no layout of options.
OPTION_LAYOUTS = [form for form in LAYOUTS if form is not bold_whole_line]


@pytest.mark.parametrize("form", OPTION_LAYOUTS, ids=lambda form: form.__name__)
def test_22_a_question_with_options_reads_in_every_layout(form: Callable[[Fields], str]) -> None:
    fields = {name: str(value) for name, value in MCQ.items()} | {"options": "\n".join(f"{a}) {t}" for a, t in TEXTS.items())}
    assert parse(form(fields), QaType.MCQ) == (mcq(),)


@pytest.mark.parametrize("form", JSONS.values(), ids=JSONS)
def test_a_question_with_options_reads_from_json(form: Callable[[object], str]) -> None:
    assert parse(form(MCQ), QaType.MCQ) == (mcq(),)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"answer": "*"}, "answer", id="21 a star"),
        pytest.param({"answer": "T"}, "none of the options", id="21 a T"),
        pytest.param({"answer": "E"}, "none of the options", id="a letter that is no option"),
        pytest.param({"answer": "A and B"}, "none of the options", id="two letters"),
        pytest.param({"answer": ""}, "answer is empty", id="22 empty answer"),
        pytest.param({"explanation": ""}, "explanation is empty", id="22 empty explanation"),
        pytest.param({"reasoning": " "}, "reasoning is empty", id="22 empty reasoning"),
        pytest.param({"question": ""}, "question is empty", id="22 empty question"),
        pytest.param({"options": list(TEXTS.values())[:3]}, "the options are A, B, C", id="three options"),
        pytest.param({"options": [f"A {n} metre pole" for n in range(9)]}, "the options are A, B, C, D, E", id="nine options"),
        pytest.param({"options": [{"first": text} for text in TEXTS.values()]}, "letter is missing", id="no letters"),
        pytest.param({"options": ["A) x", "B) y", "C) z", "D) w", "D) v"]}, "the options are", id="a fifth option"),
        pytest.param({"options": []}, "the options are", id="no options"),
        pytest.param({"options": ["a red car", "A red car.", "x", "y"]}, "the same", id="two equal options"),
        pytest.param({"options": ["A red car", "", "x", "y"]}, "options 2 text is empty", id="an empty option"),
        pytest.param({"options": ["A) x", "B) y", "z", "w"]}, "letters in part", id="letters in part"),
        pytest.param({"options": ["A) x", "A) y", "C) z", "D) w"]}, "the options are", id="a letter twice"),
        pytest.param({"options": ["B) x", "C) y", "D) z", "E) w"]}, "the options are", id="other letters"),
        pytest.param({"question": "Why is option B wrong?"}, "names its own options", id="a question that names options"),
        pytest.param({"reasoning": "According to the captions, the truck hits it."}, "cites", id="cites the captions"),
        pytest.param({"reasoning": "I cannot view the video."}, "refusal", id="refused reasoning"),
    ],
)
def test_an_mcq_that_is_not_whole_is_rejected_and_says_why(changes: dict[str, JsonValue], why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        mcq(**changes)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param("A) x\nB) y\nC) z", "the options are A, B, C", id="three lines"),
        pytest.param("A red car\nA blue truck\nA bicycle\nA bus", "no option", id="no letters"),
        pytest.param("A) x\nB) y\nC) z\nD) w\n\nChoose one of them.", "no option", id="a line after them"),
        pytest.param("A) x\nB)\nC) z\nD) w", "options 2 text is empty", id="an option without text"),
    ],
)
def test_22_half_of_the_options_is_none(options: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        parse(f"QUESTION: What?\nOPTIONS:\n{options}\nANSWER: A\nEXPLANATION: e\nREASONING: r", QaType.MCQ)


# --- bcq and event_verification

YES = {
    "question": "Does the car stop?",
    "answer": "Yes",
    "explanation": "It stops at the gate.",
    "reasoning": "At 00:05 it brakes.",
}
NO = {"question": "Does the bus stop?", "answer": "No", "explanation": "There is none.", "reasoning": "No bus is on the road."}


def blocks(*items: Mapping[str, str], between: str = "\n---\n") -> str:
    return between.join("\n".join(f"{name.upper()}: {value}" for name, value in item.items()) for item in items)


TWO_ITEMS = [
    pytest.param(json.dumps({"items": [YES, NO]}), id="json"),
    pytest.param(json.dumps([YES, NO]), id="bare list"),
    pytest.param(json.dumps({"questions": [YES, NO]}), id="another name"),
    pytest.param(json.dumps({"question_1": YES, "question_2": NO}), id="an object of two"),
    pytest.param(json.dumps({"result": {"items": [YES, NO]}}), id="wrapped"),
    pytest.param(blocks(YES, NO), id="blocks"),
    pytest.param(blocks(YES, NO, between="\n"), id="22 no separator"),
    pytest.param(blocks(YES, NO, between="\n\n***\n\n"), id="another separator"),
    pytest.param("### Item 1\n" + blocks(YES, NO, between="\n\n### Item 2\n"), id="headings above"),
    pytest.param("**Question 1**\n" + blocks(YES, NO, between="\n\n**Question 2**\n"), id="bold headings above"),
    pytest.param(
        blocks(YES, NO).replace("QUESTION:", "**Question 1:**").replace("ANSWER: ", "**Answer:** **"), id="22 bold, half a pair"
    ),
    pytest.param(blocks(YES, NO).replace("QUESTION", "Q").replace("ANSWER", "A"), id="initials"),
    pytest.param(blocks(YES | {"answer": "**Yes**"}, NO | {"answer": "No, there is none."}), id="24 bold and a sentence"),
    pytest.param("\n".join(f"{name}:\n{value}" for item in (YES, NO) for name, value in item.items()), id="values below"),
    pytest.param("Here are the two questions:\n\n" + blocks(YES, NO) + "\n---\n", id="separator at the end"),
    pytest.param("ITEMS:\n" + blocks(YES, NO), id="a heading over both"),
]


@pytest.mark.parametrize("reply", TWO_ITEMS)
def test_22_both_items_read(reply: str) -> None:
    items = parse(reply, QaType.BCQ)
    assert [item.model_dump(exclude={"form"}) for item in items] == [YES, NO]
    assert all(isinstance(item, YesNoItem) for item in items)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param(json.dumps({"items": [YES, YES]}), "not one Yes and one No", id="two Yes"),
        pytest.param(json.dumps({"items": [YES]}), "not one Yes and one No", id="one"),
        pytest.param(json.dumps({"items": []}), "not one Yes and one No", id="none"),
        pytest.param(json.dumps({"items": [YES, NO, NO]}), "not one Yes and one No", id="three"),
        pytest.param(json.dumps(YES), "items", id="one without a list"),
        pytest.param(json.dumps({"items": [YES, NO | {"answer": "Not visible"}]}), "neither Yes nor No", id="25 not visible"),
        pytest.param(json.dumps({"items": [YES, NO | {"answer": "*"}]}), "items 2 answer", id="a star"),
        pytest.param(json.dumps({"items": [YES, NO | {"reasoning": ""}]}), "items 2 reasoning is empty", id="22 empty reasoning"),
        pytest.param(json.dumps({"items": [YES, NO | {"question": YES["question"]}]}), "the same question", id="one question"),
        pytest.param(json.dumps({"items": [YES, NO]})[:-40], "broken JSON", id="cut"),
        pytest.param(
            blocks(YES, {k: v for k, v in NO.items() if k != "reasoning"}), "items 2 reasoning is missing", id="22 half a block"
        ),
        pytest.param(
            blocks({k: v for k, v in YES.items() if k != "question"}, NO), "missing", id="22 a block without its question"
        ),
        pytest.param(blocks(YES), "not one Yes and one No", id="one block"),
        pytest.param("There is a car.", "items", id="prose"),
    ],
)
def test_22_anything_but_one_yes_and_one_no_question_is_rejected(reply: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        parse(reply, QaType.BCQ)


@pytest.mark.parametrize("form", LAYOUTS, ids=lambda form: form.__name__)
def test_a_stated_event_is_verified_with_one_item(form: Callable[[Fields], str]) -> None:
    (item,) = parse(form(YES), QaType.EVENT_VERIFICATION)
    assert item.model_dump(exclude={"form"}) == YES


def test_24_the_answer_is_written_as_the_bare_word() -> None:
    (item,) = parse(YES | {"answer": "**yes**, it stops"}, QaType.EVENT_VERIFICATION)
    assert isinstance(item, YesNoItem)
    assert item.answer == "Yes"


# --- temporal_localization

UNTIMED = {"question": "When does the car stop?", "reasoning": "It brakes at 00:03."}
SPAN = UNTIMED | {"start": "00:03", "end": "00:07.5"}


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(json.dumps(SPAN), id="json"),
        pytest.param(json.dumps(SPAN | {"start": "00:00:03", "end": "00:00:07.5"}), id="23 hours shown"),
        pytest.param(json.dumps({**SPAN, "start": 3, "end": 7.5}), id="numbers"),
        pytest.param(blocks(SPAN), id="layout"),
        pytest.param(json.dumps({**UNTIMED, "answer": {"start": "00:03", "end": "00:07.5"}}), id="answer as an object"),
        pytest.param(json.dumps({**UNTIMED, "answer": "00:03 - 00:07.5"}), id="answer as a stretch"),
        pytest.param(blocks(UNTIMED | {"answer": '{"start": "00:03", "end": "00:07.5"}'}), id="answer as json in a layout"),
        pytest.param(blocks(UNTIMED | {"answer": "From 00:03 to 00:07.5"}), id="answer in words"),
    ],
)
def test_a_stretch_reads(reply: str) -> None:
    (item,) = parse(reply, QaType.TEMPORAL_LOCALIZATION)
    assert isinstance(item, SpanItem)
    assert (item.span.start_s, item.span.end_s) == (3.0, 7.5)


def test_the_ends_of_a_stretch_count_before_an_answer_in_words() -> None:
    (item,) = parse(SPAN | {"answer": "From 00:01 to 00:02"}, QaType.TEMPORAL_LOCALIZATION)
    assert isinstance(item, SpanItem)
    assert item.span.start_s == 3.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"end": "00:02"}, "before its start"),
        ({"end": "00:45"}, "outside"),
        ({"start": "soon"}, "no time"),
        ({"start": ""}, "start is empty"),
        ({"reasoning": ""}, "reasoning is empty"),
    ],
)
def test_23_a_stretch_that_cannot_be_is_rejected(changes: dict[str, str], why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        parse(json.dumps(SPAN | changes), QaType.TEMPORAL_LOCALIZATION)


# --- free answers

OPEN = {
    "question": "What happens between 00:03 and 00:07?",
    "answer": "The car stops at 00:05.",
    "reasoning": "At 5 s it brakes.",
}


@pytest.mark.parametrize("qa_type", OPEN_TYPES)
@pytest.mark.parametrize("form", [*JSONS.values(), *(lambda item, form=form: form(item) for form in LAYOUTS)])
def test_22_a_free_answer_reads_in_every_form(form: Callable[[object], str], qa_type: QaType) -> None:
    (item,) = parse(form(OPEN), qa_type)
    assert isinstance(item, OpenItem)
    assert item.model_dump(exclude={"form"}) == OPEN


@pytest.mark.parametrize("qa_type", [QaType.CAUSAL_LINKAGE, QaType.TEMPORAL_EVENT_DESC])
@pytest.mark.parametrize("field", OPEN)
def test_23_a_time_outside_the_video_is_rejected_wherever_it_stands(field: str, qa_type: QaType) -> None:
    with pytest.raises(ReplyError, match="outside"):
        parse(json.dumps(OPEN | {field: "What of 00:45?"}), qa_type)


def test_23_a_question_about_a_stretch_that_runs_backwards_is_rejected() -> None:
    with pytest.raises(ReplyError, match="ends before it starts"):
        parse(json.dumps(OPEN | {"question": "What happens between 00:07 and 00:03?"}), QaType.TEMPORAL_EVENT_DESC)


@pytest.mark.parametrize("qa_type", OPEN_TYPES)
@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("answer", "Please provide the video.", "refusal"),
        ("reasoning", "As an AI model, I cannot view the video.", "refusal"),
        ("question", "According to the description, why does it stop?", "cites"),
        ("reasoning", "The description states that it stops.", "cites"),
    ],
)
def test_an_item_that_speaks_of_anything_but_the_video_is_rejected(field: str, value: str, why: str, qa_type: QaType) -> None:
    with pytest.raises(ReplyError, match=why):
        parse(json.dumps(OPEN | {field: value}), qa_type)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", "Can you describe the scene?"),
        ("reasoning", "To answer this, I need to look at the stretch from 00:03 to 00:07. I see the car brake."),
        ("reasoning", "I cannot see any other car, so the red one is meant."),
        ("answer", "It is unable to stop; the driver cannot see the gate."),
    ],
)
def test_an_item_that_asks_or_reasons_in_the_first_person_is_no_refusal(field: str, value: str) -> None:
    (item,) = parse(OPEN | {field: value}, QaType.OPEN_QA)
    assert getattr(item, field) == value


def test_a_caption_on_a_screen_is_a_thing_in_the_video() -> None:
    (item,) = parse(json.dumps(OPEN | {"reasoning": "A caption on the wall screen says STOP, so it stops."}), QaType.OPEN_QA)
    assert item.reasoning.startswith("A caption on the wall screen")


@pytest.mark.parametrize("qa_type", list(QaType))
@pytest.mark.parametrize(
    "reply", ["", "{}", "[]", "null", "Error: 503", "I'm sorry, but I can't view videos.", "<think>Hm", "---"]
)
def test_no_type_makes_an_item_of_nothing(reply: str, qa_type: QaType) -> None:
    with pytest.raises(ReplyError):
        parse(reply, qa_type)


@pytest.mark.parametrize("qa_type", list(QaType))
def test_placeholders_never_reach_an_item(qa_type: QaType) -> None:
    fields: dict[str, JsonValue] = {**MCQ, **SPAN, "answer": "B" if qa_type is QaType.MCQ else "Yes", "explanation": "e"}
    fields["question"] = "<video>\nWhat happens?"
    second = {**fields, "answer": "No", "question": "<image> And now?"}
    reply: dict[str, JsonValue] = {"items": [fields, second]} if qa_type is QaType.BCQ else fields
    for item in parse(reply, qa_type):
        assert not set(item.question) & set("<>")

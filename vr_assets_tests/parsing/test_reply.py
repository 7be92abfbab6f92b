"""One reader for all tasks: the form of a reply does not change what it says, and what is not whole is rejected."""

import json
from collections.abc import Callable

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.qa import EventVerificationReply, OpenQaReply
from vr_assets.parsing.reply import read_reply
from vr_assets_tests.parsing.forms import JSONS, LAYOUTS, Fields, plain

FIELDS = {"question": "What does the red car do?", "answer": "It stops.", "reasoning": "At 00:03 it brakes.\nAt 00:05 it stops."}


@pytest.mark.parametrize("form", LAYOUTS, ids=lambda form: form.__name__)
def test_22_a_layout_reads_however_its_labels_are_written(form: Callable[[Fields], str]) -> None:
    reply = read_reply(form(FIELDS), OpenQaReply)
    assert reply.model_dump() == FIELDS


@pytest.mark.parametrize("form", JSONS.values(), ids=JSONS)
def test_json_reads_however_it_is_wrapped(form: Callable[[object], str]) -> None:
    assert read_reply(form(FIELDS), OpenQaReply).model_dump() == FIELDS


@pytest.mark.parametrize(
    "names",
    [
        {"question": "Question", "answer": "ANSWER", "reasoning": "Reasoning"},
        {"question": "q", "answer": "correct_answer", "reasoning": "rationale"},
        {"question": "question", "answer": "correctAnswer", "reasoning": "chain-of-thought"},
    ],
    ids=["case", "aliases", "other spellings"],
)
def test_fields_read_by_the_names_models_give_them(names: dict[str, str]) -> None:
    reply = json.dumps({names[field]: value for field, value in FIELDS.items()})
    assert read_reply(reply, OpenQaReply).model_dump() == FIELDS


def test_a_question_and_answer_by_their_initials() -> None:
    assert read_reply("Q: What?\nA: A car.\nReasoning: Seen.", OpenQaReply).answer == "A car."


@pytest.mark.parametrize("missing", FIELDS)
@pytest.mark.parametrize("form", ["left out", "empty", "blank", "star", "placeholder"])
@pytest.mark.parametrize("style", ["json", "layout"])
def test_22_no_item_has_an_empty_part(missing: str, form: str, style: str) -> None:
    contents = {"empty": "", "blank": " \u00a0", "star": "**", "placeholder": f"<{missing}>"}
    fields = FIELDS | ({missing: contents[form]} if form in contents else {})
    if form == "left out":
        del fields[missing]
    with pytest.raises(ReplyError, match=missing):
        read_reply(json.dumps(fields) if style == "json" else plain(fields), OpenQaReply)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param('{"question": "What?", "answer": "It st', "broken JSON", id="cut"),
        pytest.param('```json\n{"question": "What?", "answer"', "broken JSON", id="cut in a fence"),
        pytest.param("{'question': 'What?'}", "question", id="Python, not JSON"),
        pytest.param('{"question": "a", "question": "b", "answer": "x", "reasoning": "y"}', "twice", id="a key twice"),
        pytest.param('{"question": "a", "q": "b", "answer": "x", "reasoning": "y"}', "twice", id="a field under two names"),
        pytest.param('{"error": {"message": "overloaded", "code": 503}}', "without question", id="an error object"),
        pytest.param("[]", "without question", id="empty list"),
        pytest.param("{}", "without question", id="empty object"),
        pytest.param('["What?", "It stops.", "Seen."]', "without question", id="list of strings"),
        pytest.param('{"question": {"text": "What?"}, "answer": "x", "reasoning": "y"}', "question does not read", id="object"),
        pytest.param("[" * 100_000, "nested", id="nested too deeply"),
        pytest.param(
            '[{"question": "a", "answer": "x", "reasoning": "y"}, {"question": "b"}]', "without question", id="two items"
        ),
        pytest.param(
            '{"question": "a", "answer": "x", "reasoning": "y"}\n{"question": "b", "answer": "x", "reasoning": "y"}',
            "2 different answers",
            id="two different objects",
        ),
        pytest.param(plain(FIELDS) + "\nANSWER: It turns.", "answer is there twice", id="a label twice, differing"),
        pytest.param("The car stops.", "without question", id="prose"),
        pytest.param('As asked: {"question": "What?"} is all.', "answer is missing", id="half an object in prose"),
        pytest.param('{"question": "What?", "answer": "*", "reasoning": "y"}', "answer holds no words", id="a star"),
        pytest.param("I'm sorry, but I can't view videos.", "a refusal", id="refusal"),
        pytest.param("QUESTION: What?\n\nI cannot help with that.", "answer is missing", id="half a layout"),
        pytest.param("<think>QUESTION: a ANSWER: b REASONING: c", "only thinking", id="unclosed thinking"),
        pytest.param(f"{plain(FIELDS)}<|im_end|>\n<|im_start|>user\nNext.", "another turn", id="runs on"),
    ],
)
def test_what_does_not_read_as_the_whole_of_it_is_rejected_and_says_why(reply: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        read_reply(reply, OpenQaReply)


def test_a_message_shows_how_the_reply_begins_and_not_all_of_it() -> None:
    with pytest.raises(ReplyError) as rejected:
        read_reply("The car stops. " * 500, OpenQaReply)
    assert "The car stops. The car stops." in str(rejected.value)
    assert len(str(rejected.value)) < 300


def test_a_label_that_comes_again_with_the_same_value_is_no_contradiction() -> None:
    assert read_reply(plain(FIELDS) + "\nANSWER: It stops.", OpenQaReply).answer == "It stops."


def test_numbers_booleans_and_lists_of_lines_are_text() -> None:
    reply = '{"question": "Does it stop?", "answer": true, "explanation": 12.5, "reasoning": ["It brakes.", "It stops."]}'
    assert read_reply(reply, EventVerificationReply).model_dump() == {
        "question": "Does it stop?",
        "answer": "Yes",
        "explanation": "12.5",
        "reasoning": "It brakes.\nIt stops.",
    }


def test_a_line_break_inside_a_json_string_is_a_line_break() -> None:
    assert read_reply('{"question": "What\nstops?", "answer": "x", "reasoning": "y"}', OpenQaReply).question == "What\nstops?"


def test_a_tag_that_json_escapes_hide_is_removed_too() -> None:
    reply = r'{"question": "\u003cvideo\u003e\nWhat?", "answer": "x", "reasoning": "y"}'
    assert read_reply(reply, OpenQaReply).question == "What?"


@pytest.mark.parametrize(
    "line",
    [
        "The answer is clear: it stops.",
        "Answering this: it stops.",
        "Question marks hang on the wall.",
        "questionable driving - a car swerves",
        "answer - the man shrugs",
        "reasoning",
        "A",
        "Reasoning",
    ],
)
def test_running_text_that_holds_a_labels_word_is_no_label(line: str) -> None:
    fields = {"question": "What?", "answer": "x", "reasoning": f"First.\n{line}"}
    if line == "Reasoning":
        # A line that is nothing but the label's word with a capital is a heading; here it repeats an open one.
        with pytest.raises(ReplyError):
            read_reply(plain(fields), OpenQaReply)
    else:
        assert read_reply(plain(fields), OpenQaReply).reasoning == f"First.\n{line}"

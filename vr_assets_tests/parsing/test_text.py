"""What is left of a reply when everything that is no answer is taken away."""

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.text import clean, snippet, spoken, strip_thinking, without_courtesies


@pytest.mark.parametrize(
    ("reply", "answer", "thinking"),
    [
        pytest.param("A car.", "A car.", "", id="none"),
        pytest.param("<think>Hm.</think>A car.", "A car.", "Hm.", id="closed"),
        pytest.param("<thinking>\nHm.\n</thinking>\n\nA car.", "A car.", "Hm.", id="thinking"),
        pytest.param("<reasoning>Hm.</reasoning> A car.", "A car.", "Hm.", id="reasoning"),
        pytest.param("<THINK>Hm.</Think> A car.", "A car.", "Hm.", id="case"),
        pytest.param('<think time="3">Hm.</think>A car.', "A car.", "Hm.", id="attribute"),
        pytest.param("<think>\n\n</think>\n\nA car.", "A car.", "", id="thinking switched off"),
        pytest.param("<think/>A car.", "A car.", "", id="empty element"),
        pytest.param("<think>One.</think>A car.<think>Two.</think> It stops.", "A car. It stops.", "One.\nTwo.", id="twice"),
        pytest.param("A car.<think>But is it", "A car.", "But is it", id="unclosed after the answer"),
        pytest.param("<think>The user wants", "", "The user wants", id="unclosed"),
        pytest.param("The user wants a caption.</think>\nA car.", "A car.", "The user wants a caption.", id="only closed"),
        pytest.param("<think>a <think> b</think> c</think>A car.", "A car.", "a\nb\nc", id="nested"),
        pytest.param("[THINK]Hm.[/THINK]A car.", "A car.", "Hm.", id="brackets"),
        pytest.param("◁think▷Hm.◁/think▷A car.", "A car.", "Hm.", id="triangles"),
        pytest.param(
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>A car.",
            "A car.",
            "Hm.<|end|><|start|>assistant",
            id="harmony",
        ),
        pytest.param(
            "<|start|>assistant<|channel|>final<|message|>A car.", "A car.", "<|start|>assistant", id="harmony without thinking"
        ),
        pytest.param("<|channel|>analysis<|message|>Hm, a", "", "Hm, a", id="harmony cut before its final channel"),
        pytest.param("<|channel>thought\nHm.<channel|>A car.", "A car.", "Hm.", id="gemma"),
        pytest.param("A car <thinks> he", "A car <thinks> he", "", id="no tag of thinking"),
    ],
)
def test_16_thinking_never_reaches_the_answer(reply: str, answer: str, thinking: str) -> None:
    told, thought = strip_thinking(reply)
    assert told == answer
    assert " ".join(thought.split()) == " ".join(thinking.split())


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" \n\u200b\u00a0", "empty", id="blank"),
        pytest.param("<|im_end|>", "empty", id="only a token"),
        pytest.param("<think>The user wants a caption of", "only thinking", id="only thinking"),
        pytest.param("A car.<|im_end|>\n<|im_start|>user\nAnd now?", "another turn", id="runs on"),
        pytest.param("A car.<end_of_turn>\n<start_of_turn>user\nAnd now?", "another turn", id="runs on in Gemma's tokens"),
    ],
)
def test_16_a_reply_without_an_answer_is_rejected_and_says_so(reply: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        spoken(reply)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        pytest.param("A car.<|im_end|>", "A car.", id="end token"),
        pytest.param("A car.</s>", "A car.", id="end of sequence"),
        pytest.param("<|im_start|>assistant\nA car.<|im_end|>\n<|endoftext|>", "A car.", id="around"),
        pytest.param("<answer>A car.</answer>", "A car.", id="answer tag"),
        pytest.param("A\u00a0car.\r\nIt\u2009stops.\r", "A car.\nIt stops.", id="odd spaces and line breaks"),
        pytest.param("\ufeffA c\u200bar.", "A car.", id="invisible characters"),
    ],
)
def test_what_a_server_leaves_around_an_answer_is_taken_off(reply: str, answer: str) -> None:
    assert spoken(reply) == answer


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        pytest.param("<video>\nWhat happens?", "What happens?", id="before a question"),
        pytest.param("<video>What happens?", "What happens?", id="glued to it"),
        pytest.param("What happens? <video>", "What happens?", id="after it"),
        pytest.param("The <video> shows a car.", "The video shows a car.", id="as a word of the sentence"),
        pytest.param("In <image_1>, a car.", "In image 1, a car.", id="numbered"),
        pytest.param("The <img> shows a car.", "The shows a car.", id="a tag that is no word"),
        pytest.param("<VIDEO> A car.</video>", "A car.", id="case and closing tag"),
        pytest.param("<|vision_start|><|video_pad|><|vision_end|>A car.", "A car.", id="pads"),
        pytest.param("A car <|box_start|>stops<|box_end|>.", "A car stops.", id="box tokens"),
        pytest.param("<im_patch><vid_start>A car.", "A car.", id="older templates"),
        pytest.param("<<video>video> A car.", "A car.", id="one tag inside another"),
        pytest.param("<|<|x|>|> A car.", "A car.", id="one token inside another"),
        pytest.param("A < B and C > D", "A < B and C > D", id="no tag"),
        pytest.param("**A car stops.**", "A car stops.", id="bold around the whole"),
        pytest.param("A car stops.**", "A car stops.", id="half of a pair"),
        pytest.param("A **red** car", "A **red** car", id="bold inside stays"),
        pytest.param("**Red** and **blue**", "**Red** and **blue**", id="two bold words are not one"),
        pytest.param("A  car \n\n\n\nstops", "A car\n\nstops", id="runs of spaces and lines"),
    ],
)
def test_no_markup_that_breaks_a_trainer_stays_in_a_value(value: str, cleaned: str) -> None:
    assert clean(value) == cleaned


@pytest.mark.parametrize(
    "answer",
    [
        "Here is the caption:\nA car stops.",
        "Sure! Here's a detailed caption for the video:\n\nA car stops.",
        "Certainly!\n\nA car stops.",
        "A car stops.\n\nLet me know if you need anything else!",
        "A car stops.\n\nI hope this helps.",
    ],
)
def test_courtesies_are_no_part_of_an_answer(answer: str) -> None:
    assert without_courtesies(answer) == "A car stops."


@pytest.mark.parametrize(
    "answer", ["Here is where the car stops: the gate.", "Sure-footed goats climb.\nThey rest.", "Okay signs hang\nhere"]
)
def test_a_caption_that_begins_like_a_courtesy_is_left_alone(answer: str) -> None:
    assert without_courtesies(answer) == answer


def test_a_snippet_is_one_short_line() -> None:
    assert snippet("a\n b " + "c" * 500) == repr("a b " + "c" * 83 + "...")

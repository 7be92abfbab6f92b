from collections.abc import Callable

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.video_captions import parse_answer, parse_video_caption

# What a caption may not be, and what a prompt of the user's own may have asked for.
ANSWERS = ["3", "Yes", "normal", "- a van\n- a bus", '{"people": 2, "said": "a\\nb"}', "**Red**", "Two vans.\n\nOne bus."]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_to_the_users_own_prompt_is_kept_as_it_came(answer: str) -> None:
    assert parse_answer(f"<think>\nLet me look.\n</think>\n\n{answer}") == answer


def test_no_answer_holds_a_tag_that_a_trainer_would_take_for_a_video() -> None:
    assert parse_answer("<video>\nA van in <image> turns.") == "A van in image turns."


@pytest.mark.parametrize("reply", ["", "...", "<think>hm", "I'm sorry, but I cannot see the video.", "Please provide the video."])
@pytest.mark.parametrize("parse", [parse_answer, parse_video_caption])
def test_a_refusal_or_nothing_is_no_answer(reply: str, parse: Callable[[str], str]) -> None:
    with pytest.raises(ReplyError):
        parse(reply)


@pytest.mark.parametrize("reply", ["A van turns.", '{"caption": "A van turns."}', "**Caption:** A van turns."])
def test_a_caption_is_read_in_whatever_form_it_comes(reply: str) -> None:
    assert parse_video_caption(reply) == "A van turns."

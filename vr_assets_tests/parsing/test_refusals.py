"""Fluent answers that are none."""

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.refusals import cited_evidence, lacks_input, refuses

REFUSALS = [
    "I'm sorry, but I can't view videos.",
    "I'm unable to view videos. Please describe what happens.",
    "I’m sorry, but I can’t help with that.",
    "Please provide the video.",
    "Sure! Please provide the video you'd like me to describe.",
    "I'd be happy to help! Please share the video.",
    "Could you please upload the video you'd like me to caption?",
    "As an AI model I cannot watch videos.",
    "As an AI language model, I don't have the ability to view videos.",
    "I'm just a text-based AI.",
    "Hello! I am an AI assistant. How can I help?",
    "I don't see a video attached to your message.",
    "I do not see any video in our conversation.",
    "I haven't received any video.",
    "It seems that no video was attached. Please upload it.",
    "There doesn't appear to be a video attached.",
    "No video was provided.",
    "Since no video was provided, I cannot caption it.",
    "The video was not provided to me.",
    "The video could not be loaded.",
    "Thank you for your message. However, I'm unable to process video files directly.",
    "Unfortunately, I cannot access external links or view videos.",
    "I currently don't have access to the video.",
    "To help with this, I need the video.",
    "To provide a detailed caption, I would need to see the video.",
    "Without access to the video, I cannot describe it.",
    "I'm unable to generate a caption without the video.",
    "I cannot directly view or analyze videos.",
    "My capabilities are limited to text.",
    "If you provide the video, I will caption it.",
    "Hello! Sure thing! Of course. Happy to help. Please provide the video.",
    "The task is clear. The format is clear too. I cannot see the video.",
    "Error: upstream timeout",
    "Internal Server Error",
    "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
]
CAPTIONS = [
    "A clerk at the counter says please provide the video, and the customer nods.",
    'A sign reads "Please provide the video." A man walks by.',
    "A technician says I'm unable to view videos on this screen, and points at it.",
    "The security guard is unable to view the monitor.",
    "“I'm unable to view videos,” the man says to the camera.",
    "'I cannot help with that,' says the clerk.",
    "A presenter says that as an AI model it cannot see. A robot answers: As an AI model I cannot drive.",
    "As an AI-powered robot moves along the aisle, a worker steps back.",
    "I see a car driving down the road.",
    "The footage is dark. I cannot see the license plate of the car.",
    "The video does not show any accident.",
    "The video is not available in colour; a car passes.",
    "There is no video screen in the room.",
    "No footage of traffic is included.",
    "Please Wait Here, reads the sign at the gate.",
    "Error messages fill the screen of the control room.",
    "Without a helmet, the worker climbs the rack.",
    "Once you enter the lane, the sign says, you must stop.",
    "The frame did not open when the man pulled. The clip is missing from his jacket.",
    "A car stops at the gate. A man in a coat gets out. He waves at the camera. Please share the video, he wrote.",
    "Sorry, reads the sign. A woman turns around.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_with_status_200_is_no_caption(text: str) -> None:
    with pytest.raises(ReplyError):
        parse_chunk_caption(text)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_as_json_is_no_caption(text: str) -> None:
    assert refuses(text)


@pytest.mark.parametrize("text", CAPTIONS)
def test_a_caption_that_holds_such_words_in_passing_is_a_caption(text: str) -> None:
    assert parse_chunk_caption(text) == text


def test_a_text_only_answer_may_say_that_it_sees_no_video() -> None:
    assert not lacks_input("I cannot see the video, but the captions say 00:12.")
    assert lacks_input("No captions were provided, so I choose 00:00.")


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("According to the captions, the car stops.", "According to the captions"),
        ("The description states that it stops.", "The description states"),
        ("As stated in the detailed description, it stops.", "As stated in the detailed description"),
        ("The chunk captions show it.", "chunk captions"),
        ("The provided captions show it.", "The provided captions"),
        ("A caption on the wall screen says STOP.", None),
        ("The caption reads 'EXIT'.", None),
        ("According to the captions on the screen, it is noon.", None),
        ("Based on the description of the thief on the poster, he stops.", None),
        ("The sign says “according to the captions”.", None),
    ],
)
def test_text_that_cites_what_only_the_annotator_read_is_known(text: str, cited: str | None) -> None:
    assert cited_evidence(text) == cited

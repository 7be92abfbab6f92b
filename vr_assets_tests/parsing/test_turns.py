import pytest

from vr_assets.parsing.turns import Medium, tagged, tags, without_tags


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Who enters?", "Who enters?"),
        ("<video>\nWho enters?", "Who enters?"),
        ("<image><video>\n Who enters?\n<video>", "Who enters?"),
        ("Who enters in <video>?", "Who enters in the video?"),
        ("<image>\nCompare <video> with <video>.", "Compare video 1 with video 2."),
        ("<video> Is it the place of <video>?", "Is it the place of video 2?"),
        ("<video>\n", ""),
        (" \n", ""),
        ("<clip> of 3 < 4", "<clip> of 3 < 4"),
    ],
)
def test_what_a_turn_asks_is_told_from_the_tags_of_its_media(text: str, left: str) -> None:
    assert without_tags(text) == left


def test_tags_are_told_in_the_order_of_the_text() -> None:
    assert tags("<image> and <video>, then <image>") == [Medium.IMAGE, Medium.VIDEO, Medium.IMAGE]


@pytest.mark.parametrize(
    ("text", "media", "shown"),
    [
        ("Who?", [Medium.VIDEO], "<video>\nWho?"),
        ("Who?", [Medium.VIDEO, Medium.VIDEO, Medium.IMAGE], "<video><video><image>\nWho?"),
        ("<video>\nWho?", [Medium.VIDEO], "<video>\nWho?"),
        ("Who is in <video>?", [Medium.VIDEO, Medium.IMAGE], "<image>\nWho is in <video>?"),
        ("<image>\nWho?", [Medium.VIDEO, Medium.IMAGE], "<video><image>\nWho?"),
    ],
)
def test_media_without_a_tag_get_one_before_the_text(text: str, media: list[Medium], shown: str) -> None:
    assert tagged(text, media) == shown

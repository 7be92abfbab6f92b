"""video_captions: what a model says of the videos and images of a row."""

from vr_assets.errors import ReplyError
from vr_assets.parsing.caption_text import CaptionReply, read_caption
from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.text import snippet, spoken, without_markup


class VideoCaptionReply(CaptionReply):
    """One caption of all that is shown."""


def parse_video_caption(text: str) -> str:
    """The caption.

    Raises:
        ReplyError: a refusal, broken JSON, or nothing.
    """
    return read_caption(text, VideoCaptionReply)


def parse_answer(text: str) -> str:
    """The answer to a prompt of the user's own, as it came: it may be a list, a number, JSON, or a single word.

    Raises:
        ReplyError: a refusal, or nothing.
    """
    answer = without_markup(spoken(text)).strip()
    if not any(character.isalnum() for character in answer):
        raise ReplyError(f"no answer: {snippet(text)}")
    check_told(answer, "an answer")
    return answer

"""chunk_captions: what is seen in one chunk."""

from vr_assets.parsing.caption_text import CaptionReply, read_caption


class ChunkCaptionReply(CaptionReply):
    """What is seen in one chunk."""


def parse_chunk_caption(text: str) -> str:
    """The caption.

    Raises:
        ReplyError: a refusal, broken JSON, or nothing.
    """
    return read_caption(text, ChunkCaptionReply)

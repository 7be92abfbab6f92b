"""The rows of the conversation graph, and what they are made of."""

from typing import Any

from pydantic import JsonValue

from vr_assets.records.base import Record
from vr_assets.records.image import ImageMedia
from vr_assets.records.row import Row, VideoMedia

Turn = dict[str, JsonValue]
"""One turn as the input has it: `from`, `value`, and whatever else."""


class _Conversation(Record):
    source: str
    videos: tuple[str, ...]
    images: tuple[str, ...] = ()
    conversation: tuple[Turn, ...]
    prompt: str


class Conversation(Row, _Conversation):
    """One row of the input, before anything is asked. `videos` and `images` are absolute paths, `source` says where the row was
    read. `prompt` is what is asked, and the first human turn of `conversation` holds it, among its media tags where it has any.
    """

    @property
    def subject(self) -> str:
        """Its place in the input: several rows may show the same video."""
        return self.source

    def carried(self) -> dict[str, Any]:
        names = ("source", "videos", "images", "conversation", "prompt")
        return {**super().carried(), **{name: getattr(self, name) for name in names}}


class CaptionedConversation(Conversation):
    """video_captions. `remarks` are sentences about the files: damage, frames of an animation that are not shown."""

    caption: str = ""
    video_media: tuple[VideoMedia, ...] = ()
    image_media: tuple[ImageMedia, ...] = ()
    remarks: tuple[str, ...] = ()

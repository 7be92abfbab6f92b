"""Requests to ask backends, about media that exist only as bytes."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from vr_assets.backends.opencv import OpenCVBackend
from vr_assets.errors import MediaError
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, Evidence, Finish, Frame, MediaForm, PromptText, Request
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.scene import Scene
from vr_assets.settings import Mode, Task

SPAN = Span(start_s=0.0, end_s=8.0)
# All byte values, so that a wrong encoding on the way shows.
CLIP_BYTES = bytes(range(256)) * 5
FRAME_TIMES_S = (0.0, 2.5, 7.96)


@dataclass(frozen=True)
class BytesMedia:
    """A clip that is these bytes, and JPEGs at FRAME_TIMES_S; not decodable, models on loopback do not look."""

    form: MediaForm = MediaForm.VIDEO
    content: bytes = CLIP_BYTES
    span: Span = SPAN

    @property
    def identity(self) -> str:
        return f"{hashlib.sha256(self.content).hexdigest()}/{self.form}"

    @property
    def name(self) -> str:
        return "asked.mp4"

    @property
    def frame_count(self) -> int:
        return len(FRAME_TIMES_S)

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        return Clip(content=self.content, mime_type="video/mp4", span=self.span)

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        return [Frame(content=self.content + bytes([number]), time_s=time_s) for number, time_s in enumerate(FRAME_TIMES_S)]

    async def scene(self) -> Scene:
        raise MediaError("nothing to measure in bytes")

    async def image_scene(self) -> ImageScene:
        raise MediaError("nothing to measure in bytes")


VIDEO = BytesMedia()
FRAMES = BytesMedia(form=MediaForm.FRAMES)


def schema(*fields: str) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": {field: {"type": "string"} for field in fields},
        "required": list(fields),
        "additionalProperties": False,
    }


def request(
    task: Task = Task.GLOBAL_CAPTION,
    *media: BytesMedia,
    reply_schema: dict[str, JsonValue] | None = None,
    about: str = "The duration is 00:08.0.",
) -> Request:
    """A question; the two renderings of its prompt say which one they are."""
    return Request(
        task=task,
        prompt=PromptText(
            domain="general",
            asset="captions",
            name="global.normal",
            fingerprint="f",
            schema_text=f"{about} Reply as JSON.",
            layout_text=f"{about} Reply as text.",
        ),
        evidence=Evidence(duration_s=8.0, span=SPAN),
        subject=VIDEO,
        media=media,
        reply_schema=schema("caption") if reply_schema is None else reply_schema,
    )


@dataclass(frozen=True)
class Measured(BytesMedia):
    """A video of which only the scene is known."""

    measured: Scene | None = None

    async def scene(self) -> Scene:
        assert self.measured is not None
        return self.measured


def annotated(scene: Scene, task: Task, *, span: Span | None = None, mode: Mode = Mode.UNKNOWN) -> str:
    """What the offline annotator answers. Raises ReplyError: nothing that could be said was measured."""
    evidence = Evidence(duration_s=scene.duration_s, span=span or scene.span, mode=mode)
    asked = replace(request(task), subject=Measured(span=scene.span, measured=scene), evidence=evidence)
    answer = asyncio.run(OpenCVBackend().generate(asked))
    assert answer.finish is Finish.STOP
    return answer.text

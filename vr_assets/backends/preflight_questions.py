"""The questions that try an endpoint. Asked like any other, and never journaled."""

import hashlib
from enum import StrEnum

from pydantic import JsonValue

from vr_assets.media.known_clip import CLIP_S, KnownClip, KnownImage
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.records.call import Evidence, Media, MediaForm, PromptText, Request
from vr_assets.records.preflight import KnownBox, Shown
from vr_assets.settings import Task


class Need(StrEnum):
    """What a request takes of an endpoint besides its words; in the order in which they are tried."""

    TEXT = "text"
    VIDEO = "video"
    FRAMES = "frames"
    IMAGE = "image"


def need_of(request: Request, *, frames_only: bool) -> Need:
    """What a request takes of its endpoint: of what it shows, what takes the most: video, then frames, then images."""
    forms = {media.form for media in request.media}
    if not forms:
        return Need.TEXT
    if forms == {MediaForm.IMAGE}:
        return Need.IMAGE
    return Need.FRAMES if frames_only or MediaForm.VIDEO not in forms else Need.VIDEO


_FIELDS = (
    ("colour", "the colour of the moving shape"),
    ("shape", "what the moving shape is"),
    ("direction", "where it moves: left, right, up or down"),
    ("digit", "the large digit"),
)
_MOVES = "On a plain dark ground one coloured shape moves straight to one side, and a large white digit stands in a corner."
_HONEST = "Tell only what you see. Where you were shown nothing, say so."
_PICTURE = "A picture of one filled, coloured rectangle on a plain dark ground."
_BOX = "its bounding box: four numbers, in the order and the units in which you always give bounding boxes"
_BOX_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "colour": {"type": "string", "description": "Colour of the rectangle, one word."},
        "box": {"type": "array", "items": {"type": "number"}, "description": f"{_BOX[0].upper()}{_BOX[1:]}."},
    },
    "required": ["colour", "box"],
    "additionalProperties": False,
}


def question(need: Need, shown: Shown) -> Request:
    """What happens in the known clip, shown as video, as frames, or told in a sentence."""
    if need is Need.TEXT:
        told = f'Read this sentence: "On a plain ground there is {shown.words}."'
        return _request("text", told, _FIELDS, reply_schema(Task.PREFLIGHT), KnownClip(shown))
    media = KnownClip(shown, MediaForm.VIDEO if need is Need.VIDEO else MediaForm.FRAMES)
    what = "a video" if need is Need.VIDEO else "pictures from a video, in order of time"
    about = f"You are shown {what} of {CLIP_S:g} seconds. {_MOVES} {_HONEST}"
    return _request(need.value, about, _FIELDS, reply_schema(Task.PREFLIGHT), media, media)


def box_question(box: KnownBox) -> Request:
    """Where the rectangle of the known image is."""
    media = KnownImage(box)
    fields = (("colour", "the colour of the rectangle"), ("box", _BOX))
    return _request("image", f"You are shown a picture. {_PICTURE} {_HONEST}", fields, _BOX_SCHEMA, media, media)


def _request(
    name: str, about: str, fields: tuple[tuple[str, str], ...], schema: dict[str, JsonValue], subject: Media, *media: Media
) -> Request:
    named = "\n".join(f"- {field}: {meaning}" for field, meaning in fields)
    labelled = "\n".join(f"{field.upper()}: <{meaning}>" for field, meaning in fields)
    schema_text = f"{about}\n\n## Reply\n\nReply with one JSON object of these fields and nothing else:\n{named}"
    layout_text = f"{about}\n\n## Reply\n\nReply with exactly these lines and nothing else:\n{labelled}"
    return Request(
        task=Task.PREFLIGHT,
        prompt=PromptText(
            domain="",
            asset="preflight",
            name=name,
            fingerprint=hashlib.sha256(f"{schema_text}\0{layout_text}".encode()).hexdigest(),
            schema_text=schema_text,
            layout_text=layout_text,
        ),
        evidence=Evidence(duration_s=CLIP_S, span=Span(start_s=0.0, end_s=CLIP_S)),
        subject=subject,
        media=media,
        reply_schema=schema,
    )

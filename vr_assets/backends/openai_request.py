"""The body of a chat completion's request."""

import base64
import json
from collections.abc import Sequence

from pydantic import JsonValue

from vr_assets.backends.shown import Part
from vr_assets.records.call import Clip, Frame, Request
from vr_assets.settings import VideoInput

# Model, parameters and JSON's own marks: measured below 500 bytes without the schema.
_ENVELOPE_BYTES = 1024
# The JSON around a part, and the head of its data URL: measured at 75.
_PART_BYTES = 100


def user_message(shown: Sequence[Part], prompt: str, *, video_input: VideoInput) -> dict[str, JsonValue]:
    """A user message; text alone goes as a string, which every server takes."""
    return {"role": "user", "content": [_part(part, video_input) for part in (*shown, prompt)] if shown else prompt}


def size_bytes(request: Request, shown: Sequence[Part]) -> int:
    """The size of the request's body in the longest style it may be asked in, up to a few bytes more."""
    schema = _json_size(request.reply_schema)
    # In JSON mode the schema is quoted in the prompt: each of its quotation marks takes two bytes more.
    asked = max(schema + _json_size(request.prompt.schema_text), _json_size(request.prompt.layout_text))
    in_prompt = _json_size(json.dumps(request.reply_schema)) + _PART_BYTES
    return _ENVELOPE_BYTES + asked + in_prompt + sum(map(_part_size, shown))


def room_bytes(request: Request, limit_bytes: float) -> int:
    """How many bytes of media fit into a request of at most `limit_bytes`, before each part's own JSON; at least 1."""
    return max(1, int((limit_bytes - size_bytes(request, ())) * 3 / 4))


def _part(part: Part, video_input: VideoInput) -> dict[str, JsonValue]:
    match part:
        case Clip():
            kind = "image_url" if video_input is VideoInput.IMAGE_URL else "video_url"
            return {"type": kind, kind: {"url": _data_url(part.mime_type, part.content)}}
        case Frame():
            return {"type": "image_url", "image_url": {"url": _data_url(part.mime_type, part.content)}}
        case str():
            return {"type": "text", "text": part}


def _data_url(mime_type: str, content: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(content).decode('ascii')}"


def _part_size(part: Part) -> int:
    return _PART_BYTES + (_json_size(part) if isinstance(part, str) else (len(part.content) + 2) // 3 * 4)


def _json_size(value: JsonValue) -> int:
    return len(json.dumps(value))

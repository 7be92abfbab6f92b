"""Captioned conversations in the form of the input, and as training data in ShareGPT form: functions of the rows."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from vr_assets.parsing.turns import Medium, Speaker, first_human, said, tagged
from vr_assets.records.batch import ConversationEntry
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.settings import Status

LINES, WHOLE, SHAREGPT = "conversations/captions.jsonl", "conversations/captions.json", "conversations/sharegpt.json"

Json = dict[str, JsonValue]


def captioned(entry: ConversationEntry, row: CaptionedConversation) -> Json:
    """The row of the input with the prompt in its first human turn, and the answer in `caption`: null where there is none."""
    return {**entry.row, "conversation": [*row.conversation], "caption": row.caption if row.status is Status.OK else None}


def sharegpt(entry: ConversationEntry, row: CaptionedConversation) -> Json:
    """What comes before the first human turn, that turn with a tag for each of its media, and the caption as the answer to it.

    Turns after it are left out: they are about an answer that is not there any more. Paths are those of the input.
    """
    place = first_human(row.conversation)
    assert place is not None, f"{row.source}: no human turn"
    media = [Medium.VIDEO] * len(row.videos) + [Medium.IMAGE] * len(row.images)
    asked = {**row.conversation[place], "value": tagged(said(row.conversation[place]), media)}
    told: Json = {"from": Speaker.MODEL.value, "value": row.caption}
    return {
        "conversations": [*row.conversation[:place], asked, told],
        "videos": paths(entry.row.get("video")),
        "images": paths(entry.row.get("image")),
        **row.fields,
    }


def paths(value: JsonValue) -> list[JsonValue]:
    """A path or a list of paths, as a list; null and empty text name none."""
    listed = value if isinstance(value, list) else [value]
    return [path for path in listed if path]


def conversation_files(manifest: Sequence[ConversationEntry], rows: Sequence[CaptionedConversation]) -> Mapping[str, bytes]:
    """The files, by their place in the batch's folder: one row a row of input, in order; in ShareGPT form only those that have a
    caption.
    """
    both = list(zip(manifest, rows, strict=True))
    whole = [captioned(entry, row) for entry, row in both]
    for_training = [sharegpt(entry, row) for entry, row in both if row.status is Status.OK]
    return {
        LINES: "".join(f"{_text(row)}\n" for row in whole).encode(),
        WHOLE: _list(whole),
        SHAREGPT: _list(for_training),
    }


def _list(rows: Sequence[Mapping[str, JsonValue]]) -> bytes:
    """A JSON list with a row a line: it can be read whole, looked at, and compared by line."""
    return ("[\n" + ",\n".join(map(_text, rows)) + "\n]\n").encode() if rows else b"[]\n"


def _text(row: Mapping[str, JsonValue]) -> str:
    return json.dumps(row, ensure_ascii=False)

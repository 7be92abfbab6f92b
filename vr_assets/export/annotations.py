"""`annotations.jsonl`: everything that is known of a batch's images, a row of input a line, in order."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue, TypeAdapter

from vr_assets.records.image import GroundedImage

_NOT_TOLD = frozenset({"fields", "media", "image", "record_version"})

_json = TypeAdapter[dict[str, JsonValue]](dict[str, JsonValue])


def annotation(row: GroundedImage) -> Mapping[str, JsonValue]:
    """One line: what the input said, types unchanged, and what was made of it."""
    told = _json.validate_python(row.model_dump(mode="json"))
    own = {name: value for name, value in told.items() if name not in _NOT_TOLD}
    first = {"image_id": own.pop("image_id"), "image_path": row.image, "caption": own.pop("caption")}
    return {**first, **row.fields, **own}


def annotations(rows: Sequence[GroundedImage]) -> bytes:
    """The file: a function of the rows alone."""
    return "".join(f"{json.dumps(annotation(row), ensure_ascii=False)}\n" for row in rows).encode()

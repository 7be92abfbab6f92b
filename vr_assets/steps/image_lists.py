"""Lists of images: rows of an image and a caption."""

import json

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.records.batch import ImageEntry
from vr_assets.records.image import ANNOTATION_KEYS
from vr_assets.settings import Graph
from vr_assets.steps.item_lists import Below, ItemLists
from vr_assets.steps.lists import Row, check_names, only_value
from vr_assets.steps.places import located

_READ = frozenset({"image_path", "image", "caption", "image_id", "width", "height"})


def _entry(row: Row, below: Below, source: str) -> ImageEntry:
    check_names(row, ANNOTATION_KEYS - _READ)
    caption = row.get("caption")
    if caption is not None and not isinstance(caption, str):
        raise IngestError(f"caption {json.dumps(caption)[:60]} is no text; write one caption a row")
    return ImageEntry(
        image_path=located(only_value(row, "image_path", "image"), below.images, below.roots, field="image_path"),
        caption=caption or "",
        image_id=_id(row.get("image_id")),
        width=_side("width", row.get("width")),
        height=_side("height", row.get("height")),
        source=source,
        fields={name: value for name, value in row.items() if name not in _READ},
    )


def _id(value: JsonValue) -> str | None:
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise IngestError(f"image_id {value!r} is no id; write it as text, or leave it out to have one made")


def _side(name: str, value: JsonValue) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 1:
        raise IngestError(f"{name} {value!r} is no number of pixels; leave it out, it is read from the file")
    return int(value)


IMAGE_LISTS = ItemLists(
    graph=Graph.IMAGES,
    entry=ImageEntry,
    form='{"image_path": ..., "caption": ...}',
    read=_entry,
    files=lambda entry: (entry.image_path,),
    key=lambda entry: (entry.image_path, entry.caption, entry.image_id),
)

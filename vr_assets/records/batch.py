"""A batch as it is registered: `manifest.jsonl` and `batch.json`."""

from pydantic import Field, JsonValue

from vr_assets.records.base import Record
from vr_assets.settings import Asset, Graph, Mode


class ManifestRow(Record):
    """One video to annotate, as ingested. `video_path` is absolute; both times or neither are set, on the recording's clock.

    `source` says where the row came from, for people: the folder that was walked, or `list.jsonl:12` (lines from 1). `split`:
    ingest made this part of a recording that is longer than `max_video_length_sec`; the last part may exceed that by under 1 s.
    """

    video_path: str
    start_s: float | None = None
    end_s: float | None = None
    mode: Mode | None = None
    source: str = ""
    split: bool = False
    fields: dict[str, JsonValue] = Field(default_factory=dict)


class ImageEntry(Record):
    """One image and its caption, as ingested. `image_path` is absolute. `width`, `height` and `image_id` are the list's word."""

    image_path: str
    caption: str
    image_id: str | None = None
    width: int | None = None
    height: int | None = None
    source: str = ""
    fields: dict[str, JsonValue] = Field(default_factory=dict)


class ConversationEntry(Record):
    """One row of conversations, as ingested. `videos` and `images` are absolute paths; `row` is all of it as it was given."""

    videos: tuple[str, ...]
    images: tuple[str, ...]
    row: dict[str, JsonValue]
    source: str = ""


class Batch(Record):
    """`batch.json`. `settings` holds only what was given explicitly, by dotted name.

    Batches of one `family` were ingested under one name: `cams`, `cams-2`, ...; no two of them hold the same item.
    `source_root` is the common folder of its files, absolute. `imported` has a fingerprint of what `import-results` last took
    over for a stage, so that the stage is stale then; the rows themselves lie beside it.
    """

    name: str
    family: str
    source_root: str | None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    created: str
    graph: Graph = Graph.VIDEOS
    imported: dict[Asset, str] = Field(default_factory=dict)

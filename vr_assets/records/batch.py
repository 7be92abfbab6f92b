"""A batch as it is registered: `manifest.jsonl` and `batch.json`."""

from pydantic import Field, JsonValue

from vr_assets.records.base import Record
from vr_assets.settings import Mode


class ManifestRow(Record):
    """One video to annotate, as ingested. `video_path` is absolute. `line` is its place in the file it came from, from 1."""

    video_path: str
    start_s: float | None = None
    end_s: float | None = None
    mode: Mode | None = None
    fields: dict[str, JsonValue] = Field(default_factory=dict)


class Batch(Record):
    """`batch.json`. `settings` holds only what was given explicitly, by dotted name."""

    name: str
    source_root: str | None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    created: str

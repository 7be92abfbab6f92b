"""What every row of every asset carries."""

from abc import abstractmethod
from typing import Any, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from vr_assets.records.base import Record
from vr_assets.settings import Asset, Mode, Status

RECORD_VERSION = 1
IMPORTED = "imported"
"""Backend and model, as provenance names them, of what another system made and `import-results` took over."""


class Failure(Record):
    """One part of a row that could not be had: a chunk, a QA type, a caption."""

    what: str
    reason: str


class Provenance(Record):
    """Which prompt and model made an answer. `keys` find it in the journal.

    What was imported has neither; there `prompt` is the file and line it was read from: `/results/step_3_qa/qa_output.jsonl:12`.
    """

    task: str
    backend: str
    model: str
    domain: str
    prompt: str
    prompt_hash: str
    keys: tuple[str, ...]


class VideoMedia(Record):
    """What later stages need to know of a video file or of a part of one.

    `content` is the full hash of the file's bytes, in hex. `duration_s` is the header's word in raw_videos and measured
    from filtered_videos on; for a part of a recording it is the part's length, and `part_start_s`, `part_end_s` are set, as the
    manifest has them. `offset_s` is measured like the duration: when the part's first frame is shown in the recording. All times
    that later stages state are seconds since that frame.
    """

    path: str
    content: str
    size_bytes: int
    duration_s: float
    fps: float
    width_px: int
    height_px: int
    codec: str
    frame_count: int | None
    part_start_s: float | None = None
    part_end_s: float | None = None
    offset_s: float = 0.0


class Row(Record):
    """One item of a batch at one stage. `reason` is empty only when `status` is ok; `blocked_by` is the stage that stopped it."""

    status: Status
    reason: str = ""
    blocked_by: Asset | None = None
    failures: tuple[Failure, ...] = ()
    record_version: int = RECORD_VERSION
    provenance: tuple[Provenance, ...] = ()
    fields: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.status is not Status.OK and not self.reason:
            raise ValueError(f"a row that is {self.status} needs a reason")
        return self

    @property
    @abstractmethod
    def subject(self) -> str:
        """What people know it by, and what is paid for it is booked under: the path of its file."""

    @property
    def item_id(self) -> str:
        """What tells it from the other items of its batch, the same at every stage; made of content where that can be read."""
        return self.subject

    @property
    def is_imported(self) -> bool:
        """Whether something in it was made by another system."""
        return any(source.backend == IMPORTED for source in self.provenance)

    def carried(self) -> dict[str, Any]:
        """What the next stage's row of the same item starts from."""
        return {"fields": self.fields}


class _Video(Record):
    # A base of its own, so that rows are written with these first, as they always were.
    video_id: str
    video: str


class Outcome(Record):
    """What became of one item at a stage: of its row, whatever the stage, this alone is read."""

    model_config = ConfigDict(extra="ignore")

    status: Status


class VideoRow(Row, _Video):
    """One video at one stage."""

    mode: Mode = Mode.UNKNOWN
    media: VideoMedia | None = None

    @property
    def subject(self) -> str:
        return self.video

    @property
    def item_id(self) -> str:
        return self.video_id

    def carried(self) -> dict[str, Any]:
        named = {"video_id": self.video_id, "video": self.video, "mode": self.mode, "media": self.media}
        return {**super().carried(), **named}

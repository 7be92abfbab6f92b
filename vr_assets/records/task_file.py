"""A task file of the `tao-vl-reason-v1.0` format, with exactly the keys that its schema knows."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, SerializerFunctionWrapHandler, model_serializer

from vr_assets.records.base import Record
from vr_assets.settings import Mode, QaType

Words = Annotated[str, Field(pattern=r"\S")]


class TaskName(StrEnum):
    """The tasks, in the order in which their files are listed. `event_verification` is the one that not all trainers know."""

    MCQ = "mcq"
    MCQ_OPENENDED = "mcq_openended"
    BCQ = "bcq"
    BCQ_OPENENDED = "bcq_openended"
    OPEN_QA = "open_qa"
    CAUSAL_LINKAGE = "causal_linkage"
    TEMPORAL_LOCALIZATION = "temporal_localization"
    TEMPORAL_DESCRIPTION = "temporal_description"
    SCENE_DESCRIPTION = "scene_description"
    VIDEO_SUMMARIZATION = "video_summarization"
    EVENT_VERIFICATION = "event_verification"


TASKS: Mapping[QaType, tuple[TaskName, ...]] = {
    QaType.MCQ: (TaskName.MCQ, TaskName.MCQ_OPENENDED),
    QaType.BCQ: (TaskName.BCQ, TaskName.BCQ_OPENENDED),
    QaType.OPEN_QA: (TaskName.OPEN_QA,),
    QaType.CAUSAL_LINKAGE: (TaskName.CAUSAL_LINKAGE,),
    QaType.TEMPORAL_LOCALIZATION: (TaskName.TEMPORAL_LOCALIZATION,),
    QaType.TEMPORAL_EVENT_DESC: (TaskName.TEMPORAL_DESCRIPTION,),
    QaType.SCENE_DESCRIPTION: (TaskName.SCENE_DESCRIPTION,),
    QaType.EVENT_SUMMARY: (TaskName.VIDEO_SUMMARIZATION,),
    QaType.EVENT_VERIFICATION: (TaskName.EVENT_VERIFICATION,),
}
"""The task files that an item of a QA type goes into."""


def item_index(owner: str, task: str, position: int | None = None) -> str:
    """An item's index: of its video's or expression's id, its task, and its place among the video's items of that type."""
    parts = [owner, task, *([] if position is None else [str(position)])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class Item(Record):
    """One question about one video. Keys that are not ours are the manifest's further fields, types unchanged.

    `video_id` is the media path under the file's `media_root`. `item_index` stays the same whatever happens to other videos.
    `start_s` and `end_s` name a part of the video; `duration` is then the part's. Times are on the whole video's clock.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    video_id: Words
    question: Words
    answer: Words
    reasoning: Words
    item_index: Words
    start_s: float | None = None
    end_s: float | None = None
    duration: float
    fps: float
    width: int
    height: int
    mode: Mode
    model: str
    prompt_version: str

    @model_serializer(mode="wrap")
    def _without_absent_times(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        absent = {name for name in ("start_s", "end_s") if getattr(self, name) is None}
        return {key: value for key, value in plain.items() if key not in absent}


GROUNDING: Literal["grounding"] = "grounding"


class ImageItem(Record):
    """One question about one image, answered with boxes: `image_id` is the path under the file's `media_root`."""

    image_id: Words
    question: Words
    answer: Words
    item_index: Words
    width: int
    height: int
    model: str
    prompt_version: str


ITEM_KEYS = frozenset({*Item.model_fields, "image_id"})


class TaskFileMetadata(Record):
    """The schema takes no null and no other key; `tags` is left out when there are none. `date` is ISO 8601."""

    type: Literal["annotation"] = "annotation"
    task: TaskName | Literal["grounding"]
    date: str
    description: str
    license: str
    tags: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _without_no_tags(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        return plain if self.tags else {key: value for key, value in plain.items() if key != "tags"}


class _File(Record):
    """One annotation file. `media_root`: an absolute path or URL, or None for the folder of the file itself."""

    format: Literal["tao-vl-reason-v1.0"] = "tao-vl-reason-v1.0"
    metadata: TaskFileMetadata
    media_root: str | None

    def to_text(self) -> str:
        """The file's content: a function of the record alone, ends with a line break."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


class TaskFile(_File):
    items: tuple[Item, ...] = Field(min_length=1)


class ImageTaskFile(_File):
    items: tuple[ImageItem, ...] = Field(min_length=1)

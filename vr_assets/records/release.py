"""A data set: what it is made of, and what its files say of themselves."""

import re
from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from vr_assets.records.base import Record
from vr_assets.settings import Graph, ReleaseForm, Split

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
_LONGEST = 100


def is_name(text: str) -> bool:
    """Whether a data set may have this name, which is a folder's and a partition's too."""
    return len(text) <= _LONGEST and re.fullmatch(_NAME, text) is not None


class Dataset(Record):
    """`dataset.json`: the batches that are merged, and the settings that were given for it, by dotted name."""

    name: str = Field(pattern=_NAME, max_length=_LONGEST)
    batches: tuple[str, ...] = Field(min_length=1)
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class Why(StrEnum):
    """What left something out. NOT_OK: its row is not ok. UNWRITABLE: it does not fit the format. REPEATED: asked before."""

    NOT_OK = "not_ok"
    MEDIA = "media"
    NEAR_DUPLICATE = "near_duplicate"
    REJECTED = "rejected"
    NOT_ACCEPTED = "not_accepted"
    MARK = "failed_mark"
    FINDING = "finding"
    UNWRITABLE = "unwritable"
    REPEATED = "repeated"
    RAW_REPLY = "raw_reply"


class LeftOut(Record):
    """A line of `left_out.jsonl`: `subject` is a video, an image, or one thing of it, as reviews and checks name it."""

    batch: str
    subject: str
    path: str
    why: Why
    said: str


class Sample(Record):
    """One question and answer about one video or image, as all forms but task files have it. `media` is the path of its file
    below the version's folder. `reasoning` is empty where there is none, as for captions. Duration in seconds, 0 of an image.
    """

    id: str
    task: str
    split: Split
    media: str
    kind: Literal["video", "image"]
    question: str
    answer: str
    reasoning: str
    duration: float
    width: int
    height: int
    mode: str
    model: str
    prompt_version: str
    batch: str


class BatchTold(Record):
    """What a data card says of a batch. Costs are of all that was ever asked for it, in USD."""

    name: str
    graph: Graph
    created: str
    rows: int
    released: int
    license: str
    domain: str
    cost_usd: float
    calls: int
    unpriced_calls: int


class SplitTold(Record):
    """One side. A group is what shows the same thing; `hours` are of its videos."""

    videos: int
    images: int
    groups: int
    samples: int
    hours: float


class Spread(Record):
    """How something that is counted or measured is distributed."""

    smallest: float
    median: float
    mean: float
    largest: float


class ModelTold(Record):
    """A prompt and model, and how many videos and images its answers are about."""

    task: str
    backend: str
    model: str
    domain: str
    prompt: str
    prompt_hash: str
    items: int


class Card(Record):
    """`card.json`. It is the last file of a version to be written: where it is, the version is whole.

    `answers` counts by task the answers that have few forms, `lengths` measures by what: seconds, and words of texts.
    """

    name: str
    version: str
    date: str
    digest: str
    license: str
    baseline: bool
    forms: tuple[ReleaseForm, ...]
    settings: dict[str, JsonValue]
    batches: tuple[BatchTold, ...]
    splits: dict[Split, SplitTold]
    tasks: dict[str, dict[Split, int]]
    answers: dict[str, dict[str, int]]
    modes: dict[str, int]
    lengths: dict[str, Spread]
    models: tuple[ModelTold, ...]
    left_out: dict[Why, int]
    outdated_decisions: tuple[str, ...]

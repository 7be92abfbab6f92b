"""The rows of the video graph, one record an asset, and what they are made of."""

from typing import Literal

from pydantic import Field

from vr_assets.records.base import Record, Span
from vr_assets.records.review import Mark
from vr_assets.records.row import VideoRow
from vr_assets.settings import LeftOut, Mode, QaType


class RawVideo(VideoRow):
    """raw_videos. `mode` is the label the manifest gives the row, else the batch's, else unknown."""

    labelled: bool = False


class QualityFacts(Record):
    """Measured in the decode of the proxy.

    Brightness is the mean luma, 0-255, and its deviation from frame to frame. `detail` is the variance of the Laplacian: low
    where the pictures are blurred or flat. Shares are of the video's length, rounded down: 1 is all of it. `dark_share` is
    of all that is dark, `frozen_share` of the longest frozen stretch: a picture that jumps now and then is not frozen. Of the
    dark and the frozen stretches the longest are kept, of the cuts the hardest, each in order of time. `picture_hash` is of the
    mean picture, 64 bits in hex: few of them differ between pictures that look alike.
    """

    brightness_mean: float
    brightness_std: float
    dark_share: float
    frozen_share: float
    detail: float
    dark: tuple[Span, ...] = ()
    frozen: tuple[Span, ...] = ()
    cuts_s: tuple[float, ...] = ()
    picture_hash: str = ""


class NearDuplicate(Record):
    """The video that another is nearly the same as: the first of its group."""

    video_id: str
    video: str
    batch: str


class FilteredVideo(VideoRow):
    """filtered_videos. `*_words` are the model's own; `is_valid` is None when the question was not asked.

    `media_remarks` are sentences about the file: damage, which of several videos in it is shown.
    """

    left_out_for: LeftOut | None = None
    is_valid: bool | None = None
    validity_words: str = ""
    mode_words: str = ""
    quality: QualityFacts | None = None
    near_duplicate_of: NearDuplicate | None = None
    media_remarks: tuple[str, ...] = ()


class Event(Record):
    """One timed thing that happens."""

    start_s: float
    end_s: float
    text: str


class CaptionedVideo(VideoRow):
    """captions. `events` are read from `dense_caption`."""

    global_caption: str = ""
    dense_caption: str = ""
    events: tuple[Event, ...] = ()


class ChunkCaption(Record):
    """What is seen in one chunk; timestamps are the true cut, in seconds on the video's clock."""

    chunk_index: int
    timestamp_start: float
    timestamp_end: float
    caption: str


class ChunkCaptionedVideo(VideoRow):
    chunk_captions: tuple[ChunkCaption, ...] = ()


class HighlightChunk(Record):
    """The incident's own clip; timestamps are the true cut, in seconds on the video's clock."""

    anomaly_timestamp_sec: float
    timestamp_start: float
    timestamp_end: float
    caption: str


class HighlightedVideo(VideoRow):
    highlight_chunk: HighlightChunk | None = None


class DescribedVideo(VideoRow):
    detailed_description: str = ""
    prompt_key: str = ""


class Option(Record):
    letter: str = Field(pattern="^[A-Z]$")
    text: str


class McqItem(Record):
    """A question with lettered options; `answer` is one of their letters."""

    form: Literal["mcq"] = "mcq"
    question: str
    options: tuple[Option, ...]
    answer: str
    explanation: str
    reasoning: str


class YesNoItem(Record):
    """A question answered Yes or No, with a sentence that explains."""

    form: Literal["yes_no"] = "yes_no"
    question: str
    answer: Literal["Yes", "No"]
    explanation: str
    reasoning: str


class OpenItem(Record):
    form: Literal["open"] = "open"
    question: str
    answer: str
    reasoning: str


class SpanItem(Record):
    """A question answered by a stretch of time."""

    form: Literal["span"] = "span"
    question: str
    span: Span
    reasoning: str


QaItem = McqItem | YesNoItem | OpenItem | SpanItem


class QaSet(Record):
    """The items of one QA type, and the reply they were read from."""

    qa_type: QaType
    prompt_key: str
    items: tuple[QaItem, ...]
    raw_reply: str


class QaVideo(VideoRow):
    qa: tuple[QaSet, ...] = ()


class TaskFilesVideo(VideoRow):
    """task_files: how many items of this video each task file holds."""

    items: dict[str, int] = Field(default_factory=dict)


class EvidenceVideo(VideoRow):
    """evidence. Of an item that a check could not judge there is a failure and no mark."""

    marks: tuple[Mark, ...] = ()


class Screening(Record):
    """Both filter questions read. A question that was not asked is None."""

    is_valid: bool | None = None
    validity_words: str = ""
    mode: Mode | None = None
    mode_words: str = ""


class DenseCaption(Record):
    text: str
    events: tuple[Event, ...]

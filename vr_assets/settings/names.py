"""Closed sets that several layers name."""

from enum import StrEnum


class Mode(StrEnum):
    """What a video shows. `unknown`: could not be told; annotated with the normal prompts and said to be so."""

    ANOMALY = "anomaly"
    NORMAL = "normal"
    UNKNOWN = "unknown"


class ModeSetting(StrEnum):
    AUTO = "auto"
    ANOMALY = "anomaly"
    NORMAL = "normal"


class Status(StrEnum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    FILTERED_OUT = "filtered_out"


class LeftOut(StrEnum):
    """Why the filter leaves a video out. All but `unsuitable` are measured, and cost no call."""

    DARK = "dark"
    FROZEN = "frozen"
    DIM = "dim"
    BRIGHT = "bright"
    BLURRED = "blurred"
    TOO_LONG = "too_long"
    UNSUITABLE = "unsuitable"


class NearDuplicates(StrEnum):
    """What becomes of videos that show nearly the same as an earlier one."""

    KEEP = "keep"
    MARK = "mark"
    ONE_OF_EACH = "one_of_each"


class Asset(StrEnum):
    """The assets of all graphs, each graph's together, upstream first."""

    RAW_VIDEOS = "raw_videos"
    FILTERED_VIDEOS = "filtered_videos"
    CAPTIONS = "captions"
    CHUNK_CAPTIONS = "chunk_captions"
    HIGHLIGHTS = "highlights"
    DESCRIPTIONS = "descriptions"
    QA = "qa"
    TASK_FILES = "task_files"
    EVIDENCE = "evidence"
    RAW_IMAGES = "raw_images"
    EXPRESSIONS = "expressions"
    GROUNDINGS = "groundings"
    VIDEO_CAPTIONS = "video_captions"


class Graph(StrEnum):
    """What a batch is a batch of. Each graph has partitions, a manifest and rows of its own."""

    VIDEOS = "videos"
    IMAGES = "images"
    CONVERSATIONS = "conversations"

    @property
    def assets(self) -> tuple[Asset, ...]:
        """What a batch goes through, upstream first."""
        return tuple(asset for asset in _ASSETS[self] if asset not in ON_REQUEST)

    @property
    def every_asset(self) -> tuple[Asset, ...]:
        """With what is made only where it is named."""
        return _ASSETS[self]

    @classmethod
    def of(cls, asset: Asset) -> "Graph":
        return next(graph for graph in cls if asset in graph.every_asset)


ON_REQUEST = frozenset({Asset.EVIDENCE})
"""Assets that are no part of their graph's whole: they cost calls that nothing downstream needs."""


_IMAGE_ASSETS = (Asset.RAW_IMAGES, Asset.EXPRESSIONS, Asset.GROUNDINGS)
_CONVERSATION_ASSETS = (Asset.VIDEO_CAPTIONS,)
_ASSETS = {
    Graph.VIDEOS: tuple(asset for asset in Asset if asset not in (*_IMAGE_ASSETS, *_CONVERSATION_ASSETS)),
    Graph.IMAGES: _IMAGE_ASSETS,
    Graph.CONVERSATIONS: _CONVERSATION_ASSETS,
}


class QaType(StrEnum):
    MCQ = "mcq"
    BCQ = "bcq"
    OPEN_QA = "open_qa"
    CAUSAL_LINKAGE = "causal_linkage"
    TEMPORAL_LOCALIZATION = "temporal_localization"
    TEMPORAL_EVENT_DESC = "temporal_event_desc"
    SCENE_DESCRIPTION = "scene_description"
    EVENT_SUMMARY = "event_summary"
    EVENT_VERIFICATION = "event_verification"


class Task(StrEnum):
    """What one model call is asked for. QA calls use the QA type's own name."""

    SCREENING = "screening"
    SUITABLE = "suitable"
    ANOMALY_OR_NORMAL = "anomaly_or_normal"
    GLOBAL_CAPTION = "global_caption"
    DENSE_CAPTION = "dense_caption"
    CHUNK_CAPTION = "chunk_caption"
    MOMENT = "moment"
    CLIP_CAPTION = "clip_caption"
    DESCRIPTION = "description"
    MCQ = "mcq"
    BCQ = "bcq"
    OPEN_QA = "open_qa"
    CAUSAL_LINKAGE = "causal_linkage"
    TEMPORAL_LOCALIZATION = "temporal_localization"
    TEMPORAL_EVENT_DESC = "temporal_event_desc"
    SCENE_DESCRIPTION = "scene_description"
    EVENT_SUMMARY = "event_summary"
    EVENT_VERIFICATION = "event_verification"
    BLIND = "blind"
    SUPPORT = "support"
    AGREEMENT = "agreement"
    JUDGE = "judge"
    EXPRESSIONS = "expressions"
    GROUNDINGS = "groundings"
    VIDEO_CAPTION = "video_caption"
    PREFLIGHT = "preflight"


class EvidenceCheck(StrEnum):
    """Checks of QA items that cost calls. `blind`: can it be answered without the video? `support`: does what was written down
    of the video support the answer? `agreement`: does a second model that watches the video answer the same?
    """

    BLIND = "blind"
    SUPPORT = "support"
    AGREEMENT = "agreement"


class BackendName(StrEnum):
    GEMINI = "gemini"
    OPENAI = "openai"
    VLLM = "vllm"
    OPENCV = "opencv"


class ExecutorName(StrEnum):
    """What carries out the steps of a run: its own process, processes of its own, Celery workers, or Kubernetes jobs."""

    IN_PROCESS = "in_process"
    MULTIPROCESS = "multiprocess"
    CELERY = "celery"
    K8S = "k8s"


class ReplyFormat(StrEnum):
    """How a reply is asked for: JSON under a schema, any JSON object, a labelled layout, or the first that the endpoint takes."""

    AUTO = "auto"
    SCHEMA = "schema"
    JSON = "json"
    LAYOUT = "layout"


class VideoInput(StrEnum):
    """How an OpenAI-compatible endpoint takes a video."""

    VIDEO_URL = "video_url"
    IMAGE_URL = "image_url"
    FRAMES = "frames"


class MediaResolution(StrEnum):
    LOW = "MEDIA_RESOLUTION_LOW"
    MEDIUM = "MEDIA_RESOLUTION_MEDIUM"
    HIGH = "MEDIA_RESOLUTION_HIGH"


class Upload(StrEnum):
    AUTO = "auto"
    NEVER = "never"


class LongVideoInput(StrEnum):
    """How a long video is shown where its times are asked for."""

    FRAMES = "frames"
    WINDOWS = "windows"


class LongRecordings(StrEnum):
    SKIP = "skip"
    SPLIT = "split"


class AudioSetting(StrEnum):
    DROP = "drop"
    KEEP = "keep"


class BoxConvention(StrEnum):
    """In which order and unit a model gives boxes: four numbers.

    Pixels are those of the picture as sent; `resized`: as Qwen2.5-VL resizes it, to multiples of 28; `original`: of the file.
    `thousand` is 0-1000 of the picture, `thousandth` 0-999, `bins` 0-1023, `unit` 0-1. `unknown`: what a
    model said fits none of these, or more than one; as a setting: by the model's name.
    """

    PIXELS_XYXY = "pixels_xyxy"
    PIXELS_XYWH = "pixels_xywh"
    RESIZED_XYXY = "resized_xyxy"
    ORIGINAL_XYXY = "original_xyxy"
    UNIT_XYXY = "unit_xyxy"
    THOUSAND_XYXY = "thousand_xyxy"
    THOUSAND_YXYX = "thousand_yxyx"
    THOUSANDTH_XYXY = "thousandth_xyxy"
    BINS_YXYX = "bins_yxyx"
    UNKNOWN = "unknown"


class SplitAt(StrEnum):
    LENGTH = "length"
    SCENE_CUTS = "scene_cuts"


class Check(StrEnum):
    """What is checked of a stage's rows; one name may be a check of several stages."""

    FAILED_ROWS = "failed_rows"
    MISSING_ROWS = "missing_rows"
    IDS_UNIQUE = "ids_unique"
    LEFT_OUT_SHARE = "left_out_share"
    UNLABELLED_SHARE = "unlabelled_share"
    EMPTY_TEXTS = "empty_texts"
    REFUSALS = "refusals"
    TRUNCATED_TEXTS = "truncated_texts"
    REPEATED_TEXTS = "repeated_texts"
    EVENT_TIMES = "event_times"
    CHUNK_COVERAGE = "chunk_coverage"
    HIGHLIGHT_TIMES = "highlight_times"
    HIGHLIGHT_AGREES = "highlight_agrees"
    DESCRIPTION_PARTS = "description_parts"
    TIMES_INSIDE = "times_inside"
    UNREAD_SHARE = "unread_share"
    MCQ_OPTIONS = "mcq_options"
    LETTER_BALANCE = "letter_balance"
    YES_NO_BALANCE = "yes_no_balance"
    OPTION_LENGTHS = "option_lengths"
    CAPTIONS_CITED = "captions_cited"
    REPEATED_QUESTIONS = "repeated_questions"
    REPEATED_ITEMS = "repeated_items"
    REASONING_PRESENT = "reasoning_present"
    REASONING_LETTERS = "reasoning_letters"
    TASK_FILE_SCHEMA = "task_file_schema"
    TASK_FILE_COUNTS = "task_file_counts"
    SPANS_MATCH_TEXT = "spans_match_text"
    BOXES_INSIDE = "boxes_inside"
    EXPRESSIONS_ACCOUNTED_FOR = "expressions_accounted_for"
    NEAR_DUPLICATE_BOXES = "near_duplicate_boxes"
    UNGROUNDED_SHARE = "ungrounded_share"


class ReleaseForm(StrEnum):
    """What a data set is written as, besides task files and the media that they name."""

    SHAREGPT = "sharegpt"
    LLAVA_VIDEO = "llava_video"
    QWEN_VL = "qwen_vl"
    PARQUET = "parquet"
    WEBDATASET = "webdataset"
    STEP_FILES = "step_files"


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"

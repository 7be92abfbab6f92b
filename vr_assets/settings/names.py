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
    """The assets of the video graph, upstream first."""

    RAW_VIDEOS = "raw_videos"
    FILTERED_VIDEOS = "filtered_videos"
    CAPTIONS = "captions"
    CHUNK_CAPTIONS = "chunk_captions"
    HIGHLIGHTS = "highlights"
    DESCRIPTIONS = "descriptions"
    QA = "qa"
    TASK_FILES = "task_files"


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
    PREFLIGHT = "preflight"


class BackendName(StrEnum):
    GEMINI = "gemini"
    OPENAI = "openai"
    VLLM = "vllm"
    OPENCV = "opencv"


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


class SplitAt(StrEnum):
    LENGTH = "length"
    SCENE_CUTS = "scene_cuts"

"""Every setting once: name, default, bounds, unit and why the default is what it is."""

from typing import Self

from pydantic import Field, model_validator

from vr_assets.settings.endpoints import BudgetSettings, CallSettings, ModelSettings
from vr_assets.settings.fields import EndpointName, Group, Numbers, QaTypes, Strings
from vr_assets.settings.names import (
    Asset,
    AudioSetting,
    BoxConvention,
    ExecutorName,
    LongRecordings,
    LongVideoInput,
    ModeSetting,
    NearDuplicates,
    QaType,
    SplitAt,
    Task,
)
from vr_assets.settings.outputs import CheckSettings, EvidenceSettings, ReleaseSettings, TaskFileSettings


class PromptSettings(Group):
    prompts_module: str = Field("general", description="Prompt domain: general, or the name of a folder in prompts_dir.")
    prompts_dir: str = Field("", description="Folder of your own domains, looked in before the shipped ones.")


class IngestSettings(Group):
    video_root: str = Field("", description="Folder walked for videos when ingest names no path.")
    image_root: str = Field(
        "", description="Folder that relative image paths are below; empty: that of the list that names them."
    )
    source_roots: Strings = Field(
        (),
        description="Folders and s3:// prefixes that videos, images and lists must lie in, wherever links lead; empty: anywhere.",
    )
    input_jsonl_files: Strings = Field((), description="JSONL files with `video_path` or `video`, merged with video_root.")
    filter_field: str = Field("", description="Keep the JSONL rows where this field is truthy; empty keeps all.")
    labels_file: str = Field("", description="JSON file of labels, by the video's name without suffix; empty: none.")
    batch_size: int = Field(200, ge=1, le=10000, description="Videos in one batch: a run's unit of work, small enough to retry.")
    split_at: SplitAt = Field(
        SplitAt.LENGTH,
        description="Where long recordings are split: length decodes nothing; scene_cuts looks them through, about 20 s an hour.",
    )
    shortest_part_sec: float = Field(
        10.0, gt=0, description="A scene shorter than this stays in one part with its neighbour; about 20 calls a part. Seconds."
    )


class DropSettings(Group):
    folder: str = Field(
        "",
        description="What the sensor `video_drops` watches for videos and for lists of videos, images or conversations: "
        "a folder, or s3://bucket/prefix.",
    )
    family: str = Field(
        "", description="Name of the batches made of dropped videos: NAME, NAME-2, ...; empty: the folder's name."
    )
    settle_s: float = Field(
        60.0, ge=0, description="A file is taken when its size and time did not change for so long, in seconds."
    )
    done_suffix: str = Field(
        "", description="Such as .done: a file is taken once NAME.mp4.done lies beside it, and not before, in place of settle_s."
    )
    batch_age_s: float = Field(
        900.0, ge=0, description="A batch closes at ingest.batch_size videos, or when one has waited for so long. Seconds."
    )


class VideoSettings(Group):
    max_video_length_sec: float = Field(
        300.0, gt=0, description="Longer videos are skipped with a row, before any paid call. Seconds."
    )
    long_recordings: LongRecordings = Field(
        LongRecordings.SKIP, description="split: ingest makes parts of max_video_length_sec of longer recordings."
    )


class FilterSettings(Group):
    enabled: bool = Field(
        True,
        description="Ask whether a video suits the domain. Off with a set mode costs no call; the limits below still hold.",
    )
    max_dark_share: float = Field(
        0.999,
        ge=0,
        le=1,
        description="Leave out a video that is dark for more of its length: nothing in it to ask about. 1: off.",
    )
    max_frozen_share: float = Field(
        0.999,
        ge=0,
        le=1,
        description="Leave out a video that stands still for more of its length, to the bit. 1: off.",
    )
    min_brightness: float = Field(0.0, ge=0, le=255, description="Leave out a video of a lower mean brightness. 0: off.")
    max_brightness: float = Field(255.0, ge=0, le=255, description="Leave out a video of a higher mean brightness. 255: off.")
    min_detail: float = Field(
        0.0, ge=0, description="Leave out a video of less detail (variance of the Laplacian): blurred or flat. 0: off."
    )
    near_duplicates: NearDuplicates = Field(
        NearDuplicates.MARK,
        description="Videos nearly the same as an earlier one, in this batch or before: mark names it on the row, one_of_each "
        "asks nothing about them (and nothing about any before all are measured), keep does not look.",
    )


class ChunkSettings(Group):
    chunk_duration_options: Numbers = Field(
        (5.0, 10.0, 15.0, 20.0, 30.0), description="Chunk lengths to choose from: the first that needs at most max_chunks. s."
    )
    max_chunks: int = Field(10, ge=1, le=200, description="Most chunks of one video: one call each.")


class HighlightSettings(Group):
    highlight_before_sec: float = Field(3.0, ge=0, description="Clip before the incident, in seconds.")
    highlight_after_sec: float = Field(3.0, ge=0, description="Clip after the incident, in seconds.")


class LongVideoSettings(Group):
    long_video_threshold_sec: float = Field(60.0, gt=0, description="Above it frames are sent in place of video. Seconds.")
    long_video_sample_fps: float = Field(0.5, gt=0, le=30, description="Frames a second of a long video.")
    long_video_max_frames: int = Field(60, ge=1, le=1000, description="Most frames of one long video.")
    long_video_input: LongVideoInput = Field(
        LongVideoInput.FRAMES,
        description="windows: events are asked of clips of at most the threshold, a call each, so that motion is seen.",
    )


class QaSettings(Group):
    qa_types: QaTypes = Field(
        tuple(kind for kind in QaType if kind is not QaType.EVENT_VERIFICATION),
        min_length=1,
        description="QA types, one call each. event_verification is off: trainers that know ten tasks skip its file.",
    )


class MediaSettings(Group):
    longest_side_px: int = Field(640, ge=64, le=3840, description="Longest side of the proxy: what a model sees of a video.")
    max_fps: float = Field(8.0, gt=0, le=60, description="Frame rate cap of the proxy; models sample 1 to 2 a second.")
    crf: int = Field(28, ge=10, le=40, description="x264 quality of the proxy: 0.5 to 2 MB a minute of CCTV.")
    keyframe_interval_s: float = Field(
        1.0, ge=0.2, le=60, description="Seconds from keyframe to keyframe of the proxy: where chunks can start."
    )
    proxy: bool = Field(
        True, description="false: keeps no proxies; models are shown cuts of the source at its own size and rate, made each time."
    )
    proxies_gb: float = Field(
        20.0, gt=0, description="Room for proxies, in GB: about 300 hours of video. The least used go first and are made again."
    )
    audio: AudioSetting = Field(AudioSetting.DROP, description="keep: clips carry the sound, for models that hear it.")
    highlight_longest_side_px: int = Field(1280, ge=64, le=3840, description="Longest side of the highlight clip.")
    frame_longest_side_px: int = Field(640, ge=64, le=3840, description="Longest side of single frames sent as JPEG.")
    burn_clock: bool = Field(
        False, description="Draw the time into a corner of all that is shown, for models that lose it; clips are encoded anew."
    )
    workers: int = Field(0, ge=0, le=256, description="Media processes; 0: one a core.")
    deadline_s: float = Field(600.0, gt=0, description="Longest time on one video in a media process, in seconds.")
    memory_mb: int = Field(4096, ge=512, description="Memory limit of one media process, in MB.")


class ImageSettings(Group):
    longest_side_px: int = Field(
        1568, ge=64, le=8192, description="Larger images are sent scaled to this; 1568 is what most models look at, and 56 x 28."
    )


class GroundingSettings(Group):
    box_convention: BoxConvention = Field(
        BoxConvention.UNKNOWN,
        description="Order and unit of the model's boxes, such as thousand_xyxy; unknown: by the model's name.",
    )
    max_instances: int = Field(10, ge=1, le=100, description="Most boxes of one expression; the rest is left out and counted.")
    expressions_per_call: int = Field(
        25, ge=1, le=200, description="Longer lists are split over calls, so that no answer is cut."
    )


class VideoCaptionSettings(Group):
    prompt: str = Field("", description="Your own prompt, in place of the template prompts/DOMAIN/video_captions/caption.md.")
    prompt_file: str = Field("", description="A text file that holds it, in place of `prompt`.")
    force_prompt: bool = Field(
        False, description="Ask the template's prompt, or yours, also where the first human turn of a row has one of its own."
    )


class BucketSettings(Group):
    cache_dir: str = Field("~/.cache/vr-assets", description="Folder for local copies of what lies in buckets; may be deleted.")
    flush_s: float = Field(
        5.0,
        ge=0,
        description="Answers go into the bucket at least so often, in seconds: what a lost machine loses at most. 0: each before "
        "its call gives up its place, so that a lost machine loses the calls in flight and no more.",
    )
    sources_gb: float = Field(
        50.0, gt=0, description="Room for copies of videos and images that lie in buckets, in GB. The least used go first."
    )


class Settings(Group):
    """All settings, resolved. Sections are attributes; the dotted name of a leaf is its path."""

    data_root: str = Field("./data", description="Where everything is written: a folder, or s3://bucket/prefix.")
    files_url: str = Field("", description="Address where a web server shows data_root: the UI links there. Empty: paths.")
    executor: ExecutorName = Field(
        ExecutorName.IN_PROCESS,
        description="What carries out the steps of runs that Dagster starts. The others take longer a step.",
    )
    bucket: BucketSettings = Field(default_factory=BucketSettings, description="S3: region, local copies, retries.")
    mode: ModeSetting = Field(ModeSetting.AUTO, description="auto: the model labels each video; else the batch is pre-sorted.")
    force_reprocess: Strings = Field((), description="Assets to ask again in spite of the journal, or `all`. For one run.")
    retry: Strings = Field((), description="Assets whose used-up requests (max_answers) may be asked again. For one run.")
    vlm: ModelSettings = Field(default_factory=ModelSettings, description="The model that sees videos and images.")
    llm: ModelSettings = Field(default_factory=ModelSettings, description="The model that answers from text.")
    endpoints: dict[EndpointName, ModelSettings] = Field(
        default_factory=dict, description="Further endpoints by name: endpoints.NAME.backend and so on, as under vlm."
    )
    routes: dict[str, str] = Field(
        default_factory=dict, description="Which endpoint a stage, task or QA type uses: routes.qa=NAME, routes.mcq=vlm."
    )
    calls: CallSettings = Field(default_factory=CallSettings, description="How models are called.")
    budget: BudgetSettings = Field(default_factory=BudgetSettings, description="What a run or a batch may cost, and the prices.")
    prompts: PromptSettings = Field(default_factory=PromptSettings, description="Which prompt domain, and where your own are.")
    ingest: IngestSettings = Field(default_factory=IngestSettings, description="How folders and lists become batches.")
    drops: DropSettings = Field(default_factory=DropSettings, description="What the sensor `video_drops` watches.")
    videos: VideoSettings = Field(default_factory=VideoSettings, description="Which videos are taken in, and how.")
    filter: FilterSettings = Field(default_factory=FilterSettings, description="What is left out before captions are paid for.")
    chunks: ChunkSettings = Field(default_factory=ChunkSettings, description="How a video is cut into chunks.")
    highlights: HighlightSettings = Field(default_factory=HighlightSettings, description="How an incident is looked at.")
    long_video: LongVideoSettings = Field(default_factory=LongVideoSettings, description="How long videos are shown.")
    qa: QaSettings = Field(default_factory=QaSettings, description="Which kinds of questions are asked, and how many.")
    evidence: EvidenceSettings = Field(default_factory=EvidenceSettings, description="Which checks of QA items are paid for.")
    task_files: TaskFileSettings = Field(default_factory=TaskFileSettings, description="What is written into the training files.")
    media: MediaSettings = Field(default_factory=MediaSettings, description="How videos are read and made smaller.")
    images: ImageSettings = Field(default_factory=ImageSettings, description="How images are shown to the model.")
    grounding: GroundingSettings = Field(default_factory=GroundingSettings, description="How boxes are asked for and read.")
    video_captions: VideoCaptionSettings = Field(default_factory=VideoCaptionSettings, description="How its media are shown.")
    checks: CheckSettings = Field(default_factory=CheckSettings, description="Which failed checks stop a run.")
    release: ReleaseSettings = Field(default_factory=ReleaseSettings, description="What a released dataset holds.")

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> Self:
        for what, name in self.routes.items():
            if name not in (*ROLES, *self.endpoints):
                there = ", ".join((*ROLES, *self.endpoints))
                raise ValueError(f"routes.{what} = {name!r} names no endpoint; there are {there}")
        return self

    def endpoint_for(self, asset: Asset, task: Task, role: str) -> str:
        """The name of the endpoint that a task of a stage uses: its own route, its stage's, or its role's (`vlm`, `llm`)."""
        return self.routes.get(task) or self.routes.get(asset) or role

    @staticmethod
    def section(endpoint: str) -> str:
        """Where the settings of an endpoint are, as messages name it."""
        return endpoint if endpoint in ROLES else f"endpoints.{endpoint}"

    def model(self, endpoint: str) -> ModelSettings:
        """The settings of an endpoint: `vlm`, `llm`, or one of `endpoints`."""
        own = {"vlm": self.vlm, "llm": self.llm}.get(endpoint)
        return own or self.endpoints[endpoint]


ROLES = ("vlm", "llm")
# What may have a route of its own.
ROUTABLE = frozenset({*Asset, *Task})

"""Every setting once: name, default, bounds, unit and why the default is what it is."""

import json
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from vr_assets.settings.names import (
    Asset,
    AudioSetting,
    BackendName,
    BoxConvention,
    Check,
    EvidenceCheck,
    ExecutorName,
    LongRecordings,
    LongVideoInput,
    MediaResolution,
    ModeSetting,
    NearDuplicates,
    QaType,
    ReleaseForm,
    ReplyFormat,
    SplitAt,
    Task,
    Upload,
    VideoInput,
)  # fmt: skip


def _listed(value: object) -> object:
    """`a,b` and `["a", "b"]` as the environment and the command line write lists."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


EvidenceChecks = Annotated[tuple[EvidenceCheck, ...], BeforeValidator(_listed)]
QaTypes = Annotated[tuple[QaType, ...], BeforeValidator(_listed)]
ReleaseForms = Annotated[tuple[ReleaseForm, ...], BeforeValidator(_listed)]
Numbers = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(_listed), Field(min_length=1)]
# So that a key that was pasted in place of its variable's name is refused.
VariableName = Annotated[str, Field(pattern="^[A-Z_][A-Z0-9_]*$")]
Strings = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Checks = Annotated[tuple[Check, ...], BeforeValidator(_listed)]
EndpointName = Annotated[str, Field(pattern="^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GeminiSettings(_Group):
    model: str = Field("gemini-3.1-flash-lite-preview", description="Model name; the cheapest that watches video.")
    media_resolution: MediaResolution = Field(
        MediaResolution.LOW, description="About 70 tokens a frame; raise it for small print or far figures."
    )
    temperature: float = Field(0.3, ge=0, le=2, description="Low: annotations want facts before variety.")
    top_p: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Draw words from the likeliest that have this share of the probability together; 0: the model's own.",
    )
    max_output_tokens: int = Field(8192, ge=1, description="Output limit in tokens, thinking included.")
    timeout: float = Field(120.0, gt=0, description="Seconds to wait for one answer.")
    api_key_env: VariableName = Field("GOOGLE_API_KEY", description="NAME of the environment variable that holds the key.")
    base_url: str = Field("", description="Another address of the API (a gateway); empty: Google's own.")
    max_inline_mb: float = Field(20.0, gt=0, le=100, description="Request body limit in MB; 20 holds on every API version.")
    upload: Upload = Field(
        Upload.AUTO,
        description="auto: what does not fit inline goes through the Files API, once a video; never: it is made smaller.",
    )
    upload_deadline_s: float = Field(300.0, gt=0, description="Seconds until an uploaded file must be ready to use.")


class OpenAISettings(_Group):
    base_url: str = Field("", description="Endpoint, with or without /v1 or /chat/completions. Empty: OpenAI's own.")
    base_urls: Strings = Field(
        (), description="Replicas of one endpoint in place of base_url: least loaded first, a broken one rests."
    )
    model_name: str = Field("", description="Model name as the endpoint knows it. No default: endpoints differ.")
    temperature: float = Field(0.7, ge=0, le=2, description="As TAO's users know it.")
    top_p: float = Field(0.0, ge=0, le=1, description="As for gemini; 0: the endpoint's own.")
    max_tokens: int = Field(4096, ge=1, description="Output limit in tokens.")
    timeout: float = Field(60.0, gt=0, description="Seconds to wait for one answer.")
    api_key_env: VariableName = Field(
        "OPENAI_API_KEY", description="NAME of the environment variable that holds the key; unset is fine for a local server."
    )
    video_input: VideoInput = Field(
        VideoInput.VIDEO_URL,
        description="video_url (vLLM, NIM), image_url carrying a video (some gateways), frames (image-only models).",
    )
    reply_format: ReplyFormat = Field(
        ReplyFormat.AUTO, description="auto: JSON schema, else any JSON object, else the labelled layout: the first it takes."
    )
    max_request_mb: float = Field(
        50.0, gt=0, le=2000, description="Request body limit in MB; what would be larger is shown smaller."
    )


class VllmSettings(_Group):
    model_path: str = Field("", description="Folder or name on the hub of the model that `vllm serve` is started with.")
    model_name: str = Field(
        "", description="What rows and the journal call it; empty: the last part of model_path. Another name asks anew."
    )
    executable: str = Field("vllm", description="The program that is started; a path where it is not on PATH.")
    tensor_parallel_size: int = Field(1, ge=1, le=64, description="GPUs that share one copy of the model.")
    max_model_len: int = Field(0, ge=0, description="Context length in tokens; 0: the model's own.")
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1, description="Share of the GPU's memory that the server may take.")
    extra_args: Strings = Field(
        (), description="Further arguments of `vllm serve`, such as --quantization,fp8; as a JSON list where one holds a comma."
    )
    port: int = Field(0, ge=0, le=65535, description="Port on 127.0.0.1; 0: a free one.")
    startup_timeout_s: float = Field(
        900.0, gt=0, description="Seconds until the server must answer; large models load for minutes."
    )
    temperature: float = Field(0.7, ge=0, le=2, description="As for other OpenAI-compatible endpoints.")
    top_p: float = Field(0.0, ge=0, le=1, description="As for openai.")
    max_tokens: int = Field(4096, ge=1, description="Output limit in tokens.")
    timeout: float = Field(300.0, gt=0, description="Seconds to wait for one answer; a full server queues.")
    video_input: VideoInput = Field(VideoInput.VIDEO_URL, description="video_url, or frames for image-only models.")
    video_fps: float = Field(
        2.0, ge=0, le=30, description="Frames a second that the server takes of a video; Qwen2.5-VL tells time by 2. 0: all."
    )
    reply_format: ReplyFormat = Field(ReplyFormat.AUTO, description="As for openai; vLLM enforces JSON schemas.")
    max_request_mb: float = Field(100.0, gt=0, le=2000, description="Request body limit in MB.")


class ModelSettings(_Group):
    backend: BackendName = Field(
        BackendName.GEMINI,
        description="gemini, openai (any compatible endpoint), vllm (started and stopped here), or opencv (offline, no key).",
    )
    requests_per_minute: float = Field(0.0, ge=0, description="Most requests a minute, over all runs; 0: as the endpoint lets.")
    tokens_per_minute: float = Field(0.0, ge=0, description="Most tokens a minute, over all runs; 0: as the endpoint lets.")
    gemini: GeminiSettings = Field(default_factory=GeminiSettings, description="With backend = gemini: Google's API.")
    openai: OpenAISettings = Field(default_factory=OpenAISettings, description="With backend = openai: any compatible endpoint.")
    vllm: VllmSettings = Field(default_factory=VllmSettings, description="With backend = vllm: a server that is started here.")


class CallSettings(_Group):
    max_workers: int = Field(
        16, ge=1, le=1024, description="Ceiling on calls in flight to one endpoint, over all runs on this machine."
    )
    max_attempts: int = Field(
        6, ge=1, le=20, description="Attempts for one call when the endpoint is busy or the connection drops."
    )
    max_output_cap: int = Field(
        32768, ge=1, description="An answer cut at its output limit is asked again with twice the limit, up to this. Tokens."
    )
    repair: bool = Field(
        False, description="Ask the model once to restate an answer that does not read (text only, no media); refusals never."
    )
    preflight: bool = Field(True, description="Try an endpoint with a known clip before the first paid call; remembered.")
    run_ahead: bool = Field(
        True, description="Ask the next stages' questions about videos that are through while slower ones hold a stage up."
    )
    max_retry_wait_s: float = Field(60.0, gt=0, description="Longest wait between two attempts, in seconds.")
    max_answers: int = Field(
        3, ge=1, le=20, description="Answers kept for one request over all runs before its row fails for good."
    )
    videos_in_work: int = Field(
        0, ge=0, le=1024, description="Videos worked on at once in a stage; bounds memory. 0: max_workers, at least 16."
    )

    @property
    def videos_at_once(self) -> int:
        return self.videos_in_work or max(16, self.max_workers)


class BudgetSettings(_Group):
    run_usd: float = Field(
        0.0, ge=0, description="Most that one run may spend, in USD; 0: no limit. A run that reaches it stops."
    )
    batch_usd: float = Field(0.0, ge=0, description="Most that one batch may cost over all its runs, in USD; 0: no limit.")
    prices_file: str = Field("", description="Your own price table (TOML), looked in before the shipped one.")


class PromptSettings(_Group):
    prompts_module: str = Field("general", description="Prompt domain: general, or the name of a folder in prompts_dir.")
    prompts_dir: str = Field("", description="Folder of your own domains, looked in before the shipped ones.")


class IngestSettings(_Group):
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


class DropSettings(_Group):
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


class VideoSettings(_Group):
    max_video_length_sec: float = Field(
        300.0, gt=0, description="Longer videos are skipped with a row, before any paid call. Seconds."
    )
    long_recordings: LongRecordings = Field(
        LongRecordings.SKIP, description="split: ingest makes parts of max_video_length_sec of longer recordings."
    )


class FilterSettings(_Group):
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


class ChunkSettings(_Group):
    chunk_duration_options: Numbers = Field(
        (5.0, 10.0, 15.0, 20.0, 30.0), description="Chunk lengths to choose from: the first that needs at most max_chunks. s."
    )
    max_chunks: int = Field(10, ge=1, le=200, description="Most chunks of one video: one call each.")


class HighlightSettings(_Group):
    highlight_before_sec: float = Field(3.0, ge=0, description="Clip before the incident, in seconds.")
    highlight_after_sec: float = Field(3.0, ge=0, description="Clip after the incident, in seconds.")


class LongVideoSettings(_Group):
    long_video_threshold_sec: float = Field(60.0, gt=0, description="Above it frames are sent in place of video. Seconds.")
    long_video_sample_fps: float = Field(0.5, gt=0, le=30, description="Frames a second of a long video.")
    long_video_max_frames: int = Field(60, ge=1, le=1000, description="Most frames of one long video.")
    long_video_input: LongVideoInput = Field(
        LongVideoInput.FRAMES,
        description="windows: events are asked of clips of at most the threshold, a call each, so that motion is seen.",
    )


class QaSettings(_Group):
    qa_types: QaTypes = Field(
        tuple(kind for kind in QaType if kind is not QaType.EVENT_VERIFICATION),
        min_length=1,
        description="QA types, one call each. event_verification is off: trainers that know ten tasks skip its file.",
    )


class EvidenceSettings(_Group):
    checks: EvidenceChecks = Field(
        (),
        description="Checks of QA items that cost calls: blind, support, agreement (docs/evidence.md). Empty: none.",
    )
    min_iou: float = Field(
        0.5, gt=0, le=1, description="Two stretches of time are the same answer from this overlap on (intersection over union)."
    )


class TaskFileSettings(_Group):
    license: str = Field("", description="metadata.license of the task files.")
    description_extra: str = Field("", description="Follows the task's own sentence in metadata.description.")


class MediaSettings(_Group):
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


class ImageSettings(_Group):
    longest_side_px: int = Field(
        1568, ge=64, le=8192, description="Larger images are sent scaled to this; 1568 is what most models look at, and 56 x 28."
    )


class GroundingSettings(_Group):
    box_convention: BoxConvention = Field(
        BoxConvention.UNKNOWN,
        description="Order and unit of the model's boxes, such as thousand_xyxy; unknown: by the model's name.",
    )
    max_instances: int = Field(10, ge=1, le=100, description="Most boxes of one expression; the rest is left out and counted.")
    expressions_per_call: int = Field(
        25, ge=1, le=200, description="Longer lists are split over calls, so that no answer is cut."
    )


class VideoCaptionSettings(_Group):
    prompt: str = Field("", description="Your own prompt, in place of the template prompts/DOMAIN/video_captions/caption.md.")
    prompt_file: str = Field("", description="A text file that holds it, in place of `prompt`.")
    force_prompt: bool = Field(
        False, description="Ask the template's prompt, or yours, also where the first human turn of a row has one of its own."
    )


class CheckSettings(_Group):
    blocking: Checks = Field(
        (Check.FAILED_ROWS, Check.MISSING_ROWS),
        description="Checks that stop a run when they fail. Later calls rest on these two; the others tell of single items, "
        "which reviewers and the release can leave out.",
    )
    max_failed_share: float = Field(0.2, ge=0, le=1, description="A run fails when a larger share of a stage's rows failed.")
    max_left_out_share: float = Field(
        0.5, ge=0, le=1, description="A warning when the filter left out a larger share: the domain, or a limit, may not fit."
    )
    max_unlabelled_share: float = Field(
        0.1, ge=0, le=1, description="A warning when a larger share of the videos could be called neither anomaly nor normal."
    )
    max_unread_share: float = Field(
        0.05, ge=0, le=1, description="A warning when a larger share of the QA types asked gave no items: the prompt may not fit."
    )
    max_flawed_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="A warning when a larger share of texts or items has a flaw that a rule of thumb sees (cut, repeated, ...).",
    )
    max_letter_share: float = Field(
        0.4, ge=0, le=1, description="A warning when one letter is the answer more often; of four options, chance is 0.25."
    )
    max_yes_share: float = Field(
        0.65, ge=0, le=1, description="A warning when Yes, or No, is the answer more often; chance is 0.5."
    )
    max_longest_share: float = Field(
        0.45,
        ge=0,
        le=1,
        description="A warning when the right option is more often the longest, or the shortest; of four, chance is 0.25.",
    )
    chance: float = Field(
        0.001,
        gt=0,
        le=0.1,
        description="What fair answers would show with a smaller probability (binomial) is no chance; so a few items never fail.",
    )
    question_overlap: float = Field(
        0.8,
        gt=0,
        le=1,
        description="Two questions about a video that share so much of their words (Jaccard), and all numbers, are one question.",
    )
    shortest_text_chars: int = Field(12, ge=1, description="A caption or description with fewer characters says next to nothing.")
    max_ungrounded_share: float = Field(
        0.5, ge=0, le=1, description="A warning when a larger share of a batch's expressions has no box."
    )


class ReleaseSettings(_Group):
    forms: ReleaseForms = Field((), description="Forms besides task files: sharegpt, qwen_vl, parquet and so on.")
    validation_share: float = Field(
        0.1, ge=0, lt=1, description="Share of the groups of videos that go to validation, by hash: about, not exactly. 0: none."
    )
    group_by: Strings = Field(
        (),
        description="Manifest fields, such as camera: videos with the same value in one of them stay on one side of the split.",
    )
    only_accepted: bool = Field(False, description="Release what a reviewer accepted or edited, and nothing else.")
    failed_marks: Strings = Field(
        ("*",),
        description="Evidence checks whose failed marks leave an item out, by name or pattern; what a reviewer accepts stays.",
    )
    findings: Strings = Field(
        (), description="Asset checks whose findings leave out what they name, by name or pattern; what a reviewer accepts stays."
    )
    drop_near_duplicates: bool = Field(
        False, description="Leave out videos that are nearly the same as an earlier one; kept, they are on its side of the split."
    )
    allow_baseline: bool = Field(
        False,
        description="Release rows of the offline annotator too. They say what it measured: fine for a dry run, not to train on.",
    )
    captions: bool = Field(True, description="Captions and descriptions as samples of their own, in all forms but task files.")
    with_reasoning: bool = Field(
        True,
        description="Answers of conversations begin with the reasoning in <think> tags, as trainers of reasoning models want it.",
    )
    license: str = Field("", description="License of the whole; empty: those of the batches (task_files.license), joined by AND.")
    shard_mb: float = Field(500.0, gt=0, le=4000, description="WebDataset shards are about so large, in MB.")


class BucketSettings(_Group):
    cache_dir: str = Field("~/.cache/vr-assets", description="Folder for local copies of what lies in buckets; may be deleted.")
    flush_s: float = Field(
        5.0, gt=0, description="Answers go into the bucket at least so often: what a lost machine loses at most. Seconds."
    )
    sources_gb: float = Field(
        50.0, gt=0, description="Room for copies of videos and images that lie in buckets, in GB. The least used go first."
    )


class Settings(_Group):
    """All settings, resolved. Sections are attributes; the dotted name of a leaf is its path."""

    data_root: str = Field("./data", description="Where everything is written: a folder, or s3://bucket/prefix.")
    files_url: str = Field(
        "",
        description="Address at which a web server shows data_root; the UI links to files and review pages there. Empty: paths.",
    )
    executor: ExecutorName = Field(
        ExecutorName.IN_PROCESS,
        description="What carries out the steps of runs that Dagster starts; in_process takes 0.2 s a step, others 1 s and more.",
    )
    bucket: BucketSettings = Field(default_factory=BucketSettings, description="S3: region, local copies, retries.")
    mode: ModeSetting = Field(ModeSetting.AUTO, description="auto: the model labels each video; else the batch is pre-sorted.")
    force_reprocess: Strings = Field((), description="Assets to ask again in spite of the journal, or `all`. For one run.")
    retry: Strings = Field((), description="Assets whose used-up requests (max_answers) may be asked again. For one run.")
    vlm: ModelSettings = Field(default_factory=ModelSettings, description="The model that sees videos and images.")
    llm: ModelSettings = Field(
        default_factory=ModelSettings, description="The model that answers from text alone; may be cheaper."
    )
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

"""Every setting once: name, default, bounds, unit and why the default is what it is.

A setting has one dotted name (`chunks.max_chunks`). The environment spells it `VR_CHUNKS__MAX_CHUNKS`, the command line
`--set chunks.max_chunks=8`, a batch's `batch.json` and run config use the same path. A layer is a flat mapping from dotted
names to values; `resolve` stacks layers and says which one each value came from.
"""

import difflib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, get_origin

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from vr_assets.errors import SettingsError

ENV_PREFIX = "VR_"


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


class LongRecordings(StrEnum):
    SKIP = "skip"
    SPLIT = "split"


def _listed(value: object) -> object:
    """`a,b` and `["a", "b"]` as the environment and the command line write lists."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


QaTypes = Annotated[tuple[QaType, ...], BeforeValidator(_listed)]
Numbers = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(_listed), Field(min_length=1)]
# So that a key that was pasted in place of its variable's name is refused.
VariableName = Annotated[str, Field(pattern="^[A-Z_][A-Z0-9_]*$")]
Strings = Annotated[tuple[str, ...], BeforeValidator(_listed)]
EndpointName = Annotated[str, Field(pattern="^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GeminiSettings(_Group):
    model: str = Field("gemini-3.1-flash-lite-preview", description="Model name; the cheapest that watches video.")
    media_resolution: MediaResolution = Field(
        MediaResolution.LOW, description="About 70 tokens a frame; raise it for small print or far figures."
    )
    temperature: float = Field(0.3, ge=0, le=2, description="Low: annotations want facts before variety.")
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
    gemini: GeminiSettings = Field(default_factory=GeminiSettings)
    openai: OpenAISettings = Field(default_factory=OpenAISettings)
    vllm: VllmSettings = Field(default_factory=VllmSettings)


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
    input_jsonl_files: Strings = Field((), description="JSONL files with `video_path` or `video`, merged with video_root.")
    filter_field: str = Field("", description="Keep the JSONL rows where this field is truthy; empty keeps all.")
    batch_size: int = Field(200, ge=1, le=10000, description="Videos in one batch: a run's unit of work, small enough to retry.")


class VideoSettings(_Group):
    max_video_length_sec: float = Field(
        300.0, gt=0, description="Longer videos are skipped with a row, before any paid call. Seconds."
    )
    long_recordings: LongRecordings = Field(
        LongRecordings.SKIP, description="split: ingest makes parts of max_video_length_sec of longer recordings."
    )


class FilterSettings(_Group):
    enabled: bool = Field(True, description="Ask whether a video suits the domain. Off with a set mode costs no call.")


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


class QaSettings(_Group):
    qa_types: QaTypes = Field(
        tuple(kind for kind in QaType if kind is not QaType.EVENT_VERIFICATION),
        min_length=1,
        description="QA types, one call each. event_verification is off: trainers that know ten tasks skip its file.",
    )


class TaskFileSettings(_Group):
    license: str = Field("", description="metadata.license of the task files.")
    description_extra: str = Field("", description="Follows the task's own sentence in metadata.description.")


class MediaSettings(_Group):
    longest_side_px: int = Field(640, ge=64, le=3840, description="Longest side of the proxy: what a model sees of a video.")
    max_fps: float = Field(8.0, gt=0, le=60, description="Frame rate cap of the proxy; models sample 1 to 2 a second.")
    crf: int = Field(28, ge=10, le=40, description="x264 quality of the proxy; about 1.5 MB a minute of CCTV.")
    highlight_longest_side_px: int = Field(1280, ge=64, le=3840, description="Longest side of the highlight clip.")
    frame_longest_side_px: int = Field(640, ge=64, le=3840, description="Longest side of single frames sent as JPEG.")
    workers: int = Field(0, ge=0, le=256, description="Media processes; 0: one a core.")
    deadline_s: float = Field(600.0, gt=0, description="Longest time on one video in a media process, in seconds.")
    memory_mb: int = Field(4096, ge=512, description="Memory limit of one media process, in MB.")


class CheckSettings(_Group):
    max_failed_share: float = Field(0.2, ge=0, le=1, description="A run fails when a larger share of a stage's rows failed.")


class Settings(_Group):
    """All settings, resolved. Sections are attributes; the dotted name of a leaf is its path."""

    data_root: str = Field("./data", description="Where everything is written: a folder.")
    mode: ModeSetting = Field(ModeSetting.AUTO, description="auto: the model labels each video; else the batch is pre-sorted.")
    force_reprocess: Strings = Field((), description="Assets to ask again in spite of the journal, or `all`. For one run.")
    retry: Strings = Field((), description="Assets whose used-up requests (max_answers) may be asked again. For one run.")
    vlm: ModelSettings = Field(default_factory=ModelSettings)
    llm: ModelSettings = Field(default_factory=ModelSettings)
    endpoints: dict[EndpointName, ModelSettings] = Field(
        default_factory=dict, description="Further endpoints by name: endpoints.NAME.backend and so on, as under vlm."
    )
    routes: dict[str, str] = Field(
        default_factory=dict, description="Which endpoint a stage, task or QA type uses: routes.qa=NAME, routes.mcq=vlm."
    )
    calls: CallSettings = Field(default_factory=CallSettings)
    budget: BudgetSettings = Field(default_factory=BudgetSettings)
    prompts: PromptSettings = Field(default_factory=PromptSettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    videos: VideoSettings = Field(default_factory=VideoSettings)
    filter: FilterSettings = Field(default_factory=FilterSettings)
    chunks: ChunkSettings = Field(default_factory=ChunkSettings)
    highlights: HighlightSettings = Field(default_factory=HighlightSettings)
    long_video: LongVideoSettings = Field(default_factory=LongVideoSettings)
    qa: QaSettings = Field(default_factory=QaSettings)
    task_files: TaskFileSettings = Field(default_factory=TaskFileSettings)
    media: MediaSettings = Field(default_factory=MediaSettings)
    checks: CheckSettings = Field(default_factory=CheckSettings)

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

Layer = Mapping[str, object]


@dataclass(frozen=True)
class Leaf:
    """One setting as the settings page shows it."""

    name: str
    default: object
    why: str
    field: FieldInfo


@dataclass(frozen=True)
class Resolved:
    """Settings and, for each dotted name that some layer set, the name of that layer."""

    settings: Settings
    sources: Mapping[str, str]

    def value(self, name: str) -> object:
        found: object = self.settings
        for part in name.split("."):
            found = found[part] if isinstance(found, Mapping) else getattr(found, part)
        return found


def leaves(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Leaf]:
    """Every setting with a fixed name, in the order of this file; `endpoints.NAME...` and `routes...` are none."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, f"{prefix}{name}.")
        elif get_origin(kind) is not dict:
            yield Leaf(f"{prefix}{name}", field.get_default(), field.description or "", field)


def named_leaves(names: Iterable[str]) -> Iterator[Leaf]:
    """Those of the names that users make up: settings of their own endpoints, and routes."""
    of_an_endpoint = {leaf.name: leaf for leaf in leaves(ModelSettings)}
    for name in sorted(names):
        group, _, rest = name.partition(".")
        if group == "endpoints":
            yield replace(of_an_endpoint[rest.partition(".")[2]], name=name)
        elif group == "routes":
            yield Leaf(name, "", "The endpoint that this stage, task or QA type uses.", Settings.model_fields["routes"])


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """A nested mapping as a layer; None means not set."""
    flat: dict[str, object] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif value is not None:
            flat[f"{prefix}{key}"] = value
    return flat


def environment_layer(environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> dict[str, object]:
    """The `VR_...` variables of the environment, and under them those of a `.env` file."""
    merged: dict[str, str] = {}
    if dotenv is not None and dotenv.is_file():
        merged.update({key: value for key, value in dotenv_values(dotenv).items() if value is not None})
    merged.update(os.environ if environ is None else environ)
    return {
        key.removeprefix(ENV_PREFIX).lower().replace("__", "."): value
        for key, value in sorted(merged.items())
        if key.startswith(ENV_PREFIX)
    }


def environment_name(name: str) -> str:
    """How the environment spells a dotted name."""
    return ENV_PREFIX + name.replace(".", "__").upper()


def parse_assignments(assignments: Iterable[str]) -> dict[str, object]:
    """`["chunks.max_chunks=8"]` as a layer.

    Raises:
        SettingsError: an assignment without `=`.
    """
    layer: dict[str, object] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set {text}: write it as name=value, such as chunks.max_chunks=8")
        layer[name.strip()] = value.strip()
    return layer


def resolve(*layers: tuple[str, Layer]) -> Resolved:
    """Stack named layers, the first one strongest, on the defaults.

    Raises:
        SettingsError: names the setting, its value, where it came from, and the nearest right name or the bounds.
    """
    known = {leaf.name for leaf in leaves()} | _named(layers)
    nested: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in reversed(layers):
        for name, value in layer.items():
            if name not in known:
                raise SettingsError(_unknown(name, source, known))
            *groups, last = name.split(".")
            target = nested
            for group in groups:
                target = target.setdefault(group, {})
            target[last] = value
            sources[name] = source
    try:
        settings = Settings.model_validate(nested)
    except ValidationError as error:
        raise SettingsError(_invalid(error, sources)) from None
    return Resolved(settings, sources)


_OF_AN_ENDPOINT = tuple(leaf.name for leaf in leaves(ModelSettings))


def _named(layers: Iterable[tuple[str, Layer]]) -> set[str]:
    """The names that users make up: settings of their own endpoints, and routes."""
    given = [name.split(".") for _, layer in layers for name in layer]
    endpoints = {path[1] for path in given if path[0] == "endpoints" and len(path) > 2}
    return {f"endpoints.{name}.{leaf}" for name in endpoints for leaf in _OF_AN_ENDPOINT} | {
        f"routes.{what}" for what in ROUTABLE
    }


def _unknown(name: str, source: str, known: set[str]) -> str:
    spelled = f"{environment_name(name)} (setting {name})" if source == "environment" else name
    by_leaf = [full for full in sorted(known) if full.rpartition(".")[2] == name.rpartition(".")[2]]
    near = by_leaf or difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.5)
    if not near:
        ends = {full.rpartition(".")[2]: full for full in sorted(known)}
        near = [ends[end] for end in difflib.get_close_matches(name.rpartition(".")[2], sorted(ends), n=2, cutoff=0.6)]
    if source == "environment":
        near = [environment_name(full) for full in near]
    hint = f"did you mean {' or '.join(near)}?" if near else "`vr-assets config` lists all settings."
    return f"unknown setting {spelled} in {source}: {hint}"


def _invalid(error: ValidationError, sources: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"] if not isinstance(part, int))
        shown = "(not shown)" if name.endswith("api_key_env") else repr(problem["input"])
        lines.append(f"{name} = {shown} (from {sources.get(name, 'defaults')}): {problem['msg']}")
    return "; ".join(lines)


# What shapes no answer: where things lie, how an endpoint is reached, how much at once. Everything else is part of the recipe.
_OPERATIONAL = frozenset({"data_root", "force_reprocess", "retry"})
_OPERATIONAL_GROUPS = frozenset({"calls", "budget", "checks", "ingest"})
_OPERATIONAL_LEAVES = frozenset(
    {
        "base_url",
        "base_urls",
        "requests_per_minute",
        "tokens_per_minute",
        "timeout",
        "api_key_env",
        "max_output_tokens",
        "max_tokens",
        "max_inline_mb",
        "max_request_mb",
        "upload",
        "upload_deadline_s",
        "executable",
        "tensor_parallel_size",
        "max_model_len",
        "gpu_memory_utilization",
        "extra_args",
        "port",
        "startup_timeout_s",
        "reply_format",
        "workers",
        "deadline_s",
        "memory_mb",
    }
)


def is_operational(name: str) -> bool:
    """Whether a setting may differ from run to run without changing what the answers mean."""
    return name in _OPERATIONAL or name.partition(".")[0] in _OPERATIONAL_GROUPS or name.rpartition(".")[2] in _OPERATIONAL_LEAVES

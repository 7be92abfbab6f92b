"""Settings of models, of how they are called, and of what they may cost."""

from pydantic import Field

from vr_assets.settings.fields import Group, Strings, VariableName
from vr_assets.settings.names import BackendName, MediaResolution, ReplyFormat, Upload, VideoInput


class GeminiSettings(Group):
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


class OpenAISettings(Group):
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


class VllmSettings(Group):
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


class ModelSettings(Group):
    backend: BackendName = Field(
        BackendName.GEMINI,
        description="gemini, openai (any compatible endpoint), vllm (started and stopped here), or opencv (offline, no key).",
    )
    requests_per_minute: float = Field(0.0, ge=0, description="Most requests a minute, over all runs; 0: as the endpoint lets.")
    tokens_per_minute: float = Field(0.0, ge=0, description="Most tokens a minute, over all runs; 0: as the endpoint lets.")
    gemini: GeminiSettings = Field(default_factory=GeminiSettings, description="With backend = gemini: Google's API.")
    openai: OpenAISettings = Field(default_factory=OpenAISettings, description="With backend = openai: any compatible endpoint.")
    vllm: VllmSettings = Field(default_factory=VllmSettings, description="With backend = vllm: a server that is started here.")


class CallSettings(Group):
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


class BudgetSettings(Group):
    run_usd: float = Field(
        0.0, ge=0, description="Most that one run may spend, in USD; 0: no limit. A run that reaches it stops."
    )
    batch_usd: float = Field(0.0, ge=0, description="Most that one batch may cost over all its runs, in USD; 0: no limit.")
    prices_file: str = Field("", description="Your own price table (TOML), looked in before the shipped one.")

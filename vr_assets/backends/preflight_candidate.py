"""The endpoint that is tried, as settings name it."""

import hashlib
import json
from dataclasses import dataclass

from vr_assets.backends.base import Backend
from vr_assets.backends.ways import setting
from vr_assets.settings import BackendName, ModelSettings, ReplyFormat, VideoInput

# Raised when the questions change so that what passed before says nothing any more.
_VERSION = 1
_MODEL = {BackendName.GEMINI: "model", BackendName.OPENAI: "model_name", BackendName.VLLM: "model_path"}
_OUTPUT_LIMIT = {BackendName.GEMINI: "max_output_tokens", BackendName.OPENAI: "max_tokens", BackendName.VLLM: "max_tokens"}


@dataclass(frozen=True)
class Candidate:
    """The endpoint that is tried. `name` is its own among the settings: `vlm`, `llm`, `endpoints.big`."""

    name: str
    backend: Backend
    settings: ModelSettings

    @property
    def section(self) -> str:
        return f"{self.name}.{self.settings.backend}"

    @property
    def model_setting(self) -> str:
        return setting(f"{self.section}.{_MODEL[self.settings.backend]}")

    @property
    def limit_setting(self) -> str:
        return setting(f"{self.section}.{_OUTPUT_LIMIT[self.settings.backend]}")

    @property
    def video_input(self) -> VideoInput | None:
        """How it is shown a video; None where there is one way only."""
        match self.settings.backend:
            case BackendName.OPENAI:
                return self.settings.openai.video_input
            case BackendName.VLLM:
                return self.settings.vllm.video_input
            case _:
                return None

    @property
    def other_inputs(self) -> tuple[VideoInput, ...]:
        """Further ways to show it a video, the fullest first."""
        if self.video_input is None:
            return ()
        takes_image_url = self.settings.backend is BackendName.OPENAI
        ways = [way for way in VideoInput if takes_image_url or way is not VideoInput.IMAGE_URL]
        return tuple(way for way in ways if way is not self.video_input)

    @property
    def reply_format(self) -> ReplyFormat:
        match self.settings.backend:
            case BackendName.OPENAI:
                return self.settings.openai.reply_format
            case BackendName.VLLM:
                return self.settings.vllm.reply_format
            case _:
                return ReplyFormat.AUTO

    @property
    def fingerprint(self) -> str:
        """Of all that what it can do depends on, beside endpoint and model."""
        settings = self.settings
        served = [settings.vllm.extra_args, settings.vllm.max_model_len] if settings.backend is BackendName.VLLM else []
        shaping = [_VERSION, settings.backend, self.video_input, self.reply_format, served]
        return hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:16]

    def with_input(self, way: VideoInput) -> ModelSettings:
        return self.settings.model_copy(update={"openai": self.settings.openai.model_copy(update={"video_input": way})})

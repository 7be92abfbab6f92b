"""From settings to a backend. Only the chosen one is imported, and its SDK with it."""

from collections.abc import Mapping
from pathlib import Path

from vr_assets.backends.base import Backend
from vr_assets.backends.known import Known
from vr_assets.settings import BackendName, ModelSettings


def make_backend(
    settings: ModelSettings,
    *,
    environ: Mapping[str, str],
    role: str = "vlm",
    known: Known | None = None,
    servers: Path | None = None,
) -> Backend:
    """The backend that the settings name. Reads no key, makes no call and starts no server.

    Args:
        environ: where keys are read from, when the first call is made; the environment of a server that is started.
        role: the settings' section as messages name it: `vlm`, `llm` or `endpoints.NAME`.
        known: what was found out about endpoints before, and where to keep what is found out now.
        servers: the folder in which runs on this machine find each other's model servers, and their logs lie.
    """
    match settings.backend:
        case BackendName.GEMINI:
            from vr_assets.backends.gemini import GeminiBackend

            return GeminiBackend(settings.gemini, environ=environ, role=role, known=known)
        case BackendName.OPENAI:
            from vr_assets.backends.openai import OpenAIBackend

            return OpenAIBackend(settings.openai, environ=environ, role=role, known=known)
        case BackendName.VLLM:
            from vr_assets.backends.vllm import VllmBackend

            return VllmBackend(settings.vllm, environ=environ, role=role, folder=servers)
        case BackendName.OPENCV:
            from vr_assets.backends.opencv import OpenCVBackend

            return OpenCVBackend()

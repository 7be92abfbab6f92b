"""From settings to a backend. Only the chosen one is imported, and its SDK with it."""

from collections.abc import Mapping

from vr_assets.backends.base import Backend
from vr_assets.settings import BackendName, ModelSettings


def make_backend(settings: ModelSettings, *, environ: Mapping[str, str], role: str = "vlm") -> Backend:
    """The backend that the settings name. Reads no key and makes no call.

    Args:
        environ: where keys are read from, when the first call is made.
        role: the settings' section, `vlm` or `llm`, as messages name it.
    """
    match settings.backend:
        case BackendName.GEMINI:
            from vr_assets.backends.gemini import GeminiBackend

            return GeminiBackend(settings.gemini, environ=environ, role=role)
        case BackendName.OPENAI:
            from vr_assets.backends.openai import OpenAIBackend

            return OpenAIBackend(settings.openai, environ=environ, role=role)
        case BackendName.OPENCV:
            from vr_assets.backends.opencv import OpenCVBackend

            return OpenCVBackend()

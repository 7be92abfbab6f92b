"""What shapes a stage's rows besides its upstream rows: prompts, models, settings. A change of it makes the rows stale."""

import hashlib
import json
from collections.abc import Mapping

from vr_assets.backends.opencv import OpenCVBackend
from vr_assets.prompts import Prompts
from vr_assets.settings import Asset, BackendName, Settings, flatten, is_operational
from vr_assets.steps.stage import ASKS, load_prompts

_SHAPED_BY: Mapping[Asset, tuple[str, ...]] = {
    Asset.RAW_VIDEOS: ("mode", "videos"),
    Asset.FILTERED_VIDEOS: ("mode", "filter", "media", "long_video"),
    Asset.CAPTIONS: ("media", "long_video"),
    Asset.CHUNK_CAPTIONS: ("media", "long_video", "chunks"),
    Asset.HIGHLIGHTS: ("media", "highlights"),
    Asset.DESCRIPTIONS: (),
    Asset.QA: ("qa",),
    Asset.TASK_FILES: ("task_files",),
}


def recipe(asset: Asset, settings: Settings, prompts: Prompts | None = None) -> str:
    """Fingerprint of a stage's recipe, hex. Endpoints, keys, limits and output caps are not part of it.

    Raises:
        PromptError: the domain's prompts cannot be used.
    """
    values = flatten(settings.model_dump(mode="json"))
    groups = {*_SHAPED_BY[asset], *ASKS[asset]}
    shaping = {
        name: value
        for name, value in values.items()
        if name.partition(".")[0] in groups and not is_operational(name) and not _other_backend(name, settings)
    }
    if ASKS[asset]:
        shaping["prompts"] = (prompts or load_prompts(settings)).fingerprint(asset)
    if any(values[f"{role}.backend"] == BackendName.OPENCV for role in ASKS[asset]):
        shaping["annotator"] = OpenCVBackend().model
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


def _other_backend(name: str, settings: Settings) -> bool:
    role, _, rest = name.partition(".")
    if role not in ("vlm", "llm") or rest == "backend":
        return False
    chosen = settings.vlm.backend if role == "vlm" else settings.llm.backend
    return rest.partition(".")[0] != chosen

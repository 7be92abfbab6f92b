"""What shapes a stage's rows besides its upstream rows: prompts, models, settings. A change of it makes the rows stale."""

import hashlib
import json
from collections.abc import Mapping

from vr_assets.backends.opencv import OpenCVBackend
from vr_assets.prompts import Prompts
from vr_assets.settings import Asset, BackendName, ModelSettings, Settings, flatten, is_operational
from vr_assets.steps.asking import ASKS, endpoints_of
from vr_assets.steps.first_turns import own_prompt
from vr_assets.steps.stage import load_prompts

_SHAPED_BY: Mapping[Asset, tuple[str, ...]] = {
    Asset.RAW_VIDEOS: ("mode", "videos"),
    Asset.FILTERED_VIDEOS: ("mode", "filter", "media", "long_video"),
    Asset.CAPTIONS: ("media", "long_video"),
    Asset.CHUNK_CAPTIONS: ("media", "long_video", "chunks"),
    Asset.HIGHLIGHTS: ("media", "highlights"),
    Asset.DESCRIPTIONS: (),
    Asset.QA: ("qa",),
    Asset.TASK_FILES: ("task_files",),
    Asset.EVIDENCE: ("evidence", "media", "long_video"),
    Asset.RAW_IMAGES: (),
    Asset.EXPRESSIONS: ("images",),
    Asset.GROUNDINGS: ("images", "grounding"),
    Asset.VIDEO_CAPTIONS: ("media", "long_video", "images", "video_captions"),
}


def recipe(asset: Asset, settings: Settings, prompts: Prompts | None = None) -> str:
    """Fingerprint of a stage's recipe, hex. Endpoints, keys, limits and output caps are not part of it.

    Raises:
        PromptError: the domain's prompts cannot be used.
        SettingsError: a file of the user's own prompt cannot be read.
    """
    shaping: dict[str, object] = {
        name: value
        for name, value in flatten(settings.model_dump(mode="json", include=set(_SHAPED_BY[asset]))).items()
        if not is_operational(name)
    }
    models = {name: settings.model(name) for name in endpoints_of(asset, settings)}
    for name, model in models.items():
        shaping |= {f"{settings.section(name)}.{leaf}": value for leaf, value in _of_its_backend(model).items()}
    if asset is Asset.VIDEO_CAPTIONS:
        shaping["own_prompt"] = own_prompt(settings.video_captions)
    if models:
        shaping["prompts"] = (prompts or load_prompts(settings)).fingerprint(asset)
        shaping |= _routes(asset, settings)
    if asset is Asset.RAW_VIDEOS and (categories := (prompts or load_prompts(settings)).categories):
        # A label that names one says that the video is an anomaly.
        shaping["categories"] = sorted(categories)
    if any(model.backend is BackendName.OPENCV for model in models.values()):
        shaping["annotator"] = OpenCVBackend().model
        shaping["vocabulary"] = (prompts or load_prompts(settings)).vocabulary.model_dump()
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


def _of_its_backend(model: ModelSettings) -> dict[str, object]:
    values = flatten({"backend": model.backend, model.backend: model.model_dump(mode="json").get(model.backend, {})})
    return {leaf: value for leaf, value in values.items() if not is_operational(f"vlm.{leaf}") and not _is_left_open(leaf, value)}


def _is_left_open(leaf: str, value: object) -> bool:
    """What is sent only where it is set: until then recipes, like identities of answers, are as they were without it."""
    return leaf.endswith(".top_p") and not value


def _routes(asset: Asset, settings: Settings) -> dict[str, object]:
    """Which tasks go elsewhere than to their role's own model, and where."""
    routes = {task: settings.endpoint_for(asset, task, role) for task, role in ASKS[asset].items()}
    return {f"routes.{task}": name for task, name in routes.items() if name != ASKS[asset][task]}

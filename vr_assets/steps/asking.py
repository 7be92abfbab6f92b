"""Which model each stage asks, and for what."""

from collections.abc import Mapping

from vr_assets.settings import Asset, QaType, Settings, Task

# For each stage its tasks, and for each task the model that is asked unless it is routed elsewhere: `vlm` sees the video.
ASKS: Mapping[Asset, Mapping[Task, str]] = {
    Asset.RAW_VIDEOS: {},
    Asset.FILTERED_VIDEOS: dict.fromkeys((Task.SCREENING, Task.SUITABLE, Task.ANOMALY_OR_NORMAL), "vlm"),
    Asset.CAPTIONS: dict.fromkeys((Task.GLOBAL_CAPTION, Task.DENSE_CAPTION), "vlm"),
    Asset.CHUNK_CAPTIONS: {Task.CHUNK_CAPTION: "vlm"},
    Asset.HIGHLIGHTS: {Task.MOMENT: "llm", Task.CLIP_CAPTION: "vlm"},
    Asset.DESCRIPTIONS: {Task.DESCRIPTION: "llm"},
    Asset.QA: {Task(kind): "llm" for kind in QaType},
    Asset.TASK_FILES: {},
    Asset.RAW_IMAGES: {},
    Asset.EXPRESSIONS: {Task.EXPRESSIONS: "vlm"},
    Asset.GROUNDINGS: {Task.GROUNDINGS: "vlm"},
}


def endpoints_of(asset: Asset, settings: Settings) -> tuple[str, ...]:
    """The names of the endpoints that a stage may ask, each once. Of QA types only those that are asked for."""
    tasks = {task: role for task, role in ASKS[asset].items() if asset is not Asset.QA or QaType(task) in settings.qa.qa_types}
    return tuple(dict.fromkeys(settings.endpoint_for(asset, task, role) for task, role in tasks.items()))

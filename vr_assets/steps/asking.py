"""Which model each stage asks, and for what."""

from collections.abc import Mapping

from vr_assets.settings import Asset, EvidenceCheck, QaType, Settings, Task

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
    Asset.EVIDENCE: {Task.BLIND: "llm", Task.SUPPORT: "llm", Task.AGREEMENT: "vlm", Task.JUDGE: "llm"},
    Asset.RAW_IMAGES: {},
    Asset.EXPRESSIONS: {Task.EXPRESSIONS: "vlm"},
    Asset.GROUNDINGS: {Task.GROUNDINGS: "vlm"},
    Asset.VIDEO_CAPTIONS: {Task.VIDEO_CAPTION: "vlm"},
}

_CHECKED_BY: Mapping[EvidenceCheck, frozenset[Task]] = {
    EvidenceCheck.BLIND: frozenset({Task.BLIND, Task.JUDGE}),
    EvidenceCheck.SUPPORT: frozenset({Task.SUPPORT}),
    EvidenceCheck.AGREEMENT: frozenset({Task.AGREEMENT, Task.JUDGE}),
}


def is_asked_for(asset: Asset, task: Task, settings: Settings) -> bool:
    """Whether the settings ask for a task of a stage: of QA types and evidence checks only some."""
    if asset is Asset.QA:
        return QaType(task) in settings.qa.qa_types
    return asset is not Asset.EVIDENCE or any(task in _CHECKED_BY[check] for check in settings.evidence.checks)


def endpoints_of(asset: Asset, settings: Settings) -> tuple[str, ...]:
    """The names of the endpoints that a stage may ask, each once, by the tasks that are asked for."""
    tasks = {task: role for task, role in ASKS[asset].items() if is_asked_for(asset, task, settings)}
    return tuple(dict.fromkeys(settings.endpoint_for(asset, task, role) for task, role in tasks.items()))

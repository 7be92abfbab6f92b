"""What the stages take of each endpoint: words, video, frames."""

from collections import defaultdict
from collections.abc import Mapping

from vr_assets.backends.preflight_questions import Need
from vr_assets.settings import Asset, Graph, LongRecordings, LongVideoInput, ModeSetting, Settings, Task
from vr_assets.steps.asking import ASKS, is_asked_for

# A whole video is shown as frames where it is long; chunks and highlights are short.
_OF_THE_WHOLE = frozenset(
    {Task.SCREENING, Task.SUITABLE, Task.ANOMALY_OR_NORMAL, Task.GLOBAL_CAPTION, Task.DENSE_CAPTION, Task.AGREEMENT}
)


def needs(settings: Settings, graph: Graph = Graph.VIDEOS) -> Mapping[str, frozenset[Need]]:
    """For each endpoint that a stage of a graph may ask, what it is sent."""
    found: defaultdict[str, set[Need]] = defaultdict(set)
    for asset in graph.every_asset:
        for task, role in ASKS[asset].items():
            if _may_ask(asset, task, settings):
                found[settings.endpoint_for(asset, task, role)] |= _sent(task, role, settings)
    return {name: frozenset(sent) for name, sent in found.items()}


def _may_ask(asset: Asset, task: Task, settings: Settings) -> bool:
    match asset:
        case Asset.FILTERED_VIDEOS:
            return settings.filter.enabled or settings.mode is ModeSetting.AUTO
        case Asset.HIGHLIGHTS:
            return settings.mode is not ModeSetting.NORMAL
        case _:
            return is_asked_for(asset, task, settings)


def _sent(task: Task, role: str, settings: Settings) -> set[Need]:
    if role == "llm":
        return {Need.TEXT}
    if task in (Task.EXPRESSIONS, Task.GROUNDINGS):
        return {Need.TEXT, Need.IMAGE}
    long = settings.videos.max_video_length_sec > settings.long_video.long_video_threshold_sec
    # Parts that were made under another limit may be longer than this one.
    in_parts = settings.videos.long_recordings is LongRecordings.SPLIT
    in_windows = task is Task.DENSE_CAPTION and settings.long_video.long_video_input is LongVideoInput.WINDOWS
    as_frames = task in _OF_THE_WHOLE and (long or in_parts) and not in_windows
    return {Need.TEXT, Need.VIDEO} | ({Need.FRAMES} if as_frames else set())

"""Specs of TAO's auto_label pipelines, read as settings of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vr_assets.errors import IngestError
from vr_assets.settings import Asset, Graph, Settings, flatten

VIDEO = "video_reasoning_annotation"
TYPE = "autolabel_type"

_STEPS: Mapping[str, tuple[Asset, ...]] = {
    "0": (Asset.FILTERED_VIDEOS,),
    "1a": (Asset.CAPTIONS,),
    "1b": (Asset.CHUNK_CAPTIONS,),
    "1c": (Asset.HIGHLIGHTS,),
    "2": (Asset.DESCRIPTIONS,),
    "3": (Asset.QA,),
    "4": (Asset.TASK_FILES,),
}
# Names of theirs, below the pipeline's own section, and ours. Those below `vlm` and `llm` are the same but for keys.
_NAMES: Mapping[str, str] = {
    "workflow.mode": "mode",
    "workflow.max_workers": "calls.max_workers",
    "workflow.max_video_length_sec": "videos.max_video_length_sec",
    "workflow.chunk_duration_options": "chunks.chunk_duration_options",
    "workflow.max_chunks": "chunks.max_chunks",
    "workflow.highlight_before_sec": "highlights.highlight_before_sec",
    "workflow.highlight_after_sec": "highlights.highlight_after_sec",
    "workflow.long_video_threshold_sec": "long_video.long_video_threshold_sec",
    "workflow.long_video_sample_fps": "long_video.long_video_sample_fps",
    "workflow.long_video_max_frames": "long_video.long_video_max_frames",
    "workflow.qa_types": "qa.qa_types",
    "data.video_root": "ingest.video_root",
    "data.input_jsonl_files": "ingest.input_jsonl_files",
    "data.filter_field": "ingest.filter_field",
    "license": "task_files.license",
    "description_extra": "task_files.description_extra",
    "prompts_module": "prompts.prompts_module",
}
_LEFT_OUT: Mapping[str, str] = {
    "results_dir": "everything is written below data_root, a folder a batch",
    "workflow.save_chunk_videos": "chunks are cut from the proxy when they are shown, and kept nowhere",
}


@dataclass
class Spec:
    """What a spec says: settings by our names, the stages its steps are, and what it says besides.

    `without_counterpart` are names of theirs with what to do in place of them; `forced`: everything is asked again.
    """

    settings: dict[str, object] = field(default_factory=dict)
    assets: tuple[Asset, ...] = Graph.VIDEOS.assets
    forced: bool = False
    without_counterpart: list[tuple[str, str]] = field(default_factory=list)


def read_spec(path: Path, overrides: Sequence[str] = ()) -> Spec:
    """Read a spec, with overrides as their command line takes them: `video_reasoning_annotation.workflow.mode=normal`.

    Raises:
        IngestError: the file is no spec of a pipeline that we have, or an override is none.
    """
    told = flatten(_load(path))
    told.update(_overridden(overrides))
    kind = told.pop(TYPE, None)
    if kind != VIDEO:
        raise IngestError(f"{path}: {TYPE} is {kind!r}; specs of {VIDEO} can be imported")
    spec, known = Spec(), flatten(Settings().model_dump(mode="json"))
    for name, value in told.items():
        section, _, below = name.partition(".")
        if section == VIDEO:
            _take(spec, name, below, value, known)
        elif name in _LEFT_OUT:
            spec.without_counterpart.append((name, _LEFT_OUT[name]))
        elif "." not in name:
            spec.without_counterpart.append((name, "nothing here is named so"))
    return spec


def _take(spec: Spec, name: str, below: str, value: object, known: Mapping[str, object]) -> None:
    if value == "???":
        raise IngestError(f"{name} is left open (???); fill it in, or give {name}=VALUE")
    ours = _NAMES.get(below) or (below if below.partition(".")[0] in ("vlm", "llm") else "")
    if below.endswith(".api_key"):
        if value:
            variable = "GOOGLE_API_KEY" if ".gemini." in below else "OPENAI_API_KEY"
            spec.without_counterpart.append((name, f"keys are kept in the environment: set {variable}"))
    elif below == "workflow.steps":
        spec.assets = _assets(name, value)
    elif below == "workflow.force_reprocess":
        spec.forced = bool(value)
    elif below == "prompts_module" and not value:
        spec.settings[ours] = "general"
    elif below == "prompts_module" and "." in str(value):
        spec.without_counterpart.append((name, f"a Python module: `vr-assets prompts import-module` makes a domain of {value}"))
    elif ours in known:
        if value not in ("", [], None):
            spec.settings[ours] = value
    else:
        spec.without_counterpart.append((name, _LEFT_OUT.get(below, "nothing here does that")))


def _assets(name: str, value: object) -> tuple[Asset, ...]:
    steps = [str(step) for step in value] if isinstance(value, list) else [str(value)]
    unknown = [step for step in steps if step not in _STEPS]
    if unknown or not steps:
        raise IngestError(f"{name} = {value!r}: there are steps {', '.join(_STEPS)}")
    chosen = {Asset.RAW_VIDEOS, *(asset for step in steps for asset in _STEPS[step])}
    return tuple(asset for asset in Graph.VIDEOS.assets if asset in chosen)


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IngestError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise IngestError(f"{path}: no YAML ({error})") from error
    if not isinstance(loaded, dict):
        raise IngestError(f"{path}: no spec; it must be a mapping with {TYPE}")
    return {str(key): value for key, value in loaded.items()}


def _overridden(overrides: Sequence[str]) -> dict[str, object]:
    found = {}
    for text in overrides:
        name, equals, value = text.lstrip("+").partition("=")
        if not equals:
            raise IngestError(f"{text!r} is no override; write {VIDEO}.workflow.mode=normal")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise IngestError(f"{text!r}: no YAML value ({error})") from error
    return found

"""Specs of TAO's auto_label pipelines, read as settings of ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vr_assets.errors import IngestError
from vr_assets.settings import Asset, Graph, Settings, flatten

TYPE = "autolabel_type"


@dataclass(frozen=True)
class _Pipeline:
    """One of their pipelines: its steps as assets of ours, names of theirs below its section and ours, and what is left out.

    Names below `vlm` and `llm` are the same but for keys.
    """

    graph: Graph
    steps: Mapping[str, Asset]
    names: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)


_BOTH: Mapping[str, str] = {
    "workflow.max_workers": "calls.max_workers",
    "license": "task_files.license",
    "description_extra": "task_files.description_extra",
    "prompts_module": "prompts.prompts_module",
}
_PIPELINES: Mapping[str, _Pipeline] = {
    "video_reasoning_annotation": _Pipeline(
        Graph.VIDEOS,
        steps={
            "0": Asset.FILTERED_VIDEOS,
            "1a": Asset.CAPTIONS,
            "1b": Asset.CHUNK_CAPTIONS,
            "1c": Asset.HIGHLIGHTS,
            "2": Asset.DESCRIPTIONS,
            "3": Asset.QA,
            "4": Asset.TASK_FILES,
        },
        names={
            **_BOTH,
            "workflow.mode": "mode",
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
        },
        left_out={"workflow.save_chunk_videos": "chunks are cut from the proxy when they are shown, and kept nowhere"},
    ),
    "image_grounding": _Pipeline(
        Graph.IMAGES,
        steps={"0": Asset.EXPRESSIONS, "1": Asset.GROUNDINGS},
        names={
            **_BOTH,
            "workflow.max_instances": "grounding.max_instances",
            "data.input_jsonl": "ingest.input_jsonl_files",
            "data.image_root": "ingest.image_root",
            "data.filter_field": "ingest.filter_field",
        },
    ),
}
_LEFT_OUT: Mapping[str, str] = {"results_dir": "everything is written below data_root, a folder a batch"}


@dataclass
class Spec:
    """What a spec says: settings by our names, the stages its steps are, and what it says besides.

    `without_counterpart` are names of theirs with what to do in place of them; `forced`: everything is asked again.
    """

    graph: Graph
    assets: tuple[Asset, ...]
    settings: dict[str, object] = field(default_factory=dict)
    forced: bool = False
    without_counterpart: list[tuple[str, str]] = field(default_factory=list)


def read_spec(path: Path, overrides: Sequence[str] = ()) -> Spec:
    """Read a spec, with overrides as their command line takes them: `video_reasoning_annotation.workflow.mode=normal`.

    Which pipeline it is of `autolabel_type` says, else its one section.

    Raises:
        IngestError: the file is no spec of a pipeline that we have, or an override is none.
    """
    told = flatten(_load(path))
    told.update(_overridden(overrides))
    kind = _kind(told.pop(TYPE, None), {name.partition(".")[0] for name in told}, path)
    pipeline = _PIPELINES[kind]
    spec, known = Spec(pipeline.graph, pipeline.graph.assets), flatten(Settings().model_dump(mode="json"))
    others: dict[str, str] = {}
    for name, value in told.items():
        section, _, below = name.partition(".")
        if section == kind and below:
            _take(spec, pipeline, name, below, value, known)
        elif section in _PIPELINES:
            others[section] = f"not read: the spec is one of {kind}; give {TYPE}={section} to import it"
        else:
            others[section] = _LEFT_OUT.get(section, "nothing here is named so")
    spec.without_counterpart += others.items()
    return spec


def _kind(named: object, sections: Collection[str], path: Path) -> str:
    found = [name for name in _PIPELINES if name in sections]
    if named is None and len(found) == 1:
        return found[0]
    if str(named) in _PIPELINES:
        return str(named)
    these = " and ".join(_PIPELINES)
    raise IngestError(f"{path}: {TYPE} is {named!r}; specs of {these} can be imported: give {TYPE}=NAME to say which it is")


def _take(spec: Spec, pipeline: _Pipeline, name: str, below: str, value: object, known: Mapping[str, object]) -> None:
    if value == "???":
        raise IngestError(f"{name} is left open (???); fill it in, or give {name}=VALUE")
    ours = pipeline.names.get(below) or (below if below.partition(".")[0] in ("vlm", "llm") else "")
    if below.endswith(".api_key"):
        if value:
            variable = "GOOGLE_API_KEY" if ".gemini." in below else "OPENAI_API_KEY"
            spec.without_counterpart.append((name, f"keys are kept in the environment: set {variable}"))
    elif below == "workflow.steps":
        spec.assets = _assets(name, value, pipeline)
    elif below == "workflow.force_reprocess":
        spec.forced = bool(value)
    elif below == "prompts_module" and not value:
        spec.settings[ours] = "general"
    elif below == "prompts_module" and "." in str(value):
        spec.without_counterpart.append((name, f"a Python module: `vr-assets prompts import-module` makes a domain of {value}"))
    elif ours in known:
        if value not in ("", [], None):
            spec.settings[ours] = [value] if below == "data.input_jsonl" and not isinstance(value, list) else value
    else:
        spec.without_counterpart.append((name, pipeline.left_out.get(below, "nothing here does that")))


def _assets(name: str, value: object, pipeline: _Pipeline) -> tuple[Asset, ...]:
    steps = [str(step) for step in value] if isinstance(value, list) else [str(value)]
    unknown = [step for step in steps if step not in pipeline.steps]
    if unknown or not steps:
        raise IngestError(f"{name} = {value!r}: there are steps {', '.join(pipeline.steps)}")
    first, *others = pipeline.graph.assets
    chosen = {pipeline.steps[step] for step in steps}
    return (first, *(asset for asset in others if asset in chosen))


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
            raise IngestError(f"{text!r} is no override; write it as video_reasoning_annotation.workflow.mode=normal")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise IngestError(f"{text!r}: no YAML value ({error})") from error
    return found

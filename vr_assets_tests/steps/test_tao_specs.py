"""Specs of the known system, read as settings."""

from pathlib import Path

import pytest

from vr_assets.errors import IngestError
from vr_assets.settings import Asset, Graph, MediaResolution, QaType, resolve
from vr_assets.steps.tao_specs import read_spec

SPEC = """
results_dir: /results
autolabel_type: video_reasoning_annotation
num_gpus: 1
video_reasoning_annotation:
  vlm:
    backend: openai
    openai: {base_url: "http://host:8000/v1", model_name: Qwen/Qwen3-VL, api_key: sesame, temperature: 0.3, max_tokens: 4096}
  llm:
    backend: gemini
    gemini: {model: gemini-x, api_key: "", timeout: 120}
  workflow:
    steps: ["0", "1a", "1b", "3"]
    mode: anomaly
    max_workers: 8
    chunk_duration_options: [5, 10]
    highlight_before_sec: 2.5
    qa_types: [mcq, bcq]
    save_chunk_videos: true
  data:
    video_root: /videos
    input_jsonl_files: []
    filter_field: null
  license: CC-BY-4.0
  prompts_module: my_package.prompts_traffic
"""

IMAGE_SPEC = """
results_dir: /results
autolabel_type: image_grounding
image_grounding:
  vlm:
    backend: gemini
    gemini: {model: gemini-x, media_resolution: MEDIA_RESOLUTION_MEDIUM, api_key: sesame}
  workflow:
    steps: ["0"]
    max_workers: 3
    force_reprocess: true
    checkpoint_every: 10
  data:
    input_jsonl: /images/pilot, first.jsonl
    image_root: /images
"""


@pytest.fixture
def image_spec(tmp_path: Path) -> Path:
    path = tmp_path / "images.yaml"
    path.write_text(IMAGE_SPEC)
    return path


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def test_settings_have_our_names_and_resolve(spec: Path) -> None:
    read = read_spec(spec)
    settings = resolve(("spec", read.settings)).settings
    assert (settings.vlm.openai.model_name, settings.vlm.openai.temperature, settings.llm.gemini.model) == (
        "Qwen/Qwen3-VL",
        0.3,
        "gemini-x",
    )
    assert (settings.mode, settings.calls.max_workers, settings.highlights.highlight_before_sec) == ("anomaly", 8, 2.5)
    assert (settings.chunks.chunk_duration_options, settings.qa.qa_types) == ((5.0, 10.0), (QaType.MCQ, QaType.BCQ))
    assert (settings.ingest.video_root, settings.task_files.license) == ("/videos", "CC-BY-4.0")


def test_steps_are_assets(spec: Path) -> None:
    assert read_spec(spec).assets == (
        Asset.RAW_VIDEOS,
        Asset.FILTERED_VIDEOS,
        Asset.CAPTIONS,
        Asset.CHUNK_CAPTIONS,
        Asset.QA,
    )


def test_what_has_no_counterpart_is_named_with_what_to_do_and_no_key_is_shown(spec: Path) -> None:
    told = dict(read_spec(spec).without_counterpart)
    assert told.keys() == {
        "results_dir",
        "num_gpus",
        "video_reasoning_annotation.vlm.openai.api_key",
        "video_reasoning_annotation.workflow.save_chunk_videos",
        "video_reasoning_annotation.prompts_module",
    }
    assert "OPENAI_API_KEY" in told["video_reasoning_annotation.vlm.openai.api_key"]
    assert "import-module" in told["video_reasoning_annotation.prompts_module"]
    assert "sesame" not in str(told) + str(read_spec(spec).settings)


def test_overrides_win(spec: Path) -> None:
    below = "video_reasoning_annotation"
    read = read_spec(spec, [f"{below}.workflow.mode=normal", f"{below}.workflow.steps=[3,4]", f"{below}.prompts_module=traffic"])
    assert read.settings["mode"] == "normal"
    assert read.assets == (Asset.RAW_VIDEOS, Asset.QA, Asset.TASK_FILES)
    assert read.settings["prompts.prompts_module"] == "traffic"


def test_a_spec_of_images_has_our_names_too(image_spec: Path) -> None:
    read = read_spec(image_spec)
    settings = resolve(("spec", read.settings)).settings
    assert (read.graph, read.assets, read.forced) == (Graph.IMAGES, (Asset.RAW_IMAGES, Asset.EXPRESSIONS), True)
    assert (settings.vlm.gemini.model, settings.vlm.gemini.media_resolution) == ("gemini-x", MediaResolution.MEDIUM)
    assert (settings.ingest.input_jsonl_files, settings.ingest.image_root) == (("/images/pilot, first.jsonl",), "/images")
    assert settings.calls.max_workers == 3


def test_a_spec_of_images_is_overridden_and_names_what_is_left_over_like_one_of_videos(image_spec: Path) -> None:
    read = read_spec(image_spec, ["image_grounding.workflow.steps=[1]", "image_grounding.workflow.force_reprocess=false"])
    assert (read.assets, read.forced) == ((Asset.RAW_IMAGES, Asset.GROUNDINGS), False)
    told = dict(read.without_counterpart)
    assert told.keys() == {"results_dir", "image_grounding.vlm.gemini.api_key", "image_grounding.workflow.checkpoint_every"}
    assert "sesame" not in str(told) + str(read.settings)


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        pytest.param(SPEC.replace("autolabel_type: video_reasoning_annotation", ""), Graph.VIDEOS, id="its section, of videos"),
        pytest.param(IMAGE_SPEC.replace("autolabel_type: image_grounding", ""), Graph.IMAGES, id="its section, of images"),
        pytest.param(SPEC + IMAGE_SPEC.partition("grounding\n")[2], Graph.VIDEOS, id="its type, where it has both sections"),
    ],
)
def test_which_pipeline_a_spec_is_of_says(tmp_path: Path, text: str, graph: Graph) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    assert read_spec(path).graph is graph


def test_a_section_of_another_pipeline_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC + IMAGE_SPEC.partition("grounding\n")[2])
    told = [what for name, what in read_spec(path).without_counterpart if name.startswith("image_grounding")]
    assert len(told) == 1
    assert "autolabel_type=image_grounding" in told[0]


@pytest.mark.parametrize(
    ("text", "overrides", "said"),
    [
        ("- a list", [], "no spec"),
        ("autolabel_type: mal", [], "autolabel_type is 'mal'"),
        ("a: [", [], "no YAML"),
        ("results_dir: /results", [], "autolabel_type is None"),
        (SPEC, ["mode"], "no override"),
        (SPEC, ["video_reasoning_annotation.workflow.steps=[9]"], "there are steps 0, 1a"),
        (SPEC.replace("/videos", "???"), [], "video_root is left open"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, overrides: list[str], said: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(IngestError, match=said):
        read_spec(path, overrides)

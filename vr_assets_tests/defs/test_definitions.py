"""What Dagster loads: offline, with an empty environment, and complete."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from vr_assets.definitions import defs
from vr_assets.defs.checks import Topic
from vr_assets.defs.instance import run_config, select_assets
from vr_assets.defs.jobs import JOBS, job_for
from vr_assets.defs.recipes import recipe_key
from vr_assets.errors import SettingsError
from vr_assets.settings import ON_REQUEST, Asset, Graph, Settings, flatten, leaves

_LOAD = """
import socket, warnings
warnings.filterwarnings("error", category=DeprecationWarning, module="vr_assets")
def refuse(*_): raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
import dagster as dg
from vr_assets.definitions import defs
dg.Definitions.validate_loadable(defs)
"""


def test_definitions_load_offline_with_an_empty_environment_and_warn_of_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _LOAD], cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("asset", Asset)
def test_every_asset_is_described_partitioned_checked_and_depends_on_its_recipe(asset: Asset) -> None:
    graph = defs.resolve_asset_graph()
    node = graph.get(dg.AssetKey(asset.value))
    assert node.description and node.owners and node.kinds and node.code_version
    assert node.group_name == ("evidence" if asset in ON_REQUEST else Graph.of(asset).removesuffix("s"))
    assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
    assert recipe_key(asset) in node.parent_keys
    assert "dagster/column_schema" in node.metadata
    assert dg.AssetCheckKey(node.key, Topic.ROWS) in graph.asset_check_keys
    assert graph.get(recipe_key(asset)).group_name == "prompts"


def test_stages_follow_one_another_as_the_data_does() -> None:
    graph = defs.resolve_asset_graph()
    parents = {
        asset: {str(key.path[-1]) for key in graph.get(dg.AssetKey(asset.value)).parent_keys if key != recipe_key(asset)}
        for asset in Asset
    }
    assert parents == {
        Asset.RAW_VIDEOS: set(),
        Asset.FILTERED_VIDEOS: {"raw_videos"},
        Asset.CAPTIONS: {"raw_videos", "filtered_videos"},
        Asset.CHUNK_CAPTIONS: {"captions"},
        Asset.HIGHLIGHTS: {"captions", "chunk_captions"},
        Asset.DESCRIPTIONS: {"captions", "chunk_captions", "highlights"},
        Asset.QA: {"captions", "chunk_captions", "highlights", "descriptions"},
        Asset.TASK_FILES: {"qa"},
        Asset.EVIDENCE: {"captions", "chunk_captions", "highlights", "descriptions", "qa"},
        Asset.RAW_IMAGES: set(),
        Asset.EXPRESSIONS: {"raw_images"},
        Asset.GROUNDINGS: {"expressions"},
        Asset.VIDEO_CAPTIONS: set(),
    }


def test_what_costs_calls_that_nothing_needs_is_made_by_no_job_but_those_that_name_it() -> None:
    graph = defs.resolve_asset_graph()
    making = [job.name for job in JOBS if dg.AssetKey("evidence") in job.selection.resolve(graph)]
    assert making == ["check_evidence", "annotate_and_check_videos"]
    assert [job_for([Asset.QA]), job_for([Asset.EVIDENCE]), job_for([Asset.QA, Asset.EVIDENCE])] == ["annotate_videos", *making]


def test_every_setting_of_a_run_has_its_dotted_path_in_run_config() -> None:
    defaults = flatten(Settings().model_dump(mode="json"))
    job = defs.resolve_job_def("annotate_videos")
    for leaf in leaves():
        if not leaf.name.startswith(("bucket.", "ingest.", "drops.")):
            dg.validate_run_config(job, run_config({leaf.name: defaults[leaf.name]}))


def test_everything_that_run_config_sets_is_described() -> None:
    schema = defs.resolve_job_def("annotate_videos").run_config_schema.config_type
    assert isinstance(schema, dg.Shape)

    def undescribed(path: str, kind: object) -> Iterator[str]:
        while isinstance(kind, dg.Noneable):
            kind = kind.inner_type
        for name, field in kind.fields.items() if isinstance(kind, dg.Shape) else ():
            # Dagster puts a `config` of its own around what a resource takes.
            if not field.description and name != "config":
                yield f"{path}.{name}"
            yield from undescribed(f"{path}.{name}", field.config_type)

    resources = schema.fields["resources"].config_type
    assert [name for name in undescribed("", resources) if not name.startswith(".io_manager")] == []


def test_run_config_spells_a_setting_by_its_path_and_a_choice_by_its_value() -> None:
    config = run_config({"vlm.openai.base_url": "http://x", "vlm.backend": "openai", "force_reprocess": ["qa"]})
    assert config["resources"] == {
        "vlm": {"config": {"openai": {"base_url": "http://x"}, "backend": "openai"}},
        "run": {"config": {"force_reprocess": ["qa"]}},
    }
    job = defs.resolve_job_def("annotate_videos")
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, run_config({"vlm.backend": "gemnii"}))


@pytest.mark.parametrize(
    ("selection", "first", "count"),
    [
        ("*", Asset.RAW_VIDEOS, 8),
        ("captions", Asset.CAPTIONS, 1),
        ("captions+", Asset.CAPTIONS, 6),
        ("+captions", Asset.RAW_VIDEOS, 3),
        ("task_files, qa", Asset.QA, 2),
        ("key:qa or key:task_files", Asset.QA, 2),
        ("kind:llm", Asset.DESCRIPTIONS, 2),
        ("qa+", Asset.QA, 2),
        ("evidence", Asset.EVIDENCE, 1),
        ("captions+,evidence", Asset.CAPTIONS, 7),
        ("+evidence", Asset.RAW_VIDEOS, 8),
    ],
)
def test_a_selection_names_assets_upstream_first(selection: str, first: Asset, count: int) -> None:
    selected = select_assets(selection, defs)
    assert (selected[0], len(selected)) == (first, count)


@pytest.mark.parametrize("selection", ["caption", "captions,", "((", "recipes/qa"])
def test_a_selection_without_assets_is_an_error_that_lists_them(selection: str) -> None:
    with pytest.raises(SettingsError, match=r"--select"):
        select_assets(selection, defs)


def test_what_costs_calls_on_request_is_never_begun_by_automation() -> None:
    graph = defs.resolve_asset_graph()
    automated = {asset for asset in Asset if graph.get(dg.AssetKey(asset.value)).automation_condition is not None}
    assert automated == set(Asset) - ON_REQUEST

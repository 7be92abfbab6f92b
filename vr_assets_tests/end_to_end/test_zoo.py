"""Difficult files among good ones: each has its row, and the good ones are what they are without them."""

import json
import re
import shutil
from pathlib import Path

import pytest

from vr_assets.settings import Asset, Graph
from vr_assets_tests.conftest import Once
from vr_assets_tests.end_to_end.project import Json, Project, hurried, openai_at
from vr_assets_tests.media.zoo import ANIMALS, Animal, Refused
from vr_assets_tests.servers import serving
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour

# The first of its tests annotates all of them.
pytestmark = [pytest.mark.slow, pytest.mark.thorough, pytest.mark.timeout(600), pytest.mark.xdist_group("zoo")]


@pytest.fixture(scope="module")
def zoo(once: Once, two: Path) -> Path:
    """The good ones by themselves, and among the difficult ones."""

    def annotated(folder: Path) -> None:
        footage = folder / "videos"
        shutil.copytree(two, footage)
        _annotated(folder / "undisturbed", footage)
        for animal in ANIMALS:
            animal.draw(footage / animal.name)
        _annotated(folder / "mixed", footage)

    return once("zoo", annotated)


@pytest.fixture(scope="module")
def undisturbed(zoo: Path) -> Project:
    return Project.at(zoo / "undisturbed")


@pytest.fixture(scope="module")
def mixed(zoo: Path) -> Project:
    return Project.at(zoo / "mixed")


def _annotated(root: Path, footage: Path) -> None:
    root.mkdir()
    listed = root / "list.jsonl"
    listed.write_text("".join(f"{json.dumps({'video_path': str(path)})}\n" for path in sorted(footage.iterdir())))
    few = {"VR_CHECKS__MAX_FAILED_SHARE": "1", "VR_QA__QA_TYPES": "mcq,bcq"}
    with serving.serve(OpenAIDialect(), Behaviour()) as server:
        project = Project.at(root, {**openai_at(server, workers=16), **hurried("openai", timeout_s=60), **few})
        project.vr("ingest", str(listed), "--batch", "cams")
        project.vr("run", "--batch", "cams")


def _by_name(project: Project, asset: Asset) -> dict[str, Json]:
    return {Path(str(row["video"])).name: row for row in project.rows("cams", asset)}


def _items(content: bytes) -> list[Json]:
    items: list[Json] = json.loads(content)["items"]
    return items


def test_the_good_ones_by_themselves_go_through(undisturbed: Project) -> None:
    assert undisturbed.statuses("cams", Asset.TASK_FILES) == {"ok": 2}


@pytest.mark.parametrize("asset", list(Graph.VIDEOS.assets))
def test_the_good_ones_rows_are_what_they_are_without(undisturbed: Project, mixed: Project, asset: Asset) -> None:
    alone, among = _by_name(undisturbed, asset), _by_name(mixed, asset)
    assert len(alone) == 2
    assert {name: among[name] for name in alone} == alone


def test_the_good_ones_task_items_are_what_they_are_without(undisturbed: Project, mixed: Project, two: Path) -> None:
    good = {path.name for path in two.iterdir()}
    alone, among = undisturbed.task_files("cams"), mixed.task_files("cams")
    assert alone.keys() == among.keys() and alone
    for name, content in alone.items():
        assert [item for item in _items(among[name]) if item["video_id"] in good] == _items(content) != [], name


@pytest.mark.parametrize("animal", [pytest.param(one, id=ascii(one.name)) for one in ANIMALS])
def test_each_difficult_one_has_its_row_at_every_stage(mixed: Project, animal: Animal) -> None:
    rows = {asset: _by_name(mixed, asset)[animal.name] for asset in Graph.VIDEOS.assets}
    if isinstance(animal.outcome, Refused):
        raw = rows.pop(Asset.RAW_VIDEOS)
        assert raw["status"] == "failed" and re.search(animal.outcome.says, str(raw["reason"]))
        assert {(row["status"], row["blocked_by"]) for row in rows.values()} == {("skipped", "raw_videos")}
        return
    assert {asset for asset, row in rows.items() if row["status"] != "ok"} <= {Asset.HIGHLIGHTS}
    filtered = rows[Asset.FILTERED_VIDEOS]
    assert isinstance(filtered["media"], dict)
    assert filtered["media"]["duration_s"] == pytest.approx(animal.outcome.length_s, abs=1e-3)
    assert animal.outcome.remark in str(filtered["media_remarks"])

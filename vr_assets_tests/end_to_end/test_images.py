"""Images with captions, from a list to boxes and training files: real SDKs, real servers, real processes."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image
from pycocotools.coco import COCO

from vr_assets.settings import Asset, BoxConvention, Graph
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Json, Project, gemini_at, openai_at, tasks
from vr_assets_tests.end_to_end.test_kills import wait_until
from vr_assets_tests.servers.answers import BOX
from vr_assets_tests.servers.gemini import GeminiDialect
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.seeing import Eyes
from vr_assets_tests.servers.serving import Behaviour, ModelServer, serve

pytestmark = pytest.mark.slow

SIZES = [(2000, 1000), (300, 200), (401, 777), (64, 64)]
CAPTION = "A red car stands next to the invisible dog and a tall tree."


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of four images, the first of them twice and once more with another caption, and of one that is not there."""
    folder = tmp_path_factory.mktemp("images")
    for number, size in enumerate(SIZES):
        Image.effect_noise(size, 60).convert("RGB").save(folder / f"{number}.jpg")
    listed = [(f"{number}.jpg", CAPTION) for number in (0, 1, 2, 3, 0)] + [("0.jpg", "A tall tree."), ("gone.jpg", CAPTION)]
    lines = [{"image_path": path, "caption": caption, "site": number} for number, (path, caption) in enumerate(listed)]
    (folder / "pilot.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return folder


def ground(root: Path, images: Path, env: Mapping[str, str], *settings: str) -> Project:
    project = Project.at(root, {**env, "VR_CHECKS__MAX_FAILED_SHARE": "0.5"})
    project.vr("ingest", "--images", str(images / "pilot.jsonl"), "--batch", "pilot", *settings)
    project.vr("run", "--batch", "pilot")
    return project


def annotations(project: Project) -> list[Json]:
    path = project.root / "data" / "batches" / "pilot" / "annotations.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def boxes(row: Json) -> list[list[float]]:
    expressions = row["expressions"]
    assert isinstance(expressions, list)
    return [box["bbox"] for one in expressions for box in one["instances"]]  # type: ignore[index, call-overload, union-attr, misc]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("dialect", "env", "convention"),
    [
        pytest.param(GeminiDialect(), gemini_at, "thousand_yxyx", id="gemini"),
        pytest.param(OpenAIDialect(), openai_at, "thousand_xyxy", id="openai"),
    ],
)
def test_boxes_come_out_in_pixels_of_the_original_whatever_the_models_convention(
    dialect: GeminiDialect | OpenAIDialect,
    env: Callable[[ModelServer], dict[str, str]],
    convention: str,
    images: Path,
    tmp_path: Path,
) -> None:
    with serve(dialect, Behaviour()) as server:
        project = ground(tmp_path, images, env(server))
        served = tasks(server.served)
    rows = annotations(project)
    assert [row["site"] for row in rows] == list(range(7))
    assert [row["status"] for row in rows] == ["ok"] * 6 + ["skipped"]
    assert "no such file" in str(rows[6]["reason"])
    for row in rows[:6]:
        assert row["box_convention"] == convention
        width, height = row["width"], row["height"]
        assert isinstance(width, int) and isinstance(height, int)
        for left, top, right, bottom in boxes(row):
            wanted = [BOX[0] * width, BOX[1] * height, BOX[2] * width, BOX[3] * height]
            assert [left, top, right, bottom] == pytest.approx(wanted, abs=0.01)
    # Twins are asked about once, and both have the answer; an image is asked about once a caption.
    assert served == Counter({"expressions": 5, "groundings": 5})
    assert boxes(rows[0]) == boxes(rows[4]) != []
    assert len({row["image_id"] for row in rows}) == 7


@pytest.mark.thorough
def test_gemini_looks_at_images_closely(images: Path, tmp_path: Path) -> None:
    with serve(GeminiDialect(), Behaviour()) as server:
        ground(tmp_path, images, gemini_at(server))
        asked = [json.dumps(one.body) for one in server.served if one.question]
    assert asked and all("MEDIA_RESOLUTION_HIGH" in body for body in asked)


@pytest.mark.thorough
def test_an_endpoint_is_tried_with_an_image_and_a_strange_model_is_read_as_the_trial_found(images: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), Behaviour(eyes=Eyes(boxes=BoxConvention.THOUSAND_YXYX))) as server:
        project = ground(tmp_path, images, {**openai_at(server), "VR_CALLS__PREFLIGHT": "true"})
        assert tasks(server.served)["preflight"] == 1
    assert {row["box_convention"] for row in annotations(project)[:6]} == {"thousand_yxyx"}


@pytest.mark.thorough
def test_the_training_files_read_back_with_the_tools_of_their_users(images: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), Behaviour()) as server:
        project = ground(tmp_path, images, openai_at(server))
    folder = tmp_path / "data" / "batches" / "pilot"
    unique = [row for place, row in enumerate(annotations(project)[:6]) if place != 4]
    wanted = [box for row in unique for box in boxes(row)]
    coco = COCO(str(folder / "coco.json"))
    assert len(coco.getImgIds()) == len(SIZES)
    found = coco.loadAnns(coco.getAnnIds())
    corners = [[x, y, x + wide, y + high] for x, y, wide, high in (one["bbox"] for one in found)]
    assert corners == [pytest.approx(box, abs=0.02) for box in wanted]
    assert {one["name"] for one in coco.loadCats(coco.getCatIds())} == {"red car", "tall tree"}
    for image in coco.loadImgs(coco.getImgIds()):
        assert Image.open(images / image["file_name"]).size == (image["width"], image["height"])

    lines = [json.loads(line) for line in (folder / "odvg.jsonl").read_text().splitlines()]
    regions = [(line["grounding"]["caption"], region) for line in lines for region in line["grounding"]["regions"]]
    assert [region["bbox"] for _, region in regions] == wanted
    for caption, region in regions:
        ((start, end),) = region["tokens_positive"]
        assert caption[start:end] == region["phrase"]

    project.run("tao-daft", "validate", "tao-vl-reason-v1.0", "--strict", "--path", str(folder / "task_files"))
    items = json.loads((folder / "task_files" / "grounding.json").read_text())["items"]
    told = [one["bbox_2d"] for item in items for one in json.loads(item["answer"])]
    assert Counter(map(tuple, told)) == Counter(tuple(map(round, box)) for box in wanted)


@pytest.mark.thorough
def test_a_killed_run_goes_on_where_it_was_and_pays_nothing_twice(serve: ServerFactory, images: Path, tmp_path: Path) -> None:
    server = serve(Behaviour(delay_s=0.2))
    project = Project.at(tmp_path, {**openai_at(server, workers=1), "VR_CHECKS__MAX_FAILED_SHARE": "0.5"})
    project.vr("ingest", "--images", str(images / "pilot.jsonl"), "--batch", "pilot")
    for arrived in (3, 6):
        with project.live("run", "--batch", "pilot") as life:
            wait_until(lambda arrived=arrived: server.arrived >= arrived)  # type: ignore[misc]
            assert life.kill() == -9
    project.vr("run", "--batch", "pilot")
    assert project.statuses("pilot", Asset.GROUNDINGS) == {"ok": 6, "skipped": 1}
    assert len(project.journal()) == 10
    # One call may have been in flight at each of the two kills.
    assert sum(tasks(server.served).values()) <= 12


@pytest.mark.thorough
def test_dagsters_own_command_and_parts_of_the_graph_do_the_same(images: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), Behaviour()) as server:
        project = Project.at(tmp_path, {**openai_at(server), "VR_CHECKS__MAX_FAILED_SHARE": "0.5"})
        project.vr("ingest", "--images", str(images / "pilot.jsonl"), "--batch", "pilot")
        job = ("dagster", "job", "execute", "-m", "vr_assets.definitions", "--tags", '{"dagster/partition": "pilot"}', "-j")
        project.run(*job, "images_to_expressions")
        assert tasks(server.served) == Counter({"expressions": 5})
        project.run(*job, "ground_expressions")
        assert tasks(server.served) == Counter({"expressions": 5, "groundings": 5})
        project.run(*job, "ground_images")
        assert sum(tasks(server.served).values()) == 10, "everything was answered before"
    assert project.statuses("pilot", Asset.GROUNDINGS) == {"ok": 6, "skipped": 1}


@pytest.mark.thorough
def test_a_setting_is_edited_looked_at_and_run_again(images: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), Behaviour()) as server:
        project = ground(tmp_path, images, openai_at(server))
        before = tasks(server.served)
        said = project.vr("run", "--batch", "pilot", "--select", "groundings", "--set", "grounding.max_instances=3", "--dry-run")
        assert "stale" in said
        project.vr("run", "--batch", "pilot", "--set", "grounding.max_instances=3")
        after = tasks(server.served)
        assert (after["expressions"], after["groundings"]) == (before["expressions"], 2 * before["groundings"])
        project.vr("run", "--batch", "pilot", "--force", "groundings")
        assert tasks(server.served)["groundings"] == 3 * before["groundings"]
    shown = project.vr("status")
    assert all(asset in shown for asset in Graph.IMAGES.assets) and "captions" not in shown

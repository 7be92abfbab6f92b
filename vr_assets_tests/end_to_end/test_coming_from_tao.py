"""Results of the known system in place of calls, as a user imports them: real processes, and a server that counts."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, openai_at, tasks
from vr_assets_tests.servers.serving import Behaviour
from vr_assets_tests.tao_runs import FILES, TOLD, step_lines, write_run

pytestmark = pytest.mark.slow

STAGES = (Asset.FILTERED_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS, Asset.HIGHLIGHTS, Asset.DESCRIPTIONS, Asset.QA)


def sources(project: Project, asset: Asset) -> set[str]:
    return {source["prompt"] for row in project.rows("june", asset) for source in row["provenance"]}  # type: ignore[union-attr, index, call-overload, misc]


def test_a_results_folder_costs_no_call_until_a_stage_is_forced(serve: ServerFactory, videos: Path, tmp_path: Path) -> None:
    """Results of another machine, whose paths lead nowhere here, and one video that is gone."""
    cameras = tmp_path / "cameras"
    cameras.mkdir()
    for path in sorted(videos.iterdir())[:2]:
        shutil.copy(path, cameras)
    results = write_run(tmp_path / "results", [step_lines(f"/old/{name}.mp4", 2.0) for name in ("cam00", "cam01", "gone")])
    server = serve(Behaviour())
    project = Project.at(tmp_path / "project", openai_at(server))
    arguments = ("import-results", str(results), "--batch", "june", "--video-root", str(cameras))
    said = project.vr(*arguments)
    assert "/old/gone.mp4: the batch has no file" in said
    assert "june: 0 known, 2 new" in said
    assert f"/old is {cameras} now: 2 videos" in said

    ran = project.vr("run", "--batch", "june")
    assert server.served == []
    for asset, file in zip(STAGES, FILES.values(), strict=True):
        assert project.statuses("june", asset) == {"ok": 2}
        assert {prompt.rpartition(":")[0] for prompt in sources(project, asset)} == {str(results / file)}
    assert [row["global_caption"] for row in project.rows("june", Asset.CAPTIONS)] == [TOLD] * 2
    assert "10 task files" in ran and "captions 2, chunk_captions 2" in ran
    items = json.loads(project.task_files("june")["task_files/mcq.json"])["items"]
    assert [item["model"] for item in items] == ["imported"] * 2

    project.vr("run", "--batch", "june", "--force", "captions")
    assert tasks(server.served) == {"global_caption": 2, "dense_caption": 2}
    assert not any(str(results) in prompt for prompt in sources(project, Asset.CAPTIONS))
    assert sources(project, Asset.QA) and all(str(results) in prompt for prompt in sources(project, Asset.QA))


@pytest.mark.thorough
def test_images_with_boxes_cost_no_call_either(serve: ServerFactory, tmp_path: Path) -> None:
    """A spec registers the list, the results of its run are taken over: of the second image only the expressions."""
    images, caption = tmp_path / "images", "A red car stands next to a tall tree."
    images.mkdir()
    for number in range(2):
        Image.effect_noise((300, 200), 60 + number).convert("RGB").save(images / f"{number}.jpg")
    known = [{"image_path": f"{number}.jpg", "caption": caption} for number in range(2)]
    (images / "list.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in known))
    box = {"bbox": [10.0, 20.0, 110.0, 120.0], "score": 0.9, "bbox_id": "b0"}
    phrase = {"text": "A red car", "noun_chunk": "red car", "expression_id": "e0", "char_span": [0, 9]}
    for step, told in {
        "step_0_expression_extraction": [{**phrase, "instances": []}] * 2,
        "step_1_grounding": [{**phrase, "instances": [box]}, {**phrase, "instances": [{"bbox": [3000, 0, 1920, -10]}]}],
    }.items():
        (tmp_path / "results" / step).mkdir(parents=True)
        lines = [{**line, "cleaned_caption": caption, "expressions": [one]} for line, one in zip(known, told, strict=True)]
        (tmp_path / "results" / step / "annotations.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    spec = tmp_path / "spec.yaml"
    spec.write_text("image_grounding: {workflow: {steps: ['0', '1']}, data: {input_jsonl: nowhere.jsonl}}")
    server = serve(Behaviour())
    project = Project.at(tmp_path / "project", openai_at(server))
    where = f"image_grounding.data.input_jsonl={images / 'list.jsonl'}"
    assert "Next: vr-assets run --batch june" in project.vr("import-spec", str(spec), where, "--batch", "june")
    said = project.vr("import-results", str(tmp_path / "results"), "--batch", "june")
    assert "is no box" in said
    project.vr("run", "--batch", "june")
    assert tasks(server.served) == {"groundings": 1}
    first, second = project.rows("june", Asset.GROUNDINGS)
    assert first["status"] == second["status"] == "ok"
    expressions = first["expressions"]
    assert isinstance(expressions, list) and isinstance(expressions[0], dict)
    instances = expressions[0]["instances"]
    assert isinstance(instances, list) and isinstance(instances[0], dict)
    assert (instances[0]["bbox"], instances[0]["score"]) == (box["bbox"], None)

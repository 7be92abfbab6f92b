"""Conversations from the command line to files that trainers read: both APIs, twins, bad rows, a kill in the middle."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from pydantic import JsonValue

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Json, Project, asked, gemini_at, openai_at
from vr_assets_tests.end_to_end.test_crashes import wait_until
from vr_assets_tests.servers import gemini, openai, serving
from vr_assets_tests.servers.s3 import s3_server
from vr_assets_tests.servers.serving import Behaviour, ModelServer

pytestmark = pytest.mark.slow
WORKERS = 2
OF_BATCH = ("--tags", json.dumps({"dagster/partition": "conv"}))


def conversation(ask: str | None = "") -> JsonValue:
    return [{"from": "human", "value": ask}]


ROWS: list[Json] = [
    {"id": "0007", "video": ["./cam00.mp4"], "conversation": conversation(), "image": None, "n": 1.0},
    {"id": 8, "video": "cam01.mp4", "conversation": conversation("<video>\nWhat moves?")},
    {"id": "9", "video": ["cam02.mp4", "cam03.mp4"], "image": "red.png", "conversation": conversation()},
    {"id": "twin", "video": ["./cam00.mp4"], "conversation": conversation(None)},
    {"id": "gone", "video": "gone.mp4", "conversation": conversation()},
    {"id": "still", "image": ["red.png"], "conversation": conversation()},
]
CAPTIONED = ["0007", 8, "9", "twin", "still"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, videos: Path) -> Path:
    """The rows, beside their videos and image."""
    folder = tmp_path_factory.mktemp("rows")
    for video in videos.glob("*.mp4"):
        (folder / video.name).symlink_to(video)
    Image.new("RGB", (64, 48), "red").save(folder / "red.png")
    path = folder / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    return path


@contextmanager
def project_at(api: str, root: Path) -> Iterator[tuple[Project, ModelServer]]:
    dialect = openai.OpenAIDialect() if api == "openai" else gemini.GeminiDialect()
    with serving.serve(dialect) as server:
        env = openai_at(server) if api == "openai" else gemini_at(server)
        yield Project.at(root, env), server


def files(project: Project) -> tuple[list[Json], list[Json], list[Json]]:
    """captions.jsonl, captions.json, sharegpt.json."""
    folder = project.root / "data" / "batches" / "conv" / "conversations"
    lines = [json.loads(line) for line in (folder / "captions.jsonl").read_text().splitlines()]
    return lines, json.loads((folder / "captions.json").read_text()), json.loads((folder / "sharegpt.json").read_text())


@pytest.mark.parametrize("api", ["openai", "gemini"])
def test_every_row_comes_back_in_order_and_twins_are_paid_once(api: str, rows: Path, tmp_path: Path) -> None:
    with project_at(api, tmp_path) as (project, server):
        said = project.vr("ingest", "--conversations", str(rows), "--batch", "conv")
        assert f"{rows}:5: {rows.parent}/gone.mp4: no such file" in said
        project.vr("run", "--batch", "conv")
        assert len(server.served) == 4
        shown = Counter(tuple(part.kind for part in question.media) for question in server.questions)
        assert shown == {("video",): 2, ("video", "video", "image"): 1, ("image",): 1}
        project.vr("run", "--batch", "conv")
        assert len(server.served) == 4

    assert [row["status"] for row in project.rows("conv", Asset.VIDEO_CAPTIONS)] == ["ok"] * 4 + ["failed", "ok"]
    lines, whole, trained = files(project)
    assert lines == whole
    for given, row in zip(ROWS, lines, strict=True):
        assert {**row, "conversation": given["conversation"], "caption": None} == {**given, "caption": None}
        assert bool(row["caption"]) is (row["id"] in CAPTIONED)
    assert lines[0]["caption"] == lines[3]["caption"]
    assert lines[1]["conversation"] == ROWS[1]["conversation"]
    assert [row["id"] for row in trained] == CAPTIONED


@pytest.mark.thorough
def test_kill_9_costs_at_most_the_calls_in_flight_and_the_files_are_those_of_an_undisturbed_run(
    serve: ServerFactory, rows: Path, tmp_path: Path
) -> None:
    calm = Project.at(tmp_path / "calm", openai_at(serve(Behaviour())))
    server = serve(Behaviour(delay_s=0.3))
    killed = Project.at(tmp_path / "killed", openai_at(server, workers=WORKERS))
    for project in (calm, killed):
        project.vr("ingest", "--conversations", str(rows), "--batch", "conv")
    calm.vr("run", "--batch", "conv")
    with killed.live("run", "--batch", "conv") as life:
        wait_until(lambda: len(server.so_far) >= 2 or life.ended())
        assert life.kill() == -9, life.said
    assert not (tmp_path / "killed" / "data" / "batches" / "conv" / "conversations").exists()
    killed.vr("run", "--batch", "conv")
    assert sum(count - 1 for count in asked(server.served).values()) <= WORKERS
    assert len(server.served) < 8
    assert killed.outputs("conv") == calm.outputs("conv")


@pytest.mark.thorough
def test_the_job_runs_under_dagster_and_offline(rows: Path, tmp_path: Path) -> None:
    project = Project.at(tmp_path, {"VR_CHECKS__MAX_FAILED_SHARE": "0.5"})
    project.vr("ingest", "--conversations", str(rows), "--batch", "conv", "--backend", "opencv")
    project.forked("dagster", "job", "execute", "-m", "vr_assets.definitions", "-j", "caption_videos", *OF_BATCH)
    lines, _, trained = files(project)
    assert str(lines[2]["caption"]).startswith("Video 1: A ")
    assert [row["id"] for row in trained] == CAPTIONED[:-1], "in a plain red image there is nothing to name"


@pytest.mark.thorough
def test_an_estimate_and_status_speak_of_conversations(rows: Path, tmp_path: Path) -> None:
    with project_at("openai", tmp_path) as (project, server):
        project.vr("ingest", "--conversations", str(rows), "--batch", "conv")
        assert "6 conversations; nothing was asked" in project.vr("estimate", "--batch", "conv")
        assert server.served == []
        project.vr("run", "--batch", "conv")
        assert "Nothing to ask" in project.vr("estimate", "--batch", "conv")
        assert "video_captions" in project.vr("status", "--batch", "conv")
        assert "fresh" in project.vr("run", "--batch", "conv", "--dry-run")
        project.vr("run", "--batch", "conv", "--set", "video_captions.prompt=List all vehicles.")
    assert files(project)[0][0]["conversation"] == conversation("List all vehicles.")


@pytest.mark.thorough
def test_videos_data_and_files_may_lie_in_a_bucket(rows: Path, tmp_path: Path) -> None:
    with s3_server(tmp_path / "log") as s3:
        s3.make_bucket("cctv")
        s3.client().upload_file(str(rows.parent / "cam00.mp4"), "cctv", "clips/cam00.mp4")
        listed = tmp_path / "listed.json"
        listed.write_text(json.dumps([{"video": "s3://cctv/clips/cam00.mp4", "conversation": conversation()}]))
        given = {**s3.env, "VR_DATA_ROOT": "s3://cctv/data", "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache")}
        project = Project.at(tmp_path / "project", given)
        project.vr("ingest", "--conversations", str(listed), "--batch", "conv", "--backend", "opencv")
        project.vr("run", "--batch", "conv")
        found = s3.client().get_object(Bucket="cctv", Key="data/batches/conv/conversations/sharegpt.json")["Body"].read()
    (row,) = json.loads(found)
    assert row["videos"] == ["s3://cctv/clips/cam00.mp4"]
    assert "camera" in row["conversations"][1]["value"]

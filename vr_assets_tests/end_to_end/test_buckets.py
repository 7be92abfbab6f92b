"""A project whose data lie in a bucket."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, asked, hurried, openai_at
from vr_assets_tests.servers.s3 import S3Server, s3_server
from vr_assets_tests.servers.serving import Behaviour

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("s3")]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as running:
        running.make_bucket("cctv")
        yield running


def contents(s3: S3Server, prefix: str) -> dict[str, bytes]:
    client, start = s3.client(), f"{prefix}/"
    keys = [key for key in s3.keys("cctv") if key.startswith(start)]
    return {key.removeprefix(start): client.get_object(Bucket="cctv", Key=key)["Body"].read() for key in keys}


# `test_celery` shows it of several machines.
@pytest.mark.thorough
def test_the_whole_graph_lies_in_a_bucket_and_another_machine_pays_nothing(
    two: Path, tmp_path: Path, serve: ServerFactory, s3: S3Server
) -> None:
    server = serve(Behaviour())
    given = {**openai_at(server), **hurried("openai"), **s3.env, "VR_DATA_ROOT": "s3://cctv/whole"}
    one = Project.at(tmp_path / "one", {**given, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache-one")})
    one.vr("ingest", str(two), "--batch", "cams")
    said = one.vr("run", "--batch", "cams")
    assert "task files in s3://cctv/whole/batches/cams/task_files" in said

    held = contents(s3, "whole")
    assert {key for key in held if key.startswith("media/proxies/")}

    paid = len(server.served)
    # Nothing is shared but the bucket: another instance, another copy.
    other = Project.at(tmp_path / "other", {**given, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache-other")})
    other.vr("run", "--batch", "cams")
    assert len(server.served) == paid
    again = contents(s3, "whole")
    assert all(again[key] == content for key, content in held.items() if key.endswith((".jsonl", "qa.json")))
    assert max(asked(server.served).values()) == 1
    assert not any(b"sesame-of-the-bucket" in content for content in contents(s3, "whole").values())


def test_videos_in_a_bucket_are_fetched_once_and_named_by_their_address(
    two: Path, tmp_path: Path, serve: ServerFactory, s3: S3Server
) -> None:
    clips = sorted(two.iterdir())
    for clip in clips:
        s3.client().upload_file(str(clip), "cctv", f"drops/day 1/{clip.name}")
    s3.client().put_object(Bucket="cctv", Key="drops/day 1/broken.mp4", Body=b"not a video")
    s3.client().put_object(Bucket="cctv", Key="drops/day 1/.hidden.mp4", Body=b"not a video")
    listed = b'{"video_path": "cam00.mp4", "site": "north"}\n{"video_path": "s3://cctv/drops/gone.mp4"}\n'
    s3.client().put_object(Bucket="cctv", Key="drops/day 1/list.jsonl", Body=listed)
    server = serve(Behaviour())
    given = {**openai_at(server), **hurried("openai"), **s3.env, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache")}
    project = Project.at(tmp_path / "project", {**given, "VR_CHECKS__MAX_FAILED_SHARE": "1"})

    said = project.vr("ingest", "s3://cctv/drops/day 1", "--batch", "day")
    assert "3 new" in said
    project.vr("run", "--batch", "day")
    rows = project.rows("day", Asset.RAW_VIDEOS)
    assert [(row["video"], row["status"]) for row in rows] == [
        ("s3://cctv/drops/day 1/broken.mp4", "failed"),
        ("s3://cctv/drops/day 1/cam00.mp4", "ok"),
        ("s3://cctv/drops/day 1/cam01.mp4", "ok"),
    ]
    # People know the object, not the copy.
    assert str(rows[0]["reason"]).startswith("s3://cctv/drops/day 1/broken.mp4: ")
    assert str(tmp_path / "cache") not in str(project.rows("day", Asset.TASK_FILES))

    paid = len(server.served)
    project.vr("ingest", "s3://cctv/drops/day 1/list.jsonl", "--batch", "listed")
    project.vr("run", "--batch", "listed")
    rows = project.rows("listed", Asset.RAW_VIDEOS)
    assert [(row["status"], row.get("fields")) for row in rows] == [("ok", {"site": "north"}), ("failed", {})]
    assert "no such object" in str(rows[1]["reason"])
    # The same content, so the same answers.
    assert len(server.served) == paid


def test_images_in_a_bucket_are_grounded_and_named_by_their_address(tmp_path: Path, s3: S3Server) -> None:
    made, picture = io.BytesIO(), Image.new("RGB", (320, 240), (235, 235, 235))
    ImageDraw.Draw(picture).rectangle((40, 60, 139, 159), fill=(220, 20, 20))
    picture.save(made, "PNG")
    s3.client().put_object(Bucket="cctv", Key="stills/day 1/a.png", Body=made.getvalue())
    listed = b'{"image_path": "day 1/a.png", "caption": "A red square.", "image_id": "../../../evil"}\n'
    s3.client().put_object(Bucket="cctv", Key="stills/pilot.jsonl", Body=listed)
    cache = tmp_path / "cache"
    project = Project.at(
        tmp_path / "project",
        {**s3.env, "VR_VLM__BACKEND": "opencv", "VR_LLM__BACKEND": "opencv", "VR_BUCKET__CACHE_DIR": str(cache)},
    )
    project.vr("ingest", "--images", "s3://cctv/stills/pilot.jsonl")
    project.vr("run", "--batch", "pilot")
    (row,) = project.rows("pilot", Asset.GROUNDINGS)
    assert (row["status"], row["image"]) == ("ok", "s3://cctv/stills/day 1/a.png")
    written = (project.root / "data" / "batches" / "pilot" / "annotations.jsonl").read_text()
    (expression,) = json.loads(written)["expressions"]
    assert [round(side, -1) for side in expression["instances"][0]["bbox"]] == [40, 60, 140, 160]
    assert str(cache) not in written
    assert [path for path in tmp_path.rglob("*") if "evil" in path.name] == []
    assert len(list((cache / "sources" / "copies").iterdir())) == 1

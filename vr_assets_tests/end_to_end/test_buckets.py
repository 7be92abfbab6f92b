"""A project whose data lie in a bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vr_assets_tests.end_to_end.conftest import Calm, ServerFactory
from vr_assets_tests.end_to_end.project import Project, asked, hurried, openai_at
from vr_assets_tests.servers.s3 import S3Server, s3_server
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as running:
        running.make_bucket("cctv")
        yield running


def contents(s3: S3Server, prefix: str) -> dict[str, bytes]:
    client, start = s3.client(), f"{prefix}/"
    keys = [key for key in s3.keys("cctv") if key.startswith(start)]
    return {key.removeprefix(start): client.get_object(Bucket="cctv", Key=key)["Body"].read() for key in keys}


def test_the_whole_graph_in_a_bucket_is_that_of_a_folder_and_another_machine_pays_nothing(
    videos: Path, tmp_path: Path, serve: ServerFactory, s3: S3Server, calm: Calm
) -> None:
    server = serve(Behaviour())
    given = {**openai_at(server), **hurried("openai"), **s3.env, "VR_DATA_ROOT": "s3://cctv/whole"}
    one = Project.at(tmp_path / "one", {**given, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache-one")})
    one.vr("ingest", str(videos), "--batch", "cams")
    said = one.vr("run", "--batch", "cams")
    assert "task files in s3://cctv/whole/batches/cams/task_files" in said

    held = contents(s3, "whole")
    local = calm(videos).root / "data"
    for name in ("raw_videos", "captions", "qa"):
        path = f"batches/cams/{name}.jsonl"
        assert held[path] == (local / path).read_bytes()
    assert {key for key in held if key.startswith("media/proxies/")}

    paid = len(server.served)
    # Nothing is shared but the bucket: another instance, another copy.
    other = Project.at(tmp_path / "other", {**given, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache-other")})
    other.vr("run", "--batch", "cams")
    assert len(server.served) == paid
    assert max(asked(server.served).values()) == 1
    assert not any(b"sesame-of-the-bucket" in content for content in contents(s3, "whole").values())

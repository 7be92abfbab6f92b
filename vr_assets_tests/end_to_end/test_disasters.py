"""What is lost when something is lost: never what was paid for. The commands are those of docs/operations.md."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, hurried, openai_at
from vr_assets_tests.end_to_end.test_buckets import contents
from vr_assets_tests.servers.s3 import S3Server, s3_server
from vr_assets_tests.servers.serving import Behaviour

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("s3")]


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path / "log") as running:
        running.make_bucket("cctv")
        yield running


@pytest.mark.thorough
def test_a_lost_database_or_a_lost_bucket_costs_no_answer(two: Path, tmp_path: Path, serve: ServerFactory, s3: S3Server) -> None:
    server = serve(Behaviour())
    given = {**openai_at(server), **hurried("openai"), **s3.env, "VR_DATA_ROOT": "s3://cctv/june"}
    first = Project.at(tmp_path / "first", {**given, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache")})
    clip = str(min(two.iterdir()))
    first.vr("ingest", clip, "--batch", "cams")
    first.vr("run", "--batch", "cams")
    paid, held = len(server.served), contents(s3, "june")
    rows = {name: content for name, content in held.items() if name.startswith("batches/") and name.endswith(".jsonl")}

    # The machine with Dagster's database is gone: another one, and what is in the bucket.
    second = Project.at(tmp_path / "second", {**given, "VR_BUCKET__CACHE_DIR": str(tmp_path / "cache-second")})
    said = second.vr("register")
    assert "cams" in said and "8" in said
    planned = second.vr("run", "--batch", "cams", "--dry-run")
    assert planned.count("fresh") == 8 and "stale" not in planned and "missing" not in planned
    second.vr("run", "--batch", "cams")

    # The bucket is gone, and somebody kept a copy of its journal.
    copied = {name: content for name, content in held.items() if name.startswith("journal/")}
    for name, content in copied.items():
        s3.client().put_object(Bucket="cctv", Key=f"anew/{name}", Body=content)
    shutil.rmtree(tmp_path / "cache-second")
    second.env["VR_DATA_ROOT"] = "s3://cctv/anew"
    second.vr("ingest", clip, "--batch", "cams")
    second.vr("run", "--batch", "cams")

    assert len(server.served) == paid
    for prefix in ("june", "anew"):
        now = contents(s3, prefix)
        assert {name: now[name] for name in rows} == rows

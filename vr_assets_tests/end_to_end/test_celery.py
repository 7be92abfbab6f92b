"""Workers that share the bucket, the instance and Redis, and nothing else; one of them is killed."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from signal import SIGKILL

import pytest
from celery import Celery

from vr_assets.settings import Asset
from vr_assets_tests.conftest import Once
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.dagster_dev import wait_for
from vr_assets_tests.end_to_end.project import Project, asked, draw_videos, hurried, openai_at
from vr_assets_tests.end_to_end.test_buckets import contents
from vr_assets_tests.servers.postgres import postgres
from vr_assets_tests.servers.redis import redis_server
from vr_assets_tests.servers.s3 import s3_server
from vr_assets_tests.servers.serving import Behaviour

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]

CALLS = 6
VIDEOS = 40
HELD = "SELECT coalesce(sum(held), 0) FROM vr_holders"


@contextmanager
def worker(name: str, project: Project, disks: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A Celery worker on a machine of its own: where the project's folder lies on the first machine, it has another disk."""
    disk = disks / name
    disk.mkdir(parents=True)
    command = ["celery", "-A", "vr_assets.defs.celery_app", "worker", "--queues", "dagster", "--hostname", f"{name}@test"]
    elsewhere = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount --bind "$0" "$1" && cd "$1" && shift && exec "$@"',
        str(disk),
        str(project.root),
    ]
    with (disks / f"{name}.log").open("wb") as said:
        process = subprocess.Popen([*elsewhere, *command], env=project.env, stdout=said, stderr=said, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, SIGKILL)
        process.wait()


def active(celery: Celery) -> list[str]:
    """The workers that are carrying out a step."""
    answers = celery.control.inspect(timeout=5, limit=2).active() or {}
    return [name.removesuffix("@test") for name, tasks in answers.items() if tasks]


@pytest.fixture(scope="module")
def forty(once: Once) -> Path:
    return once("forty", lambda folder: draw_videos(folder, VIDEOS, seconds=1))


@pytest.mark.timeout(900)
def test_a_batch_outlives_a_worker_and_the_instance_and_equals_that_of_one_machine(
    forty: Path, tmp_path: Path, serve: ServerFactory
) -> None:
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("disks of their own for workers want the right to mount: run as root")
    with ExitStack() as running:
        s3 = running.enter_context(s3_server(tmp_path / "s3.log"))
        database, redis = running.enter_context(postgres()), running.enter_context(redis_server())
        s3.make_bucket("cctv")
        for clip in forty.iterdir():
            s3.client().upload_file(str(clip), "cctv", f"drops/{clip.name}")

        server = serve(Behaviour())
        given = {**hurried("openai"), **s3.env, "VR_QA__QA_TYPES": "mcq,bcq,temporal_localization"}
        own = {"VR_BUCKET__CACHE_DIR": str(tmp_path / "cache")}
        alone = Project.at(tmp_path / "alone", {**openai_at(server), **given, **own})
        alone.vr("ingest", "s3://cctv/drops", "--batch", "cams")
        alone.vr("run", "--batch", "cams")
        once = asked(server.served)
        assert (len(alone.rows("cams", Asset.QA)), max(once.values())) == (VIDEOS, 1)

        server, url = serve(Behaviour(delay_s=0.2)), database.database()
        spread = {
            "VR_EXECUTOR": "celery",
            "CELERY_BROKER_URL": f"{redis}/0",
            "CELERY_RESULT_BACKEND": f"{redis}/1",
            "DAGSTER_PG_URL": url.replace("postgresql:", "postgresql+psycopg2:"),
            "VR_DATA_ROOT": "s3://cctv/june",
            # In the project's folder, so that each machine has a copy of its own.
            "VR_BUCKET__CACHE_DIR": str(tmp_path / "spread" / "cache"),
            "VR_BUCKET__FLUSH_S": "0",
        }
        project = Project.at(tmp_path / "spread", {**openai_at(server, workers=CALLS), **given, **spread})
        project.vr("init", ".", "--postgres")
        project.vr("ingest", "s3://cctv/drops", "--batch", "cams")
        workers = {name: running.enter_context(worker(name, project, tmp_path / "disks")) for name in ("one", "two")}
        job = ["dagster", "job", "execute", "-m", "vr_assets.definitions", "-j", "annotate_videos"]
        run = project.start(*job, "--tags", '{"dagster/partition": "cams"}')
        running.callback(run.kill)

        celery = Celery(broker=f"{redis}/0")
        busy: list[str] = []

        def amid_calls() -> bool:
            busy[:] = active(celery) if server.arrived > len(once) // 3 else []
            return len(busy) == 1 and database.ask(url, HELD) > 1

        wait_for(amid_calls)
        os.kill(workers[busy[0]].pid, SIGKILL)
        in_flight = database.ask(url, HELD)
        said, _ = run.communicate(timeout=400)
        assert run.returncode == 0, said
        for name, content in contents(s3, "june/batches").items():
            place = project.root / "data" / "batches" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        # The instance is lost, and every machine with it: another one, and what is in the bucket.
        paid = len(server.served)
        project.env["DAGSTER_PG_URL"] = database.database().replace("postgresql:", "postgresql+psycopg2:")
        project.env["VR_BUCKET__CACHE_DIR"] = str(tmp_path / "another cache")
        assert re.search(r"cams.*\b8\b", project.vr("register"))
        planned = project.vr("run", "--batch", "cams", "--dry-run")
        assert planned.count("fresh") == 8 and "stale" not in planned and "missing" not in planned
        project.vr("run", "--batch", "cams")
        assert len(server.served) == paid

    assert f"Celery worker {busy[0]}@test took this step and has said nothing of it for 30 s: handed out again" in said
    # Only what is small is compared by `assert`, which shows what it compares: videos are in the requests.
    twice = asked(server.served)
    assert len(twice.keys() ^ once.keys()) == 0
    most, again = max(twice.values()), twice.total() - len(twice)
    assert most <= 2 and again <= in_flight <= CALLS
    assert server.most_in_flight <= CALLS
    made, expected = project.outputs("cams"), alone.outputs("cams")
    assert [name for name in made.keys() | expected.keys() if made.get(name) != expected.get(name)] == []

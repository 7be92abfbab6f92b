"""Steps that share nothing but the store and the instance."""

from pathlib import Path

import pytest

from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, asked, hurried, openai_at
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_a_process_for_each_step_makes_what_one_process_makes_and_asks_nothing_twice(
    two: Path, tmp_path: Path, serve: ServerFactory
) -> None:
    made: dict[str, dict[str, bytes]] = {}
    for executor in ("in_process", "multiprocess"):
        server = serve(Behaviour())
        project = Project.at(tmp_path / executor, {**openai_at(server), **hurried("openai"), "VR_EXECUTOR": executor})
        project.vr("ingest", str(min(two.iterdir())), "--batch", "cams")
        job = ("-m", "vr_assets.definitions", "-j", "annotate_videos", "--tags", '{"dagster/partition": "cams"}')
        # Afresh: the executor is chosen when definitions are imported.
        project.run("dagster", "job", "execute", *job)
        assert max(asked(server.served).values()) == 1
        made[executor] = project.outputs("cams")
        # A part of the journal is named by when it was begun and by whose process.
        writers = {path.name.split("-")[1] for path in (project.root / "data" / "journal").rglob("*.jsonl")}
        assert (len(writers) > 1) is (executor == "multiprocess")
    assert made["multiprocess"] == made["in_process"]

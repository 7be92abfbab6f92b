"""Steps that share nothing but the store and the instance."""

from pathlib import Path

import pytest

from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, asked, hurried, openai_at
from vr_assets_tests.servers.postgres import PASSWORD, postgres
from vr_assets_tests.servers.serving import Behaviour

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres")]


# A step in a process of its own takes seconds of CPU, and the whole graph has 18.
@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("before", "job", "steps"),
    [
        pytest.param("+descriptions", "qa_and_task_files", 4, id="two stages"),
        pytest.param(None, "annotate_videos", 17, id="the whole graph"),
    ],
)
def test_processes_for_steps_and_an_instance_in_postgresql_make_what_one_process_makes_and_ask_nothing_twice(
    before: str | None, job: str, steps: int, two: Path, tmp_path: Path, serve: ServerFactory
) -> None:
    clip, server = str(min(two.iterdir())), serve(Behaviour())
    alone = Project.at(tmp_path / "alone", {**openai_at(server), **hurried("openai")})
    alone.vr("ingest", clip, "--batch", "cams")
    alone.vr("run", "--batch", "cams")
    once = asked(server.served)

    with postgres() as database:
        url = database.database()
        server = serve(Behaviour())
        project = Project.at(tmp_path / "spread", {**openai_at(server), **hurried("openai"), "VR_EXECUTOR": "multiprocess"})
        project.env["DAGSTER_PG_URL"] = url.replace("postgresql:", "postgresql+psycopg2:")
        project.vr("init", ".", "--postgres")
        project.vr("ingest", clip, "--batch", "cams")
        if before:
            project.vr("run", "--batch", "cams", "--select", before)
        # Afresh: the executor is chosen when definitions are imported.
        tags = '{"dagster/partition": "cams"}'
        project.run("dagster", "job", "execute", "-m", "vr_assets.definitions", "-j", job, "--tags", tags)
        started = "SELECT count(*) FROM event_logs WHERE dagster_event_type = 'STEP_WORKER_STARTED'"
        assert database.ask(url, started) >= steps
        # Each went by the pace that those before it left there.
        assert database.ask(url, "SELECT sum((pace::json ->> 'started')::int) FROM vr_paces") == len(server.served)

    assert asked(server.served) == once and max(once.values()) == 1
    made, expected = project.outputs("cams"), alone.outputs("cams")
    assert "qa.jsonl" in made and "task_files/mcq.json" in made
    # The report says when the batch was registered.
    assert {name: content for name, content in made.items() if content != expected[name]}.keys() <= {"report.md"}
    assert [path for path in project.root.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()] == []

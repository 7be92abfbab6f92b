"""A key goes to its endpoint and is written nowhere: everything that runs leave behind is searched for it."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.project import Project, gemini_at, openai_at
from vr_assets_tests.end_to_end.traces import places
from vr_assets_tests.servers.faults import FaultMix
from vr_assets_tests.servers.gemini import GeminiDialect
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, Dialect, Fault, serve

CANARY = "sk-canary-5f1b0c9e7d"
EXECUTE = ("dagster", "job", "execute", "-m", "vr_assets.definitions", "-j", "annotate_videos")


def talkative(root: Path, dialect: Dialect, url_env: dict[str, str]) -> Project:
    """A project whose log holds every call, and whose environment holds the key for every backend."""
    project = Project.at(root, {**url_env, "OPENAI_API_KEY": CANARY, "GOOGLE_API_KEY": CANARY})
    logs = "python_logs:\n  managed_python_loggers: [vr_assets]\n  python_log_level: DEBUG\n"
    (root / "dagster.yaml").write_text(f"telemetry:\n  enabled: false\n{logs}")
    return project


def test_the_search_finds_a_key_in_a_compressed_value_of_a_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", (zlib.compress(f"{'.' * 9000}{CANARY}{'-' * 9000}".encode()),))
        database.commit()
    assert [where.rpartition(", ")[2] for where in places(CANARY, tmp_path)] == ["compressed"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["openai", "gemini"])
def test_a_key_that_is_let_in_is_written_nowhere(name: str, videos: Path, tmp_path: Path) -> None:
    dialect: Dialect = OpenAIDialect() if name == "openai" else GeminiDialect()
    with serve(dialect, Behaviour(key=CANARY, mix=FaultMix(seed=2))) as server:
        env = openai_at(server) if name == "openai" else gemini_at(server, key=CANARY)
        project = talkative(tmp_path, dialect, {**env, "VR_CALLS__MAX_RETRY_WAIT_S": "0.3"})
        said = project.vr("ingest", str(videos), "--batch", "cams")
        said += project.vr("run", "--batch", "cams", "--select", "raw_videos,filtered_videos,captions")
        said += project.run(*EXECUTE, "--tags", '{"dagster/partition": "cams"}')
        assert {one.key for one in server.served} == {CANARY}
    assert project.statuses("cams", Asset.QA) == {"ok": 6}
    assert CANARY not in said
    assert places(CANARY, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_and_quoted_is_written_nowhere(status: int, videos: Path, tmp_path: Path) -> None:
    quoting = Fault(status=status, message=f"Incorrect API key provided: {CANARY}. Find yours at /keys?key={CANARY}")
    with serve(OpenAIDialect(), Behaviour(always=quoting)) as server:
        project = talkative(tmp_path, server.dialect, openai_at(server))
        project.vr("ingest", str(videos), "--batch", "cams")
        said = project.vr("run", "--batch", "cams", code=1)
    assert "OPENAI_API_KEY" in said and CANARY not in said
    assert places(CANARY, tmp_path) == []

"""A key goes to its endpoint and is written nowhere: everything that runs leave behind is searched for it."""

import sqlite3
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.project import Project, gemini_at, hurried, openai_at
from vr_assets_tests.end_to_end.traces import places
from vr_assets_tests.servers.faults import FaultMix, Kind
from vr_assets_tests.servers.gemini import GeminiDialect
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, Dialect, Fault, ModelServer, serve

_OF_BATCH = ("--tags", '{"dagster/partition": "cams"}')
CANARY = "sk-canary-5f1b0c9e7d"
EXECUTE = ("dagster", "job", "execute", "-m", "vr_assets.definitions", "-j", "annotate_videos", *_OF_BATCH)


# So often that each run meets most kinds.
EVERY_FAULT = FaultMix(seed=2, shares=dict.fromkeys(Kind, 0.04))


def talkative(root: Path, env: dict[str, str]) -> Project:
    """A project whose log holds every call, and whose environment holds the key for every backend."""
    project = Project.at(root, {**env, "OPENAI_API_KEY": CANARY, "GOOGLE_API_KEY": CANARY})
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
@pytest.mark.parametrize(
    ("dialect", "reached", "command"),
    [
        pytest.param(OpenAIDialect(), openai_at, EXECUTE, id="openai-dagster"),
        pytest.param(
            GeminiDialect(), gemini_at, ("vr-assets", "run", "--batch", "cams"), id="gemini-vr-assets", marks=pytest.mark.thorough
        ),
    ],
)
def test_a_key_that_is_let_in_is_written_nowhere(
    dialect: Dialect, reached: Callable[[ModelServer], dict[str, str]], command: Sequence[str], two: Path, tmp_path: Path
) -> None:
    with serve(dialect, Behaviour(key=CANARY, mix=EVERY_FAULT)) as server:
        project = talkative(tmp_path, {**reached(server), **hurried("openai"), **hurried("gemini")})
        said = project.vr("ingest", str(two), "--batch", "cams")
        said += project.forked(*command)
        assert {one.key for one in server.served} == {CANARY}
        assert len({one.fault for one in server.served if one.fault}) >= 5
    assert project.statuses("cams", Asset.QA) == {"ok": 2}
    assert CANARY not in said
    assert places(CANARY, tmp_path) == []


@pytest.mark.slow
def test_a_key_that_is_refused_and_quoted_is_written_nowhere(two: Path, tmp_path: Path) -> None:
    quoting = Fault(status=401, message=f"Incorrect API key provided: {CANARY}. Find yours at /keys?key={CANARY}")
    with serve(OpenAIDialect(), Behaviour(always=quoting)) as server:
        project = talkative(tmp_path, openai_at(server))
        project.vr("ingest", str(two), "--batch", "cams")
        said = project.vr("run", "--batch", "cams", code=1)
    assert "OPENAI_API_KEY" in said and CANARY not in said
    assert places(CANARY, tmp_path) == []

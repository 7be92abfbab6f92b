"""A bench for each test, and two videos for all of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from vr_assets.storage import Store
from vr_assets_tests.defs.bench import GENERAL, Bench
from vr_assets_tests.end_to_end.project import draw_videos


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two videos of a second each."""
    return sorted(draw_videos(tmp_path_factory.mktemp("videos"), 2, seconds=1).iterdir())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An empty project; the environment sets nothing but where it lies."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VR_DATA_ROOT", str(tmp_path / "data"))
    # In memory: on a disk Dagster syncs every event. What the real instance does is tested with the command line.
    logs = {"python_logs": {"managed_python_loggers": ["vr_assets"], "python_log_level": "INFO"}}
    with dg.DagsterInstance.ephemeral(str(tmp_path), settings=logs) as instance:
        made = Bench(Store(tmp_path / "data"), instance)
        monkeypatch.setattr("vr_assets.steps.stage.make_backend", made.make_backend)
        monkeypatch.setattr("vr_assets.steps.session.make_backend", made.make_backend)
        yield made


@pytest.fixture
def prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prompt of the domain `ours`, to be edited."""
    own = tmp_path / "prompts" / "ours" / "qa" / "open_qa.anomaly.md"
    own.parent.mkdir(parents=True)
    own.write_text((GENERAL / "qa" / own.name).read_text())
    monkeypatch.setenv("VR_PROMPTS__PROMPTS_DIR", str(tmp_path / "prompts"))
    return own

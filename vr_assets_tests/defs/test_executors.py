"""The executor that the environment names."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest import MonkeyPatch

from vr_assets.defs.executors import executor
from vr_assets.defs.instance import run_config
from vr_assets.errors import SettingsError


@pytest.fixture(autouse=True)
def outside_a_project(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VR_EXECUTOR", raising=False)


@pytest.mark.parametrize("name", ["in_process", "multiprocess"])
def test_the_environment_names_the_executor(name: str, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("VR_EXECUTOR", name)
    assert executor().name == name


def test_steps_are_carried_out_in_the_runs_process_unless_said_otherwise() -> None:
    assert executor().name == "in_process"


def test_dotenv_names_it_too() -> None:
    Path(".env").write_text("VR_EXECUTOR=multiprocess\n")
    assert executor().name == "multiprocess"


def test_a_wrong_name_is_refused_with_the_names_there_are(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("VR_EXECUTOR", "dask")
    with pytest.raises(SettingsError, match=r"executor = 'dask' .*'in_process', 'multiprocess', 'celery' or 'k8s'"):
        executor()


def test_a_run_cannot_choose_what_carries_out_its_own_steps() -> None:
    with pytest.raises(SettingsError, match="set VR_EXECUTOR"):
        run_config({"executor": "celery"})


@pytest.mark.parametrize("name", ["celery", "k8s"])
def test_a_package_that_is_not_there_is_named_with_the_cure(name: str, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"dagster_{name}", None)
    monkeypatch.delitem(sys.modules, "vr_assets.defs.celery_steps", raising=False)
    monkeypatch.setenv("VR_EXECUTOR", name)
    with pytest.raises(SettingsError, match=rf"VR_EXECUTOR={name} needs packages: pip install 'vr-assets\[{name}\]'"):
        executor()


def test_packages_of_other_executors_are_not_imported() -> None:
    code = "import sys; import vr_assets.definitions; print({'celery', 'kubernetes', 'psycopg2'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"

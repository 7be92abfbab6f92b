"""Prompts as data survive packaging: from a wheel, in an environment of its own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import vr_assets
from vr_assets.prompts import find_shipped

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

REPOSITORY = Path(vr_assets.__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout. Skipped where the build backend cannot be had."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(REPOSITORY)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if "hatchling" in built.stderr and built.returncode:
        pytest.skip("the build backend (hatchling) cannot be installed here")
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and sees the packages it needs, but not the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    packages = Path(pytest.__file__).parents[1]
    # As a .pth file of a folder would be, but without the .pth files in it: one of them leads to the checkout.
    (site / "needed.pth").write_text(f"{packages}\n")
    return folder / "bin" / "python"


def said(python: Path, code: str, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run([str(python), "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_installed_wheel_holds_every_file_of_every_domain(wheel: Path) -> None:
    shipped = find_shipped(REPOSITORY / "vr_assets")
    with zipfile.ZipFile(wheel) as packed:
        names = {name.removeprefix("vr_assets/_prompts/") for name in packed.namelist() if name.startswith("vr_assets/_prompts/")}
    assert names == {str(path.relative_to(shipped)) for path in shipped.rglob("*") if path.is_file()}


@pytest.mark.thorough
def test_from_an_installed_wheel_domains_load_and_a_folder_outside_works(python: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine" / "docks" / "captions"
    own.mkdir(parents=True)
    (own / "global.normal.md").write_text("{# values: duration #}\nLook at the docks for {{ duration }}.\n")
    code = """
import json, vr_assets
from pathlib import Path
from vr_assets.prompts import PROMPTS, Prompts
domains = {name: Prompts.load(name) for name in ("general", "traffic", "warehouse")}
docks = Prompts.load("docks", overlay=Path("mine"))
print(json.dumps({
    "package": vr_assets.__file__,
    "fingerprints": {name: prompts.fingerprint("qa") for name, prompts in domains.items()},
    "categories": sorted(domains["traffic"].categories),
    "docks": docks.render("captions", "global.normal", {"duration": "00:42"}).schema_text,
}))
"""
    found = json.loads(said(python, code, tmp_path))
    assert not found["package"].startswith(str(REPOSITORY))
    assert found["docks"] == "Look at the docks for 00:42.\n"
    assert "collision" in found["categories"]
    here = json.loads(
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    )
    assert here["package"].startswith(str(REPOSITORY))
    assert found["fingerprints"] == here["fingerprints"]


@pytest.mark.thorough
def test_from_an_installed_wheel_the_command_line_makes_and_checks_a_domain(python: Path, tmp_path: Path) -> None:
    run = "import sys; from vr_assets.cli import main; sys.argv[1:] = {}; main()"
    assert "WORKSHEET.md" in said(python, run.format(["prompts", "new", "yard", "--into", "mine"]), tmp_path)
    assert (tmp_path / "mine" / "yard" / "WORKSHEET.md").is_file()
    assert "traffic: ok" in said(python, run.format(["prompts", "check"]), tmp_path)

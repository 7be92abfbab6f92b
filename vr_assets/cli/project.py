"""The project's folder: where Dagster's instance and the settings of this place are."""

import os
from pathlib import Path

from dotenv import dotenv_values, set_key

from vr_assets.errors import SettingsError

HOME = "DAGSTER_HOME"


def ensure_home() -> Path:
    """The folder of Dagster's instance, from the environment or `.env`; on first use the current folder, noted in `.env`.

    Raises:
        SettingsError: the folder is no project, or DAGSTER_HOME is relative.
    """
    named = os.environ.get(HOME)
    if not named:
        named = str(_first_use(Path.cwd()))
        os.environ[HOME] = named
    home = Path(named).expanduser()
    if not home.is_absolute():
        raise SettingsError(f"{HOME} = {named!r} must be an absolute path, such as {home.absolute()}")
    os.environ[HOME] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    return home


def _first_use(folder: Path) -> Path:
    if not (folder / "dagster.yaml").is_file():
        cure = f"make one with `vr-assets init DIR` and go there, or set {HOME} to the folder of one"
        raise SettingsError(f"{folder} is no vr_assets project; {cure}")
    note(folder, HOME, folder)
    return folder


def note(folder: Path, name: str, value: Path) -> None:
    """Add a path to the folder's `.env`, unless the variable has a value there."""
    dotenv = folder / ".env"
    dotenv.touch(mode=0o600)
    if not dotenv_values(dotenv).get(name):
        set_key(dotenv, name, str(value.absolute()))

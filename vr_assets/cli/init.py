"""`vr-assets init`: a project folder."""

from importlib.resources import files
from pathlib import Path

import click

from vr_assets.cli.project import HOME, note
from vr_assets.cli.saying import say
from vr_assets.errors import SettingsError
from vr_assets.settings import environment_name

TEMPLATES = ("dagster.yaml", "workspace.yaml", ".env.example")
IGNORED = (
    ".env",
    "data/",
    "demo/",
    "history/",
    "schedules/",
    "storage/",
    "logs/",
    ".logs_queue/",
    ".nux/",
    ".telemetry/",
    ".endpoints/",
)
PROMPTS_DIR = "prompts"


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
def command(folder: Path) -> None:
    """Make FOLDER a project: Dagster's files, .env, and a place for your own prompts. Keeps what is there."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for name in TEMPLATES:
        _keep_or_write(folder / name, template(name))
    _keep_or_write(folder / ".gitignore", "".join(f"{name}\n" for name in IGNORED))
    (folder / PROMPTS_DIR).mkdir(exist_ok=True)
    note(folder, HOME, folder)
    note(folder, environment_name("prompts.prompts_dir"), folder / PROMPTS_DIR)
    say(f"{folder} is a project. Next:")
    say(f"  cd {folder}")
    say("  vr-assets demo                       the whole way on drawn clips, no key needed")
    say("  vr-assets ingest DIR --batch NAME    your own videos")


def template(name: str) -> str:
    """A file that a project starts with: inside the package in an installed wheel, beside it in a checkout.

    Raises:
        SettingsError: neither is there.
    """
    package = files("vr_assets")
    for place in (package.joinpath("_project", name), Path(str(package)).parent / name):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise SettingsError(f"the template {name} is missing, reinstall vr-assets")


def _keep_or_write(path: Path, content: str) -> None:
    if not path.exists():
        path.write_text(content, encoding="utf-8")

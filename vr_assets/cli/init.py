"""`vr-assets init`: a project folder."""

from importlib.resources import files
from pathlib import Path

import click
import yaml

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
POSTGRES = """# What ran lies in a database that all workers reach. Its address is in the environment, as
# postgresql+psycopg2://user:password@host:5432/name
storage:
  postgres:
    postgres_url:
      env: DAGSTER_PG_URL
"""
_STORAGES = {"storage", "run_storage", "event_log_storage", "schedule_storage"}


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--postgres", is_flag=True, help="Dagster's instance lies in the database that DAGSTER_PG_URL names.")
def command(folder: Path, *, postgres: bool) -> None:
    """Make FOLDER a project: Dagster's files, .env, and a place for your own prompts. Keeps what is there."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for name in TEMPLATES:
        _keep_or_write(folder / name, template(name))
    if postgres:
        _on_postgres(folder / "dagster.yaml")
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


def _on_postgres(path: Path) -> None:
    """Add the storage to an instance's file that names none."""
    content = path.read_text(encoding="utf-8")
    if POSTGRES in content:
        return
    named = sorted(_STORAGES & set(yaml.safe_load(content) or {}))
    if named:
        raise SettingsError(f"{path}: it has {', '.join(named)}; take that out, then `vr-assets init --postgres` adds PostgreSQL")
    path.write_text(f"{content.rstrip()}\n\n{POSTGRES}", encoding="utf-8")


def _keep_or_write(path: Path, content: str) -> None:
    if not path.exists():
        path.write_text(content, encoding="utf-8")

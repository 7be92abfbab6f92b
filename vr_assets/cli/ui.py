"""`vr-assets ui`: Dagster's UI on this project."""

import os
import sys
from pathlib import Path

import click

from vr_assets.cli.project import ensure_home


@click.command("ui")
@click.option("--port", type=int, default=3000, show_default=True)
def command(port: int) -> None:
    """Open Dagster's UI on this project, until Ctrl-C."""
    ensure_home()
    os.execv(sys.executable, [sys.executable, *ui_command(port)])


def ui_command(port: int = 3000) -> list[str]:
    """Arguments of Python that start the UI."""
    where = ["-w", "workspace.yaml"] if Path("workspace.yaml").is_file() else ["-m", "vr_assets.definitions"]
    return ["-m", "dagster", "dev", *where, "--port", str(port)]

"""Dagster's databases, ready made: copied within moments, while each that Dagster makes takes many syncs of a disk."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

_FOLDERS = ("history", "schedules")


def place_databases(home: Path) -> None:
    """Those of an empty instance, as its first command would make them."""
    for name in _FOLDERS:
        shutil.copytree(Path(_empty().name, name), home / name)


@cache
def _empty() -> tempfile.TemporaryDirectory[str]:
    import dagster as dg

    home = tempfile.TemporaryDirectory(prefix="instance-")
    with dg.DagsterInstance.local_temp(home.name) as instance:
        assert instance.get_runs() == []
        assert instance.all_instigator_state() == []
    return home

"""How the suite is run."""

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest
from filelock import FileLock

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """A folder by its name, filled by whoever wants it first: made once for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(f"{folder}.lock"):
            if not done.exists():
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return made


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every worker begins with its part of the slow ones, and goes on with quick ones.

    xdist's worksteal gives each worker an equal stretch of the list, and who has none left takes from the end of another's: slow
    ones at the list's start would all be one worker's, to the end. Those that share what takes long to make are in one
    `xdist_group`, and stay together.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("slow"):
            groups.setdefault(_group(item), []).append(item)
    # Those with a time limit of their own first: they are the longest, and wait for most of it.
    in_turn = sorted(groups.values(), key=lambda group: not any(item.get_closest_marker("timeout") for item in group))
    parts = [_joined(in_turn[worker::workers]) for worker in range(workers)]
    quick = (item for item in items if not item.get_closest_marker("slow"))
    dealt: list[pytest.Item] = []
    for position, slow in enumerate(parts):
        # As `WorkStealingScheduling.check_schedule` counts.
        stretch = (len(items) - len(dealt)) // (workers - position)
        dealt += [*slow, *islice(quick, max(0, stretch - len(slow)))]
    items[:] = [*dealt, *quick]


def _group(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else item.nodeid


def _joined(groups: Sequence[Sequence[pytest.Item]]) -> list[pytest.Item]:
    return [item for group in groups for item in group]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are cores, for end to end tests wait for servers and retries; one more for those of daemons."""
    return (os.cpu_count() or 1) * 2 + 1

"""How the suite is run."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: started last, one of them would keep a single worker busy while the others have nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: end to end tests wait for servers and retries for much of their time."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)

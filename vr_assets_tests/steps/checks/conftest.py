"""Good rows to be spoiled, and a place for them."""

from pathlib import Path

import pytest

from vr_assets.storage import Store
from vr_assets_tests.steps.checks.batches import Rows, good


@pytest.fixture(scope="session")
def sound_rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return good(tmp_path_factory.mktemp("footage"))


@pytest.fixture
def rows(sound_rows: Rows) -> Rows:
    """Good rows, to be spoiled."""
    return {asset: list(made) for asset, made in sound_rows.items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)

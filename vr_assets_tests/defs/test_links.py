"""Where the UI leads to."""

from pathlib import Path

import dagster as dg
import pytest

from vr_assets.defs.links import batch_links
from vr_assets.settings import Asset
from vr_assets.storage import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def test_files_are_paths_where_no_web_server_shows_them(store: Store) -> None:
    assert batch_links(Asset.TASK_FILES, "june", store, "") == {
        "file": dg.MetadataValue.path(str(store.root / "batches/june/task_files.jsonl")),
        "task_files": dg.MetadataValue.path(str(store.root / "batches/june/task_files")),
    }


def test_files_are_links_below_the_address_that_shows_them(store: Store) -> None:
    links = batch_links(Asset.QA, "june #2", store, "http://files:8080/")
    assert links == {"file": dg.MetadataValue.url("http://files:8080/batches/june%20%232/qa.jsonl")}


def test_a_review_page_is_linked_once_it_is_there(store: Store) -> None:
    page = store.review_folder("june") / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<h1>june</h1>")
    links = batch_links(Asset.QA, "june", store, "http://files:8080")
    assert links["review"] == dg.MetadataValue.url("http://files:8080/batches/june/review/index.html")

"""Where the UI leads to: files of a batch, and its review page."""

from urllib.parse import quote

import dagster as dg

from vr_assets.settings import Asset
from vr_assets.storage import Store

FILE, TASK_FILES, REVIEW = "file", "task_files", "review"

Link = dg.UrlMetadataValue | dg.PathMetadataValue


def link(store: Store, path: str, files_url: str) -> Link:
    """To a file or folder of the store, by its path below the root: a link where a web server shows the store, else what people
    know it by. No browser follows a link from a web page to a file."""
    if files_url:
        return dg.MetadataValue.url(f"{files_url.rstrip('/')}/{quote(path)}")
    return dg.MetadataValue.path(store.address(store.root / path))


def batch_links(asset: Asset, batch: str, store: Store, files_url: str) -> dict[str, Link]:
    """To the rows that were just written, to task files, and to the review page where there is one."""
    review = store.review_folder(batch) / "index.html"
    paths = {FILE: store.rows_file(batch, asset)}
    if asset is Asset.TASK_FILES:
        paths[TASK_FILES] = store.task_files_folder(batch)
    if review.is_file():
        paths[REVIEW] = review
    return {name: link(store, path.relative_to(store.root).as_posix(), files_url) for name, path in paths.items()}

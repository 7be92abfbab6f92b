"""A batch's review page, built from what is published. No Dagster here: the command line builds pages too."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vr_assets.errors import StorageError
from vr_assets.export.review.conversations import conversation_page
from vr_assets.export.review.gathering import Opinions, Page, Rows
from vr_assets.export.review.images import image_page
from vr_assets.export.review.site import site_files
from vr_assets.export.review.videos import video_page
from vr_assets.media.library import MediaLibrary
from vr_assets.records.image import ImageRow
from vr_assets.records.review import Finding, Pictures
from vr_assets.records.row import Row, VideoRow
from vr_assets.settings import Graph
from vr_assets.steps.reviews import picture
from vr_assets.steps.rows import ROWS
from vr_assets.storage import Store

_PAGES: Mapping[Graph, Callable[[Rows, Sequence[Pictures], Opinions], Page]] = {
    Graph.VIDEOS: video_page,
    Graph.IMAGES: image_page,
    Graph.CONVERSATIONS: conversation_page,
}


@dataclass(frozen=True)
class Built:
    """A page that was built: how many it shows, and how many of them without a picture."""

    shown: int
    without_pictures: int


async def build_page(store: Store, batch: str, media: MediaLibrary, findings: Sequence[Finding] = ()) -> Built:
    """Publish a batch's review page as its rows, findings, marks and decisions are now.

    Raises:
        StorageError: nothing was made for the batch yet, or it cannot be read or written.
        StageError: no picture can be made.
    """
    graph = store.read_batch(batch).graph
    rows = await asyncio.to_thread(_rows, store, batch, graph)
    pictures = await picture(
        [_pictured(list(own)) for own in zip(*rows.values(), strict=True)], media, store.review_folder(batch)
    )
    opinions = Opinions(findings, store.read_marks(batch), store.read_decisions(batch))
    page = _PAGES[graph](rows, pictures, opinions)
    files = site_files(batch, graph, page, opinions.decisions)
    made = set().union(*(one.files for one in pictures))
    await asyncio.to_thread(store.publish_review, batch, files, made)
    return Built(len(pictures), sum(bool(one.problem) for one in pictures))


def _rows(store: Store, batch: str, graph: Graph) -> Rows:
    found = {asset: store.read_rows(batch, asset, ROWS[asset]) for asset in graph.assets}
    made: Rows = {asset: rows for asset, rows in found.items() if rows is not None}
    if not made:
        raise StorageError(f"nothing was made for batch {batch!r} yet; run it with `vr-assets run --batch {batch}`")
    return made


def _pictured(own: Sequence[Row]) -> Row:
    """Of an item's rows the one that knows most of its file."""
    return next((row for row in reversed(own) if isinstance(row, VideoRow | ImageRow) and row.media is not None), own[-1])

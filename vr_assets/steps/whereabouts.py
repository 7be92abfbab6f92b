"""Where an item is: by its id, its index in a task file, its path, or its place in a list."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ExpressedImage, Expression, GroundedImage, ImageRow
from vr_assets.records.row import Row, VideoRow
from vr_assets.records.task_file import GROUNDING, TASKS, item_index
from vr_assets.records.video import QaVideo, RawVideo
from vr_assets.settings import Asset, Graph, QaType
from vr_assets.steps.rows import ROWS
from vr_assets.storage import Store

_INDEX = re.compile(r"[0-9a-f]{16}")
_QA_ITEM = re.compile(rf"(?P<video_id>[^/]+)/(?P<qa_type>{'|'.join(QaType)})/(?P<position>\d+)")


@dataclass(frozen=True)
class QaPlace:
    """Which of a video's QA items."""

    qa_type: QaType
    position: int


@dataclass(frozen=True)
class Whereabouts:
    """A row, and what of it is meant: a QA item, an expression, or all of it. `row` is of the first stage that has one."""

    batch: str
    row: Row
    place: QaPlace | None = None
    expression_id: str = ""


def find_item(item: str, store: Store, batches: Iterable[str]) -> Iterator[Whereabouts]:
    """Every place of an item. Rows are looked through as bytes, and only those that name the item are read.

    Raises:
        StorageError: a row that names it does not read.
    """
    for batch in batches:
        yield from _LOOKED_UP[store.read_batch(batch).graph](item, store, batch)


def _video(item: str, store: Store, batch: str) -> Iterator[Whereabouts]:
    found = _QA_ITEM.fullmatch(item)
    place = QaPlace(QaType(found["qa_type"]), int(found["position"])) if found else None
    wanted = found["video_id"] if found else item
    rows = [
        row
        for row in store.find_rows(batch, Asset.RAW_VIDEOS, RawVideo, _near(wanted))
        if row.video_id == wanted or (place is None and (row.video_id.partition("@")[0] == wanted or _is_path(row.video, wanted)))
    ]
    # Twins have one id and one set of answers: the first speaks for them.
    firsts = {row.video_id: row for row in reversed(rows)} if place else {(row.video_id, row.video): row for row in rows}
    yield from (Whereabouts(batch, row, place) for row in firsts.values())
    if not rows and _INDEX.fullmatch(item):
        yield from _by_index(item, store, batch)


def _by_index(index: str, store: Store, batch: str) -> Iterator[Whereabouts]:
    """The QA item that a task file knows by an index."""
    for video in _indexed(index, store, batch):
        for row in store.find_rows(batch, Asset.QA, QaVideo, _near(video)):
            yield from (Whereabouts(batch, row, place) for place in _places(row) if index in indices(row, place).values())


def _indexed(index: str, store: Store, batch: str) -> Iterator[str]:
    """What a task file calls the videos or images of its items with an index."""
    for path in store.find_task_files(batch):
        content = path.read_bytes()
        if index.encode() in content:
            items = json.loads(content)["items"]
            yield from dict.fromkeys(one.get("video_id") or one["image_id"] for one in items if one["item_index"] == index)


def _places(row: QaVideo) -> Iterator[QaPlace]:
    return (QaPlace(one.qa_type, position) for one in row.qa for position in range(len(one.items)))


def indices(row: VideoRow, place: QaPlace) -> dict[str, str]:
    """An item's index in each task file that may hold it, by task."""
    return {task: item_index(row.video_id, task, place.position) for task in TASKS[place.qa_type]}


def _image(item: str, store: Store, batch: str) -> Iterator[Whereabouts]:
    named = dict.fromkeys([item, *(_indexed(item, store, batch) if _INDEX.fullmatch(item) else ())])
    for asset in (Asset.GROUNDINGS, Asset.EXPRESSIONS, Asset.RAW_IMAGES):
        found = [row for one in named for row in store.find_rows(batch, asset, ROWS[asset], _near(one))]
        rows = {row.image_id: row for row in found if isinstance(row, ImageRow)}.values()
        places = [
            Whereabouts(batch, row, expression_id=one.expression_id)
            for row in rows
            for one in _expressions(row)
            if _names(one, item)
        ] or [Whereabouts(batch, row) for row in rows if row.image_id == item or _is_path(row.image, item)]
        if places:
            yield from places
            return


def _expressions(row: ImageRow) -> Sequence[Expression]:
    return row.expressions if isinstance(row, GroundedImage | ExpressedImage) else ()


def _names(one: Expression, item: str) -> bool:
    ids = (one.expression_id, item_index(one.expression_id, GROUNDING), *(box.bbox_id for box in one.instances))
    return item in ids


def _conversation(item: str, store: Store, batch: str) -> Iterator[Whereabouts]:
    for row in store.find_rows(batch, Asset.VIDEO_CAPTIONS, CaptionedConversation, _near(item)):
        names = (row.source, *row.videos, *row.images)
        if str(row.fields.get("id")) == item or any(_is_path(name, item) for name in names):
            yield Whereabouts(batch, row)


_LOOKED_UP: dict[Graph, Callable[[str, Store, str], Iterator[Whereabouts]]] = {
    Graph.VIDEOS: _video,
    Graph.IMAGES: _image,
    Graph.CONVERSATIONS: _conversation,
}


def _near(item: str) -> str:
    """What every line that names the item holds, however much of a path it is."""
    return Path(item).name if "/" in item else item


def _is_path(path: str, item: str) -> bool:
    """Whether an item is a path, whole or its last parts."""
    return path == item or path.endswith(f"/{item.removeprefix('./')}") or path == str(Path(item).absolute())

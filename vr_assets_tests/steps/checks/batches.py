"""Batches of all graphs in which nothing is wrong, to be spoiled."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from vr_assets.export.grounded import exports
from vr_assets.export.task_files import TaskFiles, assemble, write_task_files
from vr_assets.records.base import Record, Span
from vr_assets.records.batch import Batch, ConversationEntry, ImageEntry, ManifestRow
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import Box, ExpressedImage, Expression, Grounded, GroundedImage, ImageMedia, Instance, RawImage
from vr_assets.records.row import Row
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaption,
    ChunkCaptionedVideo,
    DescribedVideo,
    Event,
    EvidenceVideo,
    FilteredVideo,
    HighlightChunk,
    HighlightedVideo,
    McqItem,
    OpenItem,
    Option,
    QaSet,
    QaVideo,
    RawVideo,
    SpanItem,
    YesNoItem,
)
from vr_assets.settings import Asset, Graph, Mode, QaType, Status, TaskFileSettings
from vr_assets.steps.task_files import task_file_rows
from vr_assets.storage import Store
from vr_assets_tests.export.rows import a_media, a_set, made_by

NAME = "cams"
# Enough for a share to tell of more than chance.
MANY = 16
_TODAY = date(2026, 1, 2)
Rows = dict[Asset, list[Row]]

_COLOURS = ("red", "green", "blue", "white", "black", "grey", "yellow", "orange", "brown", "pink", "violet", "silver")
_VEHICLES = ("car", "van", "bus", "tram")


def thing(number: int) -> str:
    """What a video shows, and no other."""
    return f"{_COLOURS[number % len(_COLOURS)]} {_VEHICLES[number % len(_VEHICLES)]} of line {number}"


def good(folder: Path) -> Rows:
    """The rows of MANY videos of 20 seconds, all anomalies, of MANY images and two conversations; the files are there."""
    rows: Rows = {asset: [] for asset in Asset}
    for number in range(MANY):
        path = folder / f"{number}.mp4"
        path.touch()
        for asset, row in _video(number, path).items():
            rows[asset].append(row)
        for asset, row in _image(number, folder / f"{number}.jpg").items():
            rows[asset].append(row)
    for number in range(2):
        caption = f"At a crossing the {thing(number)} comes from the left, waits for the lights, and turns to the right."
        rows[Asset.VIDEO_CAPTIONS].append(
            CaptionedConversation(
                source=f"list.jsonl:{number + 1}",
                videos=(str(folder / f"{number}.mp4"),),
                conversation=({"from": "human", "value": "<video>What happens?"},),
                prompt="What happens?",
                status=Status.OK,
                caption=caption,
            )
        )
    return rows


def put(store: Store, rows: Mapping[Asset, Sequence[Row]], graph: Graph, *, manifest: Sequence[Record] | None = None) -> None:
    """Register a batch of a graph with these rows, and write what its stages write beside them.

    Args:
        manifest: of the rows where it is not given.
    """
    batch = _batch(graph)
    store.create_batch(batch, manifest_of(rows, graph) if manifest is None else manifest)
    for asset in graph.every_asset:
        store.write_rows(NAME, asset, rows[asset])
    if graph is Graph.VIDEOS:
        write_task_files(store.task_files_folder(NAME), _assembled(rows).files)
        store.write_rows(NAME, Asset.TASK_FILES, rows[Asset.TASK_FILES] or written(rows))
    if graph is Graph.IMAGES:
        told = [row for row in rows[Asset.GROUNDINGS] if isinstance(row, GroundedImage)]
        for file, content in exports(told, batch=batch, settings=TaskFileSettings(), date=_TODAY).items():
            store.write_file(NAME, file, content)


def written(rows: Mapping[Asset, Sequence[Row]]) -> list[Row]:
    """The rows of task_files that belong to the questions."""
    return [*task_file_rows(_asked(rows), _assembled(rows).outcomes)]


def _assembled(rows: Mapping[Asset, Sequence[Row]]) -> TaskFiles:
    return assemble(_asked(rows), batch=_batch(Graph.VIDEOS), settings=TaskFileSettings(), date=_TODAY)


def _asked(rows: Mapping[Asset, Sequence[Row]]) -> list[QaVideo]:
    return [row for row in rows[Asset.QA] if isinstance(row, QaVideo)]


def _batch(graph: Graph) -> Batch:
    return Batch(name=NAME, family=NAME, source_root=None, created="2026-01-02T00:00:00+00:00", graph=graph)


def manifest_of(rows: Mapping[Asset, Sequence[Row]], graph: Graph) -> list[Record]:
    return [_entry(row) for row in rows[graph.assets[0]]]


def change(rows: Rows, asset: Asset, with_: Callable[[int], Mapping[str, object]], *, of: int = MANY) -> None:
    """Replace fields of the first rows of a stage."""
    for number, row in enumerate(rows[asset][:of]):
        rows[asset][number] = row.model_copy(update=dict(with_(number)))


def change_item(rows: Rows, qa_type: QaType, update: Callable[[int], Mapping[str, object]]) -> None:
    """Replace fields of the first item of a QA type, in every video."""
    for number, row in enumerate(rows[Asset.QA]):
        assert isinstance(row, QaVideo)
        sets = [
            found.model_copy(update={"items": (found.items[0].model_copy(update=dict(update(number))), *found.items[1:])})
            if found.qa_type is qa_type
            else found
            for found in row.qa
        ]
        rows[Asset.QA][number] = row.model_copy(update={"qa": tuple(sets)})


def _entry(row: Row) -> Record:
    match row:
        case RawVideo():
            return ManifestRow(video_path=row.video)
        case RawImage():
            return ImageEntry(image_path=row.image, caption=row.caption)
        case _:
            assert isinstance(row, CaptionedConversation)
            return ConversationEntry(videos=row.videos, images=(), row={}, source=row.source)


def _video(number: int, path: Path) -> dict[Asset, Row]:
    media = a_media(path, duration_s=20.0)
    about: dict[str, Any] = {
        "video_id": f"v{number:02d}",
        "video": str(path),
        "status": Status.OK,
        "mode": Mode.ANOMALY,
        "media": media,
    }
    it = thing(number)
    told = f"The {it} comes from the left, slows down, and hits the kerb."
    events = (Event(start_s=0.0, end_s=8.0, text=f"The {it} comes in."), Event(start_s=8.0, end_s=20.0, text="It hits the kerb."))
    dense = f"[00:00 - 00:08] The {it} comes in.\n[00:08 - 00:20] It hits the kerb."
    chunks = tuple(
        ChunkCaption(chunk_index=index, timestamp_start=index * 10.0, timestamp_end=index * 10.0 + 10.0, caption=told)
        for index in range(2)
    )
    lit = HighlightChunk(
        anomaly_timestamp_sec=8.0, timestamp_start=5.0, timestamp_end=11.0, caption=f"{told} It stands still afterwards."
    )
    return {
        Asset.RAW_VIDEOS: RawVideo.model_validate(about),
        Asset.FILTERED_VIDEOS: FilteredVideo.model_validate(about),
        Asset.CAPTIONS: CaptionedVideo(**about, global_caption=told, dense_caption=dense, events=events),
        Asset.CHUNK_CAPTIONS: ChunkCaptionedVideo(**about, chunk_captions=chunks),
        Asset.HIGHLIGHTS: HighlightedVideo(**about, highlight_chunk=lit),
        Asset.DESCRIPTIONS: DescribedVideo(
            **about, detailed_description=f"A street with the {it}.\n\nAt 00:08 it hits the kerb.\n\nIt came too fast: {told}"
        ),
        Asset.QA: QaVideo(**about, provenance=tuple(made_by(QaType, "gemini")), qa=_questions(number, it)),
        Asset.EVIDENCE: EvidenceVideo.model_validate(about),
    }


def _questions(number: int, it: str) -> tuple[QaSet, ...]:
    letters = "ABCD"
    why = "At 00:08 it meets the kerb, and stands still from then on."
    # Each letter, and each length, is as often right.
    texts = ("It hits the kerb", "It turns round at last", "It drives on", "It stops for somebody to get in")
    turned = [texts[(place - number) % 4] for place in range(4)]
    right = texts[(number // 4) % 4]
    options = tuple(Option(letter=letter, text=text) for letter, text in zip(letters, turned, strict=True))
    mcq = McqItem(
        question=f"What becomes of the {it}?",
        options=options,
        answer=letters[turned.index(right)],
        explanation=f"The {it} does so at 00:08.",
        reasoning=why,
    )
    yes = YesNoItem(question=f"Does the {it} hit the kerb?", answer="Yes", explanation="It does at 00:08.", reasoning=why)
    no = YesNoItem(question=f"Does the {it} leave the frame?", answer="No", explanation="It stands still.", reasoning=why)
    answer = f"The {it} comes from the left, slows down, and hits the kerb at 00:08."
    return (
        a_set(QaType.MCQ, mcq),
        a_set(QaType.BCQ, yes, no),
        a_set(QaType.OPEN_QA, OpenItem(question=f"Why does the {it} stand still?", answer=answer, reasoning=why)),
        a_set(
            QaType.TEMPORAL_LOCALIZATION,
            SpanItem(question=f"When does the {it} move?", span=Span(start_s=0.0, end_s=8.0), reasoning=why),
        ),
    )


def _image(number: int, path: Path) -> dict[Asset, Row]:
    path.touch()
    it = f"A {thing(number)}"
    caption = f"{it} stands beside a tree."
    media = ImageMedia(path=str(path), content=f"{number:064d}", size_bytes=1, width_px=100, height_px=50, format="jpeg")
    about: dict[str, Any] = {
        "image_id": f"i{number:02d}",
        "image": str(path),
        "caption": caption,
        "width": 100,
        "height": 50,
        "media": media,
    }
    about |= {"status": Status.OK, "provenance": tuple(made_by((QaType.MCQ,), "gemini"))}
    boxes: tuple[Box, ...] = ((0.0, 0.0, 50.0, 50.0), (60.0, 0.0, 90.0, 50.0))
    plain = Expression(expression_id=f"i{number:02d}_e", text=it, char_span=(0, len(it)))
    found = plain.model_copy(
        update={
            "grounded": Grounded.FOUND,
            "instances": tuple(Instance(bbox_id=f"i{number:02d}_b{place}", bbox=box) for place, box in enumerate(boxes)),
        }
    )
    return {
        Asset.RAW_IMAGES: RawImage.model_validate(about),
        Asset.EXPRESSIONS: ExpressedImage(**about, cleaned_caption=caption, expressions=(plain,)),
        Asset.GROUNDINGS: GroundedImage(**about, cleaned_caption=caption, expressions=(found,)),
    }

"""Groundings in the forms that trainers read: COCO detection, ODVG, and `tao-vl-reason-v1.0`. Each is a function of the rows.

Rows that are not ok give nothing, and neither does a row that says again what an earlier one did: the same image and caption.
"""

import datetime
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from vr_assets.export.task_files import BASELINE_TAG
from vr_assets.export.task_items import media_id
from vr_assets.records.batch import Batch
from vr_assets.records.image import Expression, GroundedImage, ImageMedia, Instance
from vr_assets.records.task_file import GROUNDING, ImageItem, ImageTaskFile, TaskFileMetadata, item_index
from vr_assets.settings import BackendName, Status, TaskFileSettings

_ARTICLE = re.compile(r"^(?:a|an|the|this|that|these|those|some|his|her|its|their|\d+|one|two|three|four|five|several|many)\s+")
SENTENCE = "Questions about where things are in an image, answered with bounding boxes in pixels."
_QUESTION = (
    'Where in the image is this: {expression}?\nAnswer in JSON: a list with {{"bbox_2d": [x1, y1, x2, y2], "label": "..."}} '
    "for each, in pixels of the image."
)


def coco(rows: Sequence[GroundedImage], *, batch: Batch) -> bytes:
    """A COCO detection file. An image has one entry, whatever its captions; a category is a noun chunk without its article."""
    images: dict[str, dict[str, JsonValue]] = {}
    categories: dict[str, int] = {}
    annotations: list[JsonValue] = []
    for row, media in _told(rows):
        path = media_id(media.path, batch.source_root)
        about: dict[str, JsonValue] = {
            "id": len(images) + 1,
            "file_name": path,
            "width": media.width_px,
            "height": media.height_px,
        }
        image = images.setdefault(path, about | {"row_ids": []})
        row_ids = image["row_ids"]
        assert isinstance(row_ids, list)
        row_ids.append(row.image_id)
        for expression, instance in _instances(row):
            left, top, right, bottom = instance.bbox
            wide, high = round(right - left, 2), round(bottom - top, 2)
            annotation: dict[str, JsonValue] = {
                "id": len(annotations) + 1,
                "image_id": image["id"],
                "category_id": categories.setdefault(category(expression), len(categories) + 1),
                "bbox": [left, top, wide, high],
                "area": round(wide * high, 4),
                "iscrowd": 0,
                "segmentation": [],
                "phrase": expression.text,
                "row_id": row.image_id,
                "expression_id": expression.expression_id,
                "bbox_id": instance.bbox_id,
            }
            annotations.append(annotation | ({} if instance.score is None else {"score": instance.score}))
    named: list[JsonValue] = [{"id": number, "name": name, "supercategory": ""} for name, number in categories.items()]
    found: dict[str, JsonValue] = {
        "info": {"description": f"batch {batch.name}", "version": "1"},
        "images": list(images.values()),
        "annotations": annotations,
        "categories": named,
    }
    return f"{json.dumps(found, indent=1, ensure_ascii=False)}\n".encode()


def category(expression: Expression) -> str:
    """What an expression is filed under: its noun chunk, or itself, without what counts or points."""
    name = re.sub(r"\s+", " ", expression.noun_chunk or expression.text).strip().casefold()
    return _ARTICLE.sub("", name) or name


def odvg(rows: Sequence[GroundedImage], *, batch: Batch) -> bytes:
    """ODVG grounding lines as trainers of Grounding DINO read them: a region a box, with the characters of its phrase.

    An expression that does not stand in the caption cannot be told to such a trainer, and is left out.
    """
    lines = []
    for row, media in _told(rows):
        regions: list[JsonValue] = [
            {"bbox": list(instance.bbox), "phrase": expression.text, "tokens_positive": [list(expression.char_span)]}
            for expression, instance in _instances(row)
            if expression.char_span is not None
        ]
        if regions:
            line: dict[str, JsonValue] = {
                "filename": media_id(media.path, batch.source_root),
                "height": media.height_px,
                "width": media.width_px,
                "grounding": {"caption": row.cleaned_caption, "regions": regions},
            }
            lines.append(f"{json.dumps(line, ensure_ascii=False)}\n")
    return "".join(lines).encode()


def grounding_task_file(
    rows: Sequence[GroundedImage], *, batch: Batch, settings: TaskFileSettings, date: datetime.date
) -> ImageTaskFile | None:
    """Questions for the boxes of each expression; None where there is none. Boxes are in whole pixels of the original image."""
    items: dict[tuple[str, str], ImageItem] = {}
    baseline = False
    for row, media in _told(rows):
        path = media_id(media.path, batch.source_root)
        for expression in row.expressions:
            if not expression.instances or (path, expression.text) in items:
                continue
            baseline |= row.provenance[-1].backend == BackendName.OPENCV
            items[path, expression.text] = image_item(row, expression, media, path=path)
    if not items:
        return None
    return ImageTaskFile(
        metadata=TaskFileMetadata(
            task=GROUNDING,
            date=date.isoformat(),
            description=f"{SENTENCE} {settings.description_extra}".strip(),
            license=settings.license,
            tags=(BASELINE_TAG,) if baseline else (),
        ),
        media_root=batch.source_root,
        items=tuple(items.values()),
    )


def image_item(row: GroundedImage, expression: Expression, media: ImageMedia, *, path: str) -> ImageItem:
    """The question for the boxes of an expression that has some."""
    found = [
        {"bbox_2d": [round(number) for number in instance.bbox], "label": expression.text} for instance in expression.instances
    ]
    made_by = row.provenance[-1]
    return ImageItem(
        image_id=path,
        question=_QUESTION.format(expression=expression.text),
        answer=json.dumps(found, ensure_ascii=False),
        item_index=item_index(expression.expression_id, GROUNDING),
        width=media.width_px,
        height=media.height_px,
        model=made_by.model,
        prompt_version=made_by.prompt_hash,
    )


def exports(
    rows: Sequence[GroundedImage], *, batch: Batch, settings: TaskFileSettings, date: datetime.date
) -> Mapping[str, bytes | None]:
    """Every form by its file's name; None for one that would hold nothing and is not to be there."""
    questions = grounding_task_file(rows, batch=batch, settings=settings, date=date)
    return {
        "coco.json": coco(rows, batch=batch),
        "odvg.jsonl": odvg(rows, batch=batch),
        f"task_files/{GROUNDING}.json": questions.to_text().encode() if questions else None,
    }


def _told(rows: Sequence[GroundedImage]) -> Iterator[tuple[GroundedImage, ImageMedia]]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if row.status is Status.OK and row.media is not None and (row.media.content, row.caption) not in seen:
            seen.add((row.media.content, row.caption))
            yield row, row.media


def _instances(row: GroundedImage) -> Iterator[tuple[Expression, Instance]]:
    return ((expression, instance) for expression in row.expressions for instance in expression.instances)

"""The page of a batch of images."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from vr_assets.export.review.gathering import Opinions, OwnRows, Page, Rows, made_with, page_of, stages_of
from vr_assets.export.review.shown import Boxed, Details, Subject
from vr_assets.records.image import ExpressedImage, Expression, GroundedImage, ImageRow
from vr_assets.records.review import Pictures, fingerprint
from vr_assets.records.row import Row
from vr_assets.settings import Asset


def image_page(rows: Rows, pictures: Sequence[Pictures], opinions: Opinions) -> Page:
    """The images of a batch in the manifest's order. `pictures` are in that order too."""

    def names(row: Row) -> tuple[str, str]:
        assert isinstance(row, ImageRow)
        return row.image_id, row.image

    return page_of(rows, pictures, opinions, names=names, details_of=_details)


def _details(key: str, own: OwnRows, pictures: Pictures) -> Details:
    rows = [(asset, row) for asset, row in own if isinstance(row, ImageRow)]
    last = rows[-1][1]
    found = [row for _, row in rows if isinstance(row, ExpressedImage | GroundedImage)]
    cleaned = next((row.cleaned_caption for row in reversed(found) if row.cleaned_caption), "")
    expressions = next((row.expressions for row in reversed(found) if row.expressions), ())
    told = {"As given": last.caption, "Cleaned": cleaned}
    return Details(
        key=key,
        name=PurePath(last.image).name,
        pictures=pictures,
        subject=Subject(id=last.image_id, of=fingerprint(last)),
        facts=tuple(_facts(rows)),
        stages=stages_of(rows),
        captions=tuple((title, text) for title, text in told.items() if text),
        size=(last.width or 0, last.height or 0),
        expressions=tuple(_boxed(last.image_id, one) for one in expressions),
    )


def _boxed(image_id: str, one: Expression) -> Boxed:
    return Boxed(
        subject=Subject(id=f"{image_id}/{one.expression_id}", of=fingerprint(one)),
        text=one.text,
        grounded=one.grounded.replace("_", " "),
        boxes=tuple(instance.bbox for instance in one.instances),
        scores=tuple(instance.score for instance in one.instances),
        notes=(*one.flags, *(instance.repaired for instance in one.instances if instance.repaired)),
    )


def _facts(rows: Sequence[tuple[Asset, ImageRow]]) -> Iterator[tuple[str, str]]:
    last = rows[-1][1]
    yield "File", last.image
    yield "Id", last.image_id
    if media := last.media:
        yield "Picture", f"{media.width_px} x {media.height_px}, {media.format}"
    if isinstance(last, GroundedImage):
        yield "Boxes as the model gave them", last.box_convention
        if last.unmatched:
            yield "Named besides", ", ".join(last.unmatched)
    for remark in last.remarks:
        yield "File remark", remark
    yield from made_with(rows)

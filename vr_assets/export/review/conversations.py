"""The page of a batch of conversations."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from vr_assets.export.review.gathering import Opinions, OwnRows, Page, Rows, made_with, page_of, stages_of
from vr_assets.export.review.shown import Details, Subject
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.review import Pictures, fingerprint
from vr_assets.records.row import Row


def conversation_page(rows: Rows, pictures: Sequence[Pictures], opinions: Opinions) -> Page:
    """The rows of a batch of conversations in the manifest's order. `pictures` are in that order too."""
    return page_of(rows, pictures, opinions, names=_names, details_of=_details)


def _names(row: Row) -> tuple[str, str]:
    return row.subject, row.subject


def _details(key: str, rows: OwnRows, pictures: Pictures) -> Details:
    row = rows[-1][1]
    assert isinstance(row, CaptionedConversation)
    turns = [(f"As given, {turn.get('from', '')}", str(turn.get("value", ""))) for turn in row.conversation]
    told = [("Asked", row.prompt), ("Caption", row.caption), *turns]
    return Details(
        key=key,
        name=PurePath(row.source).name,
        pictures=pictures,
        subject=Subject(id=row.subject, of=fingerprint(row)),
        facts=tuple(_facts(row, rows)),
        stages=stages_of(rows),
        captions=tuple((title, text) for title, text in told if text),
    )


def _facts(row: CaptionedConversation, rows: OwnRows) -> Iterator[tuple[str, str]]:
    yield "Read at", row.source
    for path in (*row.videos, *row.images):
        yield "File", path
    for remark in row.remarks:
        yield "File remark", remark
    yield from made_with(rows)

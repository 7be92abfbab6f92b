"""How an item came to be: the stages that fed it, what was sent and answered, and what was said of it since."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing

from vr_assets.errors import StorageError
from vr_assets.journal import Journal
from vr_assets.records.base import Record, Span
from vr_assets.records.call import Answer
from vr_assets.records.image import ExpressedImage, GroundedImage, ImageRow
from vr_assets.records.lineage import Call, HeldDecision, HeldMark, Layer, Lineage
from vr_assets.records.review import Finding, fingerprint, item_id
from vr_assets.records.row import Row, VideoMedia, VideoRow
from vr_assets.records.video import EvidenceVideo, QaItem, QaVideo
from vr_assets.settings import Asset, Graph
from vr_assets.steps.read_again import problem_of
from vr_assets.steps.rows import ROWS
from vr_assets.steps.texts import item_text, mark_text, row_text
from vr_assets.steps.whereabouts import QaPlace, Whereabouts, find_item, indices
from vr_assets.storage import Store

Findings = Callable[[str], Sequence[Finding]]


def explain(item: str, store: Store, batches: Iterable[str], *, findings: Findings = lambda batch: ()) -> list[Lineage]:
    """What is known of an item in each batch that has it.

    Args:
        item: a QA item's id (`VIDEO_ID/mcq/0`), an item_index of a task file, the id or path of a video or image, the id of an
            expression or box, the id or place (`rows.jsonl:12`) of a conversation.
        findings: what the checks find in a batch.

    Raises:
        StorageError: no batch has it, or what is stored does not read.
    """
    named = list(batches)
    found = [_Told(where, store).lineage(item, findings) for where in find_item(item, store, named)]
    if not found:
        raise StorageError(
            f"no item {item!r} in {store.place} ({len(named)} batches looked through); name it by its id or path: a video "
            "(its path), a QA item (VIDEO_ID/mcq/0), an item_index of a task file, an image, expression or box, a row of a list"
        )
    return found


class _Told:
    def __init__(self, where: Whereabouts, store: Store) -> None:
        self._where = where
        self._store = store
        self._graph = store.read_batch(where.batch).graph
        self._rows = {asset: row for asset in self._graph.every_asset if (row := self._row(asset)) is not None}
        self._item = self._qa_item()
        self._subject = self._id()

    def lineage(self, item: str, findings: Findings) -> Lineage:
        where, batch = self._where, self._where.batch
        about = self._item or where.row
        subjects = {self._subject, self._id(whole=True)}
        row = list(self._rows.values())[-1] if self._rows else where.row
        return Lineage(
            item=self._subject if where.place or where.expression_id else item,
            batch=batch,
            subject=where.row.subject,
            mode=row.mode if isinstance(row, VideoRow) else "",
            span=self._span(),
            text=self._text(),
            is_gone=where.place is not None and self._item is None,
            layers=tuple(self._layers()),
            marks=tuple(
                HeldMark(mark=mark, holds=self._is_of(mark.of, about))
                for mark in self._store.read_marks(batch)
                if self._is_about(mark.subject)
            ),
            decisions=tuple(
                HeldDecision(decision=one, holds=self._is_of(one.of, about))
                for one in self._store.read_decisions(batch)
                if one.subject in subjects or self._is_about(one.subject)
            ),
            findings=tuple(one for one in findings(batch) if one.subject in subjects or self._is_about(one.subject)),
            task_files=tuple(self._task_files()),
        )

    def _row(self, asset: Asset) -> Row | None:
        """The row of the same item at a stage."""
        row = self._where.row
        for other in self._store.find_rows(self._where.batch, asset, ROWS[asset], self._named_by(row)):
            match other:
                case VideoRow() if isinstance(row, VideoRow):
                    same = (other.video_id, other.video) == (row.video_id, row.video)
                case ImageRow() if isinstance(row, ImageRow):
                    same = other.image_id == row.image_id
                case _:
                    same = other.subject == row.subject
            if same:
                return other
        return None

    @staticmethod
    def _named_by(row: Row) -> str:
        match row:
            case VideoRow():
                return row.video_id
            case ImageRow():
                return row.image_id
            case _:
                return row.subject

    def _id(self, *, whole: bool = False) -> str:
        """What marks, decisions and findings name it by."""
        row, place = self._where.row, self._where.place
        if isinstance(row, VideoRow) and place and not whole:
            return item_id(row.video_id, place.qa_type, place.position)
        return self._where.expression_id if self._where.expression_id and not whole else self._named_by(row)

    def _is_about(self, subject: str) -> bool:
        """Whether a subject is the item, or one of the items of a video that is asked for as a whole."""
        return subject == self._subject or (not self._where.place and subject.startswith(f"{self._subject}/"))

    def _is_of(self, of: str, about: Record) -> bool:
        """Whether a fingerprint is of the item, or of one of the video's items, as they are now."""
        qa = self._rows.get(Asset.QA)
        items = [item for one in qa.qa for item in one.items] if isinstance(qa, QaVideo) and about is self._where.row else []
        known = [about, *items, *self._rows.values()]
        return of in {fingerprint(one) for one in known}

    def _qa_item(self) -> QaItem | None:
        place, row = self._where.place, self._rows.get(Asset.QA)
        if place is None:
            return None
        sets = [one for one in row.qa if one.qa_type is place.qa_type] if isinstance(row, QaVideo) else []
        return sets[0].items[place.position] if sets and place.position < len(sets[0].items) else None

    def _text(self) -> str:
        if self._item is not None:
            return item_text(self._item)
        if self._where.place is not None:
            return ""
        row = list(self._rows.values())[-1] if self._rows else self._where.row
        expressions = row.expressions if isinstance(row, ExpressedImage | GroundedImage) else ()
        chosen = [one for one in expressions if one.expression_id == self._where.expression_id]
        return "\n".join(f"{one.text} ({one.grounded}): {[list(box.bbox) for box in one.instances]}" for one in chosen)

    def _media(self) -> VideoMedia | None:
        """The video as measured, where it was."""
        known = [row.media for row in self._rows.values() if isinstance(row, VideoRow) and row.media]
        return known[-1] if known else None

    def _span(self) -> Span | None:
        media = self._media()
        if media is None or media.duration_s <= 0:
            return None
        start_s = media.offset_s if media.part_start_s is not None else 0.0
        return Span(start_s=start_s, end_s=start_s + media.duration_s)

    def _layers(self) -> Iterator[Layer]:
        for asset, row in self._rows.items():
            place = self._where.place
            if place and asset is Asset.TASK_FILES:
                continue
            yield Layer(
                asset=asset,
                status=row.status,
                reason=row.reason,
                failures=row.failures,
                wrote=self._wrote(row, place),
                calls=tuple(self._calls(asset, row, place)),
                is_own=asset is (Asset.QA if place else list(self._rows)[-1]),
            )

    def _wrote(self, row: Row, place: QaPlace | None) -> str:
        if place and isinstance(row, QaVideo):
            return "" if self._item is None else item_text(self._item)
        if place and isinstance(row, EvidenceVideo):
            return "\n".join(mark_text(mark) for mark in row.marks if mark.subject == self._subject)
        return row_text(row)

    def _calls(self, asset: Asset, row: Row, place: QaPlace | None) -> Iterator[Call]:
        if asset is Asset.TASK_FILES:
            return
        sources = [one for one in row.provenance if not (place and asset is Asset.QA) or one.task == place.qa_type]
        keys = [key for one in sources for key in one.keys]
        if place and isinstance(row, EvidenceVideo):
            keys = [key for mark in row.marks if mark.subject == self._subject for key in mark.keys]
        media = self._media()
        within = Span(start_s=0.0, end_s=media.duration_s) if media and media.duration_s > 0 else None
        for answer in self._answers(asset, dict.fromkeys(keys)):
            yield Call(answer=answer, problem=problem_of(answer, within=within))

    def _answers(self, asset: Asset, keys: Collection[str]) -> Iterator[Answer]:
        if not keys:
            return
        part = f"why-{secrets.token_hex(4)}"
        with closing(Journal(self._store.journal_folder(asset), part=part, max_answers=1)) as journal:
            yield from (answer for key in keys for answer in journal.answers(key))

    def _task_files(self) -> Iterator[str]:
        row, qa = self._where.row, self._rows.get(Asset.QA)
        if self._graph is not Graph.VIDEOS or not isinstance(row, VideoRow) or not isinstance(qa, QaVideo):
            return
        places = (
            [self._where.place]
            if self._where.place
            else [QaPlace(one.qa_type, position) for one in qa.qa for position in range(len(one.items))]
        )
        wanted = [one for place in places for one in indices(row, place).items()]
        for path in self._store.find_task_files(self._where.batch):
            held = path.read_bytes()
            for task, index in wanted:
                if task == path.stem and index.encode() in held:
                    yield f"{self._store.address(path)} item_index {index}"

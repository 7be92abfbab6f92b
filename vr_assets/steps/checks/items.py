"""The questions of a batch, each with the name that findings have for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from vr_assets.records.review import item_id
from vr_assets.records.video import McqItem, OpenItem, QaItem, QaVideo, YesNoItem
from vr_assets.settings import QaType
from vr_assets.steps.checks.batch_rows import BatchRows


@dataclass(frozen=True)
class Asked:
    """One question of a video."""

    subject: str
    row: QaVideo
    qa_type: QaType
    item: QaItem

    @property
    def texts(self) -> dict[str, str]:
        """Everything that is said in it, by what it is called."""
        told = {"question": self.item.question, "reasoning": self.item.reasoning}
        if isinstance(self.item, McqItem):
            told |= {f"option {option.letter}": option.text for option in self.item.options}
        if isinstance(self.item, OpenItem):
            told["answer"] = self.item.answer
        if isinstance(self.item, McqItem | YesNoItem):
            told["explanation"] = self.item.explanation
        return told


def items_of(rows: BatchRows) -> Iterator[Asked]:
    """In the order of rows and sets."""
    for row in rows.ok(QaVideo):
        for found in row.qa:
            for position, item in enumerate(found.items):
                yield Asked(item_id(row.video_id, found.qa_type, position), row, found.qa_type, item)

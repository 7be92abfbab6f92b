"""How an item came to be: what `vr-assets why` tells."""

from vr_assets.records.base import Record, Span
from vr_assets.records.call import Answer
from vr_assets.records.review import Decision, Finding, Mark
from vr_assets.records.row import Failure
from vr_assets.settings import Asset, Status


class Call(Record):
    """An answer in the journal. `problem` says why it does not read now; empty where it does, or where that is not looked at."""

    answer: Answer
    problem: str = ""


class Layer(Record):
    """What one stage wrote, and the answers that it rests on, newest first for each question.

    `is_own`: the stage that made the item asked about.
    """

    asset: Asset
    status: Status
    reason: str = ""
    failures: tuple[Failure, ...] = ()
    wrote: str = ""
    calls: tuple[Call, ...] = ()
    is_own: bool = False


class HeldMark(Record):
    """A mark, and whether it is of the item as it is now."""

    mark: Mark
    holds: bool


class HeldDecision(Record):
    """A decision, likewise."""

    decision: Decision
    holds: bool


class Lineage(Record):
    """One item in one batch. `subject` is its file or row, `item` the id asked for, `span` the stretch of the file in seconds.

    `text` is the item itself, as text. `is_gone`: its row is there and it is not. `layers` are upstream first.
    """

    item: str
    batch: str
    subject: str
    mode: str = ""
    span: Span | None = None
    text: str = ""
    is_gone: bool = False
    layers: tuple[Layer, ...] = ()
    marks: tuple[HeldMark, ...] = ()
    decisions: tuple[HeldDecision, ...] = ()
    findings: tuple[Finding, ...] = ()
    task_files: tuple[str, ...] = ()

    @property
    def usd(self) -> float:
        """What its answers cost, as far as that is known; an answer that several stages rest on once."""
        return sum(answer.cost_usd or 0.0 for answer in self._answers())

    @property
    def unpriced(self) -> int:
        """Answers whose cost is not known."""
        return sum(answer.cost_usd is None for answer in self._answers())

    def _answers(self) -> list[Answer]:
        return list({(call.answer.key, call.answer.at): call.answer for layer in self.layers for call in layer.calls}.values())

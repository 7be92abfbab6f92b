"""What became of a stage's rows, counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from vr_assets.records.row import Row, VideoRow
from vr_assets.settings import Status


@dataclass(frozen=True)
class Reason:
    """Why rows have a status, and how many of them."""

    status: Status
    text: str
    count: int


@dataclass(frozen=True)
class Tally:
    """Rows by status, every status named; reasons other than of ok rows, the most frequent first."""

    counts: dict[Status, int]
    reasons: tuple[Reason, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def failed_share(self) -> float:
        """Share of all rows, 0 to 1; 0 where there are none."""
        return self.counts[Status.FAILED] / self.total if self.total else 0.0

    def top_failures(self, most: int = 3) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.status is Status.FAILED)[:most]


def tally(rows: Sequence[Row]) -> Tally:
    """Count rows. Reasons that differ only in the file they name are one reason."""
    statuses = Counter(row.status for row in rows)
    reasons = Counter((row.status, _general(row)) for row in rows if row.status is not Status.OK)
    return Tally(
        {status: statuses[status] for status in Status},
        tuple(Reason(status, text, count) for (status, text), count in reasons.most_common()),
    )


def _general(row: Row) -> str:
    kind = "<video>" if isinstance(row, VideoRow) else "<image>"
    return row.reason.replace(row.subject, kind).replace(PurePath(row.subject).name, kind)

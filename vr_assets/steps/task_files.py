"""task_files: what each video gave to the task files."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from vr_assets.records.row import Failure
from vr_assets.records.video import QaVideo, TaskFilesVideo
from vr_assets.settings import Asset, Status
from vr_assets.steps.stage import blocked, next_row, why


class Written(Protocol):
    """What became of one row's items."""

    @property
    def items(self) -> Mapping[str, int]: ...

    @property
    def failures(self) -> tuple[Failure, ...]: ...


def task_file_rows(rows: Sequence[QaVideo], written: Sequence[Written]) -> list[TaskFilesVideo]:
    """How many items of each video each task file holds, one row a video."""
    return [_row(row, outcome) for row, outcome in zip(rows, written, strict=True)]


def _row(row: QaVideo, written: Written) -> TaskFilesVideo:
    stopped = blocked(TaskFilesVideo, row, Asset.QA)
    if stopped:
        return stopped
    own = {"items": dict(written.items), "failures": written.failures, "provenance": row.provenance}
    if not written.items:
        return next_row(TaskFilesVideo, row, status=Status.FAILED, reason=why(written.failures) or "no items", **own)
    return next_row(TaskFilesVideo, row, status=Status.OK, **own)

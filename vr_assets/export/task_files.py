"""The task files of a batch, in the `tao-vl-reason-v1.0` format: one file a task, a function of the rows."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vr_assets.errors import StorageError
from vr_assets.export.task_items import items_of
from vr_assets.records.batch import Batch
from vr_assets.records.row import Failure
from vr_assets.records.task_file import Item, TaskFile, TaskFileMetadata, TaskName
from vr_assets.records.video import QaVideo
from vr_assets.settings import BackendName, TaskFileSettings
from vr_assets.storage import write_atomically

BASELINE_TAG = "baseline-annotator"

SENTENCES: Mapping[TaskName, str] = {
    TaskName.MCQ: "Multiple-choice questions about videos, answered with one letter.",
    TaskName.MCQ_OPENENDED: "Multiple-choice questions about videos, answered with a letter, its option and an explanation.",
    TaskName.BCQ: "Questions about videos, answered with Yes or No.",
    TaskName.BCQ_OPENENDED: "Questions about videos, answered with Yes or No and an explanation.",
    TaskName.OPEN_QA: "Open questions about videos, answered in free text.",
    TaskName.CAUSAL_LINKAGE: "Questions about how two events of a video hang together.",
    TaskName.TEMPORAL_LOCALIZATION: "Questions about when something happens in a video, answered with a start and an end.",
    TaskName.TEMPORAL_DESCRIPTION: "Questions about what happens between two times of a video.",
    TaskName.SCENE_DESCRIPTION: "Questions about the scene that a video shows.",
    TaskName.VIDEO_SUMMARIZATION: "Questions about the events of a video as a whole and their cause.",
    TaskName.EVENT_VERIFICATION: "Questions about whether something happens in a video, answered with Yes or No.",
}


@dataclass(frozen=True)
class VideoOutcome:
    """What became of one row: its items in each task file, and what of it could not be written."""

    items: Mapping[str, int]
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class TaskFiles:
    """Task files by task name, only those with items, and one outcome for each row, in the rows' order."""

    files: Mapping[str, TaskFile]
    outcomes: tuple[VideoOutcome, ...]


def assemble(
    rows: Sequence[QaVideo], *, batch: Batch, settings: TaskFileSettings, date: datetime.date, tags: Sequence[str] = ()
) -> TaskFiles:
    """Task files and what became of each row. Items keep the order of the rows."""
    items: dict[TaskName, list[Item]] = {task: [] for task in TaskName}
    baseline: set[TaskName] = set()
    asked: set[tuple[TaskName, str, float | None, float | None, str]] = set()
    outcomes = []
    for row in rows:
        found = items_of(row, media_root=batch.source_root)
        counts: dict[str, int] = {}
        failures = list(found.failures)
        for task, item in found.items:
            question = (task, item.video_id, item.start_s, item.end_s, item.question)
            if question in asked:
                failures.append(Failure(what=task, reason=f"asked before about the same video: {item.question.splitlines()[0]}"))
                continue
            asked.add(question)
            items[task].append(item)
            counts[task] = counts.get(task, 0) + 1
        if any(entry.backend == BackendName.OPENCV for entry in row.provenance):
            baseline.update(TaskName(task) for task in counts)
        outcomes.append(VideoOutcome(counts, tuple(failures)))
    files = {
        str(task): TaskFile(
            metadata=TaskFileMetadata(
                task=task,
                date=date.isoformat(),
                description=f"{SENTENCES[task]} {settings.description_extra}".strip(),
                license=settings.license,
                tags=tuple(dict.fromkeys([*tags, *([BASELINE_TAG] if task in baseline else [])])),
            ),
            media_root=batch.source_root,
            items=tuple(items[task]),
        )
        for task in TaskName
        if items[task]
    }
    return TaskFiles(files, tuple(outcomes))


def build_task_files(
    rows: Sequence[QaVideo], *, batch: Batch, settings: TaskFileSettings, date: datetime.date, tags: Sequence[str] = ()
) -> dict[str, TaskFile]:
    """Task files by task name; tasks without items have none. `assemble` tells what became of each row besides."""
    return dict(assemble(rows, batch=batch, settings=settings, date=date, tags=tags).files)


def write_task_files(folder: Path, files: Mapping[str, TaskFile]) -> None:
    """Publish the files as `<task>.json`, and remove those of ours that an earlier run left and that are empty now.

    Raises:
        StorageError: a file cannot be written or removed.
    """
    for task in TaskName:
        path = folder / f"{task}.json"
        if task in files:
            write_atomically(path, files[task].to_text().encode())
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: an earlier run's file cannot be removed ({error.strerror})") from error

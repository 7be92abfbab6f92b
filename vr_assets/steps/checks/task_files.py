"""Whether the task files are what the format, and the rows, say that they are."""

import contextlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from vr_assets.records.task_file import GROUNDING, ImageTaskFile, TaskFile
from vr_assets.records.video import TaskFilesVideo
from vr_assets.settings import Asset, Settings
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look, Tried, judge, nothing

_NOT_THERE = "media not found"


def task_file_schema(rows: BatchRows, _: Asset, __: Settings) -> Look:
    """Every task file reads as what it should be, and passes `tao-daft validate` where nvidia-tao-daft is installed."""
    files = rows.task_files()
    if not files:
        return nothing("there are no task files")
    wrong, by = _validated(files, rows)
    own = [(file.name, _fault(file)) for file in files]
    breaches = tuple((rows.name, f"{file}: {said}") for file, said in [*own, *wrong] if said)
    return Look(not breaches, f"{len(breaches)} faults in {len(files)} task files, {by}", len(files), breaches)


def _fault(file: Path) -> str:
    kind = ImageTaskFile if file.stem == GROUNDING else TaskFile
    try:
        kind.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return ""


def _validated(files: Sequence[Path], rows: BatchRows) -> tuple[list[Tried], str]:
    """What the format's own validator finds, and who looked. Media that lie in a bucket are no files for it."""
    try:
        from nvidia_tao_daft.validators.tao_vl_reason_v1_0 import TaoVlReasonV1_0Validator
    except ImportError:
        return [], "by our own records: nvidia-tao-daft is not installed"
    with contextlib.redirect_stdout(io.StringIO()):
        found = TaoVlReasonV1_0Validator().validate_dataset(files[0].parent)
    remote = "://" in (rows.batch.source_root or "")
    errors = [error for error in found.errors if not (remote and _NOT_THERE in error)]
    unseen = len(files) - found.files_checked
    if unseen:
        errors.append(f"{unseen} files: not of the format for tao-daft")
    return [("tao-daft", error) for error in errors], "by our own records and tao-daft"


def task_file_counts(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """Every task file holds as many items as the rows say, and there is a file for each task that has some."""
    counted: Counter[str] = Counter()
    for row in rows.ok(TaskFilesVideo):
        counted.update(row.items)
    held = dict(_items(rows.task_files()))
    tried = (
        (rows.name, "" if counted[task] == held.get(task) else f"{task}: {counted[task]} items in the rows, {_there(held, task)}")
        for task in {**counted, **held}
    )
    return judge(tried, "task files", "hold another number of items than the rows tell")


def _items(files: Sequence[Path]) -> Iterator[tuple[str, int]]:
    for file in files:
        try:
            yield file.stem, len(TaskFile.model_validate_json(file.read_bytes()).items)
        except ValidationError:
            yield file.stem, 0


def _there(held: dict[str, int], task: str) -> str:
    return f"{held[task]} in the file" if task in held else "and no file"

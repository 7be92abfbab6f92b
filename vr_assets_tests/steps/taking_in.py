"""What tests of ingest are made of."""

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from vr_assets.records.batch import ManifestRow
from vr_assets.steps.intake import Intake

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)

Ingest = Callable[..., Intake[ManifestRow]]


def place(clip: Path, *paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, path)


def split_at(seconds: float) -> dict[str, JsonValue]:
    return {"videos.max_video_length_sec": seconds, "videos.long_recordings": "split"}


def listed(path: Path, *lines: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def rows(intake: Intake[ManifestRow]) -> list[ManifestRow]:
    return [row for batch in intake.batches for row in batch.rows]


def names(intake: Intake[ManifestRow], folder: Path) -> list[str]:
    return [str(Path(row.video_path).relative_to(folder)) for row in rows(intake)]


def problems(intake: Intake[ManifestRow]) -> list[str]:
    return [str(problem) for problem in intake.problems]


def spans(found: Sequence[ManifestRow]) -> list[tuple[float | None, float | None]]:
    return [(row.start_s, row.end_s) for row in found]

"""Task files pass the format's own validator and are a function of the rows."""

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from vr_assets.errors import StorageError
from vr_assets.export.task_files import assemble, build_task_files, write_task_files
from vr_assets.records.task_file import TaskFile
from vr_assets.records.video import QaVideo
from vr_assets.settings import QaType, TaskFileSettings
from vr_assets_tests.export.rows import a_batch, a_row, a_set, eight_sets, no, open_item, span_item, yes

DAY = datetime.date(2026, 3, 4)
TEN = {
    "mcq", "mcq_openended", "bcq", "bcq_openended", "open_qa", "causal_linkage", "temporal_localization", "temporal_description",
    "scene_description", "video_summarization",
}  # fmt: skip


def build(rows: Sequence[QaVideo], root: Path | None = None, *, tags: Sequence[str] = ()) -> dict[str, TaskFile]:
    return build_task_files(rows, batch=a_batch(root), settings=TaskFileSettings(), date=DAY, tags=tags)


def validate(folder: Path) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("tao-daft", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert tool, "tao-daft is not installed: pip install nvidia-tao-daft"
    command = [tool, "validate", "tao-vl-reason-v1.0", "--strict", "--path", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """Two cameras with clips of the same name; the validator wants every path to exist and opens none."""
    for camera in ("cam1", "cam2"):
        (tmp_path / "footage" / camera).mkdir(parents=True)
        (tmp_path / "footage" / camera / "clip.mp4").write_bytes(camera.encode())
    return tmp_path / "footage"


@pytest.mark.parametrize("rooted", [pytest.param(True, id="absolute media_root"), pytest.param(False, id="media_root null")])
def test_27_the_formats_validator_passes_what_is_written(footage: Path, tmp_path: Path, rooted: bool) -> None:
    rows = [a_row(footage / camera / "clip.mp4", fields={"camera": camera}) for camera in ("cam1", "cam2")]
    verification = a_set(QaType.EVENT_VERIFICATION, yes())
    rows.append(a_row(footage / "cam1" / "clip.mp4", [verification, a_set(QaType.BCQ, yes())], part=(5.0, 20.0)))
    files = build(rows, footage if rooted else None, tags=["pilot"])
    write_task_files(tmp_path / "out", files)
    result = validate(tmp_path / "out")
    assert "VALIDATION PASSED" in result.stdout, result.stdout
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {*TEN, "event_verification"}
    ids = [item.video_id for item in files["bcq"].items]
    assert ids[::2] == (["cam1/clip.mp4", "cam2/clip.mp4", "cam1/clip.mp4"] if rooted else [row.video for row in rows])


def test_the_validator_would_notice_a_wrong_media_root(footage: Path, tmp_path: Path) -> None:
    write_task_files(tmp_path / "out", build([a_row(footage / "cam1" / "gone.mp4")], footage))
    assert "media not found" in validate(tmp_path / "out").stdout


def test_the_same_rows_give_the_same_bytes(footage: Path) -> None:
    rows = [a_row(footage / camera / "clip.mp4") for camera in ("cam2", "cam1")]
    first, second = ({task: file.to_text() for task, file in build(rows, footage).items()} for _ in range(2))
    assert first == second
    assert [item.video_id for item in build(rows, footage)["mcq"].items] == ["cam2/clip.mp4", "cam1/clip.mp4"]


def test_a_file_reads_back_as_it_was_and_keeps_its_characters() -> None:
    clip = Path("/f/straße.mp4")
    file = build([a_row(clip, [a_set(QaType.OPEN_QA, open_item("¿Por qué? 為什麼"))])], Path("/f"))["open_qa"]
    text = file.to_text()
    assert "straße.mp4" in text and "為什麼" in text and text.endswith("}\n")
    assert TaskFile.model_validate_json(text) == file


def test_the_metadata_holds_what_the_schema_takes_and_nothing_else(footage: Path) -> None:
    settings = TaskFileSettings(license="CC-BY-4.0", description_extra="From the north gate.")
    row = a_row(footage / "cam1" / "clip.mp4", [a_set(QaType.BCQ, yes(), no())])
    files = build_task_files([row], batch=a_batch(footage), settings=settings, date=DAY)
    written = json.loads(files["bcq"].to_text())
    assert set(written) == {"format", "metadata", "media_root", "items"}
    assert written["metadata"] == {
        "type": "annotation",
        "task": "bcq",
        "date": "2026-03-04",
        "description": "Questions about videos, answered with Yes or No. From the north gate.",
        "license": "CC-BY-4.0",
    }


@pytest.mark.parametrize(
    ("backend", "tags", "expected"),
    [
        pytest.param("gemini", (), (), id="a model's rows, no tags"),
        pytest.param("opencv", (), ("baseline-annotator",), id="the baseline annotator's rows"),
        pytest.param("opencv", ("pilot", "baseline-annotator"), ("pilot", "baseline-annotator"), id="said once"),
    ],
)
def test_the_baseline_annotators_files_say_so(backend: str, tags: tuple[str, ...], expected: tuple[str, ...]) -> None:
    files = build([a_row(Path("/f/a.mp4"), backend=backend)], tags=tags)
    assert {file.metadata.tags for file in files.values()} == {expected}


def test_only_the_files_that_hold_baseline_items_say_so() -> None:
    baseline = a_row(Path("/f/a.mp4"), [a_set(QaType.OPEN_QA, open_item("Why?"))], backend="opencv")
    files = build([baseline, a_row(Path("/f/b.mp4"))])
    assert {task for task, file in files.items() if file.metadata.tags} == {"open_qa"}


def test_only_tasks_with_items_have_a_file() -> None:
    row = a_row(Path("/f/a.mp4"), [a_set(QaType.TEMPORAL_LOCALIZATION, span_item(1, 2))])
    assert set(build([row])) == {"temporal_localization"}
    assert build([]) == {}


def test_the_same_question_about_the_same_video_is_written_once_and_said() -> None:
    row = a_row(Path("/f/a.mp4"), [a_set(QaType.BCQ, yes(), yes().model_copy(update={"answer": "No"}))])
    made = assemble([row], batch=a_batch(None), settings=TaskFileSettings(), date=DAY)
    assert {task: len(file.items) for task, file in made.files.items()} == {"bcq": 1, "bcq_openended": 1}
    assert made.outcomes[0].items == {"bcq": 1, "bcq_openended": 1}
    assert [failure.what for failure in made.outcomes[0].failures] == ["bcq", "bcq_openended"]


def test_the_same_question_about_two_videos_or_two_parts_is_two_items() -> None:
    sets = [a_set(QaType.SCENE_DESCRIPTION, open_item("Describe the scene."))]
    rows = [a_row(Path("/f/a.mp4"), sets, part=part) for part in ((0.0, 30.0), (30.0, 60.0))]
    assert len(build([*rows, a_row(Path("/f/b.mp4"), sets)])["scene_description"].items) == 3


def test_one_broken_video_costs_no_other_video_its_items() -> None:
    broken = a_row(Path("/f/a.mp4")).model_copy(update={"media": None})
    made = assemble([broken, a_row(Path("/f/b.mp4"))], batch=a_batch(None), settings=TaskFileSettings(), date=DAY)
    assert [sum(outcome.items.values()) for outcome in made.outcomes] == [0, 12]
    assert len(made.outcomes[0].failures) == 12


def test_26_a_task_that_became_empty_leaves_no_file_behind(tmp_path: Path) -> None:
    write_task_files(tmp_path, build([a_row(Path("/f/a.mp4"))]))
    (tmp_path / "notes.json").write_text("{}")
    write_task_files(tmp_path, build([a_row(Path("/f/a.mp4"), eight_sets()[:1])]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mcq.json", "mcq_openended.json", "notes.json"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="out"):
        write_task_files(tmp_path / "out", build([a_row(Path("/f/a.mp4"))]))

"""What a manifest says beforehand: labels that name a category, and what people or a tracker noted."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from vr_assets.errors import IngestError, PromptError
from vr_assets.prompts import PROMPTS, Prompts
from vr_assets.records.batch import ManifestRow
from vr_assets.records.call import Request
from vr_assets.settings import Asset, Mode, Status, Task
from vr_assets.steps.given import read_timeline
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph, Rows
from vr_assets_tests.steps.taking_in import Ingest, place

SEES_THE_VIDEO = {Task.GLOBAL_CAPTION, Task.DENSE_CAPTION, Task.CHUNK_CAPTION, Task.CLIP_CAPTION}
LABEL: dict[str, JsonValue] = {"label": "Wrong_Way"}
TIMELINE: dict[str, JsonValue] = {
    "timeline": [
        {"start_s": 2.5, "text": "The box stops.", "by": "tracker"},
        {"start_s": 0.5, "end_s": 1.5, "text": "The box turns round."},
        {"start_s": 90, "text": "Nothing of this video."},
    ]
}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds."""
    return write_clip(tmp_path_factory.mktemp("video") / "video.mp4", moving_box(32), 8)


def annotated(folder: Path, row: ManifestRow, domain: str = "traffic") -> tuple[Rows, list[Request]]:
    return Graph(folder).run([row], prompts__prompts_module=domain)


def test_a_label_that_names_a_category_steers_captions_and_the_description_and_says_anomaly(video: Path, tmp_path: Path) -> None:
    rows, asked = annotated(tmp_path, ManifestRow(video_path=str(video), fields=LABEL))
    assert rows.raw[0].mode is Mode.ANOMALY and rows.raw[0].labelled
    assert Task.ANOMALY_OR_NORMAL not in {request.task for request in asked}
    look_for = Prompts.load("traffic").categories["wrong way"]
    steered = {request.task for request in asked if look_for in request.prompt.schema_text}
    assert steered == {*SEES_THE_VIDEO, Task.DESCRIPTION}
    assert all("labelled this one: wrong way." in request.prompt.layout_text for request in asked if request.task in steered)


@pytest.mark.parametrize(
    ("row", "domain"),
    [
        (ManifestRow(video_path="", fields={"label": "day"}), "traffic"),
        (ManifestRow(video_path="", fields=LABEL), "general"),
        (ManifestRow(video_path="", fields={"label": 3}), "traffic"),
    ],
    ids=["no category", "a domain without categories", "no text"],
)
def test_any_other_label_passes_through_and_changes_no_question(
    row: ManifestRow, domain: str, video: Path, tmp_path: Path
) -> None:
    without = ManifestRow(video_path=str(video))
    _, plain = annotated(tmp_path / "plain", without, domain)
    rows, asked = annotated(tmp_path / "labelled", row.model_copy(update={"video_path": str(video)}), domain)
    assert {request.prompt.identity for request in asked} == {request.prompt.identity for request in plain}
    assert rows.qa[0].fields == row.fields


def test_a_normal_video_is_not_steered_by_a_label_of_an_incident(video: Path, tmp_path: Path) -> None:
    rows, asked = annotated(tmp_path, ManifestRow(video_path=str(video), mode=Mode.NORMAL, fields=LABEL))
    assert rows.qa[0].mode is Mode.NORMAL
    assert not any("labelled this one" in request.prompt.schema_text for request in asked)


def test_a_timeline_outranks_the_model_on_what_happens_when_and_the_description_says_so(video: Path, tmp_path: Path) -> None:
    rows, asked = annotated(tmp_path, ManifestRow(video_path=str(video), mode=Mode.ANOMALY, fields=TIMELINE), "general")
    noted = "[00:00.5 - 00:01.5] The box turns round. (human)\n[00:02.5] The box stops. (tracker)"
    told = {request.task for request in asked if f"<timeline>\n{noted}\n</timeline>" in request.prompt.schema_text}
    assert told >= {Task.GLOBAL_CAPTION, Task.DENSE_CAPTION, Task.MOMENT, Task.DESCRIPTION, Task.MCQ}
    assert not told & {Task.CHUNK_CAPTION, Task.CLIP_CAPTION, Task.SUITABLE}
    assert all("it outranks" in request.prompt.schema_text for request in asked if request.task in told)
    description = rows.descriptions[0].detailed_description
    assert description.endswith(f"these hold:\n{noted}")
    assert all(description in request.prompt.schema_text for request in asked if request.task is Task.MCQ)


def test_a_timeline_of_a_recording_is_told_on_the_clock_of_the_part(video: Path, tmp_path: Path) -> None:
    part = ManifestRow(video_path=str(video), start_s=1.0, end_s=3.0, mode=Mode.ANOMALY, fields=TIMELINE)
    rows, _ = annotated(tmp_path, part, "general")
    assert rows.descriptions[0].detailed_description.endswith(
        "[00:00.0 - 00:00.5] The box turns round. (human)\n[00:01.5] The box stops. (tracker)"
    )


def test_a_timeline_that_does_not_read_fails_its_video_only(video: Path, tmp_path: Path) -> None:
    rows, _ = annotated(tmp_path, ManifestRow(video_path=str(video), fields={"timeline": "at noon"}))
    assert rows.captions[0].status is Status.FAILED
    assert "timeline 'at noon' is no list" in rows.captions[0].reason


BROKEN: dict[str, tuple[JsonValue, str]] = {
    "no list": ({"start_s": 1}, "no list"),
    "no object": (["at noon"], "event 1.*no object"),
    "no text": ([{"start_s": 1.0}], "event 1: text"),
    "no time": ([{"start_s": "noon", "text": "x"}], "event 1: start_s = 'noon'"),
    "ends before it starts": ([{"start_s": 2, "end_s": 1, "text": "x"}], "end_s 1 is before start_s 2"),
    "somebody else": ([{"start_s": 1, "text": "x", "by": "god"}], "event 1: by = 'god'.*human.*tracker"),
    "the second": ([{"start_s": 1, "text": "x"}, {"start_s": -1, "text": "x"}], "event 2: start_s"),
}


@pytest.mark.parametrize(("value", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_a_timeline_is_named(value: JsonValue, words: str) -> None:
    with pytest.raises(IngestError, match=words):
        read_timeline(value)


def test_ingest_names_the_line_of_a_broken_timeline(footage: Path, ingest: Ingest) -> None:
    listed = footage / "list.jsonl"
    listed.write_text(json.dumps({"video_path": "cam1/a.mp4", "timeline": [{"text": "x"}]}))
    intake = ingest(listed)
    assert intake.new == 0
    assert [problem.where for problem in intake.problems] == [f"{listed}:1"]
    assert "event 1: start_s" in intake.problems[0].what


# --- a file of labels ---------------------------------------------------------------------------------------------------


def test_a_file_of_labels_labels_videos_by_their_names(footage: Path, clip: Path, ingest: Ingest, tmp_path: Path) -> None:
    place(clip, footage / "cam3" / "c.mp4", footage / "cam3" / "d.mp4")
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"b": "collision", "c": "Normal", "a": "collision", "z": "collision", "d": "colision"}))
    intake = ingest(footage, given={"ingest.labels_file": str(labels), "prompts.prompts_module": "traffic"})
    rows = {Path(row.video_path).name: row for batch in intake.batches for row in batch.rows}
    assert rows["b.MKV"].fields == {"label": "collision"}
    assert rows["c.mp4"].mode is Mode.NORMAL and not rows["c.mp4"].fields
    assert not rows["a.mp4"].fields
    told = "\n".join(map(str, intake.problems))
    assert "a is the name of 2 videos" in told
    assert "no video is called z" in told
    assert "'colision' is no category of domain traffic; did you mean collision?" in told


def test_a_list_comes_before_the_file_of_labels_and_the_difference_is_told(footage: Path, ingest: Ingest, tmp_path: Path) -> None:
    labels, listed = tmp_path / "labels.json", footage / "list.jsonl"
    labels.write_text('{"b": "collision"}')
    listed.write_text(json.dumps({"video_path": "cam1/b.MKV", "label": "normal"}))
    intake = ingest(listed, given={"ingest.labels_file": str(labels)})
    assert intake.batches[0].rows[0].mode is Mode.NORMAL
    assert "'normal' here and 'collision' by the file of labels" in str(intake.problems[0])


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": " "}'])
def test_a_file_that_holds_no_labels_is_refused(text: str, footage: Path, ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(IngestError, match=r"labels\.json"):
        ingest(footage, given={"ingest.labels_file": str(tmp_path / "labels.json")})


# --- categories ---------------------------------------------------------------------------------------------------------

CATEGORIES = {
    "not TOML": ('a = "x"\nb', 2, "not TOML"),
    "no text": ("a = 1", 1, "write a as text"),
    "a placeholder": ('\na = "<<what>>"', 2, "placeholder"),
    "twice": ('"wrong way" = "x"\nwrong_way = "y"', 2, "another label"),
    "a mode": ('Anomaly = "x"', 1, "another label"),
}


@pytest.mark.parametrize(("text", "line", "words"), CATEGORIES.values(), ids=CATEGORIES)
def test_what_is_wrong_with_categories_is_named_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "categories.toml").write_text(text)
    with pytest.raises(PromptError, match=rf"mine/categories\.toml:{line}: .*{words}"):
        Prompts.load("mine", overlay=tmp_path)


def test_what_to_look_for_is_part_of_the_recipe_of_the_stages_it_steers(tmp_path: Path) -> None:
    own = tmp_path / "mine" / "categories.toml"
    own.parent.mkdir()
    own.write_text('collision = "who hits whom."')
    before = Prompts.load("mine", overlay=tmp_path)
    own.write_text('collision = "who hits whom, and how hard."')
    after = Prompts.load("mine", overlay=tmp_path)
    changed = {asset for asset in PROMPTS if before.fingerprint(asset) != after.fingerprint(asset)}
    assert changed == {Asset.CAPTIONS, Asset.CHUNK_CAPTIONS, Asset.HIGHLIGHTS, Asset.DESCRIPTIONS}

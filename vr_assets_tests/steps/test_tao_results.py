"""Step files of the known system, found and read as rows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from vr_assets.backends.counts import Counts
from vr_assets.errors import IngestError
from vr_assets.records.image import ExpressedImage, Grounded, GroundedImage, RawImage
from vr_assets.records.row import IMPORTED, VideoMedia, VideoRow
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    FilteredVideo,
    HighlightedVideo,
    QaVideo,
    RawVideo,
)
from vr_assets.settings import Asset, Mode, QaType, Settings, Status
from vr_assets.steps.groundings import imported_boxes
from vr_assets.steps.stage import Stage
from vr_assets.steps.tao_images import read_image_lines
from vr_assets.steps.tao_results import Line, find_files, find_results, moved
from vr_assets.steps.tao_videos import read_video_lines
from vr_assets_tests.tao_runs import FILES, REPLIES, TOLD, Json, step_lines, write_run

VIDEO = RawVideo(
    video_id="0" * 16,
    video="/videos/cam0.mp4",
    status=Status.OK,
    media=VideoMedia(
        path="/videos/cam0.mp4",
        content="0" * 64,
        size_bytes=1,
        duration_s=6.2,
        fps=8.0,
        width_px=160,
        height_px=120,
        codec="h264",
        frame_count=50,
    ),
)
ASSETS = dict(
    zip(
        FILES,
        (
            Asset.FILTERED_VIDEOS,
            Asset.CAPTIONS,
            Asset.CHUNK_CAPTIONS,
            Asset.HIGHLIGHTS,
            Asset.DESCRIPTIONS,
            Asset.QA,
        ),
        strict=True,
    )
)


def read(told: dict[str, list[Json]]) -> tuple[dict[Asset, VideoRow], list[str]]:
    lines = {
        ASSETS[name]: [Line(f"{FILES[name]}:{number}", line) for number, line in enumerate(found, 1)]
        for name, found in told.items()
    }
    rows, problems = read_video_lines(VIDEO, lines)
    return rows, [str(problem) for problem in problems]


def test_every_step_becomes_a_row_that_says_where_it_came_from() -> None:
    rows, problems = read(step_lines("cam0.mp4", 6.0))
    assert not problems
    assert rows.keys() == set(ASSETS.values())
    for name, asset in ASSETS.items():
        sources = rows[asset].provenance
        assert {(one.backend, one.model, one.keys) for one in sources} == {(IMPORTED, IMPORTED, ())}, asset
        assert sources[0].prompt == f"{FILES[name]}:1"


def test_texts_go_through_the_parsers_of_answers() -> None:
    rows, _ = read(step_lines("cam0.mp4", 6.0))
    captions, chunks, highlight, qa = (
        rows[asset] for asset in (Asset.CAPTIONS, Asset.CHUNK_CAPTIONS, Asset.HIGHLIGHTS, Asset.QA)
    )
    assert isinstance(captions, CaptionedVideo) and [event.end_s for event in captions.events] == [1.0, 6.0]
    assert isinstance(chunks, ChunkCaptionedVideo)
    assert [(one.timestamp_start, one.timestamp_end) for one in chunks.chunk_captions] == [(0.0, 5.0), (5.0, 6.0)]
    assert isinstance(highlight, HighlightedVideo) and highlight.highlight_chunk
    assert highlight.highlight_chunk.anomaly_timestamp_sec == 3.0
    assert isinstance(qa, QaVideo)
    assert [(one.qa_type, len(one.items)) for one in qa.qa] == [(kind, 2 if kind is QaType.BCQ else 1) for kind in REPLIES]


def test_of_two_lines_about_a_video_the_last_that_reads_stands() -> None:
    told = step_lines("cam0.mp4", 6.0)
    told["captions"] += [{**told["captions"][0], "global_caption": f"Again. {TOLD}"}, {"video": "cam0.mp4"}]
    rows, problems = read(told)
    assert rows[Asset.CAPTIONS].provenance[0].prompt == f"{FILES['captions']}:2"
    assert [problem.partition(": ")[0] for problem in problems] == [f"{FILES['captions']}:3"]


REFUSAL = "I'm sorry, but I cannot view videos."
CHUNK: Json = {"chunk_index": 0, "timestamp_start": 0.0, "timestamp_end": 5.0, "caption": TOLD}


@pytest.mark.parametrize(
    ("step", "changed", "said"),
    [
        ("filter", {"is_valid": "perhaps"}, "neither Yes nor No"),
        ("filter", {"is_valid": None}, "neither true nor false"),
        ("filter", {"error": "429"}, "an error in place of an answer"),
        ("captions", {"global_caption": REFUSAL}, "refus"),
        ("captions", {"dense_caption": "[00:00 - 00:40] A box."}, "00:40"),
        ("captions", {"dense_caption": "A box."}, "no events"),
        ("captions", {"video_length": 30.0}, "another file of that name"),
        ("chunks", {"chunk_captions": []}, "no list of chunks"),
        ("chunks", {"chunk_captions": [{**CHUNK, "timestamp_end": 60.0}]}, "outside the video"),
        ("chunks", {"chunk_captions": [{**CHUNK, "timestamp_end": 0.0}]}, "not after its start"),
        ("chunks", {"chunk_captions": [CHUNK, {**CHUNK, "caption": REFUSAL}]}, "refus"),
        ("highlights", {"highlight_chunk": {**CHUNK, "anomaly_timestamp_sec": None}}, "is no time"),
        ("highlights", {"highlight_chunk": {**CHUNK, "anomaly_timestamp_sec": 6.2}}, "not in its clip"),
        ("descriptions", {"detailed_description": ""}, "is missing"),
        ("descriptions", {"detailed_description": REFUSAL}, "refus"),
    ],
)
def test_what_does_not_read_is_named_and_leaves_its_stage_open(step: str, changed: Json, said: str) -> None:
    told = step_lines("cam0.mp4", 6.0)
    told[step] = [{**told[step][0], **changed}]
    rows, problems = read(told)
    assert rows.keys() == {*ASSETS.values()} - {ASSETS[step]}
    assert len(problems) == 1 and said in problems[0] and problems[0].startswith(f"{FILES[step]}:1: ")


def test_a_qa_type_that_does_not_read_leaves_only_itself_open() -> None:
    told = step_lines("cam0.mp4", 6.0)
    told["qa"][0]["qa_output"] = "**"
    told["qa"].append({**told["qa"][1], "prompt_key": "anomaly_riddle"})
    rows, problems = read(told)
    qa = rows[Asset.QA]
    assert isinstance(qa, QaVideo) and [one.qa_type for one in qa.qa] == list(REPLIES)[1:]
    assert len(problems) == 2 and "of no QA type" in problems[0]


def test_a_stretch_that_no_chunk_covers_is_a_part_that_could_not_be_had() -> None:
    told = step_lines("cam0.mp4", 6.0)
    told["chunks"] = [{**told["chunks"][0], "chunk_captions": [{**CHUNK, "timestamp_start": "00:02"}]}]
    rows, _ = read(told)
    assert [failure.what for failure in rows[Asset.CHUNK_CAPTIONS].failures] == [
        "chunk 00:00.0 - 00:02.0",
        "chunk 00:05.0 - 00:06.2",
    ]


def test_without_a_filter_step_the_label_is_that_of_the_captions() -> None:
    told = step_lines("cam0.mp4", 6.0)
    del told["filter"]
    rows, _ = read(told)
    filtered = rows[Asset.FILTERED_VIDEOS]
    assert isinstance(filtered, FilteredVideo)
    assert (filtered.mode, filtered.is_valid) == (Mode.ANOMALY, None)


def test_a_normal_video_without_a_highlight_is_no_problem() -> None:
    rows, problems = read(step_lines("cam0.mp4", 6.0, mode="normal"))
    assert not problems and Asset.HIGHLIGHTS not in rows


def test_step_files_are_found_however_deep_and_a_torn_line_loses_itself_only(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "results" / "old" / "run1", [step_lines("a.mp4", 6.0), step_lines("b.mp4", 6.0)])
    path = folder / FILES["captions"]
    torn = path.read_text().splitlines()
    path.write_text(f"{torn[0][:40]}\n{torn[1]}\n[1]\n{{}}\n")
    results = find_results(tmp_path / "results")
    assert [line.named for line in results.lines[Asset.CAPTIONS]] == ["b.mp4"]
    assert [problem.where for problem in results.problems] == [f"{path}:{number}" for number in (1, 3, 4)]


def test_files_of_our_own_are_no_results(tmp_path: Path) -> None:
    write_run(tmp_path / "results", [step_lines("a.mp4", 6.0)])
    write_run(tmp_path / "data" / "batches" / "june", [step_lines("b.mp4", 6.0)])
    assert find_results(tmp_path, skip=[(tmp_path / "data" / "batches").resolve()]).named == ["a.mp4"]


def test_where_files_were_taken_to_have_moved_is_said() -> None:
    places = {"/old/x/a.mp4": "/new/x/a.mp4", "/old/y/b.mp4": "/new/y/b.mp4", "c.mp4": "/new/c.mp4", "/new/d.mp4": "/new/d.mp4"}
    assert moved(places) == {("/old", "/new"): 2}


def test_a_folder_without_step_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="no step file"):
        find_results(tmp_path)


@pytest.mark.parametrize(
    ("named", "known", "found", "said"),
    [
        pytest.param(["/v/a.mp4"], ["/v/a.mp4", "/w/a.mp4"], {"/v/a.mp4": "/v/a.mp4"}, [], id="that very path"),
        pytest.param(["/old/x/a.mp4"], ["/v/x/a.mp4", "/v/y/a.mp4"], {"/old/x/a.mp4": "/v/x/a.mp4"}, [], id="the most alike"),
        pytest.param(["a.mp4", "x/a.mp4"], ["/v/x/a.mp4"], {"a.mp4": "/v/x/a.mp4", "x/a.mp4": "/v/x/a.mp4"}, [], id="two forms"),
        pytest.param(["a.mp4"], ["/v/x/a.mp4", "/v/y/a.mp4"], {}, ["may be"], id="either of two"),
        pytest.param(["a.mp4"], ["/v/b.mp4"], {}, ["no file of that path or name"], id="not there"),
        pytest.param(["x/a.mp4", "y/a.mp4"], ["/v/a.mp4"], {}, ["is one of 2"] * 2, id="two files that only one could be"),
    ],
)
def test_names_of_another_machine_find_their_files(
    named: Sequence[str], known: Sequence[str], found: dict[str, str], said: Sequence[str]
) -> None:
    places, problems = find_files(named, known)
    assert places == found
    assert [what in problem.what for what, problem in zip(said, problems, strict=True)] == [True] * len(said)


IMAGE = RawImage(image_id="i", image="/images/a.jpg", caption="A red car and a dog.", status=Status.OK, width=400, height=200)


def annotation(*expressions: tuple[str, list[Json]], **changed: JsonValue) -> Line:
    told: Json = {
        "image_path": "a.jpg",
        "caption": IMAGE.caption,
        "cleaned_caption": IMAGE.caption,
        "width": 400,
        "height": 200,
        "expressions": [
            {"text": text, "expression_id": f"e{place}", "char_span": [99, 99], "noun_chunk": text, "instances": [*instances]}
            for place, (text, instances) in enumerate(expressions)
        ],
        **changed,
    }
    return Line("step_1_grounding/annotations.jsonl:1", json.loads(json.dumps(told)))


def read_image(line: Line) -> tuple[ExpressedImage | None, GroundedImage | None, list[str]]:
    lines = {Asset.EXPRESSIONS: [line], Asset.GROUNDINGS: [line]}
    rows, problems = read_image_lines(IMAGE, lines, most=10)
    expressed, grounded = rows.get(Asset.EXPRESSIONS), rows.get(Asset.GROUNDINGS)
    assert expressed is None or isinstance(expressed, ExpressedImage)
    assert grounded is None or isinstance(grounded, GroundedImage)
    return expressed, grounded, [str(problem) for problem in problems]


def test_boxes_of_images_are_taken_with_spans_and_ids_of_our_own_and_no_invented_score() -> None:
    boxes: list[Json] = [{"bbox": [10, 20, 110, 120], "score": 0.9}, {"bbox": [200, 20, 300, 120], "score": 0.4}]
    expressed, grounded, problems = read_image(annotation(("A red car", boxes), ("a dog", [])))
    assert not problems and expressed and grounded
    car, dog = grounded.expressions
    assert (car.char_span, dog.char_span) == ((0, 9), (14, 19))
    assert [(one.bbox, one.score) for one in car.instances] == [((10, 20, 110, 120), None), ((200, 20, 300, 120), 0.4)]
    assert dog.grounded is Grounded.UNANSWERED
    assert [one.expression_id for one in expressed.expressions] == [one.expression_id for one in grounded.expressions]


def test_imported_boxes_stand_only_for_the_expressions_they_were_made_for() -> None:
    expressed, grounded, _ = read_image(annotation(("A red car", [{"bbox": [10, 20, 110, 120]}])))
    other, _, _ = read_image(annotation(("a dog", [{"bbox": [10, 20, 110, 120]}])))
    assert expressed and other and grounded
    nothing: Any = None
    stage = Stage(Asset.GROUNDINGS, Settings(), nothing, nothing, nothing, nothing, Counts(), imports={"i": grounded})
    assert imported_boxes(stage, expressed) == grounded
    assert imported_boxes(stage, other) is None


@pytest.mark.parametrize(
    ("box", "changed", "said"),
    [
        pytest.param([3000, 0, 1920, -10], {}, "is no box", id="outside the image"),
        pytest.param([10, 20, 110, 120], {"width": 1920, "height": 1080}, "1920 x 1080", id="of a size that was assumed"),
    ],
)
def test_boxes_that_cannot_be_right_leave_the_groundings_open(box: list[JsonValue], changed: Json, said: str) -> None:
    expressed, grounded, problems = read_image(annotation(("A red car", [{"bbox": box}]), **changed))
    assert expressed and not grounded
    assert len(problems) == 1 and said in problems[0]

"""Every form of a data set, read back by the programs that its users read it with."""

import json
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from vr_assets.export.release.conversations import answer
from vr_assets.export.release.releasing import Released
from vr_assets.records.release import Card, Sample
from vr_assets.settings import ReleaseForm, Split
from vr_assets_tests.export.release.batches import a_store, released
from vr_assets_tests.export.test_task_files import validate
from vr_assets_tests.media.test_cut import numbers

pytestmark = pytest.mark.slow

FORMS = ",".join(ReleaseForm)
SHARES = (0.3, 0.5, 0.7, 0.8, 0.2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A release in all forms in which neither side is empty: which group goes where hangs on the bytes of drawn clips."""
    store = a_store(tmp_path_factory.mktemp("made"))
    for share in SHARES:
        found = released(store, forms=FORMS, validation_share=share, shard_mb=0.001)
        if all(told.samples for told in found.card.splits.values()):
            return found
    raise AssertionError("one side is empty at every share")


@pytest.fixture(scope="module")
def told(made: Released) -> list[Sample]:
    """What the Parquet files say, which the other forms are held against."""
    tables = [pd.read_parquet(made.folder / "parquet" / f"{split}.parquet") for split in Split]
    rows = [row for table in tables for row in json.loads(table.to_json(orient="records"))]
    return [Sample.model_validate_json(json.dumps(row)) for row in rows]


def task_items(folder: Path) -> Iterator[tuple[Split, str, Mapping[str, Any]]]:
    for split in Split:
        for path in sorted((folder / split).glob("*.json")):
            yield from ((split, path.stem, item) for item in json.loads(path.read_text())["items"])


def test_the_formats_validator_passes_both_sides(made: Released) -> None:
    result = validate(made.folder)
    assert "VALIDATION PASSED" in result.stdout, result.stdout
    assert all(f"✅ {split}: " in result.stdout for split in Split)


def test_the_formats_loader_finds_each_question_its_answer_and_its_media(made: Released, told: list[Sample]) -> None:
    from nvidia_tao_daft.datasets.tao_vl_reason_v1_0 import TaoVlReasonV1_0CosmosRLConversationDataset as Loader

    for split in Split:
        files = [str(path) for path in sorted((made.folder / split).glob("*.json")) if path.stem != "grounding"]
        loader = Loader(files, response_mode="think")
        read = []
        for turns in (loader[place] for place in range(len(loader))):
            (shown, text), said = turns[0]["content"], turns[1]["content"]
            assert Path(shown["video"]).is_file()
            read.append((str(Path(shown["video"]).relative_to(made.folder)), text["text"], said))
        wanted = [s for s in told if s.split is split and s.kind == "video" and s.reasoning]
        assert Counter(read) == Counter((s.media, s.question, answer(s, with_reasoning=True)) for s in wanted)


def test_the_trainers_rules_hold(made: Released) -> None:
    """Spec task-files: no duplicates, nothing empty, no video on both sides, a part is a file of its own."""
    items = list(task_items(made.folder))
    assert len({(task, item["item_index"]) for _, task, item in items}) == len(items)
    assert all(item["question"].strip() and item["answer"].strip() for _, _, item in items)
    assert all(item["reasoning"].strip() for _, task, item in items if task != "grounding")
    assert not any({"start_s", "end_s"} & item.keys() for _, _, item in items)
    sides: dict[str, set[str]] = {}
    for line in (made.folder / "media.jsonl").read_text().splitlines():
        row = json.loads(line)
        sides.setdefault(row["content"], set()).add(row["file"].partition("/")[0])
        assert (made.folder / row["file"]).is_file()
    assert all(len(found) == 1 for found in sides.values())


def test_no_path_of_this_machine_is_handed_on(made: Released) -> None:
    root = str(made.folder.parents[3])
    for path in made.folder.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".md", ".parquet", ".svg"):
            assert root.encode() not in path.read_bytes(), path


def test_media_have_the_names_of_their_folder_and_two_of_a_name_differ(made: Released) -> None:
    shown = [path for path in made.folder.rglob("*") if path.suffix in (".mp4", ".png")]
    names = sorted(path.relative_to(made.folder).as_posix().partition("/")[2] for path in shown)
    same_name = next(name for name in names if name.startswith("videos/cam1/clip-"))
    assert names == [
        "images/street.png", same_name, "videos/cam1/clip.mp4", "videos/cam2/long@0-2.mp4", "videos/cam2/long@2-4.mp4",
    ]  # fmt: skip


def test_a_part_is_cut_out_so_that_its_clock_is_that_of_its_answers(made: Released, tmp_path: Path) -> None:
    for name, first in (("long@0-2.mp4", 0), ("long@2-4.mp4", 16)):
        (path,) = made.folder.glob(f"*/videos/cam2/{name}")
        assert numbers(path.read_bytes(), tmp_path) == [(place / 8, first + place) for place in range(16)]


@pytest.mark.parametrize("form", [ReleaseForm.SHAREGPT, ReleaseForm.LLAVA_VIDEO, ReleaseForm.QWEN_VL])
def test_conversations_say_what_the_samples_say(made: Released, told: list[Sample], form: ReleaseForm) -> None:
    for split in Split:
        suffix = "jsonl" if form is ReleaseForm.QWEN_VL else "json"
        rows = pd.read_json(made.folder / form / f"{split}.{suffix}", lines=suffix == "jsonl", dtype=False).to_dict("records")
        wanted = [sample for sample in told if sample.split is split]
        assert [row["id"] for row in rows] == [sample.id for sample in wanted]
        for row, sample in zip(rows, wanted, strict=True):
            asked, said = row["conversations"]
            tag = "<image>" if form is ReleaseForm.LLAVA_VIDEO else f"<{sample.kind}>"
            assert (asked["from"], asked["value"]) == ("human", f"{tag}\n{sample.question}")
            assert (said["from"], said["value"]) == ("gpt", answer(sample, with_reasoning=True))
            media = row[f"{sample.kind}s"] if form is ReleaseForm.SHAREGPT else [row[sample.kind]]
            assert media == [sample.media] and (made.folder / sample.media).is_file()


def test_datasets_reads_the_folder_by_its_card(made: Released, told: list[Sample], tmp_path: Path) -> None:
    """In a process of its own: the library wants a home and its cache."""
    program = f"""
import json
from datasets import load_dataset
read = load_dataset({str(made.folder)!r}, cache_dir={str(tmp_path)!r})
print(json.dumps({{split: read[split].to_list() for split in read}}))
"""
    env = {"HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    assert [row for split in Split for row in read[split]] == [sample.model_dump(mode="json") for sample in told]


def test_webdataset_reads_the_shards_media_and_all(made: Released, told: list[Sample]) -> None:
    import webdataset

    read = []
    for split in Split:
        shards = sorted(str(path) for path in (made.folder / "webdataset").glob(f"{split}-*.tar"))
        assert shards, "one a video, for they are small"
        for sample in webdataset.WebDataset(shards, shardshuffle=False):
            about = json.loads(sample["json"])
            suffix = about["media"].rpartition(".")[2]
            assert sample[suffix] == (made.folder / about["media"]).read_bytes()
            read += [Sample.model_validate_json(json.dumps(one)) for one in about["samples"]]
    for shard in (made.folder / "webdataset").iterdir():
        with tarfile.open(shard) as archive:
            assert {entry.mtime for entry in archive} == {0}, "the same bytes whenever they are written"
    assert Counter(one.to_line() for one in read) == Counter(sample.to_line() for sample in told)


def test_step_files_hold_the_fields_that_old_scripts_read(made: Released) -> None:
    fields = {
        "step_0_filter/filter_results.jsonl": {"video", "is_valid", "mode"},
        "step_1a_caption/captions.jsonl": {"video", "video_length", "mode", "global_caption", "dense_caption"},
        "step_1b_chunks/chunk_captions.jsonl": {"video", "chunk_captions"},
        "step_1c_highlight/highlight_captions.jsonl": {"video", "highlight_chunk"},
        "step_2_description/descriptions.jsonl": {"video", "detailed_description", "prompt_key"},
        "step_3_qa/qa_output.jsonl": {"video", "qa_output", "prompt_key"},
        "step_0_expression_extraction/annotations.jsonl": {"image_path", "cleaned_caption", "expressions"},
        "step_1_grounding/annotations.jsonl": {"image_path", "cleaned_caption", "expressions"},
        "annotations.jsonl": {"image_path", "cleaned_caption", "expressions"},
    }
    found = dict.fromkeys(fields, 0)
    for split in Split:
        for name, wanted in fields.items():
            path = made.folder / split / name
            for row in map(json.loads, path.read_text().splitlines() if path.is_file() else ()):
                found[name] += 1
                assert wanted <= row.keys(), name
                assert (made.folder / split / (row.get("video") or row["image_path"])).is_file()
    # A video whose items are all of one that is older is not in the set; of the others one type has no room for its answer.
    assert found["step_0_filter/filter_results.jsonl"] == 4 and found["step_3_qa/qa_output.jsonl"] == 4 * 7
    assert found["annotations.jsonl"] == 1


def test_captions_are_samples_too(told: list[Sample]) -> None:
    counts = Counter(sample.task for sample in told)
    captions = ("global_caption", "dense_caption", "chunk_caption", "clip_caption", "description")
    assert {counts[task] for task in captions} == {4} and counts["image_caption"] == 1
    (chunk, *_) = [sample for sample in told if sample.task == "chunk_caption"]
    assert (chunk.question, chunk.answer) == ("Describe what happens in this video from 00:00.0 to 00:01.5.", "The box starts.")


def test_the_card_counts_what_is_there(made: Released, told: list[Sample]) -> None:
    card = Card.model_validate_json((made.folder / "card.json").read_bytes())
    assert card == made.card
    assert sum(split.samples for split in card.splits.values()) == len(told)
    assert {task: sum(counts.values()) for task, counts in card.tasks.items()} == Counter(sample.task for sample in told)
    assert card.answers == {"bcq": {"No": 4, "Yes": 4}, "mcq": {"B": 4}}
    assert card.license == "L-cams AND L-more AND L-pictures"
    assert sum(card.left_out.values()) == len((made.folder / "left_out.jsonl").read_text().splitlines())
    readme = (made.folder / "README.md").read_text()
    for name in (path.name for path in (made.folder / "plots").iterdir()):
        assert f"plots/{name}" in readme


def test_the_image_is_the_one_that_the_boxes_are_of(made: Released) -> None:
    ((split, _, item),) = [one for one in task_items(made.folder) if one[1] == "grounding"]
    image = cv2.imdecode(np.frombuffer((made.folder / split / item["image_id"]).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None and image.shape[:2] == (item["height"], item["width"])
    assert json.loads(item["answer"]) == [{"bbox_2d": [4, 5, 30, 40], "label": "A red car"}]
    assert item["question"].startswith("Where in the image is this: A red car?")

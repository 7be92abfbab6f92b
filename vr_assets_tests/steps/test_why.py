"""What is found of an item: every way to name it, and all that it rests on."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from vr_assets.errors import StorageError
from vr_assets.export.grounded import exports
from vr_assets.export.task_files import assemble, write_task_files
from vr_assets.records.base import Record
from vr_assets.records.batch import Batch, ConversationEntry, ImageEntry, ManifestRow
from vr_assets.records.call import Request
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import Expression, Grounded, GroundedImage, ImageMedia, Instance
from vr_assets.records.lineage import Lineage
from vr_assets.records.review import Decision, Finding, Verdict, fingerprint
from vr_assets.records.row import Provenance
from vr_assets.records.task_file import item_index
from vr_assets.settings import Asset, Mode, Status, Task, TaskFileSettings
from vr_assets.settings import Graph as Graphs
from vr_assets.steps.task_files import task_file_rows
from vr_assets.steps.why import explain
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph, Rows, valid

ALL = (
    Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS, Asset.HIGHLIGHTS, Asset.DESCRIPTIONS,
    Asset.QA, Asset.EVIDENCE,
)  # fmt: skip


@dataclass
class Project:
    """A store with a batch of each graph. `one` is the video's id."""

    store: Store
    rows: Rows
    one: str

    def why(self, item: str, *batches: str, **given: object) -> Lineage:
        (found,) = explain(item, self.store, batches or self.store.batches(), **given)  # type: ignore[arg-type]
        return found


def batch(name: str, graph: Graphs = Graphs.VIDEOS, *, root: Path | None = None) -> Batch:
    return Batch(name=name, family=name, source_root=str(root) if root else None, created="2026-01-02T00:00:00", graph=graph)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One video, annotated and checked, of which the first answer to the multiple-choice question did not read."""
    root = tmp_path_factory.mktemp("why")
    (root / "videos").mkdir()
    write_clip(root / "videos" / "one.mp4", moving_box(8), 4)
    manifest = [ManifestRow(video_path=str(root / "videos" / "one.mp4"), mode=Mode.ANOMALY, source="test")]
    store, graph = Store(root), Graph(root, batch="cams")

    def garbled(request: Request) -> str:
        return "Hm." if request.task is Task.MCQ else valid(request)

    graph.run(manifest, garbled, qa__qa_types="mcq,bcq,open_qa")
    rows, _ = graph.run(manifest, qa__qa_types="mcq,bcq,open_qa")
    evidence, _ = graph.check(rows, valid, evidence__checks="blind,support")
    store.create_batch(batch("cams", root=root / "videos"), manifest)
    written: list[Sequence[Record]] = [
        *(rows.raw, rows.filtered, rows.captions, rows.chunks, rows.highlights, rows.descriptions, rows.qa, evidence)
    ]
    for asset, made in zip(ALL, written, strict=True):
        store.write_rows("cams", asset, made)
    files = assemble(rows.qa, batch=store.read_batch("cams"), settings=TaskFileSettings(), date=datetime.date(2026, 1, 2))
    write_task_files(store.task_files_folder("cams"), files.files)
    store.write_rows("cams", Asset.TASK_FILES, task_file_rows(rows.qa, files.outcomes))
    store.write_marks("cams", [mark for row in evidence for mark in row.marks])
    _add_others(store)
    return Project(store, rows, rows.raw[0].video_id)


def _add_others(store: Store) -> None:
    store.create_batch(batch("shelf", Graphs.IMAGES), [ImageEntry(image_path="/pictures/a.png", caption="a crane")])
    box = Instance(bbox_id="b0b0b0b0b0b0b0b0", bbox=(1.0, 2.0, 3.0, 4.0))
    crane = Expression(
        expression_id="e0e0e0e0e0e0e0e0", text="a crane", char_span=(0, 7), grounded=Grounded.FOUND, instances=(box,)
    )
    image = GroundedImage(
        image_id="a0a0",
        image="/pictures/a.png",
        caption="a crane",
        status=Status.OK,
        cleaned_caption="a crane",
        expressions=(crane,),
    )
    store.write_rows("shelf", Asset.GROUNDINGS, [image])
    media = ImageMedia(path=image.image, content="c", size_bytes=1, width_px=9, height_px=9, format="png")
    source = Provenance(task="groundings", backend="b", model="m", domain="d", prompt="p", prompt_hash="h", keys=())
    told = image.model_copy(update={"media": media, "width": 9, "height": 9, "provenance": (source,)})
    made = exports([told], batch=store.read_batch("shelf"), settings=TaskFileSettings(), date=datetime.date(2026, 1, 2))
    store.write_file("shelf", "task_files/grounding.json", made["task_files/grounding.json"])
    store.create_batch(batch("talk", Graphs.CONVERSATIONS), [ConversationEntry(videos=("/v/x.mp4",), images=(), row={})])
    row = CaptionedConversation(
        source="/lists/rows.jsonl:12", videos=("/v/x.mp4",), conversation=({"from": "human", "value": "?"},), prompt="?",
        caption="A van turns.", status=Status.OK, fields={"id": 7},
    )  # fmt: skip
    store.write_rows("talk", Asset.VIDEO_CAPTIONS, [row])


def test_an_item_shows_its_way_from_the_video_on(project: Project) -> None:
    told = project.why(f"{project.one}/mcq/0")
    assert (told.batch, told.subject, told.mode) == ("cams", project.rows.raw[0].video, "anomaly")
    assert told.span is not None and told.span.duration_s == pytest.approx(2.0)
    assert project.rows.qa[0].qa[0].items[0].question in told.text
    assert [layer.asset for layer in told.layers] == list(ALL)
    assert [layer.asset for layer in told.layers if layer.is_own] == [Asset.QA]
    asked = [{call.answer.task for call in layer.calls} for layer in told.layers]
    assert asked == [
        set(), {Task.SUITABLE}, {Task.GLOBAL_CAPTION, Task.DENSE_CAPTION}, {Task.CHUNK_CAPTION},
        {Task.MOMENT, Task.CLIP_CAPTION}, {Task.DESCRIPTION}, {Task.MCQ}, {Task.BLIND, Task.SUPPORT},
    ]  # fmt: skip


def test_prompts_and_replies_are_as_they_went_and_came_and_what_did_not_read_says_why(project: Project) -> None:
    own = next(layer for layer in project.why(f"{project.one}/mcq/0").layers if layer.is_own)
    reads, garbled = own.calls
    assert (reads.problem, garbled.answer.text) == ("", "Hm.")
    assert "without question" in garbled.problem
    assert project.rows.captions[0].global_caption in reads.answer.prompt_text
    assert reads.answer.text == project.rows.qa[0].qa[0].raw_reply


def test_marks_decisions_and_findings_are_the_items_own(project: Project) -> None:
    item, other = f"{project.one}/mcq/0", f"{project.one}/open_qa/0"
    mcq = project.rows.qa[0].qa[0].items[0]
    for subject, of in ((item, fingerprint(mcq)), (item, "0" * 16), (other, "0" * 16)):
        project.store.add_decision("cams", Decision(subject=subject, of=of, verdict=Verdict.REJECT, at="2026-01-03"))
    found = [Finding(check="times", asset="qa", subject=subject, said="late") for subject in (item, other, project.one)]
    told = project.why(item, findings=lambda batch: found)
    assert [held.mark.check for held in told.marks] == ["blind", "support"]
    assert all(held.holds for held in told.marks)
    assert [held.holds for held in told.decisions] == [True, False]
    assert [one.subject for one in told.findings] == [item, project.one]


def test_the_task_files_that_hold_an_item_are_named_and_lead_back_to_it(project: Project) -> None:
    told = project.why(f"{project.one}/bcq/1")
    assert [Path(held.partition(" ")[0]).name for held in told.task_files] == ["bcq.json", "bcq_openended.json"]
    for held in told.task_files:
        assert project.why(held.rpartition(" ")[2]) == told


@pytest.mark.parametrize("name", ["one.mp4", "videos/one.mp4", "id", "path"])
def test_a_video_is_known_by_its_path_and_its_id(project: Project, name: str) -> None:
    told = project.why({"id": project.one, "path": project.rows.raw[0].video}.get(name, name))
    assert told.subject == project.rows.raw[0].video
    # mcq and bcq go into two files each; blind and support mark an item each.
    assert (len(told.task_files), len(told.marks)) == (2 + 4 + 1, 2 * 4)
    assert sum(len(layer.calls) for layer in told.layers if layer.asset is Asset.QA) == 3 + 1


def test_what_its_answers_cost_is_counted_once_and_what_is_not_known_is_said(project: Project) -> None:
    told = project.why(project.one)
    call = told.layers[2].calls[0]
    costs = [call.model_copy(update={"answer": call.answer.model_copy(update={"key": key, "cost_usd": cost})})
             for key, cost in (("a", 0.25), ("b", None), ("c", 0.5))]  # fmt: skip
    layers = [told.layers[2].model_copy(update={"calls": calls}) for calls in (costs[:2], costs)]
    priced = told.model_copy(update={"layers": layers})
    assert (priced.usd, priced.unpriced) == (0.75, 1)


def test_an_item_that_is_not_there_any_more_still_shows_its_stages(project: Project) -> None:
    told = project.why(f"{project.one}/causal_linkage/0")
    assert told.is_gone and told.text == ""
    assert Asset.CAPTIONS in {layer.asset for layer in told.layers if layer.calls}


@pytest.mark.parametrize(
    "item", ["a0a0", "a.png", "e0e0e0e0e0e0e0e0", "b0b0b0b0b0b0b0b0", item_index("e0e0e0e0e0e0e0e0", "grounding")]
)
def test_an_image_is_known_by_itself_its_expressions_and_its_boxes(project: Project, item: str) -> None:
    told = project.why(item)
    assert (told.batch, told.subject) == ("shelf", "/pictures/a.png")
    assert ("[1.0, 2.0, 3.0, 4.0]" in told.text) == (item not in ("a0a0", "a.png"))


@pytest.mark.parametrize("item", ["rows.jsonl:12", "7", "x.mp4"])
def test_a_row_of_conversations_is_known_by_its_place_its_id_and_its_video(project: Project, item: str) -> None:
    told = project.why(item)
    assert (told.batch, told.subject) == ("talk", "/lists/rows.jsonl:12")
    assert "A van turns." in told.layers[0].wrote


def test_what_no_batch_has_is_an_error_that_says_how_to_name_it(project: Project) -> None:
    with pytest.raises(StorageError, match=r"'nowhere' .*\(3 batches .*VIDEO_ID/mcq/0"):
        project.why("nowhere")
    with pytest.raises(StorageError, match="no item"):
        project.why(f"{project.one}/mcq/0", "shelf")

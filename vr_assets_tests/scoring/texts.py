"""Judges what the offline annotator writes about a drawn scene, as the product asks it and reads its answers."""

import json
import re
from collections.abc import Iterator

from vr_assets.errors import ReplyError
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.filtered_videos import parse_screening
from vr_assets.parsing.qa import parse_qa
from vr_assets.records.base import Span
from vr_assets.records.scene import Scene
from vr_assets.records.video import McqItem, OpenItem, QaItem, SpanItem, YesNoItem
from vr_assets.settings import QaType, Task
from vr_assets_tests.backends.asked import annotated
from vr_assets_tests.drawn_facts import Truth
from vr_assets_tests.scoring.clauses import Part
from vr_assets_tests.scoring.names import CLOCK, NamelessError, seconds
from vr_assets_tests.scoring.questions import fits, holds, is_near, spans
from vr_assets_tests.scoring.sentences import Reader
from vr_assets_tests.scoring.tally import Tally

UNJUDGED = "not judged"
"""What no rule here knows: counted as wrong of its kind as well."""


def judge_texts(tally: Tally, scene: Scene, truth: Truth) -> None:
    where = f"{truth.scene.seed} {truth.scene.kind}"
    for kind, span, text in _captions(scene):
        for clause, judged in Reader(Part(truth, (span.start_s, span.end_s))).read(text):
            _tell(tally, kind, judged, f"{where}: {clause}")
    for qa_type in QaType:
        try:
            items = parse_qa(annotated(scene, Task(qa_type)), qa_type=qa_type, within=scene.span)
        except ReplyError:
            tally.had(f"qa {qa_type.value}", False, where)
            continue
        tally.had(f"qa {qa_type.value}", True, where)
        for item in items:
            _judge_item(tally, f"qa {qa_type.value}", item, truth, where)


def _captions(scene: Scene) -> Iterator[tuple[str, Span, str]]:
    """Kind, the stretch that it is about, text."""
    yield "caption", scene.span, parse_global_caption(annotated(scene, Task.GLOBAL_CAPTION))
    for event in parse_dense_caption(annotated(scene, Task.DENSE_CAPTION), within=scene.span).events:
        yield "dense caption", Span(start_s=event.start_s, end_s=event.end_s), event.text
    screening = parse_screening(annotated(scene, Task.SCREENING))
    assert screening.mode is not None
    yield "reason", scene.span, json.loads(annotated(scene, Task.SCREENING))["verdict_reason"]
    for part in parse_description(annotated(scene, Task.DESCRIPTION, mode=screening.mode)).split("\n\n"):
        yield "description", scene.span, part


def _judge_item(tally: Tally, kind: str, item: QaItem, truth: Truth, where: str) -> None:
    if isinstance(item, OpenItem):
        asked = re.search(rf"between ({CLOCK}) and ({CLOCK})", item.question)
        span = (seconds(asked[1]), seconds(asked[2])) if asked else (0.0, truth.scene.seconds)
        for clause, judged in Reader(Part(truth, span)).read(item.answer):
            _tell(tally, f"{kind} clause", judged, f"{where}: {clause}")
        return
    told = f"{where}: {item.question} {_answer(item)}"
    try:
        _tell(tally, "qa", _is_right(item, truth), told)
    except NamelessError as error:
        tally.says("qa", False, f"{told} ({error})")


def _is_right(item: McqItem | YesNoItem | SpanItem, truth: Truth) -> bool | None:
    match item:
        case McqItem():
            found = {option.letter: fits(truth, item.question, option.text) for option in item.options}
            return None if None in found.values() else [letter for letter, fit in found.items() if fit] == [item.answer]
        case YesNoItem():
            judged = holds(truth, item.question)
            return None if judged is None else judged is (item.answer == "Yes")
        case SpanItem():
            right = spans(truth, item.question)
            return None if right is None else is_near((item.span.start_s, item.span.end_s), right)


def _answer(item: McqItem | YesNoItem | SpanItem) -> str:
    match item:
        case McqItem():
            return f"{item.answer} of {[f'{option.letter}: {option.text}' for option in item.options]}"
        case YesNoItem():
            return str(item.answer)
        case SpanItem():
            return f"{item.span.start_s:.1f} to {item.span.end_s:.1f} s"


def _tell(tally: Tally, kind: str, judged: bool | None, what: str) -> None:
    if judged is None:
        tally.says(UNJUDGED, False, f"{kind}: {what}")
    tally.says(kind, judged is True, what)

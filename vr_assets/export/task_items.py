"""QA items as task files hold them: the files an item goes to, the instruction its question ends with, its answer as text."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from vr_assets.errors import ReplyError
from vr_assets.export.timecodes import Timecodes
from vr_assets.records.row import Failure, Provenance, VideoMedia
from vr_assets.records.task_file import ITEM_KEYS, TASKS, Item, TaskName, item_index
from vr_assets.records.timeline import TIMELINE
from vr_assets.records.video import McqItem, OpenItem, QaItem, QaVideo, SpanItem, YesNoItem
from vr_assets.settings import QaType, Status

_LETTER = "Answer with the letter of the correct option only."
_LETTER_AND_WHY = "Answer with the letter and the text of the correct option, followed by a short explanation."
_YES_NO = "Answer with Yes or No only."
_YES_NO_AND_WHY = "Answer with Yes or No, followed by a short explanation."
_START_AND_END = 'Answer in JSON as {"start": "<layout>", "end": "<layout>"}.'

_FORMS: Mapping[QaType, type[QaItem]] = {
    QaType.MCQ: McqItem,
    QaType.BCQ: YesNoItem,
    QaType.OPEN_QA: OpenItem,
    QaType.CAUSAL_LINKAGE: OpenItem,
    QaType.TEMPORAL_LOCALIZATION: SpanItem,
    QaType.TEMPORAL_EVENT_DESC: OpenItem,
    QaType.SCENE_DESCRIPTION: OpenItem,
    QaType.EVENT_SUMMARY: OpenItem,
    QaType.EVENT_VERIFICATION: YesNoItem,
}


@dataclass(frozen=True)
class RowItems:
    """What one row of qa gives to the task files, in order, and what of it could not be written."""

    items: tuple[tuple[TaskName, Item], ...] = ()
    failures: tuple[Failure, ...] = ()


def items_of(row: QaVideo, *, media_root: str | None) -> RowItems:
    """The items of one video, in the order of its QA. A row that is not ok gives none."""
    if row.status is not Status.OK:
        return RowItems()
    found = [
        items_of_one(row, qa_set.qa_type, qa, position=position, media_root=media_root)
        for qa_set in row.qa
        for position, qa in enumerate(qa_set.items)
    ]
    return RowItems(
        tuple(item for one in found for item in one.items), tuple(failure for one in found for failure in one.failures)
    )


def items_of_one(row: QaVideo, qa_type: QaType, qa: QaItem, *, position: int, media_root: str | None) -> RowItems:
    """What one QA item, at its position in the set of its type, gives to the task files."""
    items: list[tuple[TaskName, Item]] = []
    failures: list[Failure] = []
    for task in TASKS[qa_type]:
        try:
            items.append((task, _item(row, qa_type, qa, task=task, position=position, media_root=media_root)))
        except ReplyError as error:
            failures.append(Failure(what=f"{task} {position + 1}", reason=str(error)))
    return RowItems(tuple(items), tuple(failures))


def media_id(path: str, media_root: str | None) -> str:
    """A media path as its file names it: below `media_root` where it lies there, else as it is. Paths and URLs."""
    root = None if media_root is None else media_root.rstrip("/") + "/"
    return path.removeprefix(root) if root is not None else path


def below_root(path: str, media_root: str | None) -> str:
    """The same for what is handed on: a path that lies elsewhere is its file's name."""
    below = media_id(path, media_root)
    return PurePosixPath(path).name if below == path else below


def _item(row: QaVideo, qa_type: QaType, qa: QaItem, *, task: TaskName, position: int, media_root: str | None) -> Item:
    if not isinstance(qa, _FORMS[qa_type]):
        raise ReplyError(f"a {qa.form} item cannot be written as {task}")
    if row.media is None or row.media.duration_s <= 0:
        raise ReplyError("the row does not say how long and how large the video is")
    taken = sorted(row.fields.keys() & ITEM_KEYS)
    if taken:
        raise ReplyError(f"the manifest's field {taken[0]!r} has the name of a key of the item; rename it and ingest again")
    question, answer = _question_and_answer(qa, task, row.media)
    made_by = _made_by(row, qa_type)
    is_part = row.media.part_start_s is not None
    return Item(
        video_id=media_id(row.media.path, media_root),
        question=question,
        answer=answer,
        reasoning=_words(qa.reasoning, "reasoning"),
        item_index=item_index(row.video_id, task, position),
        start_s=row.media.offset_s if is_part else None,
        end_s=round(row.media.offset_s + row.media.duration_s, 6) if is_part else None,
        duration=row.media.duration_s,
        fps=row.media.fps,
        width=row.media.width_px,
        height=row.media.height_px,
        mode=row.mode,
        model=made_by.model,
        prompt_version=made_by.prompt_hash,
        **{name: value for name, value in row.fields.items() if name != TIMELINE},
    )


def _made_by(row: QaVideo, qa_type: QaType) -> Provenance:
    for entry in row.provenance:
        if entry.task == qa_type:
            return entry
    raise ReplyError("the row does not say which model and prompt the item came from")


def _question_and_answer(qa: QaItem, task: TaskName, media: VideoMedia) -> tuple[str, str]:
    question = _words(qa.question, "question")
    if isinstance(qa, McqItem):
        return _mcq(qa, question, with_explanation=task is TaskName.MCQ_OPENENDED)
    if isinstance(qa, YesNoItem):
        if task is TaskName.BCQ_OPENENDED:
            return _asked(question, _YES_NO_AND_WHY), _yes_no_sentence(qa)
        return _asked(question, _YES_NO), qa.answer
    if isinstance(qa, SpanItem):
        timecodes = Timecodes(media.duration_s)
        start, end = timecodes.of_span(qa.span)
        instruction = _START_AND_END.replace("<layout>", timecodes.layout)
        return _asked(question, instruction), json.dumps({"start": start, "end": end})
    return question, _words(qa.answer, "answer")


def _mcq(qa: McqItem, question: str, *, with_explanation: bool) -> tuple[str, str]:
    options = {option.letter: _words(option.text, f"option {option.letter}") for option in qa.options}
    if qa.answer not in options:
        raise ReplyError(f"the answer {qa.answer!r} is none of the options {', '.join(options)}")
    listed = "\n".join([question, *(f"{letter}) {text}" for letter, text in options.items())])
    if not with_explanation:
        return _asked(listed, _LETTER), qa.answer
    chosen = _sentence(f"{qa.answer}) {options[qa.answer]}")
    return _asked(listed, _LETTER_AND_WHY), f"{chosen} {_words(qa.explanation, 'explanation')}"


def _yes_no_sentence(qa: YesNoItem) -> str:
    explanation = _words(qa.explanation, "explanation")
    # Models like to repeat the word: "Yes, the bus stops." needs no second "Yes."
    said = re.match(r"\w+", explanation)
    return explanation if said and said[0].casefold() == qa.answer.casefold() else f"{qa.answer}. {explanation}"


def _asked(question: str, instruction: str) -> str:
    return question if question.endswith(instruction) else f"{question}\n{instruction}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _words(text: str, what: str) -> str:
    if not text.strip():
        raise ReplyError(f"the item has no {what}")
    return text.strip()

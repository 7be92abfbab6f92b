"""For every check of every stage, data that is wrong in the way it looks for, and in no other that matters to it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from vr_assets.records.image import Grounded, Instance
from vr_assets.records.row import Failure
from vr_assets.records.video import ChunkCaption, Event, HighlightChunk, McqItem, Option, QaVideo
from vr_assets.settings import Asset, Check, Mode, QaType, Status
from vr_assets_tests.steps.checks.batches import Rows, change, change_item, thing

CUT = "The van comes from the left and slows down at the crossing. Then it turns to the"
TOLD_BEFORE = "A van comes from the left, slows down at the crossing, waits for the lights and turns to the right."

Spoil = Callable[[Rows, Asset], None]


def _text(text: str) -> Spoil:
    """Every text of a stage."""

    def spoil(rows: Rows, asset: Asset) -> None:
        fields: Mapping[Asset, Callable[[int], Mapping[str, object]]] = {
            Asset.CAPTIONS: lambda _: {"global_caption": text},
            Asset.CHUNK_CAPTIONS: lambda _: {"chunk_captions": (_chunk(0.0, 20.0, text),)},
            Asset.HIGHLIGHTS: lambda _: {"highlight_chunk": _lit(text)},
            Asset.DESCRIPTIONS: lambda _: {"detailed_description": text},
            Asset.EXPRESSIONS: lambda _: {"cleaned_caption": text},
            Asset.VIDEO_CAPTIONS: lambda _: {"caption": text},
        }
        if asset is Asset.QA:
            change_item(rows, QaType.OPEN_QA, lambda _: {"answer": text})
        else:
            change(rows, asset, fields[asset])

    return spoil


def _chunk(start_s: float, end_s: float, caption: str = "A van comes in.") -> ChunkCaption:
    return ChunkCaption(chunk_index=0, timestamp_start=start_s, timestamp_end=end_s, caption=caption)


def _event(start_s: float, end_s: float) -> Event:
    return Event(start_s=start_s, end_s=end_s, text="A van goes on.")


def _lit(caption: str = "The van hits the kerb.", *, moment_s: float = 8.0) -> HighlightChunk:
    return HighlightChunk(anomaly_timestamp_sec=moment_s, timestamp_start=5.0, timestamp_end=11.0, caption=caption)


def _rows(**fields: object) -> Spoil:
    return lambda rows, asset: change(rows, asset, lambda _: fields)


def _items(qa_type: QaType, **fields: object) -> Spoil:
    return lambda rows, _: change_item(rows, qa_type, lambda _: fields)


def _lost(rows: Rows, asset: Asset) -> None:
    rows[asset].pop()


def _twice(rows: Rows, asset: Asset) -> None:
    name = "image_id" if "image_id" in type(rows[asset][0]).model_fields else "video_id"
    change(rows, asset, lambda _: {name: "the same"}, of=2)


def _unread(rows: Rows, asset: Asset) -> None:
    row = rows[asset][0]
    assert isinstance(row, QaVideo)
    failed = Failure(what=QaType.MCQ, reason="the answer names none of the options")
    change(rows, asset, lambda _: {"qa": row.qa[1:], "failures": (failed,)})


def _options(*texts: str, answer: str = "A") -> Spoil:
    options = tuple(Option(letter=letter, text=text) for letter, text in zip("ABCD", texts, strict=False))
    return _items(QaType.MCQ, options=options, answer=answer)


def _longest(rows: Rows, _: Asset) -> None:
    def longer(number: int) -> Mapping[str, object]:
        row = rows[Asset.QA][number]
        assert isinstance(row, QaVideo)
        item = row.qa[0].items[0]
        assert isinstance(item, McqItem)
        more = {item.answer: ", which is plain to see"}
        return {"options": tuple(Option(letter=one.letter, text=one.text + more.get(one.letter, "")) for one in item.options)}

    change_item(rows, QaType.MCQ, longer)


def _same_letter(rows: Rows, _: Asset) -> None:
    change_item(rows, QaType.MCQ, lambda _: {"answer": "C"})


def _same_item(rows: Rows, _: Asset) -> None:
    change_item(rows, QaType.OPEN_QA, lambda _: {"question": "What happens in the video?", "answer": TOLD_BEFORE})


def _same_question(rows: Rows, _: Asset) -> None:
    change_item(rows, QaType.OPEN_QA, lambda number: {"question": f"So what becomes of the {thing(number)}?"})


def _expressions(**update: object) -> Spoil:
    def spoil(rows: Rows, asset: Asset) -> None:
        def changed(number: int) -> Mapping[str, object]:
            told = getattr(rows[asset][number], "expressions")  # noqa: B009
            return {"expressions": tuple(one.model_copy(update=update) for one in told)}

        change(rows, asset, changed)

    return spoil


def _boxes(*boxes: tuple[float, float, float, float]) -> Spoil:
    return _expressions(instances=tuple(Instance(bbox_id=f"b{place}", bbox=box) for place, box in enumerate(boxes)))


SPOILED: Mapping[Check, Spoil] = {
    Check.FAILED_ROWS: _rows(status=Status.FAILED, reason="the file is damaged"),
    Check.MISSING_ROWS: _lost,
    Check.IDS_UNIQUE: _twice,
    Check.LEFT_OUT_SHARE: _rows(status=Status.FILTERED_OUT, reason="dark"),
    Check.UNLABELLED_SHARE: _rows(mode=Mode.UNKNOWN),
    Check.EMPTY_TEXTS: _text(" - "),
    Check.REFUSALS: _text("A van can be seen. I'm sorry, but I cannot view the video."),
    Check.TRUNCATED_TEXTS: _text(CUT),
    Check.REPEATED_TEXTS: _text(TOLD_BEFORE),
    Check.EVENT_TIMES: _rows(
        events=(Event(start_s=9.0, end_s=12.0, text="It is."), Event(start_s=0.0, end_s=9.0, text="It was."))
    ),
    Check.CHUNK_COVERAGE: _rows(chunk_captions=(_chunk(0.0, 8.0), _chunk(10.0, 20.0))),
    Check.HIGHLIGHT_TIMES: _rows(highlight_chunk=_lit(moment_s=15.0)),
    Check.HIGHLIGHT_AGREES: _rows(highlight_chunk=_lit("Somebody falls off a ladder.")),
    Check.DESCRIPTION_PARTS: _rows(detailed_description="A street.\n\nAt 00:08 a van hits the kerb."),
    Check.TIMES_INSIDE: _text("A street.\n\nAt 00:48 a van hits the kerb.\n\nIt was too fast."),
    Check.UNREAD_SHARE: _unread,
    Check.MCQ_OPTIONS: _options("It stops", "It turns", "It stops.", "It drives on"),
    Check.LETTER_BALANCE: _same_letter,
    Check.OPTION_LENGTHS: _longest,
    Check.YES_NO_BALANCE: lambda rows, _: _yes_only(rows),
    Check.CAPTIONS_CITED: _items(QaType.OPEN_QA, question="According to the captions, why does the van stand still?"),
    Check.REPEATED_QUESTIONS: _same_question,
    Check.REPEATED_ITEMS: _same_item,
    Check.REASONING_PRESENT: _items(QaType.OPEN_QA, reasoning=" "),
    Check.REASONING_LETTERS: _items(QaType.MCQ, reasoning="The van hits the kerb, so option B is wrong."),
    Check.TASK_FILE_COUNTS: _rows(items={"mcq": 3}),
    Check.SPANS_MATCH_TEXT: _expressions(char_span=(1, 5)),
    Check.BOXES_INSIDE: _boxes((0.0, 0.0, 101.0, 10.0)),
    Check.EXPRESSIONS_ACCOUNTED_FOR: _expressions(grounded=Grounded.UNANSWERED, instances=()),
    Check.NEAR_DUPLICATE_BOXES: _boxes((0.0, 0.0, 50.0, 50.0), (0.0, 0.0, 51.0, 50.0)),
    Check.UNGROUNDED_SHARE: _expressions(grounded=Grounded.ABSENT, instances=()),
}


def _yes_only(rows: Rows) -> None:
    def both_yes(number: int) -> Mapping[str, object]:
        row = rows[Asset.QA][number]
        assert isinstance(row, QaVideo)
        return {
            "qa": tuple(
                found.model_copy(update={"items": tuple(item.model_copy(update={"answer": "Yes"}) for item in found.items)})
                if found.qa_type is QaType.BCQ
                else found
                for found in row.qa
            )
        }

    change(rows, Asset.QA, both_yes)


def _edited(folder: Path) -> None:
    for file in folder.glob("*.json"):
        file.write_text(file.read_text().replace('"question"', '"questions"'))


OF_FILES: Mapping[Check, Callable[[Path], None]] = {Check.TASK_FILE_SCHEMA: _edited}
"""What is wrong with the task files in a folder, and in no row."""

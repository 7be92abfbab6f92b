"""QA rows as the qa stage leaves them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import JsonValue

from vr_assets.records.base import Span
from vr_assets.records.batch import Batch
from vr_assets.records.row import Provenance, VideoMedia
from vr_assets.records.video import McqItem, OpenItem, Option, QaItem, QaSet, QaVideo, SpanItem, YesNoItem
from vr_assets.settings import Mode, QaType, Status

REASONING = "The white van slows down first, so it is the one that yields."


def a_batch(source_root: Path | None) -> Batch:
    root = None if source_root is None else str(source_root)
    return Batch(name="cams", family="cams", source_root=root, created="2026-01-02T00:00:00+00:00")


def mcq(*, answer: str = "B", explanation: str = "It brakes at the line.") -> McqItem:
    texts = {"A": "The bus", "B": "The white van", "C": "The tram", "D": "Nobody"}
    options = tuple(Option(letter=letter, text=text) for letter, text in texts.items())
    return McqItem(question="Who yields?", options=options, answer=answer, explanation=explanation, reasoning=REASONING)


def yes() -> YesNoItem:
    return YesNoItem(question="Does the van stop?", answer="Yes", explanation="It stops at the line.", reasoning=REASONING)


def no() -> YesNoItem:
    return YesNoItem(question="Does the bus stop?", answer="No", explanation="It drives on.", reasoning=REASONING)


def open_item(question: str, *, answer: str = "The van waits.", reasoning: str = REASONING) -> OpenItem:
    return OpenItem(question=question, answer=answer, reasoning=reasoning)


def span_item(start_s: float, end_s: float) -> SpanItem:
    return SpanItem(question="When does the van wait?", span=Span(start_s=start_s, end_s=end_s), reasoning=REASONING)


def a_set(qa_type: QaType, *items: QaItem) -> QaSet:
    return QaSet(qa_type=qa_type, prompt_key=f"normal_{qa_type}", items=items, raw_reply="{}")


def eight_sets() -> tuple[QaSet, ...]:
    return (
        a_set(QaType.MCQ, mcq()),
        a_set(QaType.BCQ, yes(), no()),
        a_set(QaType.OPEN_QA, open_item("Why does the van wait?")),
        a_set(QaType.CAUSAL_LINKAGE, open_item("How do 00:03 and 00:07 hang together?")),
        a_set(QaType.TEMPORAL_LOCALIZATION, span_item(3.0, 7.0)),
        a_set(QaType.TEMPORAL_EVENT_DESC, open_item("What happens from 00:03 to 00:07?")),
        a_set(QaType.SCENE_DESCRIPTION, open_item("Describe the scene.")),
        a_set(QaType.EVENT_SUMMARY, open_item("Sum the events up.")),
    )


def a_media(path: Path, *, duration_s: float = 30.0, part: tuple[float, float] | None = None) -> VideoMedia:
    return VideoMedia(
        path=str(path),
        content="c" * 64,
        size_bytes=1,
        duration_s=duration_s if part is None else part[1] - part[0],
        fps=12.5,
        width_px=768,
        height_px=432,
        codec="h264",
        frame_count=375,
        part_start_s=None if part is None else part[0],
        part_end_s=None if part is None else part[1],
        offset_s=0.0 if part is None else part[0],
    )


def a_row(
    path: Path,
    sets: Sequence[QaSet] | None = None,
    *,
    duration_s: float = 30.0,
    part: tuple[float, float] | None = None,
    backend: str = "gemini",
    fields: dict[str, JsonValue] | None = None,
) -> QaVideo:
    media = a_media(path, duration_s=duration_s, part=part)
    suffix = "" if part is None else f"@{part[0]}-{part[1]}"
    return QaVideo(
        video_id=f"{path.name}{suffix}",
        video=str(path),
        status=Status.OK,
        provenance=tuple(made_by(QaType, backend)),
        fields=fields or {},
        mode=Mode.NORMAL,
        media=media,
        qa=eight_sets() if sets is None else tuple(sets),
    )


def made_by(qa_types: Iterable[QaType], backend: str) -> Iterable[Provenance]:
    for kind in qa_types:
        yield Provenance(
            task=kind,
            backend=backend,
            model=f"{backend}-model",
            domain="general",
            prompt=f"{kind}.normal",
            prompt_hash=f"hash-of-{kind}",
            keys=("k",),
        )

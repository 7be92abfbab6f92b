"""qa: questions, answers and the reasoning between them, one call a QA type."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Request
from vr_assets.records.row import Provenance
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    HighlightedVideo,
    QaSet,
    QaVideo,
)
from vr_assets.settings import Asset, QaType, Status, Task
from vr_assets.steps.evidence import captions_text, chunks_text, evidence, length, prompt_mode, stopped, whole
from vr_assets.steps.given import given
from vr_assets.steps.seen import Seen, gather
from vr_assets.steps.stage import Stage, failures, next_row, why

# The same prompt serves both modes.
WITHOUT_MODE = frozenset({QaType.SCENE_DESCRIPTION, QaType.EVENT_SUMMARY})


async def ask_questions(
    captions: Sequence[CaptionedVideo],
    chunks: Sequence[ChunkCaptionedVideo],
    highlights: Sequence[HighlightedVideo] | None,
    descriptions: Sequence[DescribedVideo] | None,
    stage: Stage,
) -> list[QaVideo]:
    """Every QA type of `qa.qa_types` for every video. A type that fails loses itself only."""
    seen = gather(captions, chunks, highlights, descriptions)
    return await stage.each(captions, QaVideo, lambda row: ask_about(stage, seen[id(row)]))


async def ask_about(stage: Stage, seen: Seen) -> QaVideo:
    row = seen.captioned
    blocked = stopped(seen, QaVideo)
    if blocked:
        return blocked
    media, _, subject = await whole(stage.media, row)
    values = {
        "duration": length(media),
        "captions": captions_text(row),
        "chunks": chunks_text(seen.chunked.chunk_captions),
        "description": seen.description,
        "timeline": given(row, media, stage.prompts).timeline_text(subject.span),
    }
    known = replace(
        evidence(media, subject, row, row),
        chunks=seen.chunked.chunk_captions,
        highlight=seen.highlight,
        moment_s=seen.highlight.anomaly_timestamp_sec if seen.highlight else None,
        description=seen.description,
    )

    def request(qa_type: QaType) -> Request:
        task = Task(qa_type)
        name = qa_type if qa_type in WITHOUT_MODE else f"{qa_type}.{prompt_mode(row.mode)}"
        return Request(task, stage.prompts.render(Asset.QA, name, values), known, subject, reply_schema=reply_schema(task))

    imported = _imported(stage, row)
    types = [qa_type for qa_type in stage.settings.qa.qa_types if qa_type not in imported]
    requests = [request(qa_type) for qa_type in types]
    outcomes = await batch.together(
        [
            partial(stage.llm.ask, one, partial(parse_qa, qa_type=qa_type, within=subject.span))
            for qa_type, one in zip(types, requests, strict=True)
        ]
    )
    failed = failures(types, outcomes)
    answered = [
        (qa_type, one, outcome)
        for qa_type, one, outcome in zip(types, requests, outcomes, strict=True)
        if not isinstance(outcome, Failed)
    ]
    sets = dict(imported)
    for qa_type, one, outcome in answered:
        key = qa_type if qa_type in WITHOUT_MODE else f"{prompt_mode(row.mode)}_{qa_type}"
        made = QaSet(qa_type=qa_type, prompt_key=key, items=outcome.value, raw_reply=outcome.answer.text)
        sets[qa_type] = made, stage.llm.provenance(one)
    if not sets:
        return next_row(QaVideo, row, status=Status.FAILED, reason=why(failed), failures=failed)
    in_order = [sets[qa_type] for qa_type in stage.settings.qa.qa_types if qa_type in sets]
    return next_row(
        QaVideo,
        row,
        status=Status.OK,
        failures=failed,
        provenance=tuple(source for _, source in in_order),
        qa=tuple(made for made, _ in in_order),
    )


def _imported(stage: Stage, row: CaptionedVideo) -> dict[QaType, tuple[QaSet, Provenance]]:
    """The QA types asked for that another system has asked about already."""
    found = stage.imported(QaVideo, row)
    sets = zip(found.qa, found.provenance, strict=True) if found else ()
    return {one.qa_type: (one, source) for one, source in sets if one.qa_type in stage.settings.qa.qa_types}

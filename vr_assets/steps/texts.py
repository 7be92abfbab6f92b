"""What a stage wrote about a video, as text for people."""

import html

from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ExpressedImage, Expression, GroundedImage
from vr_assets.records.row import Row
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    FilteredVideo,
    HighlightedVideo,
    McqItem,
    QaItem,
    QaVideo,
    SpanItem,
    TaskFilesVideo,
)


def row_text(row: Row) -> str:
    """What a stage wrote about a video, as text."""
    match row:
        case FilteredVideo():
            return f"{row.mode}: {row.mode_words}\n{row.validity_words}"
        case CaptionedVideo():
            return f"{row.global_caption}\n\n{row.dense_caption}"
        case ChunkCaptionedVideo():
            return "\n\n".join(
                f"[{chunk.timestamp_start:.1f} - {chunk.timestamp_end:.1f} s] {chunk.caption}" for chunk in row.chunk_captions
            )
        case HighlightedVideo() if row.highlight_chunk:
            return f"[at {row.highlight_chunk.anomaly_timestamp_sec:.1f} s] {row.highlight_chunk.caption}"
        case DescribedVideo():
            return row.detailed_description
        case QaVideo():
            return "\n\n".join(item_text(item) for found in row.qa for item in found.items)
        case CaptionedConversation():
            return f"{row.prompt}\n\n{row.caption}"
        case GroundedImage() | ExpressedImage():
            return "\n".join([row.cleaned_caption, *(f"- {_expression_text(one)}" for one in row.expressions)])
        case TaskFilesVideo():
            return "\n".join(f"{task}: {count}" for task, count in row.items.items())
        case _:
            return ""


def _expression_text(one: Expression) -> str:
    boxes = ", ".join(str([round(number) for number in box.bbox]) for box in one.instances)
    return f"{one.text}: {boxes or one.grounded.replace('_', ' ')}"


def item_text(item: QaItem) -> str:
    """A question with its answer and reasoning, as text."""
    options = "".join(f"\n{option.letter}) {option.text}" for option in item.options) if isinstance(item, McqItem) else ""
    answer = f"{item.span.start_s:.1f} - {item.span.end_s:.1f} s" if isinstance(item, SpanItem) else item.answer
    return f"Q: {item.question}{options}\nA: {answer}\nWhy: {item.reasoning}"


def plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    return "".join(f"\\{letter}" if letter in r"\`*_[]#|!" else letter for letter in html.escape(text, quote=False))

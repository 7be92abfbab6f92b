"""What takes the place of answers and facts that are not there yet: for counting what a run would ask, never for rows."""

import json
import math
from collections.abc import Mapping

from pydantic import JsonValue

from vr_assets.parsing.clock import format_clock
from vr_assets.records.call import Request
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.records.video import McqItem, SpanItem, YesNoItem
from vr_assets.settings import QaType, Task

BYTES_A_TOKEN = 4.0
"""Of English text, as Google's and OpenAI's own documentation has it."""

# Tokens of a usual answer without thinking, JSON included.
OUTPUT_TOKENS: Mapping[Task, int] = {
    Task.SCREENING: 90,
    Task.SUITABLE: 45,
    Task.ANOMALY_OR_NORMAL: 45,
    Task.GLOBAL_CAPTION: 220,
    Task.DENSE_CAPTION: 320,
    Task.CHUNK_CAPTION: 150,
    Task.MOMENT: 50,
    Task.CLIP_CAPTION: 180,
    Task.DESCRIPTION: 450,
    Task.MCQ: 220,
    Task.BCQ: 250,
    Task.OPEN_QA: 180,
    Task.CAUSAL_LINKAGE: 200,
    Task.TEMPORAL_LOCALIZATION: 120,
    Task.TEMPORAL_EVENT_DESC: 180,
    Task.SCENE_DESCRIPTION: 200,
    Task.EVENT_SUMMARY: 220,
    Task.EVENT_VERIFICATION: 120,
    Task.BLIND: 60,
    Task.SUPPORT: 70,
    Task.AGREEMENT: 80,
    Task.JUDGE: 50,
    Task.EXPRESSIONS: 160,
    Task.GROUNDINGS: 220,
    Task.VIDEO_CAPTION: 220,
}

_QA: frozenset[str] = frozenset(QaType)
_EVENTS = 4
_WORDS_AN_EXPRESSION = 4
_SENTENCE = "A person walks from the left to the right and stops beside a vehicle. "


LAST = frozenset({Task.GROUNDINGS, Task.VIDEO_CAPTION, *(Task(qa_type) for qa_type in QaType)})
"""Tasks whose answers no later prompt is made from, unless the items of QA are to be checked."""


def stand_in(request: Request, *, output_tokens: float) -> str:
    """A reply of a usual length that reads, to go on from. A video whose label is asked for is an anomaly: the most calls."""
    words = _words(output_tokens)
    span = request.evidence.span
    clock = [format_clock(span.duration_s * share / _EVENTS, tenths=True) for share in range(_EVENTS + 1)]
    reply: dict[str, JsonValue]
    match request.task:
        case Task.SCREENING:
            reply = {"suitable_reason": _SENTENCE, "suitable": "Yes", "verdict_reason": _SENTENCE, "verdict": "Anomaly"}
        case Task.SUITABLE:
            reply = {"reason": _SENTENCE, "suitable": "Yes"}
        case Task.ANOMALY_OR_NORMAL:
            reply = {"reason": _SENTENCE, "verdict": "Anomaly"}
        case Task.DENSE_CAPTION:
            text = _words(output_tokens / _EVENTS)
            reply = {"events": [{"start": clock[at], "end": clock[at + 1], "text": text} for at in range(_EVENTS)]}
        case Task.MOMENT:
            reply = {"reason": _SENTENCE, "timestamp": clock[_EVENTS // 2]}
        case Task.DESCRIPTION:
            text = _words(output_tokens / 3)
            reply = {"scene": text, "events": text, "analysis": text}
        case Task.BLIND | Task.AGREEMENT:
            reply = {"reason": _SENTENCE, "answer": _answer(request)}
        case Task.SUPPORT | Task.JUDGE:
            reply = {"reason": _SENTENCE, "verdict": "Yes"}
        case task if task in _QA:
            reply = _items(QaType(task), words, clock)
        case Task.EXPRESSIONS:
            caption = request.evidence.image_caption
            said = dict.fromkeys(caption.split())
            phrases: list[JsonValue] = [{"text": word, "noun_chunk": word} for word in list(said)[::_WORDS_AN_EXPRESSION]]
            reply = {"cleaned_caption": caption, "expressions": phrases}
        case _:
            reply = {"caption": words}
    return json.dumps(reply)


def _answer(request: Request) -> str:
    match item := request.evidence.item:
        case McqItem() | YesNoItem():
            return item.answer
        case SpanItem():
            return f"{format_clock(item.span.start_s, tenths=True)} - {format_clock(item.span.end_s, tenths=True)}"
        case _:
            # A judge is asked about each task's answer: they will hardly be the same.
            return f"{_SENTENCE}{request.task}"


def _items(qa_type: QaType, words: str, clock: list[str]) -> dict[str, JsonValue]:
    asked: dict[str, JsonValue] = {"question": f"{_SENTENCE.strip(' .')}?", "reasoning": words}
    yes: dict[str, JsonValue] = {**asked, "answer": "Yes", "explanation": _SENTENCE}
    match qa_type:
        case QaType.MCQ:
            options: list[JsonValue] = [{"letter": one, "text": f"It is number {place}."} for place, one in enumerate("ABCD")]
            return {**asked, "options": options, "answer": "A", "explanation": _SENTENCE}
        case QaType.BCQ:
            return {"items": [yes, {**yes, "question": f"Is it so? {asked['question']}", "answer": "No"}]}
        case QaType.EVENT_VERIFICATION:
            return yes
        case QaType.TEMPORAL_LOCALIZATION:
            return {**asked, "start": clock[1], "end": clock[2]}
        case _:
            return {**asked, "answer": words}


def expected_facts(media: VideoMedia, *, max_fps: float, keyframe_interval_s: float) -> VideoFacts:
    """What measuring a video is likely to find, by its header: a proxy that has its keyframes where they are wanted."""
    fps = min(media.fps, max_fps) if media.fps > 0 else max_fps
    return VideoFacts(
        offset_s=media.part_start_s or 0.0,
        duration_s=media.duration_s,
        fps=media.fps,
        source_frame_count=media.frame_count or 0,
        width_px=media.width_px,
        height_px=media.height_px,
        frame_times_s=_every(1 / fps, media.duration_s),
        keyframe_times_s=_every(keyframe_interval_s, media.duration_s),
        quality=None,
        signature="",
        source_size_bytes=media.size_bytes,
        proxy_size_bytes=0,
        proxy_width_px=media.width_px,
        proxy_height_px=media.height_px,
        damaged_packets=0,
    )


def _every(step_s: float, duration_s: float) -> tuple[float, ...]:
    count = max(1, math.ceil(duration_s / step_s - 1e-6))
    return tuple(round(number * step_s, 6) for number in range(count))


def _words(tokens: float) -> str:
    """Sentences that all differ: a caption that says the same again and again does not read."""
    size = max(len(_SENTENCE), round(tokens * BYTES_A_TOKEN))
    sentences = (_SENTENCE.replace("A person", f"Person {number}") for number in range(size // len(_SENTENCE) + 1))
    return "".join(sentences)[:size]

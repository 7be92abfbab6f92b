"""The step files of a run of the known system, in its layout, with texts of our own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from vr_assets.settings import QaType

Json = dict[str, JsonValue]

FILES = {
    "filter": "step_0_filter/filter_results.jsonl",
    "captions": "step_1a_caption/captions.jsonl",
    "chunks": "step_1b_chunks/chunk_captions.jsonl",
    "highlights": "step_1c_highlight/highlight_captions.jsonl",
    "descriptions": "step_2_description/descriptions.jsonl",
    "qa": "step_3_qa/qa_output.jsonl",
}
TOLD = "A red box slides over a grey floor from the left edge to the right edge."
_REASONING = "The box is at the left first. It keeps its speed. It is at the right edge last."

_MCQ = """Question: Which way does the box slide?
Options:
A) To the right
B) To the left
C) Upwards
D) It stands still
Answer: A
Explanation: It ends at the right edge."""
_BCQ = f"""Question: Does the box reach the right edge?
Answer: Yes
Explanation: It ends there.
Reasoning: {_REASONING}
---
Question: Does the box turn around?
Answer: No
Explanation: It keeps its way."""
_LOCALIZATION = "Question: When does the box move?\nStart: 00:00\nEnd: 00:01"

_REPLIES = {QaType.MCQ: _MCQ, QaType.BCQ: _BCQ, QaType.TEMPORAL_LOCALIZATION: _LOCALIZATION}
REPLIES: Mapping[QaType, str] = {
    kind: "\n".join(
        [
            _REPLIES.get(kind, f"Question: What does the box do, seen as {kind}?\nAnswer: It slides to the right."),
            f"Reasoning: {_REASONING}",
        ]
    )
    for kind in QaType
    if kind is not QaType.EVENT_VERIFICATION
}
"""What a model said to each QA type, of a video of at least a second."""


def step_lines(video: str, duration_s: float, *, mode: str = "anomaly") -> dict[str, list[Json]]:
    """All lines about one video, by the names of `FILES`."""
    known: Json = {"video": video, "video_length": duration_s, "mode": mode}
    end = f"00:{int(duration_s):02}"
    captions: Json = {
        **known,
        "global_caption": TOLD,
        "dense_caption": f"[00:00 - 00:01] The box starts to slide.\n[00:01 - {end}] It goes on to the right.",
    }
    spans = [(start_s, min(start_s + 5.0, duration_s)) for start_s in (0.0, 5.0) if start_s < duration_s]
    chunks: Json = {
        **captions,
        "chunk_captions": [
            {"chunk_index": index, "timestamp_start": start_s, "timestamp_end": end_s, "caption": f"Part {index}. {TOLD}"}
            for index, (start_s, end_s) in enumerate(spans)
        ],
    }
    moment_s = duration_s / 2
    highlight: Json = {
        "anomaly_timestamp_sec": moment_s,
        "timestamp_start": 0.0,
        "timestamp_end": duration_s,
        "caption": f"Closely seen. {TOLD}",
    }
    highlights: Json = {**chunks, "highlight_chunk": highlight if mode == "anomaly" else None}
    description: Json = {**highlights, "detailed_description": f"The scene: {TOLD}", "prompt_key": f"{mode}_description"}
    return {
        "filter": [{"video": video, "is_valid": True, "mode": mode}],
        "captions": [captions],
        "chunks": [chunks],
        "highlights": [highlights],
        "descriptions": [description],
        "qa": [{**description, "qa_output": reply, "prompt_key": _key(kind, mode)} for kind, reply in REPLIES.items()],
    }


def _key(kind: QaType, mode: str) -> str:
    return kind if kind in (QaType.SCENE_DESCRIPTION, QaType.EVENT_SUMMARY) else f"{mode}_{kind}"


def write_run(folder: Path, lines: Sequence[Mapping[str, Sequence[Json]]]) -> Path:
    """A results folder that holds these lines, a mapping a video."""
    for name, file in FILES.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(line)}\n" for of_video in lines for line in of_video.get(name, ())))
    return folder

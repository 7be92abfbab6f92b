"""The schema a model is held to, and the parser that reads what it then writes."""

import json
from collections.abc import Callable, Iterator

import pytest
from pydantic import JsonValue

from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.evidence import parse_open, parse_verdict
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.groundings import GroundingsReply
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.preflight import SeenReply
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.reply import read_reply
from vr_assets.parsing.schemas import reply_schema
from vr_assets.parsing.video_captions import parse_video_caption
from vr_assets.records.base import Span
from vr_assets.settings import QaType, Task

WITHIN = Span(start_s=0.0, end_s=30.0)
FIELDS = {
    Task.SUITABLE: ["reason", "suitable"],
    Task.ANOMALY_OR_NORMAL: ["reason", "verdict"],
    Task.SCREENING: ["suitable_reason", "suitable", "verdict_reason", "verdict"],
    Task.GLOBAL_CAPTION: ["caption"],
    Task.DENSE_CAPTION: ["events"],
    Task.CHUNK_CAPTION: ["caption"],
    Task.MOMENT: ["reason", "timestamp"],
    Task.CLIP_CAPTION: ["caption"],
    Task.DESCRIPTION: ["scene", "events", "analysis"],
    Task.MCQ: ["question", "options", "answer", "explanation", "reasoning"],
    Task.BCQ: ["items"],
    Task.OPEN_QA: ["question", "answer", "reasoning"],
    Task.CAUSAL_LINKAGE: ["question", "answer", "reasoning"],
    Task.TEMPORAL_EVENT_DESC: ["question", "answer", "reasoning"],
    Task.SCENE_DESCRIPTION: ["question", "answer", "reasoning"],
    Task.EVENT_SUMMARY: ["question", "answer", "reasoning"],
    Task.TEMPORAL_LOCALIZATION: ["question", "start", "end", "reasoning"],
    Task.EVENT_VERIFICATION: ["question", "answer", "explanation", "reasoning"],
    Task.BLIND: ["reason", "answer"],
    Task.SUPPORT: ["reason", "verdict"],
    Task.AGREEMENT: ["reason", "answer"],
    Task.JUDGE: ["reason", "verdict"],
    Task.EXPRESSIONS: ["cleaned_caption", "expressions"],
    Task.GROUNDINGS: ["boxes"],
    Task.VIDEO_CAPTION: ["caption"],
    Task.PREFLIGHT: ["colour", "shape", "direction", "digit"],
}


def nodes(schema: JsonValue) -> Iterator[dict[str, JsonValue]]:
    assert isinstance(schema, dict)
    yield schema
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    for part in [*properties.values(), *([schema["items"]] if "items" in schema else [])]:
        yield from nodes(part)


@pytest.mark.parametrize("task", list(Task))
def test_a_task_asks_for_its_fields_in_order(task: Task) -> None:
    schema = reply_schema(task)
    assert schema["type"] == "object"
    assert list(schema["properties"]) == FIELDS[task]  # type: ignore[arg-type]


@pytest.mark.parametrize("task", list(Task))
def test_a_schema_is_one_that_strict_modes_take(task: Task) -> None:
    for node in nodes(reply_schema(task)):
        assert node.keys() <= {"type", "description", "enum", "properties", "required", "additionalProperties", "items"}
        assert node["type"] in ("object", "array", "string", "number")
        if node["type"] == "object":
            properties = node["properties"]
            assert isinstance(properties, dict)
            assert node["required"] == list(properties)
            assert node["additionalProperties"] is False


@pytest.mark.parametrize(
    ("task", "field", "words"),
    [
        (Task.SUITABLE, "suitable", ["Yes", "No"]),
        (Task.ANOMALY_OR_NORMAL, "verdict", ["Anomaly", "Normal"]),
        (Task.EVENT_VERIFICATION, "answer", ["Yes", "No"]),
        (Task.SUPPORT, "verdict", ["Yes", "No"]),
        (Task.JUDGE, "verdict", ["Yes", "No"]),
    ],
)
def test_a_closed_set_is_closed_in_the_schema(task: Task, field: str, words: list[str]) -> None:
    properties = reply_schema(task)["properties"]
    assert isinstance(properties, dict)
    part = properties[field]
    assert isinstance(part, dict)
    assert part["enum"] == words


ITEM: dict[str, JsonValue] = {"question": "Does it stop?", "answer": "Yes", "explanation": "It stops.", "reasoning": "It brakes."}
REPLIES: dict[Task, JsonValue] = {
    Task.SUITABLE: {"reason": "A street.", "suitable": "Yes"},
    Task.ANOMALY_OR_NORMAL: {"reason": "Cars pass.", "verdict": "Normal"},
    Task.SCREENING: {"suitable_reason": "A street.", "suitable": "Yes", "verdict_reason": "Cars pass.", "verdict": "Normal"},
    Task.GLOBAL_CAPTION: {"caption": "Cars pass."},
    Task.DENSE_CAPTION: {"events": [{"start": "00:00", "end": "00:03", "text": "Cars pass."}]},
    Task.CHUNK_CAPTION: {"caption": "Cars pass."},
    Task.MOMENT: {"reason": "It stops.", "timestamp": "00:03.5"},
    Task.CLIP_CAPTION: {"caption": "Cars pass."},
    Task.DESCRIPTION: {"scene": "A street.", "events": "Cars pass.", "analysis": "Traffic flows."},
    Task.MCQ: {
        "question": "What stops?",
        "options": [{"letter": letter, "text": f"Car {letter * 2}"} for letter in "ABCD"],
        "answer": "B",
        "explanation": "It stops.",
        "reasoning": "It brakes.",
    },
    Task.BCQ: {"items": [ITEM, {**ITEM, "question": "Does it turn?", "answer": "No"}]},
    Task.TEMPORAL_LOCALIZATION: {"question": "When?", "start": "00:03", "end": "00:07", "reasoning": "It brakes."},
    Task.EVENT_VERIFICATION: ITEM,
    Task.BLIND: {"reason": "Vans mostly do.", "answer": "It stops."},
    Task.SUPPORT: {"reason": "It is told.", "verdict": "Yes"},
    Task.AGREEMENT: {"reason": "At 00:03 it stops.", "answer": "It stops."},
    Task.JUDGE: {"reason": "Both stop.", "verdict": "Yes"},
    Task.EXPRESSIONS: {"cleaned_caption": "A red car.", "expressions": [{"text": "A red car", "noun_chunk": "car"}]},
    Task.GROUNDINGS: {"boxes": [{"number": "1", "label": "A red car", "box_2d": [1.0, 2.0, 3.0, 4.0], "score": ""}]},
    Task.VIDEO_CAPTION: {"caption": "Cars pass."},
    Task.PREFLIGHT: {"colour": "green", "shape": "star", "direction": "left", "digit": "4"},
    **{
        task: {"question": "What?", "answer": "It stops.", "reasoning": "It brakes."}
        for task in (
            Task.OPEN_QA,
            Task.CAUSAL_LINKAGE,
            Task.TEMPORAL_EVENT_DESC,
            Task.SCENE_DESCRIPTION,
            Task.EVENT_SUMMARY,
        )
    },
}
PARSERS: dict[Task, Callable[[str], object]] = {
    Task.SUITABLE: parse_suitable,
    Task.ANOMALY_OR_NORMAL: parse_anomaly_or_normal,
    Task.SCREENING: parse_screening,
    Task.GLOBAL_CAPTION: parse_global_caption,
    Task.DENSE_CAPTION: lambda text: parse_dense_caption(text, within=WITHIN),
    Task.CHUNK_CAPTION: parse_chunk_caption,
    Task.MOMENT: lambda text: parse_moment(text, within=WITHIN),
    Task.CLIP_CAPTION: parse_clip_caption,
    Task.DESCRIPTION: parse_description,
    Task.BLIND: parse_open,
    Task.SUPPORT: parse_verdict,
    Task.AGREEMENT: parse_open,
    Task.JUDGE: parse_verdict,
    Task.EXPRESSIONS: parse_expressions,
    Task.GROUNDINGS: lambda text: read_reply(text, GroundingsReply),
    Task.VIDEO_CAPTION: parse_video_caption,
    Task.PREFLIGHT: lambda text: read_reply(text, SeenReply),
}


def keeps(value: JsonValue, schema: JsonValue) -> bool:
    """Whether a value keeps a schema of objects, arrays, numbers and strings."""
    assert isinstance(schema, dict)
    if isinstance(value, dict):
        properties = schema["properties"]
        assert isinstance(properties, dict)
        return list(value) == schema["required"] and all(keeps(part, properties[name]) for name, part in value.items())
    if isinstance(value, list):
        return schema["type"] == "array" and all(keeps(part, schema["items"]) for part in value)
    enum = schema.get("enum", [value])
    assert isinstance(enum, list)
    return schema["type"] == ("number" if isinstance(value, float) else "string") and value in enum


@pytest.mark.parametrize("task", list(Task))
def test_a_reply_that_keeps_the_schema_reads(task: Task) -> None:
    assert keeps(REPLIES[task], reply_schema(task))
    reply = json.dumps(REPLIES[task])
    if task in PARSERS:
        assert PARSERS[task](reply)
    else:
        assert parse_qa(reply, qa_type=QaType(task), within=WITHIN)


@pytest.mark.parametrize("task", list(Task))
def test_a_schema_is_the_callers_own(task: Task) -> None:
    changed = reply_schema(task)
    changed.clear()
    assert reply_schema(task)["type"] == "object"

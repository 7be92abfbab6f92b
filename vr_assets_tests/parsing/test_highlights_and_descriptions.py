"""The incident's moment, and the description in three parts."""

import json
from collections.abc import Callable

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.highlights import parse_moment
from vr_assets.records.base import Span
from vr_assets_tests.parsing.forms import JSONS, LAYOUTS, Fields

WITHIN = Span(start_s=0.0, end_s=30.4)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param('{"reason": "It hits the pole.", "timestamp": "00:12.5"}', id="json"),
        pytest.param('{"reason": "It hits the pole.", "timestamp": 12.5}', id="number"),
        pytest.param("REASON: It hits the pole.\nTIMESTAMP: 00:12.5", id="layout"),
        pytest.param("It hits the pole at the gate.\n**Timestamp:** 00:00:12.5", id="reason without a label"),
        pytest.param("TIMESTAMP: Chunk 3 (10-15 s): 12.5", id="other numbers"),
        pytest.param("Chunk 3 (10-15 s): 12.5", id="without labels"),
        pytest.param("12.5", id="bare"),
        pytest.param("TIMESTAMP: <00:12.5>", id="angle brackets"),
        pytest.param("The crash happens at 12.5 seconds.", id="sentence"),
        pytest.param(
            '{"reason": "I cannot see the video; chunk 3 (00:10 - 00:15) has the crash.", "timestamp": "00:12.5"}', id="text only"
        ),
    ],
)
def test_the_moment_reads(reply: str) -> None:
    assert parse_moment(reply, within=WITHIN) == 12.5


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param('{"reason": "x", "timestamp": "00:45"}', "outside", id="outside"),
        pytest.param('{"reason": "x", "timestamp": "N/A"}', "no time", id="none"),
        pytest.param('{"reason": "x", "timestamp": "00:10 - 00:15"}', "stretch", id="a stretch"),
        pytest.param('{"reason": "x"}', "timestamp is missing", id="missing"),
        pytest.param('{"reason": "No captions were provided.", "timestamp": "00:00"}', "refusal", id="made up"),
        pytest.param("Please provide the captions.", "refusal|no time", id="refusal"),
        pytest.param("The car enters at 00:05. The crash is at 00:12.", "several", id="several"),
    ],
)
def test_what_names_no_moment_is_rejected(reply: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        parse_moment(reply, within=WITHIN)


PARTS = {
    "scene": "A junction with a red car and a pole.",
    "events": "At 00:03 the car turns.\nAt 00:12 it hits the pole.",
    "analysis": "The car turns too fast and hits the pole.",
}
JOINED = "\n\n".join(PARTS.values())


@pytest.mark.parametrize("form", LAYOUTS, ids=lambda form: form.__name__)
def test_the_three_parts_read_however_they_are_headed(form: Callable[[Fields], str]) -> None:
    assert parse_description(form(PARTS)) == JOINED


@pytest.mark.parametrize("form", JSONS.values(), ids=JSONS)
def test_the_three_parts_read_from_json(form: Callable[[object], str]) -> None:
    assert parse_description(form(PARTS)) == JOINED


def test_the_parts_read_under_the_headings_models_write() -> None:
    reply = (
        f"## 1. Scene and Actors\n{PARTS['scene']}\n\n## 2. Timestamped Sequence of Events\n{PARTS['events']}\n\n"
        f"## 3. Incident Analysis\n{PARTS['analysis']}"
    )
    assert parse_description(reply) == JOINED


def test_a_line_inside_a_part_that_looks_like_a_label_stays_there() -> None:
    events = "- Activity: a man walks.\n- Incident: he falls at 00:12.\nSummary: he falls."
    assert events in parse_description(
        "\n".join(f"{name.upper()}: {part}" for name, part in (PARTS | {"events": events}).items())
    )


def test_a_list_of_events_is_text() -> None:
    assert parse_description(json.dumps(PARTS | {"events": PARTS["events"].split("\n")})) == JOINED


@pytest.mark.parametrize("missing", PARTS)
def test_a_description_without_one_of_its_parts_is_rejected(missing: str) -> None:
    with pytest.raises(ReplyError, match=missing):
        parse_description(json.dumps(PARTS | {missing: ""}))
    with pytest.raises(ReplyError, match=missing):
        parse_description("\n".join(f"{name.upper()}: {part}" for name, part in PARTS.items() if name != missing))


def test_a_description_that_is_a_refusal_is_rejected() -> None:
    with pytest.raises(ReplyError, match="refusal"):
        parse_description(json.dumps(PARTS | {"analysis": "I cannot provide an analysis without the video."}))
    with pytest.raises(ReplyError, match="refusal"):
        parse_description("I'm sorry, but I can't help with that.")

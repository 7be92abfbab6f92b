"""What the shipped prompts ask for is what the parsers read, in both styles."""

import json
import re
from collections.abc import Callable

import pytest
from pydantic import JsonValue

from vr_assets.parsing.box_units import Units
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.evidence import parse_chosen, parse_open, parse_verdict, parse_when, parse_yes_no
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.groundings import parse_groundings
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.records.image import Expression
from vr_assets.settings import Asset, BoxConvention, QaType, Task
from vr_assets_tests.shipped_prompts import (
    EXEMPLIFIED,
    PROMPT_NAMES,
    every_domain,
    every_example,
    every_prompt,
    example,
    length_s,
    rendered,
    short_and_long,
)

MINUTE = Span(start_s=0.0, end_s=60.0)


def read(name: str, text: str, *, within: Span = MINUTE) -> object:
    """A reply as the step that sent the prompt would read it."""
    kind = name.partition(".")[0]
    if kind in set(QaType):
        return parse_qa(text, qa_type=QaType(kind), within=within)
    if kind == "dense":
        return parse_dense_caption(text, within=within)
    if kind == "moment":
        return parse_moment(text, within=within)
    if name.endswith(".span"):
        return parse_when(text, within=within)
    if name.endswith(".mcq"):
        return parse_chosen(text, options={"A": "It stops.", "B": "It turns."})
    readers: dict[str, Callable[[str], object]] = {
        "suitable": parse_suitable,
        "anomaly_or_normal": parse_anomaly_or_normal,
        "screening": parse_screening,
        "global": parse_global_caption,
        "chunk": parse_chunk_caption,
        "clip": parse_clip_caption,
        "description": parse_description,
        "blind": parse_yes_no if name.endswith("yes_no") else parse_open,
        "agreement": parse_yes_no if name.endswith("yes_no") else parse_open,
        "support": parse_verdict,
        "judge": parse_verdict,
    }
    return readers[kind](text)


@every_domain
@every_example
@short_and_long
def test_the_worked_example_reads_the_same_in_both_styles_within_its_video(
    domain: str, asset: Asset, name: str, times: dict[str, str]
) -> None:
    text = rendered(domain, asset, name, times=times)
    within = Span(start_s=0.0, end_s=length_s(domain, asset, name, times=times))
    assert read(name, example(text.schema_text), within=within) == read(name, example(text.layout_text), within=within)


ANSWERS = {
    "suitable": "Yes",
    "verdict": "Anomaly",
    "timestamp": "00:07.5",
    "caption": "A man in a red coat walks to the left and opens a door.",
}


# Of prompts whose reply has a field by the same name and another form.
OWN_ANSWERS = {"mcq": {"answer": "B"}, "yes_no": {"answer": "No"}, "span": {"answer": "00:03 - 00:07"}}
VERDICTS = {"support": {"verdict": "No"}, "judge": {"verdict": "Yes"}}

ABOUT_IMAGES = (Asset.EXPRESSIONS, Asset.GROUNDINGS)


@every_domain
@pytest.mark.parametrize(
    ("asset", "name"), [key for key in PROMPT_NAMES if key not in EXEMPLIFIED and key[0] not in ABOUT_IMAGES]
)
def test_a_reply_as_the_prompt_asks_for_it_reads_the_same_in_both_styles(domain: str, asset: Asset, name: str) -> None:
    text = rendered(domain, asset, name)
    fields = re.findall(r"^- `(\w+)` \(text\): ", text.schema_text, re.MULTILINE)
    labels = re.findall(r"^([A-Z ]+): ", text.layout_text.partition("## Reply")[2], re.MULTILINE)
    answers = ANSWERS | OWN_ANSWERS.get(name.partition(".")[2], {}) | VERDICTS.get(name, {})
    reply = {field: answers.get(field, f"A red crane turns in the {field.replace('_', ' ')} here.") for field in fields}
    laid_out = (
        "\n".join(f"{label}: {words}" for label, words in zip(labels, reply.values(), strict=True))
        if labels
        else reply["caption"]
    )
    assert read(name, json.dumps(reply)) == read(name, laid_out)


@every_domain
def test_expressions_as_the_prompt_asks_for_them_read_the_same_in_both_styles(domain: str) -> None:
    text = rendered(domain, Asset.EXPRESSIONS, "expressions")
    assert "the first expression | the thing itself in it with its article" in text.layout_text
    one = {"text": "A red crane by the gate", "noun_chunk": "A red crane"}
    reply = json.dumps({"cleaned_caption": "A red crane by the gate turns.", "expressions": [one]})
    laid_out = "CLEANED CAPTION: A red crane by the gate turns.\nEXPRESSIONS:\nA red crane by the gate | A red crane"
    assert parse_expressions(reply) == parse_expressions(laid_out)


@every_domain
def test_boxes_as_the_prompt_asks_for_them_read_the_same_in_both_styles(domain: str) -> None:
    text = rendered(domain, Asset.GROUNDINGS, "groundings")
    assert "number. expression | [box] | score" in text.layout_text
    units = Units(BoxConvention.THOUSAND_YXYX, (640, 480), (640, 480))
    asked = [Expression(expression_id="e1", text="A red crane", char_span=None)]
    box = {"number": "1", "label": "A red crane", "box_2d": [100, 200, 300, 400], "score": "0.9"}
    laid_out = "1. A red crane | [100, 200, 300, 400] | 0.9"
    of_schema = parse_groundings(json.dumps({"boxes": [box]}), expressions=asked, units=units, most=10)
    assert of_schema == parse_groundings(laid_out, expressions=asked, units=units, most=10)
    assert [instance.bbox for one in of_schema.expressions for instance in one.instances] == [(128.0, 48.0, 256.0, 144.0)]


TASKS = {
    "global": Task.GLOBAL_CAPTION,
    "dense": Task.DENSE_CAPTION,
    "chunk": Task.CHUNK_CAPTION,
    "clip": Task.CLIP_CAPTION,
}
"""The task of a prompt, where it is not the first part of the prompt's name."""


def properties(schema: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(schema, dict)
    found = schema.get("properties", {})
    assert isinstance(found, dict)
    return found


@every_domain
@every_prompt
def test_the_fields_asked_for_are_those_of_the_reply_schema(domain: str, asset: Asset, name: str) -> None:
    kind = name.partition(".")[0]
    text = rendered(domain, asset, name).schema_text
    schema = reply_schema(TASKS.get(kind) or Task(kind))
    asked = re.findall(r"^- `(\w+)` \((?:text|list of objects)\): ", text, re.MULTILINE)
    assert asked == list(properties(schema))
    inner = [
        part for field in properties(schema).values() if isinstance(field, dict) for part in properties(field.get("items", {}))
    ]
    assert re.findall(r"^  - `(\w+)` \((?:text|list of numbers)\): ", text, re.MULTILINE) == inner

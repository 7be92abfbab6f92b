"""What the shipped prompts ask for is what the parsers read, in both styles."""

import json
import re
from collections.abc import Callable

import pytest
from pydantic import JsonValue

from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.settings import Asset, QaType, Task
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
    readers: dict[str, Callable[[str], object]] = {
        "suitable": parse_suitable,
        "anomaly_or_normal": parse_anomaly_or_normal,
        "screening": parse_screening,
        "global": parse_global_caption,
        "chunk": parse_chunk_caption,
        "clip": parse_clip_caption,
        "description": parse_description,
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


@every_domain
@pytest.mark.parametrize(("asset", "name"), [key for key in PROMPT_NAMES if key not in EXEMPLIFIED])
def test_a_reply_as_the_prompt_asks_for_it_reads_the_same_in_both_styles(domain: str, asset: Asset, name: str) -> None:
    text = rendered(domain, asset, name)
    fields = re.findall(r"^- `(\w+)` \(text\): ", text.schema_text, re.MULTILINE)
    labels = re.findall(r"^([A-Z ]+): ", text.layout_text.partition("## Reply")[2], re.MULTILINE)
    reply = {field: ANSWERS.get(field, f"A red crane turns in the {field.replace('_', ' ')} here.") for field in fields}
    laid_out = (
        "\n".join(f"{label}: {words}" for label, words in zip(labels, reply.values(), strict=True))
        if labels
        else reply["caption"]
    )
    assert read(name, json.dumps(reply)) == read(name, laid_out)


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
    assert re.findall(r"^  - `(\w+)` \(text\): ", text, re.MULTILINE) == inner

"""What every prompt of every shipped domain is: in both styles, with all values and with those of left-out stages empty."""

import re
from pathlib import Path

import pytest

from vr_assets.errors import PromptError
from vr_assets.prompts import PROMPTS, Prompts
from vr_assets.settings import Asset, Graph
from vr_assets_tests.shipped_prompts import (
    DOMAINS,
    EXAMPLES,
    EXEMPLIFIED,
    HOURS,
    LONG,
    MAY_BE_EMPTY,
    PLACEHOLDER,
    READ_BY_PROGRAMS,
    SHIPPED,
    SHORT,
    WRITTEN_OUT,
    every_domain,
    every_example,
    every_prompt,
    every_qa_prompt,
    example,
    filled_in,
    load,
    rendered,
    reply,
)

ITEM = ("question", "answer", "reasoning")
YES_NO = ("question", "answer", "explanation", "reasoning")
FIELDS: dict[str, tuple[str, ...]] = {
    "suitable": ("reason", "suitable"),
    "anomaly_or_normal": ("reason", "verdict"),
    "screening": ("suitable_reason", "suitable", "verdict_reason", "verdict"),
    "global": ("caption",),
    "dense": ("events",),
    "chunk": ("caption",),
    "moment": ("reason", "timestamp"),
    "clip": ("caption",),
    "description": ("scene", "events", "analysis"),
    "mcq": ("question", "options", "answer", "explanation", "reasoning"),
    "bcq": ("items",),
    "open_qa": ITEM,
    "causal_linkage": ITEM,
    "temporal_event_desc": ITEM,
    "scene_description": ITEM,
    "event_summary": ITEM,
    "temporal_localization": ("question", "start", "end", "reasoning"),
    "event_verification": YES_NO,
    "blind": ("reason", "answer"),
    "agreement": ("reason", "answer"),
    "support": ("reason", "verdict"),
    "judge": ("reason", "verdict"),
    "expressions": ("cleaned_caption", "expressions"),
    "groundings": ("boxes",),
}
"""What a reply holds, by the first part of the prompt's name: the reply models' fields."""
PARTS: dict[str, tuple[str, ...]] = {
    "options": ("letter", "text"),
    "items": YES_NO,
    "events": ("start", "end", "text"),
    "expressions": ("text", "noun_chunk"),
    "boxes": ("number", "label", "box_2d", "score"),
}
FENCES = {
    "timeline": "timeline",
    "captions": "captions",
    "chunks": "chunk_captions",
    "description": "description",
    "global_caption": "account",
    "dense_caption": "timed_events",
    "highlight": "highlight",
    "caption": "caption",
    "expressions": "expressions",
    "question": "question",
    "options": "options",
    "answer": "answer",
    "other": "other_answer",
}


def test_the_shipped_domains_are_these() -> None:
    with pytest.raises(PromptError, match="there are: general, template, traffic, warehouse$"):
        Prompts.load("no such domain")


@every_domain
@every_prompt
def test_nothing_of_the_template_is_left(domain: str, asset: Asset, name: str) -> None:
    for times, empty in ((LONG, False), (LONG, True), (SHORT, False), (SHORT, True)):
        text = rendered(domain, asset, name, times=times, empty=empty)
        for style in (text.schema_text, text.layout_text):
            assert not re.search(r"\{\{|\}\}|\{%|%\}|\{#|#\}|<<|>>|None|Undefined", style)
            assert not re.search(r"\S- \w|[.)]## ", style), "two lines were glued together"
            assert not re.search(r"\n{3}| \n|  \w", style.partition("<example>")[0].replace("\n  -", ""))


@every_domain
@every_prompt
def test_every_value_that_is_given_reaches_the_model_in_both_styles(domain: str, asset: Asset, name: str) -> None:
    text = rendered(domain, asset, name)
    for value in set(PROMPTS[asset][name]) - ({"duration"} if name == "clip" else set()):
        for style in (text.schema_text, text.layout_text):
            said = f"A sentinel for {value}."
            shown = LONG.get(value) or (f"<{FENCES[value]}>\n{said}\n</{FENCES[value]}>" if value in FENCES else said)
            assert shown in style


@every_domain
@every_prompt
def test_a_stage_that_was_left_out_leaves_no_trace(domain: str, asset: Asset, name: str) -> None:
    text = rendered(domain, asset, name, empty=True)
    for value in MAY_BE_EMPTY.intersection(PROMPTS[asset][name]):
        for style in (text.schema_text, text.layout_text):
            assert f"<{FENCES.get(value)}>" not in style
            assert "labelled this one" not in style
            assert "outranks" not in style
            assert "highlight wins" not in style
            assert "the description holds" not in style
            assert "chunk_captions" not in style


@every_domain
@every_prompt
def test_the_schema_style_names_exactly_the_fields_of_the_reply(domain: str, asset: Asset, name: str) -> None:
    text = rendered(domain, asset, name).schema_text
    fields = FIELDS[name.partition(".")[0]]
    if name.startswith("description"):
        assert re.findall(r"^- `(\w+)` \(text\): .{20}", text, re.MULTILINE) == list(fields)
    else:
        assert re.findall(r"^- `(\w+)` \((?:text|list of objects)\): ", text, re.MULTILINE) == list(fields)
        wanted = [part for field in fields for part in PARTS.get(field, ())]
        assert re.findall(r"^  - `(\w+)` \((?:text|list of numbers)\): ", text, re.MULTILINE) == wanted
    assert text.count("## Reply") == 1
    assert "JSON object" in text


@every_domain
@every_prompt
def test_the_layout_style_shows_the_labels_and_asks_for_no_json(domain: str, asset: Asset, name: str) -> None:
    text = rendered(domain, asset, name).layout_text
    kind = name.partition(".")[0]
    asked = text.partition("## Reply")[2].partition("### Example")[0]
    labels = [field.upper().replace("_", " ") for field in (YES_NO if kind == "bcq" else FIELDS[kind])]
    if FIELDS[kind] == ("caption",):
        assert "nothing but the caption" in asked
        labels = []
    elif kind == "dense":
        assert "\n[start - end] text\n" in asked
        labels = []
    elif kind == "groundings":
        assert "\nnumber. expression | [box] | score\n" in asked
        labels = []
    assert re.findall(r"^([A-Z ]+):", asked, re.MULTILINE) == labels
    if (asset, name) in EXEMPLIFIED:
        assert re.findall(r"^([\w ]+):(?: |$)", example(text), re.MULTILINE) == labels * (2 if kind == "bcq" else 1)
    assert ("`---`" in asked) == (kind == "bcq")
    assert ("`A) text of the option`" in asked) == (kind == "mcq")
    assert "no JSON" in asked
    assert not re.search(r"`\w+` \(text\)|JSON object", text)


@every_domain
@every_example
def test_the_worked_example_has_exactly_the_fields_asked_for(domain: str, asset: Asset, name: str) -> None:
    shown = reply(domain, asset, name, times=LONG)
    assert tuple(shown) == FIELDS[name.partition(".")[0]]
    for field in PARTS.keys() & shown.keys():
        value = shown[field]
        assert isinstance(value, list)
        assert all(isinstance(part, dict) and tuple(part) == PARTS[field] for part in value)
    flat = [part for value in shown.values() for part in (value if isinstance(value, list) else [value])]
    words = [str(word) for part in flat for word in (part.values() if isinstance(part, dict) else [part])]
    laid_out = example(rendered(domain, asset, name).layout_text)
    assert all(word in laid_out for word in words)


@every_domain
@every_qa_prompt
def test_times_are_asked_for_and_shown_in_the_form_of_the_videos_length(domain: str, name: str) -> None:
    long, short = (rendered(domain, Asset.QA, name, times=times) for times in (LONG, SHORT))
    for style in (long.schema_text, long.layout_text):
        assert "`MM:SS`" in style
        assert not re.search(r"MM:SS\.f|\d\d:\d\d\.\d", style)
    for style in (short.schema_text, short.layout_text):
        assert "`MM:SS.f`" in style
        assert not re.search(r"\d\d:\d\d(?!\.\d)", style)
    assert "`HH:MM:SS`" in rendered(domain, Asset.QA, name, times=HOURS).schema_text


@every_domain
def test_the_two_questions_of_screening_are_the_single_ones_without_their_reply_parts(domain: str) -> None:
    screening = rendered(domain, Asset.FILTERED_VIDEOS, "screening").schema_text
    for name in ("suitable", "anomaly_or_normal"):
        single = rendered(domain, Asset.FILTERED_VIDEOS, name).schema_text
        assert single.partition("## Reply")[0].strip() in screening


def to_capture(domain: str, file: str) -> str:
    root = EXAMPLES if domain == "shelf" else SHIPPED
    lines = (root / domain / "_shared" / file).read_text().splitlines()
    return PLACEHOLDER.sub(r"\1", "\n".join(line for line in lines if line.startswith("- ")))


@pytest.mark.parametrize("domain", DOMAINS[1:])
def test_what_a_domain_must_capture_is_asked_of_every_caption_and_carried_into_the_description(domain: str) -> None:
    listed, incident = to_capture(domain, "capture.md"), to_capture(domain, "capture_incident.md")
    for asset, prompts in READ_BY_PROGRAMS.items():
        for name in prompts:
            text = rendered(domain, asset, name)
            for style in (text.schema_text, text.layout_text):
                asked = asset not in (Asset.FILTERED_VIDEOS, Asset.QA, Asset.EVIDENCE, *Graph.IMAGES.assets) and name != "moment"
                assert (listed in style) == asked, name
                told = asked and not name.endswith(".normal")
                assert (f"{incident}\n{listed}" in style) == told, name
                assert (incident in style) == told, name


@pytest.mark.parametrize("domain", WRITTEN_OUT)
def test_every_prompt_but_the_shared_ones_is_of_its_domain(domain: str) -> None:
    for asset, prompts in READ_BY_PROGRAMS.items():
        for name in prompts:
            ours, general = rendered(domain, asset, name), rendered("general", asset, name)
            if asset is Asset.EVIDENCE:
                assert ours.schema_text == general.schema_text, "what an answer rests on is the same in every domain"
                continue
            if asset in Graph.IMAGES.assets:
                assert ours.schema_text == general.schema_text, "a caption says what is to be found, whatever the domain"
                continue
            assert ours.schema_text != general.schema_text
            if (asset, name) in EXEMPLIFIED:
                assert example(ours.schema_text) != example(general.schema_text), name


def test_the_template_is_refused_while_a_placeholder_is_left_and_each_is_named_with_file_and_line() -> None:
    left = {
        (str(path), number, " ".join(found[0].split()))
        for path in (SHIPPED / "template").rglob("*/*.md")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for found in PLACEHOLDER.finditer(line)
    }
    with pytest.raises(PromptError) as caught:
        Prompts.load("template")
    named = re.findall(
        r"^  (.*?):(\d+): a placeholder is left, write your own words there: (.*)$", str(caught.value), re.MULTILINE
    )
    assert {(path, int(number), words) for path, number, words in named} == left
    assert len(named) == len(str(caught.value).splitlines()) - 1


def test_one_placeholder_left_is_one_too_many(tmp_path: Path) -> None:
    path = filled_in(tmp_path) / "template" / "_shared" / "incidents.md"
    path.write_text(path.read_text().replace("a second kind", "<<a second kind>>"))
    with pytest.raises(PromptError, match=r"1 to mend:\n  .*/template/_shared/incidents\.md:3: a placeholder is left"):
        Prompts.load("template", overlay=tmp_path)


def test_the_filled_in_template_is_a_domain_of_its_own() -> None:
    assert load("template").domain == "template"
    asked = rendered("template", Asset.FILTERED_VIDEOS, "suitable").schema_text
    assert "The subject must be your subject, seen by the kinds of camera that are yours." in asked

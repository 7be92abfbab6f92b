"""What the shipped `general` prompts say: in both styles, with all values and with those of left-out stages empty."""

import json
import re
from itertools import pairwise

import pytest

from vr_assets.prompts import PROMPTS, Prompts
from vr_assets.records.call import PromptText
from vr_assets.settings import Asset

PROMPT_NAMES = [(asset, name) for asset, prompts in PROMPTS.items() for name in prompts]
EXEMPLIFIED = [key for key in PROMPT_NAMES if key[0] is Asset.QA or key[1].startswith("dense")]
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
}
"""What a reply holds, by the first part of the prompt's name: the reply models' fields."""
PARTS: dict[str, tuple[str, ...]] = {"options": ("letter", "text"), "items": YES_NO, "events": ("start", "end", "text")}
MAY_BE_EMPTY = {"chunks", "description", "highlight", "global_caption", "dense_caption"}
FENCES = {
    "captions": "captions",
    "chunks": "chunk_captions",
    "description": "description",
    "global_caption": "account",
    "dense_caption": "timed_events",
    "highlight": "highlight",
}
LONG = {"duration": "00:42", "start": "00:10", "end": "00:15", "moment": "00:12.5"}
SHORT = {"duration": "00:08.4", "start": "00:02.0", "end": "00:07.0", "moment": "00:05.5"}


@pytest.fixture(scope="module")
def general() -> Prompts:
    return Prompts.load("general")


def rendered(general: Prompts, asset: Asset, name: str, *, times: dict[str, str] = LONG, empty: bool = False) -> PromptText:
    given = {value: times.get(value, f"A sentinel for {value}.") for value in PROMPTS[asset][name]}
    return general.render(asset, name, {value: "" if empty and value in MAY_BE_EMPTY else text for value, text in given.items()})


def example(text: str) -> str:
    found = re.findall(r"<example>\n(.*?)\n</example>", text, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


every_prompt = pytest.mark.parametrize(("asset", "name"), PROMPT_NAMES, ids=[f"{asset}-{name}" for asset, name in PROMPT_NAMES])
every_qa_prompt = pytest.mark.parametrize("name", list(PROMPTS[Asset.QA]))


@every_prompt
@pytest.mark.parametrize("empty", [False, True], ids=["all values", "stages left out"])
@pytest.mark.parametrize("times", [LONG, SHORT], ids=["long", "short"])
def test_nothing_of_the_template_is_left(general: Prompts, asset: Asset, name: str, empty: bool, times: dict[str, str]) -> None:
    text = rendered(general, asset, name, times=times, empty=empty)
    for style in (text.schema_text, text.layout_text):
        assert not re.search(r"\{\{|\}\}|\{%|%\}|\{#|#\}|<<|>>|None|Undefined", style)
        assert not re.search(r"\S- [A-Z]|[.)]## ", style), "two lines were glued together"
        assert not re.search(r"\n{3}| \n", style)


@every_prompt
def test_every_value_that_is_given_reaches_the_model_in_both_styles(general: Prompts, asset: Asset, name: str) -> None:
    text = rendered(general, asset, name)
    for value in set(PROMPTS[asset][name]) - ({"duration"} if name == "clip" else set()):
        for style in (text.schema_text, text.layout_text):
            shown = LONG.get(value) or f"<{FENCES[value]}>\nA sentinel for {value}.\n</{FENCES[value]}>"
            assert shown in style


@every_prompt
def test_a_stage_that_was_left_out_leaves_no_trace(general: Prompts, asset: Asset, name: str) -> None:
    text = rendered(general, asset, name, empty=True)
    for value in MAY_BE_EMPTY.intersection(PROMPTS[asset][name]):
        for style in (text.schema_text, text.layout_text):
            assert f"<{FENCES[value]}>" not in style
            assert "highlight wins" not in style
            assert "the description holds" not in style
            assert "chunk_captions" not in style


@every_prompt
def test_the_schema_style_names_exactly_the_fields_of_the_reply(general: Prompts, asset: Asset, name: str) -> None:
    text = rendered(general, asset, name).schema_text
    fields = FIELDS[name.partition(".")[0]]
    if name.startswith("description"):
        assert re.findall(r"^- `(\w+)` \(text\): .{20}", text, re.MULTILINE) == list(fields)
    else:
        assert re.findall(r"^- `(\w+)` \((?:text|list of objects)\): ", text, re.MULTILINE) == list(fields)
        wanted = [part for field in fields for part in PARTS.get(field, ())]
        assert re.findall(r"^  - `(\w+)` \(text\): ", text, re.MULTILINE) == wanted
    assert text.count("## Reply") == 1
    assert "JSON object" in text


@every_prompt
def test_the_layout_style_shows_the_labels_and_asks_for_no_json(general: Prompts, asset: Asset, name: str) -> None:
    text = rendered(general, asset, name).layout_text
    kind = name.partition(".")[0]
    reply = text.partition("## Reply")[2].partition("### Example")[0]
    labels = [field.upper().replace("_", " ") for field in (YES_NO if kind == "bcq" else FIELDS[kind])]
    if FIELDS[kind] == ("caption",):
        assert "nothing but the caption" in reply
        labels = []
    elif kind == "dense":
        assert "\n[start - end] text\n" in reply
        labels = []
    assert re.findall(r"^([A-Z ]+):", reply, re.MULTILINE) == labels
    if (asset, name) in EXEMPLIFIED:
        assert re.findall(r"^([\w ]+):(?: |$)", example(text), re.MULTILINE) == labels * (2 if kind == "bcq" else 1)
    assert ("`---`" in reply) == (kind == "bcq")
    assert ("`A) text of the option`" in reply) == (kind == "mcq")
    assert "no JSON" in reply
    assert not re.search(r"`\w+` \(text\)|JSON object", text)


@pytest.mark.parametrize(("asset", "name"), EXEMPLIFIED)
def test_the_worked_example_has_exactly_the_fields_asked_for(general: Prompts, asset: Asset, name: str) -> None:
    text = rendered(general, asset, name)
    reply = json.loads(example(text.schema_text))
    assert tuple(reply) == FIELDS[name.partition(".")[0]]
    for field, value in reply.items():
        for part in value if field in PARTS else []:
            assert tuple(part) == PARTS[field]
    flat = [part for value in reply.values() for part in (value if isinstance(value, list) else [value])]
    words = [word for part in flat for word in (part.values() if isinstance(part, dict) else [part])]
    assert all(word in example(text.layout_text) for word in words)


@every_qa_prompt
def test_times_are_asked_for_and_shown_in_the_form_of_the_videos_length(general: Prompts, name: str) -> None:
    long, short = (rendered(general, Asset.QA, name, times=times) for times in (LONG, SHORT))
    for style in (long.schema_text, long.layout_text):
        assert "`MM:SS`" in style
        assert not re.search(r"MM:SS\.f|\d\d:\d\d\.\d", style)
    for style in (short.schema_text, short.layout_text):
        assert "`MM:SS.f`" in style
        assert not re.search(r"\d\d:\d\d(?!\.\d)", style)
    hours = rendered(general, Asset.QA, name, times={"duration": "01:02:03"})
    assert "`HH:MM:SS`" in hours.schema_text


def seconds(clock: str) -> float:
    minutes, rest = clock.split(":")
    return int(minutes) * 60 + float(rest)


@every_qa_prompt
@pytest.mark.parametrize("times", [LONG, SHORT], ids=["long", "short"])
def test_an_example_obeys_the_rules_of_its_prompt(general: Prompts, name: str, times: dict[str, str]) -> None:
    text = rendered(general, Asset.QA, name, times=times).schema_text
    reply = json.loads(example(text))
    about = text.partition("### Example")[2].partition("<example>")[0]
    length = re.search(r"video, (\d\d:\d\d(?:\.\d)?) long", about)
    assert length
    for item in reply.get("items", [reply]):
        assert item["question"].endswith("?")
        assert item["reasoning"].count(". ") >= 1
        for words in (item["question"], item["reasoning"], item.get("explanation", ""), str(item.get("answer"))):
            assert not re.search(r"caption|descri(?!be)|evidence|\bnotes?\b|chunk|frame|\bclip\b", words, re.IGNORECASE)
            shown = re.findall(r"\d\d:\d\d(?:\.\d)?", words)
            assert all(clock in about for clock in shown), "a time that the example's video does not have"
            assert all(seconds(clock) <= seconds(length[1]) for clock in shown)
        assert not re.search(r"yes or no|answer|choose|select|MM:SS|start and end|json", item["question"], re.IGNORECASE)
        if "explanation" in item and "options" not in item:
            assert item["answer"] in ("Yes", "No")
            assert item["reasoning"].endswith(f"so the answer is {item['answer']}.") or item["reasoning"].endswith(
                f"So the answer is {item['answer']}."
            )


@pytest.mark.parametrize("mode", ["anomaly", "normal"])
def test_the_options_of_an_example_are_parallel_and_named_by_what_they_say(general: Prompts, mode: str) -> None:
    reply = json.loads(example(rendered(general, Asset.QA, f"mcq.{mode}").schema_text))
    options = {option["letter"]: option["text"] for option in reply["options"]}
    assert list(options) == list("ABCD")
    assert len(set(options.values())) == 4
    lengths = [len(text) for text in options.values()]
    assert max(lengths) <= 1.35 * min(lengths)
    right = options[reply["answer"]].lower().split(" ", 1)[1]
    assert right in reply["reasoning"].lower()
    for words in (reply["reasoning"], reply["explanation"]):
        assert not re.search(r"\b[BCD]\b|\b[Oo]ption|\bA\)", words)


@pytest.mark.parametrize("mode", ["anomaly", "normal"])
def test_the_yes_no_example_has_one_of_each(general: Prompts, mode: str) -> None:
    reply = json.loads(example(rendered(general, Asset.QA, f"bcq.{mode}").schema_text))
    assert sorted(item["answer"] for item in reply["items"]) == ["No", "Yes"]
    assert example(rendered(general, Asset.QA, f"bcq.{mode}").layout_text).count("\n---\n") == 1


@pytest.mark.parametrize("mode", ["anomaly", "normal"])
@pytest.mark.parametrize("times", [LONG, SHORT], ids=["long", "short"])
def test_examples_about_time_have_their_times_in_order(general: Prompts, mode: str, times: dict[str, str]) -> None:
    def shown(kind: str) -> dict[str, str]:
        reply = json.loads(example(rendered(general, Asset.QA, f"{kind}.{mode}", times=times).schema_text))
        assert isinstance(reply, dict)
        return reply

    for kind in ("causal_linkage", "temporal_event_desc"):
        first, second = re.findall(r"\d\d:\d\d(?:\.\d)?", shown(kind)["question"])
        assert seconds(first) < seconds(second)
    located = shown("temporal_localization")
    assert not re.search(r"\d", located["question"])
    assert seconds(located["start"]) < seconds(located["end"])
    events = json.loads(example(rendered(general, Asset.CAPTIONS, f"dense.{mode}", times=times).schema_text))["events"]
    assert seconds(events[0]["start"]) == 0
    for event, after in pairwise(events):
        assert seconds(event["start"]) < seconds(event["end"]) == seconds(after["start"])


def test_the_two_questions_of_screening_are_the_single_ones_without_their_reply_parts(general: Prompts) -> None:
    screening = general.render(Asset.FILTERED_VIDEOS, "screening", {}).schema_text
    for name in ("suitable", "anomaly_or_normal"):
        single = general.render(Asset.FILTERED_VIDEOS, name, {}).schema_text
        assert single.partition("## Reply")[0].strip() in screening

"""The worked example in a prompt obeys the rules of that prompt, in every shipped domain: models copy what they are shown."""

import re
from collections.abc import Iterator
from itertools import pairwise

from pydantic import JsonValue

from vr_assets.settings import Asset
from vr_assets_tests.shipped_prompts import (
    both_modes,
    clocks,
    every_domain,
    every_qa_prompt,
    length_s,
    rendered,
    reply,
    setting,
    short_and_long,
)

SENTENCES = {
    "open_qa": (1, 4),
    "causal_linkage": (1, 4),
    "temporal_event_desc": (2, 5),
    "scene_description": (3, 7),
    "event_summary": (3, 7),
}
"""Fewest and most sentences of the answer, as each prompt asks for."""
GIVES_AWAY = re.compile(r"\b(?:really|any|ever|not?|never|none|nobody|nothing|without|fail\w*)\b|n't\b", re.IGNORECASE)


def items(domain: str, name: str, times: dict[str, str] | None = None) -> Iterator[dict[str, JsonValue]]:
    shown = reply(domain, Asset.QA, name, **({"times": times} if times else {}))
    listed = shown.get("items", [shown])
    assert isinstance(listed, list)
    for item in listed:
        assert isinstance(item, dict)
        yield item


def sentences(text: str) -> list[str]:
    return re.findall(r"\S.*?[.!?](?=\s|$)", text, re.DOTALL)


@every_domain
@every_qa_prompt
def test_a_question_is_one_sentence_about_the_video_and_says_nothing_of_its_form(domain: str, name: str) -> None:
    for item in items(domain, name):
        question = str(item["question"])
        assert question.endswith("?")
        assert len(sentences(question)) == 1
        assert not re.search(r"yes or no|answer|choose|select|option|MM:SS|start and end|json", question, re.IGNORECASE)


@every_domain
@every_qa_prompt
def test_an_example_speaks_of_the_video_and_not_of_what_was_written_about_it(domain: str, name: str) -> None:
    for item in items(domain, name):
        for words in (str(item["question"]), str(item["reasoning"]), str(item.get("explanation")), str(item.get("answer"))):
            cited = r"caption|descri(?!be)|transcript|footage|recording|evidence|\bnotes?\b|chunk|frame|\bclip\b"
            assert not re.search(cited, words, re.IGNORECASE)


@every_domain
@every_qa_prompt
@short_and_long
def test_an_example_names_only_times_that_its_video_has(domain: str, name: str, times: dict[str, str]) -> None:
    known = clocks(setting(rendered(domain, Asset.QA, name, times=times).schema_text))
    for item in items(domain, name, times):
        shown = clocks(" ".join(map(str, item.values())))
        assert set(shown) <= set(known)
        assert max(shown, default=0) <= length_s(domain, Asset.QA, name, times=times) == known[0]


@every_domain
@every_qa_prompt
def test_the_reasoning_of_an_example_goes_in_order_of_time_and_ends_on_the_answer(domain: str, name: str) -> None:
    for item in items(domain, name):
        told = sentences(str(item["reasoning"]))
        assert 2 <= len(told) <= 6
        way = clocks(" ".join(told[:-1]))
        assert way == sorted(way)
        if "explanation" in item and "options" not in item:
            assert item["answer"] in ("Yes", "No")
            assert re.search(rf"\b[Ss]o the answer is {item['answer']}\.$", told[-1])


@every_domain
@every_qa_prompt
def test_an_answer_and_an_explanation_are_as_long_as_their_prompt_asks(domain: str, name: str) -> None:
    for item in items(domain, name):
        if "explanation" in item:
            explanation = str(item["explanation"])
            assert len(sentences(explanation)) == 1
            assert not re.match(r"Yes|No\b", explanation)
        if (kind := name.partition(".")[0]) in SENTENCES:
            fewest, most = SENTENCES[kind]
            assert fewest <= len(sentences(str(item["answer"]))) <= most


@every_domain
@both_modes
def test_the_options_of_an_example_are_parallel_and_named_by_what_they_say(domain: str, mode: str) -> None:
    (item,) = items(domain, f"mcq.{mode}")
    assert isinstance(item["options"], list)
    options = {str(option["letter"]): str(option["text"]) for option in item["options"] if isinstance(option, dict)}
    assert list(options) == list("ABCD")
    texts = [text.lower() for text in options.values()]
    assert not any(one in other for one in texts for other in texts if one is not other), "one option includes another"
    assert max(map(len, texts)) <= 1.35 * min(map(len, texts))
    assert all(re.match(r"[A-Z].*[^.]$", text) for text in options.values())
    assert not any(re.search(r"\b(?:all|none|both) of\b", text) for text in texts)
    right = options[str(item["answer"])].lower()
    assert right.split(" ", 1)[1] in str(sentences(str(item["reasoning"]))[-1]).lower()
    for words in (str(item["reasoning"]), str(item["explanation"])):
        assert not re.search(r"\b[BCD]\b|\b[Oo]ption|\bA\)", words)


@every_domain
@both_modes
def test_the_yes_no_example_has_one_of_each_and_neither_gives_itself_away(domain: str, mode: str) -> None:
    one, other = items(domain, f"bcq.{mode}")
    assert sorted([str(one["answer"]), str(other["answer"])]) == ["No", "Yes"]
    questions = sorted((str(one["question"]), str(other["question"])), key=len)
    assert len(questions[1]) <= 1.35 * len(questions[0])
    assert not any(GIVES_AWAY.search(question) for question in questions)


@every_domain
def test_the_two_modes_show_different_right_answers(domain: str) -> None:
    for kind in ("mcq", "event_verification"):
        shown = [item["answer"] for mode in ("anomaly", "normal") for item in items(domain, f"{kind}.{mode}")]
        assert len(set(shown)) == 2, f"a model that copies {kind} would always say {shown[0]}"
    for mode in ("anomaly", "normal"):
        (item,) = items(domain, f"event_verification.{mode}")
        assert not GIVES_AWAY.search(str(item["question"]))


@every_domain
@both_modes
@short_and_long
def test_a_question_about_a_stretch_names_both_times_and_one_about_when_names_none(
    domain: str, mode: str, times: dict[str, str]
) -> None:
    for kind in ("causal_linkage", "temporal_event_desc"):
        (item,) = items(domain, f"{kind}.{mode}", times)
        first, second = clocks(str(item["question"]))
        assert first < second
    (linked,) = items(domain, f"causal_linkage.{mode}", times)
    assert set(clocks(str(linked["question"]))) <= set(clocks(str(linked["answer"])))
    (located,) = items(domain, f"temporal_localization.{mode}", times)
    assert not re.search(r"\d", str(located["question"]))
    start, end = clocks(f"{located['start']} {located['end']}")
    assert 0 < end - start < length_s(domain, Asset.QA, f"temporal_localization.{mode}", times=times)
    assert {start, end} <= set(clocks(str(located["reasoning"])))


@every_domain
@both_modes
@short_and_long
def test_the_events_of_an_example_cover_its_video_without_a_gap(domain: str, mode: str, times: dict[str, str]) -> None:
    listed = reply(domain, Asset.CAPTIONS, f"dense.{mode}", times=times)["events"]
    assert isinstance(listed, list)
    events = [event for event in listed if isinstance(event, dict)]
    spans = [clocks(f"{event['start']} {event['end']}") for event in events]
    assert spans[0][0] == 0
    assert spans[-1][1] == length_s(domain, Asset.CAPTIONS, f"dense.{mode}", times=times)
    assert all(start < end for start, end in spans)
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    for event in events:
        assert 1 <= len(sentences(str(event["text"]))) <= 2
        assert not clocks(str(event["text"]))

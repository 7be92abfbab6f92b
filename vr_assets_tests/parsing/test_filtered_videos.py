"""The two filter questions: a label is read or there is none."""

import json

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.settings import Mode


@pytest.mark.parametrize(
    ("reply", "is_valid", "words"),
    [
        pytest.param('{"reason": "A street.", "suitable": "Yes"}', True, "A street.", id="json"),
        pytest.param('{"reason": "A street.", "suitable": true}', True, "A street.", id="boolean"),
        pytest.param("REASON: Black.\nSUITABLE: No", False, "Black.", id="layout"),
        pytest.param("SUITABLE: **Yes**\nREASON: A street.", True, "A street.", id="other order"),
        pytest.param("**Suitable:** Yes, it is a street.\n**Reason:** A street.", True, "A street.", id="bold"),
        pytest.param("A street at night.\n\nSuitable: Yes", True, "A street at night.", id="reason without a label"),
        pytest.param("No.\nReason: Black.", False, "Black.", id="verdict without a label"),
        pytest.param("Answer: not suitable\nReason: Black.", False, "Black.", id="in other words"),
        pytest.param("Yes", True, "Yes", id="one word"),
        pytest.param("Yes, the video shows a street.", True, "Yes, the video shows a street.", id="one sentence"),
        pytest.param('{"reason": "", "suitable": "No"}', False, "No", id="no reason"),
        pytest.param(
            "<think>Is it? Suitable: No.</think>REASON: A street.\nSUITABLE: Yes", True, "A street.", id="after thinking"
        ),
    ],
)
def test_24_suitability_reads(reply: str, is_valid: bool, words: str) -> None:
    screening = parse_suitable(reply)
    assert (screening.is_valid, screening.validity_words) == (is_valid, words)
    assert screening.mode is None


@pytest.mark.parametrize(
    "verdict", ["Unclear", "N/A", "Not visible", "Cannot be determined", "Maybe", "Yes/No", "", "Partially suitable"]
)
def test_25_an_unclear_suitability_is_no_label(verdict: str) -> None:
    with pytest.raises(ReplyError):
        parse_suitable(json.dumps({"reason": "It is dark.", "suitable": verdict}))
    with pytest.raises(ReplyError):
        parse_suitable(f"REASON: It is dark.\nSUITABLE: {verdict}")


@pytest.mark.parametrize(
    ("reply", "mode", "words"),
    [
        pytest.param('{"reason": "A car hits a pole.", "verdict": "Anomaly"}', Mode.ANOMALY, "A car hits a pole.", id="json"),
        pytest.param("REASON: A car hits a pole.\nVERDICT: **Anomaly**", Mode.ANOMALY, "A car hits a pole.", id="bold"),
        pytest.param("REASON: Cars pass.\nVERDICT: no anomaly", Mode.NORMAL, "Cars pass.", id="negated"),
        pytest.param("Cars pass.\n\n**Classification:** Normal", Mode.NORMAL, "Cars pass.", id="reason without a label"),
        pytest.param("Normal. Cars pass.", Mode.NORMAL, "Normal. Cars pass.", id="one sentence"),
        pytest.param(
            '{"reason": "No anomaly before 00:05; then a car hits a pole.", "verdict": "Anomaly"}',
            Mode.ANOMALY,
            "No anomaly before 00:05; then a car hits a pole.",
            id="the reason does not decide",
        ),
    ],
)
def test_24_the_verdict_reads(reply: str, mode: Mode, words: str) -> None:
    screening = parse_anomaly_or_normal(reply)
    assert (screening.mode, screening.mode_words) == (mode, words)
    assert screening.is_valid is None


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("Error: 503 upstream connect error", id="an error is not normal"),
        pytest.param("I'm sorry, I can't view videos.", id="nor is a refusal"),
        pytest.param('{"reason": "No video was provided.", "verdict": "Normal"}', id="nor a verdict on nothing"),
        pytest.param("The car hits a pole, which is an anomaly.", id="a verdict buried in prose"),
        pytest.param("REASON: A car.\nVERDICT: Anomaly\nVERDICT: Normal", id="both"),
        pytest.param("", id="nothing"),
    ],
)
def test_24_what_is_no_verdict_is_never_normal(reply: str) -> None:
    with pytest.raises(ReplyError):
        parse_anomaly_or_normal(reply)


BOTH = {"suitable_reason": "A street.", "suitable": "Yes", "verdict_reason": "A car hits a pole.", "verdict": "Anomaly"}


def test_both_questions_read_from_one_reply() -> None:
    screening = parse_screening(json.dumps(BOTH))
    assert (screening.is_valid, screening.validity_words) == (True, "A street.")
    assert (screening.mode, screening.mode_words) == (Mode.ANOMALY, "A car hits a pole.")


def test_without_a_reason_the_verdict_is_the_models_own_words() -> None:
    screening = parse_screening(json.dumps(BOTH | {"suitable_reason": "", "verdict_reason": ""}))
    assert (screening.validity_words, screening.mode_words) == ("Yes", "Anomaly")


def test_both_questions_read_from_a_layout() -> None:
    reply = "\n".join(f"{name.replace('_', ' ').upper()}: {value}" for name, value in BOTH.items())
    assert parse_screening(reply) == parse_screening(json.dumps(BOTH))


@pytest.mark.parametrize(
    ("field", "value"), [("suitable", "Unclear"), ("verdict", "Unclear"), ("verdict", "N/A"), ("suitable", "")]
)
def test_25_half_a_screening_is_none(field: str, value: str) -> None:
    with pytest.raises(ReplyError):
        parse_screening(json.dumps(BOTH | {field: value}))


def test_an_unsuitable_video_needs_no_verdict() -> None:
    screening = parse_screening(json.dumps(BOTH | {"suitable": "No", "verdict": "N/A"}))
    assert (screening.is_valid, screening.mode) == (False, None)
    with pytest.raises(ReplyError):
        parse_screening(json.dumps(BOTH | {"suitable": "No", "verdict": "Unclear"}))


@pytest.mark.parametrize("field", ["suitable_reason", "verdict_reason"])
def test_a_video_that_was_not_seen_has_no_labels(field: str) -> None:
    with pytest.raises(ReplyError, match="refusal"):
        parse_screening(json.dumps(BOTH | {field: "I'm unable to view the video.", "suitable": "No"}))

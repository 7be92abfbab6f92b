"""Replies that were cut, damaged or repeat themselves: rejected or read whole, and never anything but a ReplyError."""

import json
import random
import re
from pathlib import Path

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.lax_json import find_json
from vr_assets_tests.parsing.test_replies import CASES, read

# Of several values on end, the first few are whole as well.
JSON_CASES = [
    path
    for path in CASES
    if re.match(rb"(?:```json\s*)?[{\[]\s*[^\d\s]", path.read_bytes()) and len(find_json(path.read_bytes().decode())[0]) < 2
]
NAMES = [f"{path.parent.name}/{path.stem}" for path in JSON_CASES]
MARKUP = re.compile(r"<\|[^<>|]*\|>|</?(?:video|image)>", re.IGNORECASE)
DAMAGE = [
    "<video>", "<|image_pad|>", "**", "\n", "---", "QUESTION:", "Answer: ", "A)", "(B)", "{", "}", "[", "]", '"', ",", "：",
    "<think>", "</think>", "00:12", "99:99", "-5", "NaN", "null", "\\u0000", "\\ud83d", "\ud83d", "9" * 5000, "²", "٣", "\u00a0",
]  # fmt: skip


@pytest.mark.parametrize("path", JSON_CASES, ids=NAMES)
def test_16_a_json_reply_that_was_cut_anywhere_is_rejected(path: Path) -> None:
    text = path.read_bytes().decode()
    expected = json.loads(path.with_suffix(".json").read_text())
    end = max(text.rfind("}"), text.rfind("]"))
    for length in range(end):
        with pytest.raises(ReplyError):
            read(text[:length], expected)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_reply_is_a_reply_error_or_reads_clean(seed: int) -> None:
    chance = random.Random(seed)
    texts = [(path.read_bytes().decode(), json.loads(path.with_suffix(".json").read_text())) for path in CASES]
    for _ in range(250):
        text, expected = chance.choice(texts)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(DAMAGE) + text[at + chance.randrange(12) :]
        try:
            value = read(text, expected)
        except ReplyError as error:
            assert len(str(error)) < 600
            str(error).encode()
        else:
            written = json.dumps(value, ensure_ascii=False)
            written.encode()
            assert not MARKUP.search(written)


LOOPS = [
    "A ",
    "00:01 ",
    "00:01 - 00:02 ",
    "<video>",
    "`",
    "**",
    " ",
    "\n",
    "'a ",
    "QUESTION:\n",
    "sorry, but ",
    "option A, ",
    "1 ",
    "[[",
    "{",
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("loop", LOOPS, ids=repr)
def test_a_model_that_repeats_itself_for_pages_does_not_stop_the_reader(loop: str) -> None:
    said = loop * (24_000 // len(loop))
    fields = {"question": "Why?", "options": ["x", "y", "z", "w"], "answer": "A", "explanation": said, "reasoning": said}
    for text, task in (
        (said, "global_caption"),
        (f"[00:01 - 00:02] {said}", "dense_caption"),
        (said, "moment"),
        (json.dumps(fields), "mcq"),
        (f"QUESTION: Why?\nANSWER: {said}\nREASONING: {said}", "causal_linkage"),
    ):
        try:
            read(text, {"task": task, "within_s": [0.0, 30.0]})
        except ReplyError as error:
            assert len(str(error)) < 600

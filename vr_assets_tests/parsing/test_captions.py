"""Captions: the whole text, the timed events, and nothing that is neither."""

import json

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.highlights import parse_clip_caption
from vr_assets.records.base import Span

WITHIN = Span(start_s=0.0, end_s=12.4)
CAPTION = "A red car enters from the left. It stops at 00:05."


@pytest.mark.parametrize("parse", [parse_global_caption, parse_chunk_caption, parse_clip_caption])
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(CAPTION, id="bare"),
        pytest.param(json.dumps({"caption": CAPTION}), id="json"),
        pytest.param(f'```json\n{{"caption": "{CAPTION}"}}\n```', id="fenced json"),
        pytest.param(f'Here is the caption:\n{{"caption": "{CAPTION}"}}', id="json in prose"),
        pytest.param(json.dumps([{"caption": CAPTION}]), id="list of one"),
        pytest.param(json.dumps({"result": {"caption": CAPTION}}), id="wrapped"),
        pytest.param(f"CAPTION: {CAPTION}", id="label"),
        pytest.param(f"**Caption:** {CAPTION}", id="bold label"),
        pytest.param(f"### Video Caption\n\n{CAPTION}", id="heading"),
        pytest.param(f"Caption：{CAPTION}", id="full-width colon"),
        pytest.param(f'"{CAPTION}"', id="quoted"),
        pytest.param(f"“{CAPTION}”", id="quoted in print"),
        pytest.param(f"**{CAPTION}**", id="bold"),
        pytest.param(f"```\n{CAPTION}\n```", id="fenced"),
        pytest.param(f"Sure! Here is a caption for the video:\n\n{CAPTION}", id="courtesy before"),
        pytest.param(f"{CAPTION}\n\nLet me know if you need more.", id="courtesy after"),
        pytest.param(f"<think>CAPTION: no</think>\n{CAPTION}<|im_end|>", id="thinking and tokens"),
        pytest.param(f"<video>\n{CAPTION}", id="placeholder"),
    ],
)
def test_a_caption_reads_alone_labelled_or_in_json(parse: object, reply: str) -> None:
    assert callable(parse)
    assert parse(reply) == CAPTION


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("", id="empty"),
        pytest.param("CAPTION:", id="label"),
        pytest.param("**Caption**", id="bold label"),
        pytest.param("Scene and actors:", id="heading"),
        pytest.param("N/A", id="not applicable"),
        pytest.param("...", id="dots"),
        pytest.param("None.", id="none"),
        pytest.param("<caption>", id="placeholder"),
        pytest.param('{"caption": ""}', id="empty field"),
        pytest.param('{"caption": "N/A"}', id="field without words"),
        pytest.param('{"caption": null}', id="null"),
        pytest.param('{"caption": "A red car', id="cut json"),
        pytest.param('"caption": "A red car"}', id="headless json"),
        pytest.param("{}", id="empty object"),
        pytest.param('{"error": {"message": "overloaded"}}', id="an error object"),
        pytest.param('[{"label": "car", "box": [1, 2, 3, 4]}]', id="boxes"),
        pytest.param("<think>A red car", id="only thinking"),
        pytest.param('{"caption": "I\'m sorry, but I can\'t view videos."}', id="refusal in a field"),
    ],
)
def test_what_tells_nothing_is_no_caption(reply: str) -> None:
    with pytest.raises(ReplyError):
        parse_global_caption(reply)


@pytest.mark.parametrize(
    "caption",
    [
        "Description boards line the road. A man reads one.",
        'The screen shows {"id": 3} and a cursor.',
        "Normal traffic flows from left to right.",
        "[A sign] hangs above the door.",
        "Video walls cover the room: one shows a map.",
        "一辆红色汽车停下。",
        "A man stops.\n\nA woman turns.",
    ],
)
def test_a_caption_that_looks_like_something_else_stays_whole(caption: str) -> None:
    assert parse_global_caption(caption) == caption


EVENTS = [(0.0, 3.0, "A red car enters."), (3.0, 7.0, "It stops at the gate.")]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("[00:00 - 00:03] A red car enters.\n[00:03 - 00:07] It stops at the gate.", id="as asked"),
        pytest.param("EVENTS:\n[00:00 - 00:03] A red car enters.\n[00:03 - 00:07] It stops at the gate.", id="label"),
        pytest.param("[00:00-00:03]: A red car enters.\n\n[00:03-00:07]: It stops at the gate.", id="colon and blank line"),
        pytest.param("00:00-00:03: A red car enters.\n00:03-00:07: It stops at the gate.", id="without brackets"),
        pytest.param("**00:00 – 00:03**: A red car enters.\n**00:03 – 00:07**: It stops at the gate.", id="bold times"),
        pytest.param("**[00:00 - 00:03]** A red car enters.\n**[00:03 - 00:07]** It stops at the gate.", id="bold brackets"),
        pytest.param("**[00:00 - 00:03]: A red car enters.**\n**[00:03 - 00:07]: It stops at the gate.**", id="bold lines"),
        pytest.param("- [00:00 - 00:03] A red car enters.\n- [00:03 - 00:07] It stops at the gate.", id="bullets"),
        pytest.param("1. [00:00 - 00:03] A red car enters.\n2. [00:03 - 00:07] It stops at the gate.", id="numbers"),
        pytest.param("1. (00:00-00:03) A red car enters.\n2. (00:03-00:07) It stops at the gate.", id="parentheses"),
        pytest.param("* **00:00 - 00:03:** A red car enters.\n* **00:03 - 00:07:** It stops at the gate.", id="bullets and bold"),
        pytest.param("From 00:00 to 00:03, A red car enters.\nFrom 00:03 to 00:07, It stops at the gate.", id="in words"),
        pytest.param("From 00:00 to 00:03, A red car enters. From 00:03 to 00:07, It stops at the gate.", id="one paragraph"),
        pytest.param("[00:00 - 00:03] A red car enters. [00:03 - 00:07] It stops at the gate.", id="one line"),
        pytest.param("[00:00] - [00:03] A red car enters.\n[00:03] - [00:07] It stops at the gate.", id="a bracket each"),
        pytest.param("00:00 → 00:03 A red car enters.\n00:03 → 00:07 It stops at the gate.", id="arrows"),
        pytest.param("[00:00:00 - 00:00:03] A red car enters.\n[00:00:03 - 00:00:07] It stops at the gate.", id="hours"),
        pytest.param("[0.0 - 3.0] A red car enters.\n[3.0 - 7.0] It stops at the gate.", id="seconds in brackets"),
        pytest.param("0-3 s: A red car enters.\n3-7 s: It stops at the gate.", id="seconds"),
        pytest.param("0s - 3s: A red car enters.\n3s - 7s: It stops at the gate.", id="seconds each"),
        pytest.param(
            "Event 1 (00:00 - 00:03): A red car enters.\nEvent 2 (00:03 - 00:07): It stops at the gate.", id="event numbers"
        ),
        pytest.param("| 00:00 - 00:03 | A red car enters. |\n|---|---|\n| 00:03 - 00:07 | It stops at the gate. |", id="table"),
        pytest.param("00:00 - 00:03\nA red car enters.\n\n00:03 - 00:07\nIt stops at the gate.", id="text below"),
        pytest.param(
            "[00:00 - 00:03]\n\nA red car enters.\n\n[00:03 - 00:07]\n\nIt stops at the gate.", id="text below a blank line"
        ),
        pytest.param("[00:00 - 00:03] A red car\nenters.\n[00:03 - 00:07] It stops\nat the gate.", id="wrapped lines"),
        pytest.param(
            "1\n00:00:00,000 --> 00:00:03,000\nA red car enters.\n\n2\n00:00:03,000 --> 00:00:07,000\nIt stops at the gate.",
            id="subtitles",
        ),
        pytest.param("```\n[00:00 - 00:03] A red car enters.\n[00:03 - 00:07] It stops at the gate.\n```", id="fenced"),
        pytest.param(
            "Here are the events:\n\n[00:00 - 00:03] A red car enters.\n[00:03 - 00:07] It stops at the gate.", id="courtesy"
        ),
        pytest.param("### Timeline\n[00:00 - 00:03] A red car enters.\n[00:03 - 00:07] It stops at the gate.", id="heading"),
        pytest.param(
            "\u00a0[00:00\u2009–\u200900:03]\u00a0A red car enters.\r\n[00:03 - 00:07] It stops at the gate.\r\n", id="odd spaces"
        ),
        pytest.param("［00：00 - 00：03］A red car enters.\n[00:03 - 00:07] It stops at the gate.", id="full width"),
        pytest.param(
            json.dumps({"events": [{"start": f"00:{a:02.0f}", "end": f"00:{b:02.0f}", "text": text} for a, b, text in EVENTS]}),
            id="json",
        ),
        pytest.param(json.dumps([{"start": a, "end": b, "text": text} for a, b, text in EVENTS]), id="json list of seconds"),
        pytest.param(
            json.dumps([{"timestamp": f"00:{a:02.0f} - 00:{b:02.0f}", "event": text} for a, b, text in EVENTS]),
            id="json, times in one field",
        ),
    ],
)
def test_events_read_however_a_line_is_written(reply: str) -> None:
    told = parse_dense_caption(reply, within=WITHIN)
    assert [(event.start_s, event.end_s, event.text) for event in told.events] == EVENTS
    assert told.text == "[00:00 - 00:03] A red car enters.\n[00:03 - 00:07] It stops at the gate."


def test_an_event_with_only_a_start_ends_where_the_next_one_starts() -> None:
    told = parse_dense_caption("[00:03] It stops.\n[00:00] A car enters.\nAt 00:07, it leaves.", within=WITHIN)
    assert [(event.start_s, event.end_s) for event in told.events] == [(3.0, 7.0), (0.0, 3.0), (7.0, 12.4)]
    assert told.events[2].text == "it leaves."


def test_an_event_at_the_very_end_is_the_last_second() -> None:
    told = parse_dense_caption("[00:12.4] The light goes out.", within=WITHIN)
    assert told.events[0].start_s == pytest.approx(12.3)
    assert told.events[0].end_s == 12.4


def test_tenths_are_written_for_all_events_where_one_has_them() -> None:
    told = parse_dense_caption("[00:00 - 00:03.5] A car.\n[00:03.5 - 00:12.8] It stops.", within=WITHIN)
    assert told.text == "[00:00.0 - 00:03.5] A car.\n[00:03.5 - 00:12.4] It stops."


def test_what_is_said_around_the_events_is_kept_as_text_and_is_no_event() -> None:
    reply = "A quiet road from 00:00 to 00:12.\n\n[00:00 - 00:03] A car enters.\n\nOverall, little happens.\n\nThe road is dry."
    told = parse_dense_caption(reply, within=WITHIN)
    assert (
        told.text
        == "A quiet road from 00:00 to 00:12.\n[00:00 - 00:03] A car enters.\nOverall, little happens.\nThe road is dry."
    )
    assert [event.text for event in told.events] == ["A car enters."]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param("[00:00 - 00:03] A car.\n[00:07 - 00:03] It stops.", "before its start", id="23 end before start"),
        pytest.param("[00:00 - 00:03] A car.\n[00:05 - 00:45] It stops.", "outside", id="23 outside"),
        pytest.param("[00:00 - 00:03] A car.\n[00:0x - 00:07] It stops.", "does not read", id="a time that does not read"),
        pytest.param("[00:00 - 00:03] A car.\n[MM:SS - MM:SS] It stops.", "does not read", id="the form itself"),
        pytest.param("[00:00 - 00:03] A car.\nIt stops (00:03 - 00:07).", "does not read", id="times at the end of a line"),
        pytest.param("[00:00 - 00:03] A car.\n0:3-0:7: It stops.", "does not read", id="seconds of one digit"),
        pytest.param("[00:00 - 00:03] A car.\n[00:03 - 00:07]", "without text", id="no text"),
        pytest.param("[00:00 - 00:75] A car.", "no clock", id="no such second"),
        pytest.param("[00:00 - 00:03] A car.\n\nThen:\n\n[00:03 - 00:07] It stops.", "between events", id="text between events"),
        pytest.param("A car enters and stops.", "no events", id="prose"),
        pytest.param("I'm sorry, but I can't view videos.", "refusal", id="refusal"),
        pytest.param('{"events": []}', "no events", id="empty list"),
        pytest.param('{"events": [{"start": "00:00", "end": "00:03"}]}', "text is missing", id="json without text"),
        pytest.param('{"events": [{"start": "", "end": "00:03", "text": "A car."}]}', "start is empty", id="json without start"),
        pytest.param('{"events": [{"start": "00:00", "end": "00:03", "text": "A ca', "broken JSON", id="cut"),
        pytest.param('{"events": "none"}', "events", id="a word for a list"),
        pytest.param(
            '{"events": [{"start": "00:00", "end": "00:03", "text": "No video was provided."}]}', "refusal", id="refused event"
        ),
    ],
)
def test_23_a_timeline_with_one_bad_event_is_rejected_whole(reply: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        parse_dense_caption(reply, within=WITHIN)


WINDOW = Span(start_s=600.25, end_s=640.25)


def test_the_events_of_a_window_are_told_on_its_own_clock_and_kept_on_the_videos() -> None:
    reply = "A yard.\n\n[00:00 - 00:05] A car comes in.\n[00:05 - 00:40] It stops at 00:07."
    told = parse_dense_caption(reply, within=WINDOW, zero_s=WINDOW.start_s)
    assert [(event.start_s, event.end_s) for event in told.events] == [(600.25, 605.25), (605.25, 640.25)]
    assert told.text.split("\n") == [
        "A yard.",
        "[10:00.2 - 10:05.2] A car comes in.",
        "[10:05.2 - 10:40.2] It stops at 10:07.",
    ]


@pytest.mark.parametrize("reply", ["[00:00 - 00:41] A car.", "[10:00 - 10:05] A car.", "[00:41 - 00:42] A car."])
def test_an_event_outside_its_window_is_rejected_not_clamped(reply: str) -> None:
    with pytest.raises(ReplyError, match=r"outside 00:00\.0 - 00:40\.0"):
        parse_dense_caption(reply, within=WINDOW, zero_s=WINDOW.start_s)

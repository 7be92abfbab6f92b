"""Captioned conversations as their users and trainers read them."""

import json
from collections.abc import Sequence

import pytest
from pydantic import JsonValue, TypeAdapter

from vr_assets.export.conversations import LINES, SHAREGPT, WHOLE, conversation_files
from vr_assets.parsing.turns import Medium, tag
from vr_assets.records.batch import ConversationEntry
from vr_assets.records.conversation import CaptionedConversation, Turn
from vr_assets.settings import Status

Json = dict[str, JsonValue]
ASKED = "Describe the video."
_turns = TypeAdapter(list[dict[str, str]])


def entry(video: JsonValue = "./a.mp4", image: JsonValue = None, **further: JsonValue) -> ConversationEntry:
    row: Json = {"video": video, "conversation": [{"from": "human", "value": ""}], "image": image, **further}
    videos, images = (tuple(path for path in (value if isinstance(value, list) else [value]) if path) for value in (video, image))
    return ConversationEntry(videos=tuple(map(str, videos)), images=tuple(map(str, images)), row=row)


def made(given: ConversationEntry, caption: str = "A van turns.", *turns: Turn) -> CaptionedConversation:
    return CaptionedConversation(
        source="rows.jsonl:1",
        videos=given.videos,
        images=given.images,
        conversation=turns or ({"from": "human", "value": ASKED},),
        prompt=ASKED,
        fields={name: value for name, value in given.row.items() if name not in ("video", "image", "conversation")},
        status=Status.OK if caption else Status.FAILED,
        reason="" if caption else "no such file",
        caption=caption,
    )


def read(entries: Sequence[ConversationEntry], rows: Sequence[CaptionedConversation], file: str) -> list[Json]:
    content = conversation_files(entries, rows)[file].decode()
    if file == LINES:
        return [json.loads(line) for line in content.splitlines()]
    found = json.loads(content)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("file", [LINES, WHOLE])
def test_a_row_comes_back_as_it_was_with_its_prompt_and_caption(file: str) -> None:
    given = entry(id="0007", n=1.0, deep={"k": [None, "ü"]})
    (row,) = read([given], [made(given)], file)
    expected = {**given.row, "conversation": [{"from": "human", "value": ASKED}], "caption": "A van turns."}
    assert json.dumps(row) == json.dumps(expected)


@pytest.mark.parametrize("file", [LINES, WHOLE])
def test_a_row_that_failed_is_in_its_place_and_has_no_caption(file: str) -> None:
    entries = [entry(id=number) for number in range(3)]
    rows = read(entries, [made(entries[0]), made(entries[1], ""), made(entries[2])], file)
    assert [(row["id"], row["caption"]) for row in rows] == [(0, "A van turns."), (1, None), (2, "A van turns.")]


def test_a_trainer_is_given_only_what_is_answered() -> None:
    entries = [entry(id=number) for number in range(3)]
    rows = read(entries, [made(entries[0]), made(entries[1], ""), made(entries[2])], SHAREGPT)
    assert [row["id"] for row in rows] == [0, 2]
    assert read(entries[:1], [made(entries[0], "")], SHAREGPT) == []


@pytest.mark.parametrize(
    ("video", "image"), [("a.mp4", None), (["a.mp4", "b.mp4"], "c.png"), (None, ["c.png"]), (["a.mp4"], ["c.png", None, ""])]
)
@pytest.mark.parametrize("asked", [ASKED, "<video>\nWho?"])
def test_turns_alternate_and_there_is_a_tag_for_each_medium(video: JsonValue, image: JsonValue, asked: str) -> None:
    given = entry(video, image, id="0007")
    count = len(given.videos)
    (row,) = read(
        [given], [made(given, "A van turns.", {"from": "human", "value": asked.replace("<video>", "<video>" * count)})], SHAREGPT
    )
    asked_turn, answer = _turns.validate_python(row["conversations"])
    assert (asked_turn["from"], answer) == ("human", {"from": "gpt", "value": "A van turns."})
    for medium in Medium:
        paths = row[f"{medium}s"]
        assert isinstance(paths, list) and asked_turn["value"].count(tag(medium)) == len(paths)
    assert (row["videos"], row["images"]) == (list(given.videos), list(given.images))
    assert row["id"] == "0007"


def test_the_caption_takes_the_place_of_an_answer_and_of_what_followed_it() -> None:
    system: Turn = {"from": "system", "value": "Be brief."}
    turns: list[Turn] = [
        system,
        {"from": "human", "value": ASKED},
        {"from": "gpt", "value": "?"},
        {"from": "human", "value": "Why?"},
    ]
    given = entry()
    (row,) = read([given], [made(given, "A van turns.", *turns)], SHAREGPT)
    assert row["conversations"] == [
        system,
        {"from": "human", "value": f"<video>\n{ASKED}"},
        {"from": "gpt", "value": "A van turns."},
    ]

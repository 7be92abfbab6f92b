"""What is asked about a row of conversations, what it is shown, and what becomes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pydantic import JsonValue

from vr_assets.errors import RefusedError, SettingsError, StageError
from vr_assets.prompts import Prompts
from vr_assets.records.batch import ConversationEntry
from vr_assets.records.call import MediaForm, Request
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.settings import Asset, Status, VideoCaptionSettings, resolve
from vr_assets.steps.first_turns import asked_of
from vr_assets.steps.recipe import recipe
from vr_assets.steps.tally import tally
from vr_assets_tests.clips import blank, write_clip
from vr_assets_tests.end_to_end.project import draw_videos
from vr_assets_tests.steps.graph import Graph

TEMPLATE = "Describe the video in detail."
PROMPTS = Prompts.load("general")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short videos that differ, one of seventy seconds, and an image."""
    folder = draw_videos(tmp_path_factory.mktemp("files"), 2)
    write_clip(folder / "long.mp4", blank(70, size=(64, 48), level=90), 1)
    Image.new("RGB", (64, 48), "red").save(folder / "red.png")
    return folder


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path)


Row = Callable[..., ConversationEntry]


@pytest.fixture
def row(files: Path) -> Row:
    """A row that shows these files, and asks this in its first human turn."""

    def made(*names: str, ask: str | None = "", source: str = "rows.jsonl:1", **further: JsonValue) -> ConversationEntry:
        paths = [str(files / name) for name in names]
        turns: JsonValue = [{"from": "human", "value": ask}]
        videos = tuple(path for path in paths if path.endswith(".mp4"))
        images = tuple(path for path in paths if not path.endswith(".mp4"))
        return ConversationEntry(videos=videos, images=images, row={"conversation": turns, **further}, source=source)

    return made


def told(request: Request) -> str:
    """Another caption for each prompt."""
    return f"A van turns. It was asked: {request.prompt.layout_text}"


def value(row: CaptionedConversation) -> JsonValue:
    return row.conversation[0]["value"]


# --- the prompt -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", ["", "  \n", None])
def test_an_empty_first_human_turn_takes_the_templates_prompt(empty: str | None, row: Row) -> None:
    asked = asked_of(row("cam00.mp4", ask=empty), PROMPTS, VideoCaptionSettings())
    assert asked.prompt.layout_text.startswith(TEMPLATE)
    assert asked.prompt.schema_text == asked.prompt.layout_text == asked.conversation[0]["value"]


def test_tags_of_media_are_no_prompt_and_stay_before_the_one_that_is_written(row: Row) -> None:
    asked = asked_of(row("cam00.mp4", ask="<video>\n"), PROMPTS, VideoCaptionSettings())
    assert asked.conversation[0]["value"] == f"<video>\n{asked.prompt.layout_text}"
    assert asked.prompt.layout_text.startswith(TEMPLATE)


def test_a_rows_own_prompt_is_kept_to_the_letter_and_asked_without_its_tags(row: Row) -> None:
    asked = asked_of(row("cam00.mp4", ask="<video>\n Who enters? {{ x }}"), PROMPTS, VideoCaptionSettings(prompt="Mine."))
    assert asked.prompt.layout_text == "Who enters? {{ x }}"
    assert asked.conversation[0]["value"] == "<video>\n Who enters? {{ x }}"


def test_the_template_can_be_forced_upon_rows_that_have_a_prompt(row: Row) -> None:
    asked = asked_of(row("cam00.mp4", ask="<video>\nWho enters?"), PROMPTS, VideoCaptionSettings(force_prompt=True))
    assert asked.conversation[0]["value"] == f"<video>\n{asked.prompt.layout_text}"
    assert asked.prompt.layout_text.startswith(TEMPLATE)


def test_the_prompt_can_be_a_text_of_the_users_own(row: Row) -> None:
    asked = asked_of(row("cam00.mp4"), PROMPTS, VideoCaptionSettings(prompt=" List all vehicles. "))
    assert asked.prompt.layout_text == asked.conversation[0]["value"] == "List all vehicles."


def test_the_prompt_can_be_a_file_of_the_users_own(row: Row, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("\ufeffList all {vehicles}.\n", encoding="utf-8")
    asked = asked_of(row("cam00.mp4"), PROMPTS, VideoCaptionSettings(prompt_file=str(file)))
    assert asked.prompt.layout_text == "List all {vehicles}."


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"prompt_file": "gone.txt"}, "prompt_file = gone.txt: cannot be read"),
        ({"prompt_file": "empty.txt"}, "prompt_file = empty.txt: the file is empty"),
        ({"prompt_file": "empty.txt", "prompt": "Mine."}, "keep one"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_named(
    given: dict[str, str], says: str, row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(SettingsError, match=says):
        asked_of(row("cam00.mp4"), PROMPTS, VideoCaptionSettings.model_validate(given))


def test_the_templates_prompt_tells_how_many_media_there_are(row: Row) -> None:
    for names, said in (
        (["cam00.mp4", "cam01.mp4"], "Describe the 2 videos in detail"),
        (["cam00.mp4", "red.png"], "Describe the video and the image in detail"),
        (["red.png"], "Describe the image in detail"),
    ):
        asked = asked_of(row(*names), PROMPTS, VideoCaptionSettings())
        assert asked.prompt.layout_text.startswith(said)
        assert "\n" not in asked.prompt.layout_text and "  " not in asked.prompt.layout_text


def test_other_turns_stay_as_they_are(row: Row) -> None:
    turns: JsonValue = [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "", "weight": 0.5},
        {"from": "gpt", "value": "Nothing."},
        {"from": "human", "value": ""},
    ]
    asked = asked_of(row("cam00.mp4", conversation=turns), PROMPTS, VideoCaptionSettings())
    assert isinstance(turns, list)
    assert [asked.conversation[0], *asked.conversation[2:]] == [turns[0], *turns[2:]]
    assert asked.conversation[1] == {"from": "human", "value": asked.prompt.layout_text, "weight": 0.5}


# --- what is shown ----------------------------------------------------------------------------------------------------


def shown(request: Request) -> list[str]:
    return [Path(media.name).name for media in request.media]


def test_one_call_shows_all_videos_and_then_all_images_of_a_row(graph: Graph, row: Row) -> None:
    rows, asked = graph.caption([row("cam01.mp4", "cam00.mp4", "red.png")], told)
    assert [shown(request) for request in asked] == [["cam01.mp4", "cam00.mp4", "red.png"]]
    assert [media.form for media in asked[0].media] == [MediaForm.VIDEO, MediaForm.VIDEO, MediaForm.IMAGE]
    assert rows[0].status is Status.OK
    files = [one.path for one in rows[0].video_media] + [one.path for one in rows[0].image_media]
    assert [Path(path).name for path in files] == shown(asked[0])


def test_the_tags_of_the_first_human_turn_say_in_which_order(graph: Graph, row: Row) -> None:
    entry = row("cam01.mp4", "cam00.mp4", "red.png", ask="<video><image><video>\nWhat differs?")
    _, (request,) = graph.caption([entry], told)
    assert shown(request) == ["cam01.mp4", "red.png", "cam00.mp4"]


def test_a_long_video_is_shown_as_frames_and_is_not_skipped(graph: Graph, row: Row) -> None:
    rows, (request,) = graph.caption([row("long.mp4")], told, videos__max_video_length_sec=60)
    assert (request.media[0].form, request.media[0].frame_count) == (MediaForm.FRAMES, 35)
    assert rows[0].status is Status.OK


# --- what becomes of it -----------------------------------------------------------------------------------------------


def test_every_row_has_its_row_in_order_with_its_fields_as_they_were(graph: Graph, row: Row) -> None:
    entries = [row("cam00.mp4", ask=f"Question {n}?", source=f"rows.jsonl:{n}", id=f"000{n}", n=n) for n in range(4)]
    rows, _ = graph.caption(entries, told)
    assert [one.source for one in rows] == [entry.source for entry in entries]
    assert [one.fields for one in rows] == [{"id": f"000{n}", "n": n} for n in range(4)]
    assert [one.caption for one in rows] == [f"A van turns. It was asked: Question {n}?" for n in range(4)]


def test_twins_are_one_call_and_each_has_its_answer(graph: Graph, row: Row) -> None:
    rows, asked = graph.caption([row("cam00.mp4", id="a"), row("cam00.mp4", id="b"), row("cam01.mp4", id="c")], told)
    assert len(asked) == 2
    assert rows[0].caption == rows[1].caption
    assert [one.status for one in rows] == [Status.OK] * 3


def test_a_missing_file_fails_its_row_and_the_others_go_on(graph: Graph, row: Row, files: Path) -> None:
    rows, asked = graph.caption([row("cam00.mp4", "gone.mp4", "gone.png"), row("cam01.mp4")], told)
    assert [one.status for one in rows] == [Status.FAILED, Status.OK]
    assert f"{files / 'gone.mp4'}: " in rows[0].reason and f"{files / 'gone.png'}: " in rows[0].reason
    assert str(value(rows[0])).startswith("Describe the 2 videos")
    assert len(asked) == 1


def test_a_refused_call_is_a_failed_row_and_no_caption(graph: Graph, row: Row) -> None:
    rows, _ = graph.caption([row("cam00.mp4")], lambda request: RefusedError("the video is blocked"))
    assert (rows[0].status, rows[0].caption) == (Status.FAILED, "")
    assert "the video is blocked" in rows[0].reason


def test_an_answer_to_the_rows_own_prompt_may_be_a_number(graph: Graph, row: Row) -> None:
    own, template = row("cam00.mp4", ask="How many?"), row("cam01.mp4")
    rows, _ = graph.caption([own, template], lambda request: "3")
    assert [(one.status, one.caption) for one in rows] == [(Status.OK, "3"), (Status.FAILED, "")]


def test_a_stopped_run_goes_on_where_it_was(graph: Graph, row: Row) -> None:
    entries = [row("cam00.mp4", ask=f"Question {number}?") for number in range(3)]

    def breaks(request: Request) -> str | StageError:
        return StageError("the key is gone") if request.prompt.layout_text == "Question 2?" else told(request)

    with pytest.raises(StageError):
        graph.caption(entries, breaks, calls__videos_in_work=1)
    rows, asked = graph.caption(entries, told)
    assert [request.prompt.layout_text for request in asked] == ["Question 2?"]
    assert [one.caption for one in rows] == [f"A van turns. It was asked: Question {number}?" for number in range(3)]


def test_another_prompt_asks_again_only_where_it_is_asked(graph: Graph, row: Row) -> None:
    entries = [row("cam00.mp4", ask="Who?"), row("cam00.mp4")]
    graph.caption(entries, told)
    _, asked = graph.caption(entries, told, video_captions__prompt="List all vehicles.")
    assert [request.prompt.layout_text for request in asked] == ["List all vehicles."]


def test_an_answer_in_no_particular_form_is_not_asked_for_in_another(graph: Graph, row: Row) -> None:
    rows, asked = graph.caption([row("cam00.mp4")], lambda request: "A van turns left. " * 12, calls__repair=True)
    assert (rows[0].status, len(asked)) == (Status.FAILED, 1)


def test_an_edited_prompt_file_makes_the_rows_stale(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    settings = resolve(("test", {"video_captions.prompt_file": str(file)})).settings
    file.write_text("List all vehicles.")
    before = recipe(Asset.VIDEO_CAPTIONS, settings)
    file.write_text("List all people.")
    assert recipe(Asset.VIDEO_CAPTIONS, settings) != before


def test_rows_that_lack_another_file_fail_for_the_same_reason(graph: Graph, row: Row) -> None:
    rows, _ = graph.caption([row("gone.mp4"), row("lost.mp4", source="rows.jsonl:2")], told)
    assert [(reason.count, reason.text.partition(":")[0]) for reason in tally(rows).reasons] == [(2, "<video>")]

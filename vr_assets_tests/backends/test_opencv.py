"""The offline annotator says what is true of the scene, in the form that was asked for, or it says that it cannot."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from vr_assets.backends.offline import choices, claims
from vr_assets.backends.offline.story import Story
from vr_assets.backends.opencv import OpenCVBackend
from vr_assets.errors import MediaError, ReplyError
from vr_assets.media.scene import measure_scene
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.base import Span
from vr_assets.records.call import Evidence, Finish, MediaForm, Request
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.scene import Camera, Quality, Scene
from vr_assets.records.video import McqItem, OpenItem, QaItem, SpanItem, YesNoItem
from vr_assets.records.vocabulary import Vocabulary
from vr_assets.settings import Mode, QaType, Task
from vr_assets_tests.backends.asked import BytesMedia, request
from vr_assets_tests.drawn_facts import Truth
from vr_assets_tests.drawn_plans import Thing
from vr_assets_tests.drawn_scenes import Mover, across, film
from vr_assets_tests.drawn_seeds import by_hand
from vr_assets_tests.scoring.questions import fits, holds

SLOWS_DOWN = [(2.0 + step / 4, 200.0, 70 + 48 * (1 - (1 - step / 8) ** 2)) for step in range(9)]
STOPS_NEXT_TO = [
    Mover("blue", [(0.5, 200, -30), *SLOWS_DOWN, (9, 200, 118)], wide=28, high=40),
    Mover("red", [(2.0, -30, 120), (5.0, 152, 120), (9, 152, 120)]),
]
STOPS_AND_GOES = [Mover("green", [(0.5, -30, 90), (3.0, 130, 90), (5.5, 130, 90), (8.0, 350, 90)])]
REACHES = Mover("orange", [(2, 60, -45), (3, 60, 35), (4, 60, 35), (5, 60, -45)], wide=40, high=80)
PARCEL = Thing(taken=False, from_s=3.5, to_s=5.0, x=60, y=80, paint="blue", mover=0)


def of(movers: Sequence[Mover], seconds: float, **look: Any) -> Truth:
    return Truth(by_hand(movers, seconds, **look))


DRAWN = {
    "crossing": of([across("red", 2.6, 5.5)], 8),
    "two ways": of([across("yellow", 0.5, 4, y=70), across("blue", 1.5, 5.5, y=170, to="left")], 7),
    "three ways": of(
        [across("red", 0.5, 3, y=90, to="top"), across("yellow", 2, 5, y=60), across("blue", 4.5, 7, y=220, to="bottom")], 8
    ),
    "one colour": of([across("white", 0.5, 2.5, y=80), across("white", 3.5, 5.5, y=150, to="left"), across("white", 6, 8)], 9),
    "stops next to": of(STOPS_NEXT_TO, 8),
    "stops and goes": of(STOPS_AND_GOES, 9),
    "reaches in": of([REACHES], 7),
    "puts down": of([REACHES], 7, things=[PARCEL]),
    "nothing": of([], 5, noise=14.0),
}  # fmt: skip
INCIDENTS = {"stops next to", "stops and goes"}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    folder = tmp_path_factory.mktemp("drawn")
    scenes = {}
    for name, truth in DRAWN.items():
        path = film(folder / f"{name}.mp4", truth.scene.images())
        scenes[name] = measure_scene(path, duration_s=truth.scene.seconds)
    return scenes


@dataclass(frozen=True)
class Subject(BytesMedia):
    """A video of which only the scene is known."""

    measured: Scene | None = None
    form: MediaForm = MediaForm.VIDEO

    async def scene(self) -> Scene:
        assert self.measured is not None
        return self.measured

    async def image_scene(self) -> ImageScene:
        raise MediaError("a video")


def asked(scene: Scene, task: Task, *, span: Span | None = None, mode: Mode = Mode.UNKNOWN) -> Request:
    evidence = Evidence(duration_s=scene.duration_s, span=span or scene.span, mode=mode)
    return replace(request(task), subject=Subject(span=scene.span, measured=scene), evidence=evidence)


def reply(scene: Scene, task: Task, *, span: Span | None = None, mode: Mode = Mode.UNKNOWN) -> str:
    answer = asyncio.run(OpenCVBackend().generate(asked(scene, task, span=span, mode=mode)))
    assert answer.finish is Finish.STOP
    return answer.text


def read(scene: Scene, task: Task, text: str) -> object:
    within = scene.span
    match task:
        case Task.SCREENING:
            return parse_screening(text)
        case Task.SUITABLE:
            return parse_suitable(text)
        case Task.ANOMALY_OR_NORMAL:
            return parse_anomaly_or_normal(text)
        case Task.GLOBAL_CAPTION:
            return parse_global_caption(text)
        case Task.DENSE_CAPTION:
            return parse_dense_caption(text, within=within)
        case Task.CHUNK_CAPTION:
            return parse_chunk_caption(text)
        case Task.MOMENT:
            return parse_moment(text, within=within)
        case Task.CLIP_CAPTION:
            return parse_clip_caption(text)
        case Task.DESCRIPTION:
            return parse_description(text)
        case _:
            return parse_qa(text, qa_type=QaType(task), within=within)


# Captions of several media and answers about images are tested by themselves.
ELSEWHERE = (Task.PREFLIGHT, Task.VIDEO_CAPTION, Task.EXPRESSIONS, Task.GROUNDINGS)
OF_OTHERS = (Task.BLIND, Task.SUPPORT, Task.AGREEMENT, Task.JUDGE)
TASKS = tuple(task for task in Task if task not in (*ELSEWHERE, *OF_OTHERS))


def refused(name: str, task: Task) -> bool:
    """What can honestly not be said of these scenes."""
    if task is Task.MOMENT:
        return name not in INCIDENTS
    return name == "nothing" and task in (Task.CAUSAL_LINKAGE, Task.TEMPORAL_LOCALIZATION, Task.TEMPORAL_EVENT_DESC)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", DRAWN)
def test_every_task_is_answered_in_its_own_form_or_refused(scenes: dict[str, Scene], name: str, task: Task) -> None:
    scene = scenes[name]
    if refused(name, task):
        with pytest.raises(ReplyError, match="the offline annotator measured"):
            reply(scene, task)
        return
    text = reply(scene, task)
    fields = reply_schema(task)["properties"]
    assert isinstance(fields, dict) and json.loads(text).keys() == fields.keys()
    assert read(scene, task, text)


@pytest.mark.parametrize("task", OF_OTHERS)
def test_what_another_model_wrote_is_not_judged(scenes: dict[str, Scene], task: Task) -> None:
    with pytest.raises(ReplyError, match=f"cannot judge: .* {task} needs another model"):
        reply(scenes[next(iter(DRAWN))], task)


@pytest.mark.parametrize("name", DRAWN)
def test_of_four_options_the_right_one_is_right_and_three_are_wrong(scenes: dict[str, Scene], name: str) -> None:
    found = choices.candidates(Story.of(scenes[name], timed=True))
    assert found
    for choice in found:
        options = [choice.right, *choice.wrong]
        assert len(set(options)) == 4
        assert [fits(DRAWN[name], choice.question, option) for option in options] == [True, False, False, False], choice


@pytest.mark.parametrize("name", DRAWN)
def test_every_yes_and_every_no_is_true(scenes: dict[str, Scene], name: str) -> None:
    found = list(claims.candidates(Story.of(scenes[name], timed=True)))
    assert {claim.holds for claim in found} == {True, False}
    for claim in found:
        assert holds(DRAWN[name], claim.question) is claim.holds, claim


@pytest.mark.parametrize("name", DRAWN)
def test_the_two_yes_no_questions_are_about_different_things(scenes: dict[str, Scene], name: str) -> None:
    yes, no = sorted(json.loads(reply(scenes[name], Task.BCQ))["items"], key=lambda item: str(item["answer"]), reverse=True)
    by_question = {claim.question: claim for claim in claims.candidates(Story.of(scenes[name], timed=True))}
    assert (yes["answer"], no["answer"]) == ("Yes", "No")
    assert by_question[yes["question"]].topic != by_question[no["question"]].topic


def items(scene: Scene) -> Sequence[QaItem]:
    found: list[QaItem] = []
    for qa_type in QaType:
        try:
            text = reply(scene, Task(qa_type))
        except ReplyError:
            continue
        found += parse_qa(text, qa_type=qa_type, within=scene.span)
    return found


def words(item: QaItem) -> list[str]:
    match item:
        case McqItem():
            return [item.question, *(option.text for option in item.options), item.explanation, item.reasoning]
        case YesNoItem():
            return [item.question, item.explanation, item.reasoning]
        case OpenItem():
            return [item.question, item.answer, item.reasoning]
        case SpanItem():
            return [item.question, item.reasoning]


CLASSES = re.compile(r"\b(cars?|vehicles?|truck|bus|person|people|man|woman|hand|bottle|animal|traffic|accident|collision)\b")
NEVER = re.compile(r"\b(caption|description|option|chunk|frame \d|prompt|measure\w*|annotator|track|pixel\w*)\b", re.IGNORECASE)


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_called_what_only_a_person_could_know(scenes: dict[str, Scene], name: str) -> None:
    scene = scenes[name]
    told = [reply(scene, task, mode=Mode.ANOMALY) for task in TASKS if not refused(name, task)]
    # The rules for an anomaly are named where none of them applies.
    told = [text.replace("no collision is seen", "") for text in told]
    assert not [found[0] for text in told if (found := CLASSES.search(text))]
    assert not [found[0] for item in items(scene) for text in words(item) if (found := NEVER.search(text))]


@pytest.mark.parametrize("name", DRAWN)
def test_sentences_begin_and_end_as_sentences_do(scenes: dict[str, Scene], name: str) -> None:
    texts = [text for item in items(scenes[name]) if not isinstance(item, McqItem) for text in words(item)]
    texts.append(parse_global_caption(reply(scenes[name], Task.GLOBAL_CAPTION)))
    texts.append(parse_description(reply(scenes[name], Task.DESCRIPTION)))
    for text in texts:
        assert text[0].isupper() and text[-1] in ".?", text
        assert not re.search(r"  |\.\.| ,|\ba [aeiou]|\ban [^aeiou]| \.|\bit it\b|\bwhat what\b", text), text


def told_of(text: str, paint: str) -> str:
    """The sentences of a text from the one that introduces a colour to the next that introduces another."""
    sentences = re.split(r"(?<=\.) ", text)
    begins = [index for index, sentence in enumerate(sentences) if re.match(r"(An?|The) (large |small )?\w+ object", sentence)]
    for one, other in pairwise([*begins, len(sentences)]):
        if f"{paint} object" in sentences[one]:
            return " ".join(sentences[one:other])
    raise AssertionError(f"nothing about {paint} in: {text}")


@pytest.mark.parametrize("name", ["crossing", "two ways", "three ways", "stops and goes"])
def test_a_caption_tells_where_each_mover_comes_from_and_goes(scenes: dict[str, Scene], name: str) -> None:
    truth = DRAWN[name]
    caption = parse_global_caption(reply(scenes[name], Task.GLOBAL_CAPTION))
    for seen in truth.seen:
        came, went = seen.entered, seen.left
        told = told_of(caption, seen.mover.paint)
        assert f"from the {came}" in told and f"at the {went} edge" in told
        assert re.search(r"\d\d:\d\d", told) is None
        assert ("stop" in told) == bool(seen.stands)


@pytest.mark.parametrize(
    ("window", "says", "is_silent_about"),
    [
        pytest.param((0.0, 1.9), ("blue object", "from the top"), ("red", "stop"), id="before the second one comes"),
        pytest.param((1.5, 4.0), ("comes to a stop|stops abruptly", "red object", "from the left"), ("leaves",), id="coming"),
        pytest.param((5.5, 8.0), ("red object stands still", "blue object stands still"), ("from", "abruptly"), id="after"),
    ],
)
def test_a_chunk_caption_tells_only_what_its_window_shows(
    scenes: dict[str, Scene], window: tuple[float, float], says: tuple[str, ...], is_silent_about: tuple[str, ...]
) -> None:
    span = Span(start_s=window[0], end_s=window[1])
    caption = parse_chunk_caption(reply(scenes["stops next to"], Task.CHUNK_CAPTION, span=span))
    assert all(re.search(word, caption) for word in says), caption
    assert not any(re.search(rf"\b{word}\b", caption) for word in is_silent_about), caption


@pytest.mark.parametrize("name", DRAWN)
def test_dense_events_cover_the_video_in_order(scenes: dict[str, Scene], name: str) -> None:
    scene = scenes[name]
    events = parse_dense_caption(reply(scene, Task.DENSE_CAPTION), within=scene.span).events
    assert [event.start_s for event in events] == sorted(event.start_s for event in events)
    assert all(event.end_s > event.start_s for event in events)
    reached = 0.0
    for event in events:
        assert event.start_s - reached <= 0.6
        reached = max(reached, event.end_s)
    assert scene.span.end_s - reached <= 0.6
    moving = [(start_s, min([stop[0] for stop in stops], default=end_s)) for start_s, end_s, stops in _moves(DRAWN[name])]
    for event in events:
        if "othing" in event.text:
            assert all(min(end_s, event.end_s) - max(start_s, event.start_s) < 0.6 for start_s, end_s in moving)


@pytest.mark.parametrize("name", DRAWN)
def test_dense_events_of_windows_are_those_of_the_video_cut_at_the_windows(scenes: dict[str, Scene], name: str) -> None:
    scene = scenes[name]
    middle_s = scene.span.end_s / 2
    reached = 0.0
    for window in (Span(start_s=0.0, end_s=middle_s), Span(start_s=middle_s, end_s=scene.span.end_s)):
        text = reply(scene, Task.DENSE_CAPTION, span=window)
        events = parse_dense_caption(text, within=window, zero_s=window.start_s).events
        moving = [(start_s, end_s) for start_s, end_s, _ in _moves(DRAWN[name])]
        for event in events:
            assert event.start_s - reached <= 0.6
            reached = max(reached, event.end_s)
            if "othing" not in event.text and "scene" not in event.text:
                assert any(min(end_s, event.end_s) - max(start_s, event.start_s) > -0.6 for start_s, end_s in moving), event
            assert all(
                window.holds(float(at) + 60 * int(m), slack_s=0.1) for m, at in re.findall(r"(\d\d):(\d\d\.\d)", event.text)
            )
    assert scene.span.end_s - reached <= 0.6


def _moves(truth: Truth) -> list[tuple[float, float, list[tuple[float, float]]]]:
    return [(*seen.span, [(stand.start_s, stand.end_s or truth.scene.seconds) for stand in seen.stands]) for seen in truth.seen]


@pytest.mark.parametrize(("name", "changed"), [("reaches in", False), ("puts down", True)])
def test_what_a_visit_leaves_behind_is_told(scenes: dict[str, Scene], name: str, changed: bool) -> None:
    told = parse_global_caption(reply(scenes[name], Task.GLOBAL_CAPTION))
    assert re.search("comes into the frame from the top.* withdraws", told)
    assert ("puts down a blue item in the" in told and "left part of the frame" in told) is changed
    assert (" item " in reply(scenes[name], Task.BCQ)) is changed


def test_the_incident_has_its_moment_and_who_is_beside_it(scenes: dict[str, Scene]) -> None:
    scene = scenes["stops next to"]
    assert parse_moment(reply(scene, Task.MOMENT), within=scene.span) == pytest.approx(5.0, abs=0.5)
    description = parse_description(reply(scene, Task.DESCRIPTION, mode=Mode.ANOMALY))
    assert "abrupt stop at 00:0" in description and "next to the blue object" in description
    assert "incident" not in parse_description(reply(scenes["two ways"], Task.DESCRIPTION, mode=Mode.ANOMALY))


@pytest.mark.parametrize("name", DRAWN)
def test_only_what_a_rule_names_is_an_anomaly(scenes: dict[str, Scene], name: str) -> None:
    screening = parse_screening(reply(scenes[name], Task.SCREENING))
    assert (screening.is_valid, screening.mode) == (True, Mode.ANOMALY if name in INCIDENTS else Mode.NORMAL)
    assert parse_anomaly_or_normal(reply(scenes[name], Task.ANOMALY_OR_NORMAL)).mode is screening.mode


EMPTY = Scene(duration_s=6.0, quality=Quality(blank=False, frozen=False, dark=False), camera=Camera.STEADY, background=None)


@pytest.mark.parametrize(
    ("quality", "cuts_s", "says"),
    [
        pytest.param(Quality(blank=True, frozen=True, dark=True), (), "blank", id="blank"),
        pytest.param(Quality(blank=False, frozen=True, dark=False), (), "frozen", id="frozen"),
        pytest.param(Quality(blank=False, frozen=True, dark=False), (2.0, 4.0), "still pictures", id="slide show"),
    ],
)
def test_pictures_without_motion_are_not_suitable(quality: Quality, cuts_s: tuple[float, ...], says: str) -> None:
    scene = EMPTY.model_copy(update={"quality": quality, "cuts_s": cuts_s})
    for task, parse in ((Task.SCREENING, parse_screening), (Task.SUITABLE, parse_suitable)):
        screening = parse(reply(scene, task))
        assert screening.is_valid is False
        assert says in screening.validity_words


@pytest.mark.parametrize(
    ("changed", "says", "never"),
    [
        pytest.param({"camera": Camera.MOVING}, "camera moves", "still|does not move|nothing", id="a moving camera"),
        pytest.param({"camera": Camera.UNSETTLED}, "much of the picture changes", "camera|nothing", id="too much changes"),
        pytest.param({}, "camera", "nothing|objects? move", id="neither motion nor quiet was measured"),
    ],
)
def test_what_was_not_measured_is_not_said(changed: dict[str, object], says: str, never: str) -> None:
    scene = EMPTY.model_copy(update=changed)
    for task in (Task.GLOBAL_CAPTION, Task.CHUNK_CAPTION, Task.CLIP_CAPTION, Task.DENSE_CAPTION, Task.DESCRIPTION):
        text = reply(scene, task)
        assert re.search(says, text, re.IGNORECASE), text
        assert not re.search(never, text.replace("is seen", ""), re.IGNORECASE), text
    for task in (Task.MOMENT, Task.CAUSAL_LINKAGE, Task.TEMPORAL_LOCALIZATION, Task.MCQ):
        with pytest.raises(ReplyError):
            reply(scene, task)


def test_a_crowd_is_several_and_has_a_direction(scenes: dict[str, Scene]) -> None:
    scene = scenes["two ways"].model_copy(update={"busy": True, "flow": scenes["crossing"].flow})
    text = parse_global_caption(reply(scene, Task.GLOBAL_CAPTION))
    assert "several objects move through the frame, most of them towards the right" in text.lower()
    assert not re.search(
        r"\b(two|yellow|blue)\b", " ".join(reply(scene, task) for task in (Task.BCQ, Task.MCQ, Task.DESCRIPTION))
    )


def test_the_same_scene_is_told_alike_and_scenes_differ_in_wording(scenes: dict[str, Scene]) -> None:
    say = partial(reply, task=Task.GLOBAL_CAPTION)
    assert say(scenes["crossing"]) == say(scenes["crossing"])
    openings = {parse_global_caption(say(scene)).split(".")[0] for scene in scenes.values()}
    assert len(openings) > 1


def test_the_identity_holds_what_the_answer_depends_on(scenes: dict[str, Scene]) -> None:
    backend, scene = OpenCVBackend(), scenes["crossing"]
    early, late = Span(start_s=0.0, end_s=3.0), Span(start_s=3.0, end_s=6.0)

    def identity(task: Task, span: Span, mode: Mode = Mode.NORMAL) -> str:
        return backend.identity(asked(scene, task, span=span, mode=mode))

    assert identity(Task.CHUNK_CAPTION, early) != identity(Task.CHUNK_CAPTION, late)
    assert identity(Task.GLOBAL_CAPTION, early) == identity(Task.GLOBAL_CAPTION, late)
    assert identity(Task.DENSE_CAPTION, early) != identity(Task.DENSE_CAPTION, late)
    assert "span" not in json.loads(identity(Task.DENSE_CAPTION, scene.span))
    assert identity(Task.DESCRIPTION, early) != identity(Task.DESCRIPTION, early, Mode.ANOMALY)
    assert identity(Task.MCQ, early) == identity(Task.MCQ, early, Mode.ANOMALY)
    assert "words" not in json.loads(identity(Task.MCQ, early))
    harbour = asked(scene, Task.MCQ).prompt.model_copy(update={"vocabulary": Vocabulary(mover="vessel")})
    assert backend.identity(replace(asked(scene, Task.MCQ), prompt=harbour)) != identity(Task.MCQ, scene.span)
    other = replace(asked(scene, Task.MCQ), subject=Subject(content=b"another video", span=scene.span, measured=scene))
    assert backend.identity(other) != identity(Task.MCQ, scene.span)
    assert json.loads(identity(Task.MCQ, early))["annotator"]


def test_movers_are_called_what_the_domain_calls_them(scenes: dict[str, Scene]) -> None:
    request = asked(scenes["crossing"], Task.GLOBAL_CAPTION)
    prompt = request.prompt.model_copy(update={"vocabulary": Vocabulary(mover="vessel", wide_mover="barge")})
    text = asyncio.run(OpenCVBackend().generate(replace(request, prompt=prompt))).text
    assert re.search("red (vessel|barge)", text) and "object" not in text


def test_it_needs_no_pixels_of_its_own_and_no_network() -> None:
    code = (
        "import sys\n"
        "from vr_assets.backends.opencv import OpenCVBackend\n"
        "OpenCVBackend().check_ready()\n"
        "assert not {'cv2', 'av', 'numpy', 'openai', 'google.genai', 'dagster'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Drawn scenes are what their truth says, and the judge tells right from wrong."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from vr_assets.records.scene import Camera, Colour, Incident, IncidentKind, Light, Point, Quality, Scene, Side, Stop, Track
from vr_assets_tests.drawn_facts import Truth
from vr_assets_tests.drawn_kinds import KINDS
from vr_assets_tests.drawn_scenes import Mover, across
from vr_assets_tests.drawn_seeds import by_hand, drawn
from vr_assets_tests.scoring.clauses import Part
from vr_assets_tests.scoring.facts import judge
from vr_assets_tests.scoring.questions import fits, holds, is_near, spans
from vr_assets_tests.scoring.sentences import Reader
from vr_assets_tests.scoring.tally import Tally

ONE = by_hand([across("red", 1.0, 5.0)], 7)
TWO = by_hand([across("red", 1.0, 5.0, y=70), across("blue", 2.0, 6.0, y=170, to="left")], 7)
STOPS = by_hand([Mover("green", [(0.5, -30, 90), (3.0, 130, 90), (5.5, 130, 90), (8.0, 350, 90)])], 9)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(len(KINDS)))
def test_a_scene_shows_its_movers_where_the_truth_has_them(seed: int) -> None:
    scene = drawn(seed)
    still = replace(scene, noise=0.0, wave=0.0, shake=0.0, look=replace(scene.look, shades=0.0))
    empty = replace(still, movers=(), objects=())
    truth = Truth(still)
    for index, (image, ground) in enumerate(zip(still.images(), empty.images(), strict=True)):
        changed = np.abs(image.astype(int) - ground).max(axis=2) > 12
        for mover in (*still.movers, *still.objects):
            if (box := still.box(mover, index / still.look.fps)) is not None:
                left, top, right, bottom = (max(0, round(edge)) for edge in box)
                inside = changed[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
                whole = inside.size > 0.8 * (box[2] - box[0]) * (box[3] - box[1])
                if whole and mover in still.movers and not still.look.posts:
                    assert inside.mean() > 0.1, (mover.shape, index / still.look.fps)
                inside[:] = False
        assert not changed.any(), f"something is drawn where nothing is at {index / still.look.fps:.1f} s"
    assert all(0 <= seen.span[0] < seen.span[1] <= still.seconds for seen in truth.seen)


def test_a_seed_is_always_the_same_scene() -> None:
    one, again = (list(islice(drawn(23).images(), 12)) for _ in range(2))
    assert all(np.array_equal(first, second) for first, second in zip(one, again, strict=True))
    assert drawn(23) == drawn(23)


def test_seeds_in_a_row_hold_every_kind_and_every_condition() -> None:
    scenes = [drawn(seed) for seed in range(100)]
    assert {scene.kind for scene in scenes} == set(KINDS)
    for condition in (
        [scene.night for scene in scenes],
        [scene.shake > 0 for scene in scenes],
        [scene.wave > 0 for scene in scenes],
        [scene.look.shades > 0 for scene in scenes],
    ):
        assert 10 <= sum(condition) <= 90
    assert {len(scene.movers) for scene in scenes} == {0, 1, 2, 3, 4}


def seen_as_drawn(**changes: object) -> Scene:
    """What a faultless annotator would measure in ONE, but for some changes to its track."""
    places = [(time_s, (-23 + 91.5 * (time_s - 1)) / 320) for time_s in (1.1, 2.0, 3.0, 4.0, 4.9)]
    points = tuple(Point(time_s=time_s, x=x, y=0.5, width=0.14, height=0.12) for time_s, x in places)
    track = Track(
        start_s=1.1,
        end_s=4.9,
        entered=(Side.LEFT,),
        left=(Side.RIGHT,),
        heading=(Side.RIGHT,),
        colour=Colour.RED,
        area=0.02,
        certain=True,
        met=False,
        points=points,
    )
    return Scene(
        duration_s=7.0,
        quality=Quality(blank=False, frozen=False, dark=False),
        camera=Camera.STEADY,
        tracks=(track.model_copy(update=changes),),
        light=Light.DAY,
    )


def judged(scene: Scene) -> Tally:
    tally = Tally()
    judge(tally, scene, Truth(ONE))
    return tally


def test_a_faultless_measurement_has_nothing_wrong_and_misses_nothing() -> None:
    tally = judged(seen_as_drawn())
    assert all((count.right, count.told) == (count.stated, count.happened) for count in tally.counts.values())
    assert {"mover", "edge in", "entry time", "direction", "colour", "count", "crossings", "light"} <= tally.counts.keys()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("colour", {"colour": Colour.GREEN}),
        ("direction", {"heading": (Side.LEFT,)}),
        ("edge in", {"entered": (Side.TOP,)}),
        ("edge out", {"left": (Side.LEFT,)}),
        ("entry time", {"start_s": 1.7}),
        ("exit time", {"end_s": 4.2}),
        ("stop", {"stops": (Stop(start_s=3.0, end_s=4.0, x=0.5, y=0.5, abrupt=False),)}),
        ("fall", {"falls": (3.0,)}),
    ],
)  # fmt: skip
def test_what_is_not_so_is_wrong(kind: str, change: dict[str, object]) -> None:
    count = judged(seen_as_drawn(**change)).counts[kind]
    assert (count.stated, count.right) == (1, 0) and count.wrong


def test_what_is_measured_without_confidence_is_not_said() -> None:
    tally = judged(seen_as_drawn(confidence=0.4, certain=False))
    assert tally.counts["mover"].stated == 0 and tally.counts["mover"].told_share == 0.0


def test_an_incident_that_did_not_happen_is_false() -> None:
    incident = Incident(kind=IncidentKind.ABRUPT_STOP, moment_s=3.0, track=0, beside=None, confidence=0.9)
    tally = judged(seen_as_drawn().model_copy(update={"incidents": (incident,)}))
    assert [tally.counts[kind].right_share for kind in ("incident", "no incident", "anomaly")] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "A red object enters the frame from the left at 00:01.0, moves towards the right and leaves at the right edge.",
            [True] * 3,
        ),
        ("A red object enters the frame from the right and moves towards the left.", [False] * 2),
        ("A green object comes in from the left.", [False]),
        ("A red object comes in from the left at 00:02.2.", [False]),
        ("A red object comes to a stop in the middle of the frame.", [False]),
        ("A fixed camera shows a mostly grey scene in good light. Nothing moves.", [True, False]),
        ("A still camera looks at a mostly grey scene in the dark.", [False]),
        ("A red object ponders its fate.", [None]),
    ],
)
def test_sentences_are_held_against_what_was_drawn(text: str, told: list[bool | None]) -> None:
    assert [holds for _, holds in Reader(Part(Truth(ONE), (0.0, 7.0))).read(text)] == told


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Does the red object move from left to right?", True),
        ("Does the red object move from right to left?", False),
        ("Does the red object come into the frame before the blue object?", True),
        ("Do the red object and the blue object move in the same direction?", False),
        ("Does the camera stay where it is for the whole video?", True),
        ("Is the moon made of cheese?", None),
    ],
)
def test_questions_are_answered_by_what_was_drawn(question: str, answer: bool | None) -> None:
    assert holds(Truth(TWO), question) is answer


def test_one_option_of_four_fits() -> None:
    question = "From which side does the blue object come into the frame?"
    options = [f"From the {side.value}" for side in Side]
    assert [option for option in options if fits(Truth(TWO), question, option)] == ["From the right"]


def test_a_stretch_is_right_within_half_a_second() -> None:
    right = spans(Truth(STOPS), "When does the green object stand still?")
    assert right is not None
    assert is_near((3.3, 5.2), right) and not is_near((3.9, 5.5), right)

"""The offline annotator finds what words determine, in pictures whose truth is known, and else has no box."""

from collections import Counter
from dataclasses import dataclass

import pytest

from vr_assets.backends.offline.grounding import ground
from vr_assets.media.image_scene import measure_image
from vr_assets.records.image_scene import ImageScene, Region, Shape
from vr_assets.records.scene import Colour
from vr_assets_tests.backends.said_of_pictures import judged, sayings
from vr_assets_tests.drawn_pictures import GROUNDS, picture

SEEDS = range(100, 104)
SIZES = ((640, 480), (320, 240), (1600, 1000))
QUALITIES = (92, 35, 60)


@dataclass(frozen=True)
class Judgement:
    shares: dict[str, float]
    wrong_scores: tuple[float, ...]


def judge(ground_kind: str, *, overlap: bool, determined: bool) -> Judgement:
    counts: Counter[str] = Counter()
    wrong: list[float] = []
    for seed in SEEDS:
        drawn = picture(seed, ground=ground_kind, overlap=overlap, quality=QUALITIES[seed % 3], size=SIZES[seed // 2 % 3])
        scene = measure_image(drawn.image)
        for said in sayings(drawn):
            if bool(said.means) is determined:
                found = ground(said.text, scene)
                verdict = judged(said, [one.box for one in found])
                counts[verdict] += 1
                wrong += [one.score for one in found] if verdict == "wrong" else []
    return Judgement({verdict: count / counts.total() for verdict, count in counts.items()}, tuple(wrong))


@pytest.mark.parametrize("ground_kind", GROUNDS)
def test_what_words_determine_is_found(ground_kind: str) -> None:
    shares = judge(ground_kind, overlap=False, determined=True).shares
    assert shares["right"] >= 0.9
    assert shares.get("wrong", 0) <= 0.01


@pytest.mark.parametrize("ground_kind", GROUNDS)
def test_of_things_that_cover_each_other_most_are_found_and_the_rest_has_no_box(ground_kind: str) -> None:
    shares = judge(ground_kind, overlap=True, determined=True).shares
    assert shares["right"] >= 0.6
    assert shares.get("wrong", 0) <= 0.01


@pytest.mark.parametrize("ground_kind", GROUNDS)
@pytest.mark.parametrize("overlap", [False, True], ids=["apart", "overlapping"])
def test_what_is_not_there_or_not_determined_has_no_box_or_a_low_score(ground_kind: str, *, overlap: bool) -> None:
    judgement = judge(ground_kind, overlap=overlap, determined=False)
    assert judgement.shares["right"] >= 0.98
    assert max(judgement.wrong_scores, default=0) <= 0.5


def region(
    box: tuple[int, int, int, int],
    colour: Colour | None = Colour.RED,
    shape: Shape | None = None,
    *,
    alone: float = 1.0,
    clarity: float = 1.0,
) -> Region:
    left, top, right, bottom = box
    return Region(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        area=(right - left) * (bottom - top) / 1e6,
        clarity=clarity,
        alone=alone,
        colour=colour,
        purity=0.9 if colour else 0.0,
        shape=shape,
        fit=0.95 if shape else 0.0,
    )


def scene(*regions: Region, grounds: tuple[Colour | None, ...] = (Colour.WHITE,), busy: bool = False) -> ImageScene:
    return ImageScene(width_px=1000, height_px=1000, regions=regions, grounds=grounds, busy=busy)


CAR = region((100, 400, 300, 500))
CIRCLE = region((600, 100, 700, 200), Colour.BLUE, Shape.CIRCLE)


def test_a_score_is_the_weakest_of_what_was_measured() -> None:
    (found,) = ground("the blue circle", scene(CAR, CIRCLE))
    assert (found.box, found.score) == (CIRCLE.box, 0.9)


def test_a_noun_that_pixels_do_not_show_halves_the_score_of_what_its_colour_finds() -> None:
    (found,) = ground("a red car", scene(CAR, CIRCLE))
    assert (found.box, found.score) == (CAR.box, 0.45)
    (placed,) = ground("a red car on the left", scene(CAR, CIRCLE))
    assert placed.score <= 0.45


@pytest.mark.parametrize("text", ["a dog", "the big dog", "a dog on the left", "the leftmost dog", "dogs", "one dog"])
def test_a_noun_without_a_colour_has_no_box(text: str) -> None:
    assert ground(text, scene(CAR)) == ()


def test_a_part_of_a_thing_is_not_taken_for_the_thing() -> None:
    assert ground("a red car", scene(CAR.model_copy(update={"alone": 0.5}))) == ()


def test_a_thing_of_the_colour_of_the_ground_has_no_box() -> None:
    assert ground("a white dog", scene(region((0, 0, 90, 90), Colour.WHITE), grounds=(Colour.WHITE,))) == ()
    assert ground("a white dog", scene(region((0, 0, 90, 90), Colour.WHITE), grounds=(Colour.BLUE,))) != ()


def test_what_might_be_meant_as_well_lowers_the_score() -> None:
    hidden = region((200, 700, 300, 800), Colour.BLUE)
    (found,) = ground("the blue circle", scene(CIRCLE, hidden))
    assert (found.box, found.score) == (CIRCLE.box, 0.45)
    assert ground("two blue circles", scene(CIRCLE, hidden)) == ()
    assert ground("the biggest blue circle", scene(CIRCLE, hidden)) == ()


@pytest.mark.parametrize("text", ["a teal circle", "a striped circle", "a red and blue circle"])
def test_a_colour_that_is_not_measured_has_no_box(text: str) -> None:
    assert ground(text, scene(CIRCLE)) == ()


def test_of_two_on_one_side_the_left_one_is_the_one_farther_left() -> None:
    one, other = (region((x, 100, x + 50, 150), Colour.BLUE, Shape.CIRCLE) for x in (50, 250))
    assert [found.box for found in ground("the left blue circle", scene(one, other))] == [one.box]
    assert ground("a blue circle on the left", scene(one, other, busy=True)) == ()


def test_two_that_are_nearly_as_far_left_have_no_leftmost() -> None:
    one, other = (region((x, y, x + 50, y + 50), Colour.BLUE, Shape.CIRCLE) for x, y in ((50, 100), (60, 500)))
    assert ground("the leftmost blue circle", scene(one, other)) == ()
    assert ground("the biggest blue circle", scene(one, other)) == ()
    assert [found.box for found in ground("the lowest blue circle", scene(one, other))] == [other.box]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the red square left of the blue circle", 1),
        ("the red square to the right of the blue circle", 0),
        ("the red square below the blue circle", 1),
        ("the red square above the blue circle", 0),
        ("the red square inside the green rectangle", 1),
        ("the blue circle inside the green rectangle", 0),
        ("the red square left of the yellow circle", 0),
    ],
)
def test_a_relation_is_looked_up(text: str, found: int) -> None:
    square = region((100, 400, 200, 500), Colour.RED, Shape.SQUARE, alone=0.0)
    around = region((50, 300, 400, 600), Colour.GREEN, Shape.RECTANGLE)
    assert len(ground(text, scene(square, CIRCLE, around))) == found


def test_in_a_busy_picture_nothing_is_counted() -> None:
    one, other = (region((x, 100, x + 50, 150), Colour.BLUE, Shape.CIRCLE) for x in (50, 250))
    assert len(ground("two blue circles", scene(one, other))) == 2
    assert ground("two blue circles", scene(one, other, busy=True)) == ()


@pytest.mark.parametrize("text", ["", "?", "赤い円", "red", "a circle that is blue", "the blue circle and the red car"])
def test_what_is_no_noun_phrase_has_no_box(text: str) -> None:
    assert ground(text, scene(CAR, CIRCLE)) == ()

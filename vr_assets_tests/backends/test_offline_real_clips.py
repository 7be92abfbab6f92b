"""What the offline annotator says of real clips, against what a person who watched them wrote down first."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from vr_assets.backends.offline import choices, claims
from vr_assets.backends.offline.story import Story
from vr_assets.backends.opencv import OpenCVBackend
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.scene import measure_scene
from vr_assets.parsing.captions import parse_dense_caption
from vr_assets.parsing.filtered_videos import parse_screening
from vr_assets.records.scene import Camera, Colour, Scene, Side
from vr_assets.settings import Mode, Task
from vr_assets_tests.backends.test_opencv import asked

FOLDER = Path(os.environ.get("VR_TEST_VIDEOS") or Path(__file__).parents[3] / "shared" / "videos")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real clips: set VR_TEST_VIDEOS, or put them in {FOLDER}")

NEAR_S = 0.5

# A road from above. Cars that are white or silvery, but for the red one; two pass each other from 15 to 18 s.
CARS = [
    (4.35, 8.7, Side.BOTTOM, Side.TOP, {Colour.WHITE, Colour.LIGHT}),
    (14.35, 18.35, Side.TOP, Side.BOTTOM, {Colour.WHITE, Colour.LIGHT, Colour.BLUE}),
    (14.95, 19.1, Side.BOTTOM, Side.TOP, {Colour.RED}),
    (25.1, 27.75, Side.TOP, Side.BOTTOM, {Colour.WHITE, Colour.LIGHT}),
]
# Hands that reach in from above and take bottles away or put them back; from 15.8 s on two at the same time.
HANDS = [(5.7, 7.15), (11.2, 13.55), (15.85, 17.95), (22.0, 24.55), (27.25, 28.95), (30.85, 32.05), (34.55, 36.75)]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    folder = tmp_path_factory.mktemp("proxies")
    recipe = ProxyRecipe(longest_side_px=640, max_fps=8.0, crf=28)
    scenes = {}
    for name in ("traffic-cars.mp4", "conveyor-bottles.mp4", "gesture-walk.mkv", "gesture-eat.mkv"):
        proxy = folder / f"{Path(name).stem}.mp4"
        facts = prepare(FOLDER / name, proxy, folder / f"{name}.json", recipe, None)
        scenes[proxy.stem] = measure_scene(proxy, duration_s=facts.duration_s)
    return scenes


def say(scene: Scene, task: Task) -> str:
    return asyncio.run(OpenCVBackend().generate(asked(scene, task))).text


@pytest.mark.parametrize("name", ["traffic-cars", "conveyor-bottles", "gesture-walk", "gesture-eat"])
def test_ordinary_footage_is_suitable_and_normal(scenes: dict[str, Scene], name: str) -> None:
    scene = scenes[name]
    screening = parse_screening(say(scene, Task.SCREENING))
    assert (screening.is_valid, screening.mode) == (True, Mode.NORMAL)
    assert (scene.camera, scene.cuts_s, scene.busy) == (Camera.STEADY, (), False)


def test_each_car_has_its_time_way_and_colour(scenes: dict[str, Scene]) -> None:
    tracks = scenes["traffic-cars"].tracks
    assert len(tracks) == len(CARS)
    for track, (enters_s, leaves_s, came, went, colours) in zip(tracks, CARS, strict=True):
        assert [track.start_s, track.end_s] == pytest.approx([enters_s, leaves_s], abs=NEAR_S)
        assert (track.entered, track.left, track.heading) == ((came,), (went,), (went,))
        assert track.colour in colours
        assert not track.stops and track.certain


def test_the_cars_that_pass_each_other_are_asked_about_truly(scenes: dict[str, Scene]) -> None:
    story = Story.of(scenes["traffic-cars"], timed=True)
    together = {claim.question: claim.holds for claim in claims.candidates(story) if "at the same time" in claim.question}
    red = [(question, holds) for question, holds in together.items() if "the red object" in question]
    assert [holds for question, holds in red if "00:14" in question] == [True]
    assert {holds for question, holds in red if "00:14" not in question} == {False}
    counted = {choice.question: choice.right for choice in choices.candidates(story)}
    assert counted["How many times does an object cross the frame?"] == "Four times"


@pytest.mark.parametrize("name", ["traffic-cars", "conveyor-bottles"])
def test_nothing_moves_only_where_nothing_does(scenes: dict[str, Scene], name: str) -> None:
    moving = [(start, end) for start, end, *_ in CARS] if name == "traffic-cars" else HANDS
    scene = scenes[name]
    events = parse_dense_caption(say(scene, Task.DENSE_CAPTION), within=scene.span).events
    quiet = [event for event in events if "othing" in event.text]
    assert len(quiet) >= 3
    for event in quiet:
        assert all(min(end, event.end_s) - max(start, event.start_s) < NEAR_S for start, end in moving), event


def test_hands_come_from_above_and_change_what_stands_there(scenes: dict[str, Scene]) -> None:
    scene = scenes["conveyor-bottles"]
    # One of them is first noticed inside the picture or at its edge, as the proxy's encoding has it.
    assert sum(Side.TOP in track.entered for track in scene.tracks) >= 5
    for track in scene.tracks:
        assert any(track.start_s == pytest.approx(start_s, abs=NEAR_S) for start_s, _ in HANDS), track
        assert (Side.TOP in track.entered or not track.entered) and Side.BOTTOM not in track.left
        if track.left:
            assert any(track.end_s == pytest.approx(end_s, abs=NEAR_S) for _, end_s in HANDS), track
        assert track.colour is None, "skin, a red sleeve and a bottle have no one colour"
        assert track.aftermath is None or track.aftermath.changed is not None, "every visit took a bottle or brought one"
    assert scene.incidents == ()
    # Where the bottles stand.
    for track in scene.tracks:
        if track.aftermath and track.aftermath.changed:
            x = (track.aftermath.changed.x0 + track.aftermath.changed.x1) / 2
            assert min(abs(x - place) for place in (0.14, 0.49, 0.85)) < 0.06


@pytest.mark.parametrize("name", ["gesture-walk", "gesture-eat"])
def test_a_person_who_signs_moves_in_place(scenes: dict[str, Scene], name: str) -> None:
    scene = scenes[name]
    assert scene.tracks == () and scene.quiet == ()
    (stir,) = scene.stirs
    assert stir.span.start_s < 0.3 and stir.span.end_s > scene.duration_s - 0.4
    assert 0.2 < stir.area.x0 < stir.area.x1 < 0.8
    text = say(scene, Task.GLOBAL_CAPTION)
    assert "around the middle of the frame" in text
    assert not re.search(r"object|enter|leave|red|blue|orange", text)

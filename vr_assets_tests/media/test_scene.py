"""The offline annotator's eyes, held to scenes whose truth was drawn."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from vr_assets.errors import MediaError
from vr_assets.media.demo_clips import draw_demo_clips
from vr_assets.media.scene import measure_scene
from vr_assets.records.scene import Camera, Colour, IncidentKind, Scene, Side, Track
from vr_assets_tests.clips import blank, frozen, write_clip
from vr_assets_tests.drawn_scenes import FPS, Image, Mover, across, draw, film

NEAR_S = 0.5
SIDES = {side.value: (side,) for side in Side}
OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def seen(tmp_path: Path, images: Iterator[Image] | Sequence[Image]) -> Scene:
    frames = list(images)
    return measure_scene(film(tmp_path / "clip.mp4", iter(frames)), duration_s=len(frames) / FPS)


def only(scene: Scene) -> Track:
    assert len(scene.tracks) == 1, scene.tracks
    return scene.tracks[0]


@pytest.mark.parametrize(
    ("paint", "to", "wide", "high"),
    [
        pytest.param("red", "right", 46, 28, id="red to the right"),
        pytest.param("blue", "left", 46, 28, id="blue to the left"),
        pytest.param("green", "bottom", 28, 40, id="green downwards"),
        pytest.param("yellow", "top", 28, 40, id="yellow upwards"),
        pytest.param("orange", "right", 80, 60, id="large orange"),
        pytest.param("white", "left", 14, 12, id="small white"),
        pytest.param("black", "right", 46, 28, id="black"),
        pytest.param("dark", "right", 46, 28, id="dark grey, as a shadow is"),
    ],
)
def test_a_crossing_is_seen_as_it_was_drawn(tmp_path: Path, paint: str, to: str, wide: int, high: int) -> None:
    mover = across(paint, 0.6, 3.4, y=110, to=to, wide=wide, high=high)
    scene = seen(tmp_path, draw([mover], 4))
    track = only(scene)
    assert (track.entered, track.left, track.heading) == (SIDES[OPPOSITE[to]], SIDES[to], SIDES[to])
    assert track.colour == paint
    assert track.area == pytest.approx(wide * high / (320 * 240), rel=0.6)
    enters_s, leaves_s = mover.visible()
    assert track.start_s == pytest.approx(enters_s, abs=NEAR_S)
    assert track.end_s == pytest.approx(leaves_s, abs=NEAR_S)
    middle_s = (enters_s + leaves_s) / 2
    x, y = mover.at(middle_s) or (0.0, 0.0)
    assert (track.at(middle_s).x, track.at(middle_s).y) == pytest.approx((x / 320, y / 240), abs=0.04)
    assert (scene.camera, scene.busy, scene.stirs, scene.incidents) == (Camera.STEADY, False, (), ())
    assert track.certain and not track.stops


@pytest.mark.parametrize(
    ("movers", "colours"),
    [
        pytest.param([], [], id="none"),
        pytest.param([across("red", 0.5, 4, y=70), across("blue", 1, 5, y=170, to="left")], ["red", "blue"], id="two lanes"),
        pytest.param(
            [across("red", 0.5, 5, y=115), across("blue", 1, 5, y=130, to="left")], ["red", "blue"], id="one hides the other"
        ),
        pytest.param([across("white", 0.5, 4.5), across("white", 1.4, 5.4)], ["white", "white"], id="one behind the other"),
        pytest.param([across("white", 0.3, 2.3), across("white", 3, 5, to="left")], ["white", "white"], id="one after the other"),
    ],
)
def test_movers_are_counted(tmp_path: Path, movers: list[Mover], colours: list[str]) -> None:
    scene = seen(tmp_path, draw(movers, 6))
    assert [track.colour for track in scene.tracks] == colours
    for track, mover in zip(scene.tracks, movers, strict=True):
        assert (track.start_s, track.end_s) == pytest.approx(mover.visible(), abs=NEAR_S)
        assert track.certain


def test_alike_movers_that_pass_over_each_other_are_not_told_apart(tmp_path: Path) -> None:
    scene = seen(tmp_path, draw([across("white", 0.5, 5, y=115), across("white", 1, 5.5, y=130, to="left")], 6.5))
    assert scene.busy or len(scene.tracks) == 2


def stopping(paint: str, *, brakes_s: float, stays_until_s: float, goes_on: bool = False) -> Mover:
    """From the left at 80 pixels a second; the last `brakes_s` before 3 s it slows down evenly."""
    speed, stop_s = 80.0, 3.0
    slow = [stop_s - brakes_s + brakes_s * step / 12 for step in range(13)]
    begin_s = slow[0]
    start = begin_s - 2.0
    way = [(start, -30.0, 120.0), (begin_s, -30.0 + speed * 2.0, 120.0)]
    x = way[-1][1]
    if brakes_s:
        way += [(t, x + speed * ((t - begin_s) - (t - begin_s) ** 2 / (2 * brakes_s)), 120.0) for t in slow[1:]]
    x = way[-1][1]
    way.append((stays_until_s, x, 120.0))
    if goes_on:
        way.append((stays_until_s + (350 - x) / speed, 350.0, 120.0))
    return Mover(paint, way)


@pytest.mark.parametrize("goes_on", [False, True], ids=["to the end", "and goes on"])
def test_an_abrupt_stop_is_the_incident_and_has_its_moment(tmp_path: Path, goes_on: bool) -> None:
    until_s = 5.5 if goes_on else 8.0
    scene = seen(tmp_path, draw([stopping("red", brakes_s=0.0, stays_until_s=until_s, goes_on=goes_on)], 8))
    (incident,) = scene.incidents
    assert incident.moment_s == pytest.approx(3.0, abs=NEAR_S)
    (stop,) = only(scene).stops
    assert stop.abrupt
    assert (stop.x, stop.y) == pytest.approx((130 / 320, 0.5), abs=0.03)
    assert (stop.end_s is not None) is goes_on
    assert stop.end_s is None or stop.end_s == pytest.approx(until_s, abs=NEAR_S)


@pytest.mark.parametrize("brakes_s", [1.2, 2.0])
def test_gentle_braking_is_a_stop_and_no_incident(tmp_path: Path, brakes_s: float) -> None:
    scene = seen(tmp_path, draw([stopping("red", brakes_s=brakes_s, stays_until_s=6.0, goes_on=True)], 9))
    (stop,) = only(scene).stops
    assert (scene.incidents, stop.abrupt) == ((), False)
    assert stop.end_s is not None
    assert [stop.start_s, stop.end_s] == pytest.approx([3.0, 6.0], abs=NEAR_S)


def test_two_that_meet_and_stop_are_beside_each_other(tmp_path: Path) -> None:
    blue = Mover("blue", [(0.7, 350, 120), (3.5, 200, 120), (8, 200, 120)])
    red = Mover("red", [(0.5, -30, 120), (3.5, 156, 120), (8, 156, 120)])
    scene = seen(tmp_path, draw([blue, red], 8))
    colours = [track.colour for track in scene.tracks]
    met = [(one.kind, {colours[one.track], colours[one.beside or 0]}) for one in scene.incidents]
    assert met == [(IncidentKind.COLLISION, {"red", "blue"})], "they touch, and both stop at that moment"
    assert all(one.moment_s == pytest.approx(3.5, abs=NEAR_S) for one in scene.incidents)


def test_what_sets_off_inside_the_frame_has_not_entered(tmp_path: Path) -> None:
    track = only(seen(tmp_path, draw([Mover("red", [(0, 90, 120), (3, 90, 120), (6, 350, 120)])], 7)))
    assert (track.entered, track.left, track.colour) == ((), (Side.RIGHT,), Colour.RED)
    assert track.start_s == pytest.approx(3.0, abs=NEAR_S)


def test_what_is_there_from_the_start_has_not_entered(tmp_path: Path) -> None:
    track = only(seen(tmp_path, draw([Mover("red", [(-1, 40, 120), (2.5, 350, 120)])], 4)))
    assert (track.entered, track.left, track.start_s) == ((), (Side.RIGHT,), 0.0)


def test_what_is_there_to_the_end_has_not_left(tmp_path: Path) -> None:
    track = only(seen(tmp_path, draw([Mover("red", [(0.5, -30, 120), (9, 350, 120)])], 5)))
    assert (track.entered, track.left) == ((Side.LEFT,), ())
    assert track.end_s == pytest.approx(5.0, abs=0.2)


def test_a_long_rest_is_one_stop_of_one_mover(tmp_path: Path) -> None:
    track = only(seen(tmp_path, draw([stopping("red", brakes_s=0.0, stays_until_s=17.0, goes_on=True)], 21)))
    (stop,) = track.stops
    assert stop.end_s is not None
    assert [stop.start_s, stop.end_s, track.end_s] == pytest.approx([3.0, 17.0, 19.7], abs=NEAR_S)
    assert (track.entered, track.left) == ((Side.LEFT,), (Side.RIGHT,))


def test_what_leaves_its_place_behind_another_is_not_said_to_stay(tmp_path: Path) -> None:
    red = Mover("red", [(0.8, 75, -23), (2.6, 75, 144), (5.5, 75, 144), (6.8, 75, 263)], wide=28, high=46)
    black = Mover("black", [(4.6, 355, 191), (5.6, 102, 191), (8.2, 102, 191), (8.7, -35, 191)], wide=70, high=44)
    scene = seen(tmp_path, draw([black, red], 9, level=70))
    assert not [track for track in scene.tracks if track.colour == "red" and track.certain and track.left == ()]


def test_a_soft_shadow_is_no_actor(tmp_path: Path) -> None:
    scene = seen(tmp_path, draw([across("shadow", 0.5, 4.5, wide=90, high=60)], 5))
    assert (scene.tracks, scene.stirs) == ((), ())


def sway(time_s: float) -> tuple[float, float]:
    return math.sin(time_s * 9), math.cos(time_s * 7)


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(lambda movers: draw(movers, 4, gain=lambda t: 1 + 0.5 * math.sin(t * 2)), id="exposure"),
        pytest.param(lambda movers: draw(movers, 4, camera=sway), id="a trembling camera"),
        pytest.param(lambda movers: draw(movers, 4, noise=9), id="a noisy sensor"),
    ],
)
def test_what_the_camera_does_makes_no_actors(tmp_path: Path, images: Callable[[list[Mover]], Iterator[Image]]) -> None:
    empty = seen(tmp_path, images([]))
    assert (empty.tracks, empty.stirs, empty.camera) == ((), (), Camera.STEADY)
    track = only(seen(tmp_path, images([across("red", 0.6, 3.4)])))
    assert (track.colour, track.heading) == (Colour.RED, (Side.RIGHT,))


def test_a_panning_camera_is_said_to_move_and_nothing_else(tmp_path: Path) -> None:
    scene = seen(tmp_path, draw([across("red", 1, 4)], 4, camera=lambda time_s: (time_s * 20, 0.0)))
    assert (scene.camera, scene.tracks, scene.stirs, scene.quiet) == (Camera.MOVING, (), (), ())


def test_many_movers_are_not_counted(tmp_path: Path) -> None:
    paints = ("red", "blue", "white", "black", "green")
    lanes = [across(paints[n % 5], 0.3 + 0.2 * n, 4 + 0.2 * n, y=25 + 17 * n, to="right" if n % 4 else "left") for n in range(12)]
    assert seen(tmp_path, draw(lanes, 7)).busy


def test_motion_in_place_is_a_stir_where_it_is(tmp_path: Path) -> None:
    swing = Mover("orange", [(0.25 * n, 230 + 16 * math.sin(n * 0.9), 70) for n in range(28)])
    scene = seen(tmp_path, draw([swing], 7))
    (stir,) = scene.stirs
    assert scene.tracks == ()
    area = stir.area
    assert area.x0 < 230 / 320 < area.x1 and area.y0 < 70 / 240 < area.y1
    assert area.x1 - area.x0 < 0.4 and area.y1 - area.y0 < 0.3


def slides() -> Iterator[Image]:
    random = np.random.default_rng(2)
    for _ in range(3):
        slide = cv2.resize(random.integers(0, 255, (12, 16, 3), dtype=np.uint8), (320, 240))
        yield from [np.asarray(slide, np.uint8)] * 12


@pytest.mark.parametrize(
    ("images", "is_blank", "is_frozen", "cuts"),
    [
        pytest.param(blank(24, size=(320, 240), level=14), True, True, 0, id="blank"),
        pytest.param(frozen(24, moving=1), False, True, 0, id="frozen"),
        pytest.param(list(slides()), False, True, 2, id="slide show"),
        pytest.param(list(draw([across("red", 0.5, 2.5)], 3)), False, False, 0, id="footage"),
    ],
)
def test_blank_and_frozen_pictures_are_known(
    tmp_path: Path, images: list[Image], is_blank: bool, is_frozen: bool, cuts: int
) -> None:
    scene = seen(tmp_path, images)
    assert (scene.quality.blank, scene.quality.frozen, len(scene.cuts_s)) == (is_blank, is_frozen, cuts)


def test_each_view_is_watched_by_itself(tmp_path: Path) -> None:
    one, other = draw([across("red", 0.5, 3)], 3.5), draw([across("blue", 0.5, 3, to="left")], 3.5, level=200)
    scene = seen(tmp_path, [*one, *other])
    assert scene.cuts_s == pytest.approx((3.5,), abs=0.2)
    assert [(track.colour, track.heading) for track in scene.tracks] == [
        (Colour.RED, (Side.RIGHT,)),
        (Colour.BLUE, (Side.LEFT,)),
    ]


def test_quiet_is_where_nothing_was_drawn_to_move(tmp_path: Path) -> None:
    scene = seen(tmp_path, draw([across("red", 3, 5)], 9))
    before, after = scene.quiet
    assert [before.start_s, before.end_s, after.start_s, after.end_s] == pytest.approx([0, 3, 5, 9], abs=NEAR_S)


def reaching(paint: str) -> Mover:
    return Mover(paint, [(2, 160, -45), (3, 160, 35), (4, 160, 35), (5, 160, -45)], wide=40, high=80)


@pytest.mark.parametrize("puts_down", [False, True], ids=["leaves it as it was", "puts something down"])
def test_whether_a_visit_changed_the_scene_is_measured(tmp_path: Path, puts_down: bool) -> None:
    parcel = Mover("blue", [(3.5, 160, 80), (99, 160, 80)], wide=30, high=24)
    scene = seen(tmp_path, draw([*([parcel] if puts_down else []), reaching("orange")], 8))
    track = scene.tracks[0]
    assert (track.entered, track.left, track.heading) == ((Side.TOP,), (Side.TOP,), ())
    assert track.aftermath is not None
    changed = track.aftermath.changed
    if not puts_down:
        assert changed is None
    else:
        assert changed is not None and changed.x0 < 0.5 < changed.x1 and changed.y0 < 80 / 240 < changed.y1


def test_the_same_file_gives_the_same_record(tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", draw([across("red", 0.5, 3), across("blue", 1, 4, y=60, to="left")], 4))
    assert measure_scene(path, duration_s=4.0) == measure_scene(path, duration_s=4.0)


def test_a_single_frame_is_no_motion(tmp_path: Path) -> None:
    scene = seen(tmp_path, list(draw([across("red", -1, 1)], 1))[:1])
    assert (scene.tracks, scene.stirs, scene.quality.frozen) == ((), (), True)


def test_a_file_without_pictures_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a video")
    with pytest.raises(MediaError):
        measure_scene(path, duration_s=1.0)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    folder = tmp_path_factory.mktemp("demo")
    paths = draw_demo_clips(folder)
    again = draw_demo_clips(folder / "again")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    return {path.stem: measure_scene(path, duration_s=10.0) for path in paths}


def test_the_demo_has_one_incident_and_one_clip_to_filter_out(demo: dict[str, Scene]) -> None:
    assert [name for name, scene in demo.items() if scene.incidents] == ["abrupt-stop"]
    assert [name for name, scene in demo.items() if scene.quality.frozen] == ["frozen"]
    incident = demo["abrupt-stop"].incidents[0]
    tracks = demo["abrupt-stop"].tracks
    assert incident.beside is not None
    assert (tracks[incident.track].colour, tracks[incident.beside].colour) == (Colour.RED, Colour.BLUE)
    assert incident.moment_s == pytest.approx(5.6, abs=NEAR_S)


def test_the_demo_shows_what_it_was_drawn_to_show(demo: dict[str, Scene]) -> None:
    told = {
        name: [(track.colour, track.heading) for track in scene.tracks]
        for name, scene in demo.items()
        if name in ("crossing", "two-ways", "three-ways", "stop-and-go")
    }
    assert told == {
        "crossing": [("red", (Side.RIGHT,))],
        "stop-and-go": [("green", (Side.RIGHT,))],
        "three-ways": [("white", (Side.TOP,)), ("orange", (Side.LEFT,)), ("blue", (Side.BOTTOM,))],
        "two-ways": [("yellow", (Side.RIGHT,)), ("blue", (Side.LEFT,))],
    }


def test_clips_of_any_size_and_rate_are_read(tmp_path: Path) -> None:
    images = [image[::2, ::2].copy() for image in draw([across("red", 0.5, 3)], 4)]
    path = write_clip(tmp_path / "small.mkv", images, FPS)
    track = only(measure_scene(path, duration_s=4.0))
    assert (track.colour, track.heading) == (Colour.RED, (Side.RIGHT,))

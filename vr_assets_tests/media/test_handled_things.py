"""What a mover puts down or takes away, and what is told of the mover then, held to scenes whose truth was drawn."""

from pathlib import Path

import pytest

from vr_assets.media.scene import measure_scene
from vr_assets.records.scene import IncidentKind, Scene
from vr_assets_tests.drawn_scenes import Mover, draw, film

STOPS_S, HANDLES_S, GOES_ON_S, LASTS_S = 3.0, 4.0, 4.9, 11


def visit(tmp_path: Path, bag: list[tuple[float, float, float]]) -> Scene:
    """One comes in, stands in the middle over a bag, or without one, and goes on the same way."""
    way = [(0.5, -15.0, 130.0), (STOPS_S, 160.0, 130.0), (GOES_ON_S, 160.0, 130.0), (9.0, 340.0, 130.0)]
    movers = [Mover("orange", way, wide=22, high=60)]
    movers += [Mover("purple", bag, wide=24, high=18)] if bag else []
    images = draw(movers, LASTS_S)
    return measure_scene(film(tmp_path / "clip.mp4", images), duration_s=float(LASTS_S))


def carried_to_the_middle() -> list[tuple[float, float, float]]:
    return [
        (0.5, -15.0, 140.0),
        (STOPS_S, 160.0, 140.0),
        (HANDLES_S, 160.0, 140.0),
        (HANDLES_S, 160.0, 151.0),
        (99, 160.0, 151.0),
    ]


def carried_from_the_middle() -> list[tuple[float, float, float]]:
    lies = [(0.0, 160.0, 151.0), (HANDLES_S, 160.0, 151.0)]
    return [*lies, (HANDLES_S + 0.05, 160.0, 140.0), (GOES_ON_S, 160.0, 140.0), (9.0, 340.0, 140.0)]


def test_what_is_put_down_is_told_with_who_did_it_and_who_stood_there_until_then(tmp_path: Path) -> None:
    scene = visit(tmp_path, carried_to_the_middle())
    (thing,) = scene.belongings
    assert not thing.taken and thing.confidence >= 0.6 and thing.track is not None
    assert HANDLES_S - 0.5 <= thing.moment_s <= GOES_ON_S + 0.5
    assert thing.area.x0 < 0.5 < thing.area.x1 and thing.area.y0 < 151 / 240 < thing.area.y1
    track = scene.tracks[thing.track]
    assert track.certain
    (stop,) = track.stops
    assert (stop.start_s, stop.end_s) == pytest.approx((STOPS_S, GOES_ON_S), abs=0.5)
    assert not stop.abrupt
    assert [incident.kind for incident in scene.incidents] == [IncidentKind.LEFT_BEHIND]


def test_what_is_taken_is_told_and_is_no_incident(tmp_path: Path) -> None:
    scene = visit(tmp_path, carried_from_the_middle())
    (thing,) = scene.belongings
    assert thing.taken and thing.confidence >= 0.6
    assert HANDLES_S - 0.5 <= thing.moment_s <= GOES_ON_S + 0.5
    assert not scene.incidents


def test_who_stands_in_a_place_for_a_while_leaves_nothing_there(tmp_path: Path) -> None:
    assert not visit(tmp_path, []).belongings


def test_what_sets_off_is_not_taken_from_its_place(tmp_path: Path) -> None:
    parked = Mover("black", [(0.0, 150.0, 120.0), (4.0, 150.0, 120.0), (8.0, 400.0, 120.0)], wide=90, high=46)
    frames = draw([parked], 10)
    assert not measure_scene(film(tmp_path / "clip.mp4", frames), duration_s=10.0).belongings

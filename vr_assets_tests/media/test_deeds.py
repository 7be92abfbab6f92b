"""What a mover does on its way, told from where it was: falls, changes of speed, loitering."""

import numpy as np
import pytest

from vr_assets.media.vision.speeds import falls, loiters, speed_changes
from vr_assets.records.scene import Stop

FPS = 8
TIMES = np.arange(0, 10, 1 / FPS)


def boxes(shapes: list[tuple[int, int]]) -> list[tuple[int, int, int, int] | None]:
    """Standing on one line, each (wide, high)."""
    return [(150 - wide // 2, 180 - high, 150 + wide // 2, 180) for wide, high in shapes]


def fallen(at_s: float, low: tuple[int, int] = (60, 20)) -> list[tuple[int, int]]:
    return [(20, 60) if time_s < at_s else (42, 42) if time_s < at_s + 0.3 else low for time_s in TIMES]


def test_what_was_upright_and_then_lies_has_fallen() -> None:
    (moment_s,) = falls(TIMES, boxes(fallen(5.0)), height=240, until_s=10.0)
    assert moment_s == pytest.approx(5.2, abs=0.3)


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param([(20, 60)] * len(TIMES), id="stays upright"),
        pytest.param([(60, 20)] * len(TIMES), id="always lay"),
        pytest.param(fallen(5.0, low=(44, 44)), id="only bends down"),
        pytest.param([(20, 60) if not 5 <= t < 5.5 else (60, 20) for t in TIMES], id="is up again at once"),
        pytest.param([(4, 12) if t < 5 else (12, 4) for t in TIMES], id="too small to tell"),
    ],
)
def test_what_does_not_come_to_lie_has_not_fallen(shapes: list[tuple[int, int]]) -> None:
    assert falls(TIMES, boxes(shapes), height=240, until_s=10.0) == ()


def ride(*speeds: tuple[float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Moves to the right; each (until when, pixels a second)."""
    steps = [next(speed for until_s, speed in speeds if time_s < until_s) / FPS for time_s in TIMES]
    return np.column_stack([np.cumsum(steps), np.zeros(len(TIMES))])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param(ride((11, 30)), [], id="even"),
        pytest.param(ride((5, 25), (11, 75)), [(5.0, True, True)], id="suddenly faster"),
        pytest.param(ride((5, 80), (11, 25)), [(5.0, False, True)], id="suddenly slower"),
        pytest.param(ride((5, 30), (11, 36)), [], id="hardly faster"),
        pytest.param(ride((5, 3), (11, 7)), [], id="too slow to tell"),
    ],
)
def test_a_lasting_change_of_speed_has_its_moment(
    path: np.ndarray[tuple[int, int], np.dtype[np.float64]], found: list[tuple[float, bool, bool]]
) -> None:
    changes = speed_changes(TIMES, path, (), 320)
    assert [(change.faster, change.sudden) for change in changes] == [(faster, sudden) for _, faster, sudden in found]
    assert [change.moment_s for change in changes] == pytest.approx([moment_s for moment_s, *_ in found], abs=0.5)


def test_a_stop_is_no_change_of_speed() -> None:
    stop = Stop(start_s=5.0, end_s=None, x=0.5, y=0.5, abrupt=True)
    assert speed_changes(TIMES, ride((5, 60), (11, 0)), (stop,), 320) == ()


def to_and_fro(*, leaves_s: float = 99.0) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    x = [20 * np.sin(time_s * 2) if time_s < leaves_s else 60 * (time_s - leaves_s) for time_s in TIMES]
    return np.column_stack([x, np.zeros(len(TIMES))])


def test_who_walks_to_and_fro_in_one_place_loiters() -> None:
    (stretch,) = loiters(TIMES, to_and_fro(), 25.0, (), 320)
    assert (stretch.start_s, stretch.end_s) == pytest.approx((0.0, 9.9), abs=0.5)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(to_and_fro(leaves_s=4.0), id="goes away after a while"),
        pytest.param(ride((11, 30)), id="walks past"),
        pytest.param(np.zeros((len(TIMES), 2)), id="stands still"),
        pytest.param(to_and_fro() * 0.2 * np.sin(TIMES * 9)[:, None], id="trembles with the camera"),
    ],
)
def test_who_leaves_or_stands_still_does_not_loiter(path: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    assert loiters(TIMES, path, 25.0, (), 320) == ()

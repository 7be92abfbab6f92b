"""Where long recordings are cut, and what their parts are foreseen to take."""

from itertools import pairwise
from pathlib import Path

import pytest

from vr_assets.records.base import Span
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import resolve
from vr_assets.steps.parts import split_at_cuts, split_by_length, usual_calls
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.steps.graph import Graph

Edges = list[float]


def edges(parts: tuple[Span, ...]) -> Edges:
    assert all(one.end_s == other.start_s for one, other in pairwise(parts))
    return [parts[0].start_s, *(part.end_s for part in parts)]


@pytest.mark.parametrize(
    ("span", "length_s", "expected"),
    [
        pytest.param((0, 600), 300, [(0, 300), (300, 600)], id="even"),
        pytest.param((0, 700), 300, [(0, 300), (300, 600), (600, 700)], id="a rest"),
        pytest.param((0, 601), 300, [(0, 300), (300, 600), (600, 601)], id="a rest of a second"),
        pytest.param((0, 600.9), 300, [(0, 300), (300, 600.9)], id="a rest under a second joins"),
        pytest.param((0, 300.5), 300, [(0, 300.5)], id="just over the limit"),
        pytest.param((50, 450), 300, [(50, 350), (350, 450)], id="of a part"),
        pytest.param((0, 0.4), 300, [(0, 0.4)], id="under a second"),
    ],
)
def test_parts_are_of_the_limit_and_none_is_too_short_to_show_anything(
    span: tuple[float, float], length_s: float, expected: list[tuple[float, float]]
) -> None:
    parts = split_by_length(Span(start_s=span[0], end_s=span[1]), length_s)
    assert [(part.start_s, part.end_s) for part in parts] == expected


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        pytest.param([40, 100], [0, 40, 100, 160], id="every scene is a part"),
        pytest.param([], [0, 80, 160], id="a camera that stands: even parts"),
        pytest.param([150], [0, 75, 150, 160], id="a scene that is too long: even parts of it"),
        pytest.param([40, 45, 100], [0, 45, 100, 160], id="a short scene joins its shorter neighbour"),
        pytest.param([50, 55, 90], [0, 50, 90, 160], id="also where that is the next"),
        pytest.param([5, 60, 110], [0, 60, 110, 160], id="at the start it joins the next"),
        pytest.param([60, 110, 155], [0, 60, 110, 160], id="at the end the one before"),
        pytest.param([*range(2, 100, 2)], None, id="a slide show"),
        pytest.param([4, 8, 152, 156], None, id="short scenes around a long one"),
        pytest.param([0, 160, 170, 90], [0, 90, 160], id="cuts at its edges and beyond are none"),
    ],
)
def test_parts_are_scenes_none_too_long_and_none_too_short(cuts: list[float], expected: Edges | None) -> None:
    parts = split_at_cuts(Span(start_s=0, end_s=160), cuts, length_s=100, shortest_s=10)
    made = edges(parts)
    assert (made[0], made[-1]) == (0, 160)
    assert all(10 <= part.duration_s <= 100 for part in parts)
    assert expected is None or made == expected


def test_parts_of_a_part_lie_within_it() -> None:
    parts = split_at_cuts(Span(start_s=50, end_s=250), [20, 120, 300], length_s=100, shortest_s=10)
    assert edges(parts) == [50, 120, 185, 250]


def test_what_a_part_is_foreseen_to_take_is_what_it_takes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", moving_box(88), 8)
    manifest = [ManifestRow(video_path=str(clip))]
    _, requests = Graph(tmp_path / "data").run(manifest, chunks__chunk_duration_options="2,5", chunks__max_chunks=4)
    settings = resolve(("test", {"chunks.chunk_duration_options": "2,5", "chunks.max_chunks": 4})).settings
    assert len(requests) == usual_calls(11.0, settings)


@pytest.mark.parametrize(
    ("given", "fewer"),
    [({"mode": "normal"}, 2), ({"mode": "anomaly", "filter.enabled": False}, 1), ({"qa.qa_types": "mcq"}, 7)],
    ids=["no highlight", "no question before", "one kind of QA"],
)
def test_what_settings_leave_out_is_not_foreseen(given: dict[str, object], fewer: int) -> None:
    assert usual_calls(300.0, resolve().settings) - usual_calls(300.0, resolve(("test", given)).settings) == fewer

"""Where cuts fall."""

import pytest

from vr_assets.media.spans import frames_shown, highlight_span, on_frames, on_keyframes, plan_chunks, plan_windows, sample_times
from vr_assets.records.base import Span
from vr_assets.records.media import VideoFacts
from vr_assets.records.video import QualityFacts

OPTIONS = (5.0, 10.0, 15.0, 20.0, 30.0)
QUALITY = QualityFacts(brightness_mean=100, brightness_std=1, dark_share=0, frozen_share=0, detail=50)


def facts(duration_s: float, *, keyframes_s: tuple[float, ...] | None = None) -> VideoFacts:
    """Of a video at 8 frames a second with a keyframe each second."""
    frames_s = tuple(n / 8 for n in range(int(duration_s * 8 + 0.999)))
    return VideoFacts(
        offset_s=0.0,
        duration_s=duration_s,
        fps=8.0,
        source_frame_count=len(frames_s),
        width_px=160,
        height_px=120,
        frame_times_s=frames_s,
        keyframe_times_s=frames_s[::8] if keyframes_s is None else keyframes_s,
        quality=QUALITY,
        signature="",
        source_size_bytes=2,
        proxy_size_bytes=1,
        proxy_width_px=160,
        proxy_height_px=120,
        damaged_packets=0,
    )


@pytest.mark.parametrize(
    ("duration_s", "boundaries_s"),
    [
        pytest.param(0.1, [0, 0.1], id="one frame"),
        pytest.param(0.9, [0, 0.9], id="under a second"),
        pytest.param(4.0, [0, 4], id="under the first option"),
        pytest.param(12.5, [0, 5, 10, 12.5], id="the partial last chunk is kept"),
        pytest.param(50.0, [*range(0, 51, 5)], id="exactly max_chunks of the first option"),
        pytest.param(51.0, [0, 10, 20, 30, 40, 50, 51], id="over it: the next option"),
        pytest.param(300.0, [*range(0, 301, 30)], id="the last option"),
        pytest.param(331.5, [*range(0, 331, 30), 331.5], id="over the last option: more chunks"),
        pytest.param(20.5, [0, 5, 10, 15, 20.5], id="a rest of half a second joins the chunk before"),
        pytest.param(21.0, [0, 5, 10, 15, 20, 21], id="a rest of a second is a chunk"),
    ],
)
def test_chunks_take_the_first_option_that_needs_few_enough(duration_s: float, boundaries_s: list[float]) -> None:
    chunks = plan_chunks(facts(duration_s), OPTIONS, 10)
    assert [chunk.start_s for chunk in chunks] + [chunks[-1].end_s] == boundaries_s


def test_the_last_option_serves_a_video_that_is_too_long_for_all() -> None:
    assert [chunk.duration_s for chunk in plan_chunks(facts(9.0), (1.0, 2.0), 2)] == [2, 2, 2, 2, 1]


def test_chunks_leave_no_gap_and_start_on_keyframes() -> None:
    measured = facts(37.3)
    chunks = plan_chunks(measured, OPTIONS, 10)
    assert chunks[0].start_s == 0.0
    assert chunks[-1].end_s == measured.duration_s
    assert [chunk.start_s for chunk in chunks[1:]] == [chunk.end_s for chunk in chunks[:-1]]
    assert all(chunk.start_s in measured.keyframe_times_s for chunk in chunks)


def test_a_boundary_without_a_keyframe_moves_to_the_next_one() -> None:
    measured = facts(30.0, keyframes_s=(0.0, 4.5, 7.25, 22.0))
    assert [chunk.start_s for chunk in plan_chunks(measured, OPTIONS, 10)] == [0.0, 7.25, 22.0]


def test_a_video_without_keyframes_to_cut_at_is_one_chunk() -> None:
    assert plan_chunks(facts(30.0, keyframes_s=(0.0,)), OPTIONS, 10) == (Span(start_s=0, end_s=30),)


def test_chunk_lengths_under_a_second_give_chunks_of_a_second() -> None:
    assert [chunk.duration_s for chunk in plan_chunks(facts(3.0), (0.25,), 100)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("moment_s", "before_s", "after_s", "span"),
    [
        pytest.param(10.0, 3, 3, (7, 13), id="in the middle"),
        pytest.param(10.1, 3, 3, (7, 13.125), id="outward to whole frames"),
        pytest.param(1.0, 3, 3, (0, 4), id="clamped at the start"),
        pytest.param(19.9, 3, 3, (16.875, 20), id="clamped at the end"),
        pytest.param(10.0, 0.5, 0.5, (9, 11), id="never under 2 s"),
        pytest.param(0.0, 0, 0, (0, 2), id="2 s at the start"),
        pytest.param(20.0, 0, 0, (18, 20), id="2 s at the end"),
    ],
)
def test_the_highlight_surrounds_the_moment(moment_s: float, before_s: float, after_s: float, span: tuple[float, float]) -> None:
    cut = highlight_span(moment_s, facts(20.0), before_s, after_s)
    assert (cut.start_s, cut.end_s) == span


def test_a_short_video_is_its_own_highlight() -> None:
    assert highlight_span(0.5, facts(1.5), 0.1, 0.1) == Span(start_s=0, end_s=1.5)


@pytest.mark.parametrize(
    ("wanted", "cut"),
    [
        pytest.param((3.0, 5.0), (3, 5), id="on keyframes already"),
        pytest.param((3.4, 5.2), (3, 6), id="outward"),
        pytest.param((3.4, 3.6), (3, 4), id="inside one second"),
        pytest.param((9.5, 10.2), (9, 10.2), id="to the end"),
        pytest.param((3.0000004, 4.9999996), (3, 5), id="rounded times are the same time"),
    ],
)
def test_a_copied_cut_goes_from_keyframe_to_keyframe(wanted: tuple[float, float], cut: tuple[float, float]) -> None:
    span = on_keyframes(*wanted, facts(10.2))
    assert (span.start_s, span.end_s) == cut


def test_a_close_cut_goes_from_frame_to_frame() -> None:
    span = on_frames(3.2, 4.3, facts(10.0))
    assert (span.start_s, span.end_s) == (3.125, 4.375)


@pytest.mark.parametrize(
    ("span", "fps", "most", "times_s"),
    [
        pytest.param((0, 100), 0.5, 60, [i * 100 / 51 for i in range(1, 51)], id="by rate"),
        pytest.param((0, 300), 0.5, 60, [i * 300 / 61 for i in range(1, 61)], id="by number"),
        pytest.param((0, 1), 0.5, 60, [0.5], id="at least one"),
        pytest.param((60, 64), 0.5, 60, [60 + 4 / 3, 60 + 8 / 3], id="on the source's clock"),
    ],
)
def test_frames_are_spread_evenly(span: tuple[float, float], fps: float, most: int, times_s: list[float]) -> None:
    assert sample_times(Span(start_s=span[0], end_s=span[1]), fps, most) == pytest.approx(times_s)


def test_a_frame_is_named_by_the_time_it_appeared_and_taken_once() -> None:
    assert frames_shown([0.0, 0.1, 0.13, 0.9, 99.0], facts(1.0)) == (0.0, 0.125, 0.875)


@pytest.mark.parametrize(
    ("duration_s", "keyframes_s", "boundaries_s"),
    [
        pytest.param(60.0, None, [0, 60], id="one, up to the longest"),
        pytest.param(120.0, None, [0, 60, 120], id="as few as will do"),
        pytest.param(61.0, None, [0, 30, 61], id="alike in length: no window of a second"),
        pytest.param(150.0, None, [0, 50, 100, 150], id="alike in length: three"),
        pytest.param(120.0, (0.0, 59.01, 60.02, 90.0, 100.0), [0, 59.01, 60.02, 120], id="a cut after the longest is none"),
        pytest.param(190.0, (0.0, 30.0, 130.0, 170.0), [0, 30, 130, 190], id="longer only where nothing new is shown"),
        pytest.param(200.0, (0.0, 95.0), [0, 95, 200], id="no keyframe where one is wanted"),
        pytest.param(200.0, (0.0,), [0, 200], id="nowhere to cut"),
    ],
)
def test_windows_are_few_and_alike_and_not_over_the_longest(
    duration_s: float, keyframes_s: tuple[float, ...] | None, boundaries_s: list[float]
) -> None:
    windows = plan_windows(facts(duration_s, keyframes_s=keyframes_s), 60.0)
    assert [window.start_s for window in windows] + [windows[-1].end_s] == boundaries_s
    assert [window.start_s for window in windows[1:]] == [window.end_s for window in windows[:-1]]


@pytest.mark.parametrize("late_s", [0.0, 0.0004, 0.027, 0.9])
def test_no_window_is_shown_as_frames_for_keyframes_that_come_late(late_s: float) -> None:
    measured = facts(310.3, keyframes_s=(0.0, *(second + late_s for second in range(1, 310))))
    assert max(window.duration_s for window in plan_windows(measured, 60.0)) <= 60.0

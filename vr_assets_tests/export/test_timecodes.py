"""Times as task files write them are in order and inside the clip, whatever the rounding."""

import pytest

from vr_assets.errors import ReplyError
from vr_assets.export.timecodes import Timecodes
from vr_assets.records.base import Span


def written(span: tuple[float, float], clip: tuple[float, float]) -> tuple[str, str]:
    return Timecodes(Span(start_s=clip[0], end_s=clip[1])).of_span(Span(start_s=span[0], end_s=span[1]))


@pytest.mark.parametrize(
    ("clip", "layout"),
    [
        pytest.param((0.0, 9.99), "MM:SS.f", id="under ten seconds"),
        pytest.param((0.0, 10.0), "MM:SS", id="ten seconds"),
        pytest.param((0.0, 3599.9), "MM:SS", id="under an hour"),
        pytest.param((0.0, 3600.0), "HH:MM:SS", id="an hour"),
        pytest.param((300.0, 305.0), "MM:SS.f", id="a short part far into a recording"),
        pytest.param((7200.0, 7260.0), "HH:MM:SS", id="a part two hours into a recording"),
    ],
)
def test_the_layout_follows_the_clip(clip: tuple[float, float], layout: str) -> None:
    assert Timecodes(Span(start_s=clip[0], end_s=clip[1])).layout == layout


@pytest.mark.parametrize(
    ("span", "clip", "expected"),
    [
        pytest.param((3.0, 7.0), (0, 30.0), ("00:03", "00:07"), id="whole seconds"),
        pytest.param((2.5, 6.5), (0, 30.0), ("00:03", "00:07"), id="halves go up"),
        pytest.param((2.49, 6.49), (0, 30.0), ("00:02", "00:06"), id="less than half goes down"),
        pytest.param((65.0, 125.0), (0, 130.0), ("01:05", "02:05"), id="minutes"),
        pytest.param((3.1, 3.4), (0, 30.0), ("00:03", "00:04"), id="within one second: covers it"),
        pytest.param((3.6, 4.2), (0, 30.0), ("00:03", "00:05"), id="around a second: covers both"),
        pytest.param((28.0, 29.6), (0, 29.9), ("00:28", "00:29"), id="the end never passes the clip's last whole second"),
        pytest.param((28.6, 29.9), (0, 29.9), ("00:28", "00:29"), id="nor does the start reach it"),
        pytest.param((12.1, 12.4), (0, 12.4), ("00:11", "00:12"), id="within the last partial second"),
        pytest.param((0.0, 0.3), (0, 30.0), ("00:00", "00:01"), id="within the first second"),
        pytest.param((28.0, 30.0), (0, 29.9999999), ("00:28", "00:30"), id="arithmetic does not cost a second"),
        pytest.param((28.0, 30.0), (0, 29.5), ("00:28", "00:29"), id="the second in which the clip ends"),
        pytest.param((1.25, 2.34), (0, 3.0), ("00:01.3", "00:02.3"), id="tenths, half up"),
        pytest.param((0.7, 2.99), (0, 2.96), ("00:00.7", "00:02.9"), id="tenths end before the clip does"),
        pytest.param((1.51, 1.54), (0, 3.0), ("00:01.5", "00:01.6"), id="within one tenth"),
        pytest.param((0.29, 0.58), (0, 3.0), ("00:00.3", "00:00.6"), id="floats that are not quite tenths"),
        pytest.param((3605.0, 3725.0), (0, 4000.0), ("01:00:05", "01:02:05"), id="hours"),
        pytest.param((5.0, 3605.0), (0, 4000.0), ("00:00:05", "01:00:05"), id="one layout for both ends"),
        pytest.param((310.0, 320.0), (300.0, 600.0), ("05:10", "05:20"), id="a part: the source's clock"),
        pytest.param((12.4, 12.45), (12.4, 30.0), ("00:13", "00:14"), id="a part that starts within a second"),
    ],
)
def test_a_stretch_is_written_in_order_and_inside_the_clip(
    span: tuple[float, float], clip: tuple[float, float], expected: tuple[str, str]
) -> None:
    assert written(span, clip) == expected


def test_no_stretch_is_written_backwards_empty_or_outside() -> None:
    for tenths in (30, 95, 99, 100, 124, 125, 299):
        clip = Span(start_s=0.0, end_s=tenths / 10)
        timecodes = Timecodes(clip)
        for start in range(tenths):
            for end in {start + 1, min(start + 7, tenths + 1), tenths}:
                if end <= start:
                    continue
                texts = timecodes.of_span(Span(start_s=start / 10, end_s=end / 10))
                first, last = (float(text[:2]) * 60 + float(text[3:]) for text in texts)
                assert 0 <= first < last <= clip.end_s, (clip, start, end, texts)


@pytest.mark.parametrize(
    ("span", "clip"),
    [
        pytest.param((31.0, 35.0), (0, 30.0), id="after the clip"),
        pytest.param((30.0, 30.5), (0, 30.0), id="from its very end"),
        pytest.param((28.0, 35.0), (0, 30.0), id="ends well after it"),
        pytest.param((10.0, 20.0), (300.0, 600.0), id="told on the part's clock"),
        pytest.param((0.0, 0.05), (0, 0.05), id="a clip shorter than a tenth"),
    ],
)
def test_a_stretch_outside_the_clip_is_refused_not_clamped(span: tuple[float, float], clip: tuple[float, float]) -> None:
    with pytest.raises(ReplyError):
        written(span, clip)

"""Times as task files write them are in order and inside the clip, whatever the rounding."""

import pytest

from vr_assets.errors import ReplyError
from vr_assets.export.timecodes import Timecodes
from vr_assets.records.base import Span


def written(span: tuple[float, float], duration_s: float) -> tuple[str, str]:
    return Timecodes(duration_s).of_span(Span(start_s=span[0], end_s=span[1]))


@pytest.mark.parametrize(
    ("duration_s", "layout"),
    [
        pytest.param(9.99, "MM:SS.f", id="under ten seconds"),
        pytest.param(10.0, "MM:SS", id="ten seconds"),
        pytest.param(3599.9, "MM:SS", id="under an hour"),
        pytest.param(3600.0, "HH:MM:SS", id="an hour"),
    ],
)
def test_the_layout_follows_the_clip(duration_s: float, layout: str) -> None:
    assert Timecodes(duration_s).layout == layout


@pytest.mark.parametrize(
    ("span", "duration_s", "expected"),
    [
        pytest.param((3.0, 7.0), 30.0, ("00:03", "00:07"), id="whole seconds"),
        pytest.param((2.5, 6.5), 30.0, ("00:03", "00:07"), id="halves go up"),
        pytest.param((2.49, 6.49), 30.0, ("00:02", "00:06"), id="less than half goes down"),
        pytest.param((65.0, 125.0), 130.0, ("01:05", "02:05"), id="minutes"),
        pytest.param((3.1, 3.4), 30.0, ("00:03", "00:04"), id="within one second: covers it"),
        pytest.param((3.6, 4.2), 30.0, ("00:03", "00:05"), id="around a second: covers both"),
        pytest.param((28.0, 29.6), 29.9, ("00:28", "00:29"), id="the end never passes the clip's last whole second"),
        pytest.param((28.6, 29.9), 29.9, ("00:28", "00:29"), id="nor does the start reach it"),
        pytest.param((12.1, 12.4), 12.4, ("00:11", "00:12"), id="within the last partial second"),
        pytest.param((0.0, 0.3), 30.0, ("00:00", "00:01"), id="within the first second"),
        pytest.param((28.0, 30.0), 29.9999999, ("00:28", "00:30"), id="arithmetic does not cost a second"),
        pytest.param((28.0, 30.0), 29.5, ("00:28", "00:29"), id="the second in which the clip ends"),
        pytest.param((1.25, 2.34), 3.0, ("00:01.3", "00:02.3"), id="tenths, half up"),
        pytest.param((0.7, 2.99), 2.96, ("00:00.7", "00:02.9"), id="tenths end before the clip does"),
        pytest.param((1.51, 1.54), 3.0, ("00:01.5", "00:01.6"), id="within one tenth"),
        pytest.param((0.29, 0.58), 3.0, ("00:00.3", "00:00.6"), id="floats that are not quite tenths"),
        pytest.param((3605.0, 3725.0), 4000.0, ("01:00:05", "01:02:05"), id="hours"),
        pytest.param((5.0, 3605.0), 4000.0, ("00:00:05", "01:00:05"), id="one layout for both ends"),
    ],
)
def test_a_stretch_is_written_in_order_and_inside_the_clip(
    span: tuple[float, float], duration_s: float, expected: tuple[str, str]
) -> None:
    assert written(span, duration_s) == expected


def test_no_stretch_is_written_backwards_empty_or_outside() -> None:
    for tenths in (30, 95, 99, 100, 124, 125, 299):
        timecodes = Timecodes(tenths / 10)
        for start in range(tenths):
            for end in {start + 1, min(start + 7, tenths + 1), tenths}:
                if end <= start:
                    continue
                texts = timecodes.of_span(Span(start_s=start / 10, end_s=end / 10))
                first, last = (float(text[:2]) * 60 + float(text[3:]) for text in texts)
                assert 0 <= first < last <= tenths / 10, (tenths, start, end, texts)


@pytest.mark.parametrize(
    ("span", "duration_s"),
    [
        pytest.param((31.0, 35.0), 30.0, id="after the clip"),
        pytest.param((30.0, 30.5), 30.0, id="from its very end"),
        pytest.param((28.0, 35.0), 30.0, id="ends well after it"),
        pytest.param((0.0, 0.05), 0.05, id="a clip shorter than a tenth"),
    ],
)
def test_a_stretch_outside_the_clip_is_refused_not_clamped(span: tuple[float, float], duration_s: float) -> None:
    with pytest.raises(ReplyError):
        written(span, duration_s)

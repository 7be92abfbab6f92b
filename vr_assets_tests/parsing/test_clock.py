"""Times as models write them."""

import pytest

from vr_assets.errors import ReplyError
from vr_assets.parsing.clock import check_clocks, format_clock, moved_clocks, parse_clock, parse_stretch, split_stretch
from vr_assets.records.base import Span

HALF_MINUTE = Span(start_s=0.0, end_s=30.4)
HOUR = Span(start_s=0.0, end_s=4000.0)
PART = Span(start_s=600.0, end_s=660.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", 12.5),
        ("00:12", 12.0),
        ("00:00:12", 12.0),
        ("00:00:12.5", 12.5),
        ("0:12.5", 12.5),
        ("12s", 12.0),
        ("12.5 s", 12.5),
        ("12 sec.", 12.0),
        ("at 12.5 seconds", 12.5),
        ("0.2 minutes", 12.0),
        ("12,5 s", 12.5),
        ("00:12,500", 12.5),
        ("00：12", 12.0),
        ("[00:12]", 12.0),
        ("**00:12.5**", 12.5),
        ("<00:12>", 12.0),
        ("~12.5s", 12.5),
        ("t=12.5", 12.5),
        ("Timestamp: 00:12.", 12.0),
        ("00:12 (12.5 s)", 12.5),
        ("12 s (00:12)", 12.0),
        ("Chunk 3 (10-15 s): 12.5", 12.5),
        ("12.5 (chunk 3, 10-15 s)", 12.5),
        ("Chunk 3, 00:10 - 00:15, at 00:12", 12.0),
        ("Chunk 2: 3 cars collide at 12", 12.0),
        ("At 12.5 s, 3 cars collide", 12.5),
        ("00:12 / 00:30", 12.0),
        ("00:12 of 00:30", 12.0),
        ("in a 15-second clip at 00:12", 12.0),
        ("at the 12-second mark", 12.0),
        ("12.5 s after the start of the video", 12.5),
        ("at a timestamp of 00:12", 12.0),
        ("12.5\u00a0s\n", 12.5),
        ("0", 0.0),
    ],
)
def test_a_moment_reads_in_any_of_its_forms(text: str, seconds: float) -> None:
    assert parse_clock(text, within=HALF_MINUTE) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m05s", 65.0),
        ("1 minute and 5 seconds", 65.0),
        ("1 min", 60.0),
        ("01:10", 70.0),
        ("1:02:30", 3750.0),
        ("1h 2m 30s", 3750.0),
    ],
)
def test_minutes_and_hours_read(text: str, seconds: float) -> None:
    assert parse_clock(text, within=HOUR) == seconds


def test_23_hours_come_back_where_minutes_were_asked() -> None:
    assert parse_clock("00:01:05", within=HOUR) == 65.0


@pytest.mark.parametrize("text", ["1:02:30", "00:05:00", "00:00:12:05"])
def test_minutes_seconds_and_frames_are_not_guessed(text: str) -> None:
    with pytest.raises(ReplyError):
        parse_clock(text, within=Span(start_s=0.0, end_s=70.0))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("00:31", "outside 00:00.0 - 00:30.4"),
        ("45 s", "outside"),
        ("-5", "negative"),
        ("at -0.3 s", "negative"),
        ("00:75", "no clock shows"),
        ("1:75:00", "no clock shows"),
        ("1:60:00", "no clock shows"),
        ("00:60", "no clock shows"),
        ("12.5 s (12.7 s)", "several"),
        ("0:5", "no time"),
        ("twelve", "no time"),
        ("", "no time"),
        ("frame 120", "no time"),
        ("chunk 3", "no time"),
        ("3 cars", "no time"),
        ("500ms", "no time"),
        ("12.5.3", "no time"),
        ("3 s before the end", "no time"),
        ("2 cars collide between 10-15 s", "stretch"),
        ("00:12-00:15", "stretch"),
        ("from 10 to 15 s", "stretch"),
        ("between 00:10 and 00:12", "stretch"),
        ("12.5 s or 14 s", "several"),
        ("the car enters at 00:05 and they crash at 00:12", "several"),
    ],
)
def test_what_names_no_moment_inside_is_rejected_and_says_why(text: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        parse_clock(text, within=HALF_MINUTE)


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:30.9", 30.4), ("30.8", 30.4), ("30.4", 30.4)], ids=["half a second over", "less", "the very end"]
)
def test_a_reading_just_beyond_the_end_is_the_end(text: str, seconds: float) -> None:
    assert parse_clock(text, within=HALF_MINUTE) == seconds


def test_a_part_of_a_recording_is_read_on_the_recordings_clock() -> None:
    assert parse_clock("10:05", within=PART) == 605.0
    assert parse_clock("09:59.6", within=PART) == 600.0
    with pytest.raises(ReplyError, match="outside 10:00.0 - 11:00.0"):
        parse_clock("00:05", within=PART)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        pytest.param("00:03", "00:07", (3.0, 7.0), id="plain"),
        pytest.param("00:00:03", "00:00:07", (3.0, 7.0), id="hours shown"),
        pytest.param("3", "7.5", (3.0, 7.5), id="seconds"),
        pytest.param("00:05", "00:05", (5.0, 6.0), id="the shown second"),
        pytest.param("00:05.2", "00:05.2", (5.2, 5.3), id="the shown tenth"),
        pytest.param("00:05.0", "00:05.0", (5.0, 5.1), id="the shown tenth is nought"),
        pytest.param("00:05.0", "00:05", (5.0, 5.1), id="a tenth shown on one side"),
        pytest.param("00:30", "00:30", (30.0, 30.4), id="the shown second, to the end of the video"),
        pytest.param("00:30.8", "00:30.8", (30.3, 30.4), id="the very end: its last tenth"),
        pytest.param("00:30", "00:30.7", (30.0, 30.4), id="end inside the slack"),
    ],
)
def test_a_stretch_reads_from_its_ends(start: str, end: str, span: tuple[float, float]) -> None:
    read = parse_stretch(start, end, within=HALF_MINUTE)
    assert (read.start_s, read.end_s) == pytest.approx(span)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("00:07", "00:03"),
        ("00:30.8", "00:30.5"),
        ("00:03", "00:45"),
        ("00:45", "00:46"),
        ("00:03 - 00:05", "00:07"),
        ("soon", "00:07"),
    ],
)
def test_23_a_stretch_that_ends_before_it_starts_or_lies_outside_is_rejected(start: str, end: str) -> None:
    with pytest.raises(ReplyError):
        parse_stretch(start, end, within=HALF_MINUTE)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("00:03 - 00:07", ("00:03", "00:07")),
        ("[00:03–00:07]", ("00:03", "00:07")),
        ("from 00:03 to 00:07", ("00:03", "00:07")),
        ("between 3 s and 7 s", ("3 s", "7 s")),
        ("00:03", None),
        ("00:03, 00:07, 00:09", None),
        ("the car enters at 00:03 and at 00:07 leaves", None),
    ],
)
def test_one_stretch_in_a_text_is_split_and_anything_else_is_not(text: str, parts: tuple[str, str] | None) -> None:
    assert split_stretch(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Between 00:03 and 00:07 the car turns; at 12.5 s it stops.",
        "The on-screen clock reads 14:05:22 as the car enters at 00:03.",
        "It is 10:45 am on the wall.",
        "The car waits for 45 seconds, as the sign says.",
        "The car waits for 00:45 on the meter.",
        "Three cars, 120 boxes, 45 s later a man.",
        "The 01:30 long recording is cut.",
        "Nothing is timed.",
    ],
)
def test_times_that_lie_in_the_video_or_are_none_of_it_pass(text: str) -> None:
    check_clocks(text, within=HALF_MINUTE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("What happens between 00:03 and 00:47?", "00:47"),
        ("At 45 seconds the car stops.", "45 s"),
        ("[01:10] The car stops.", "01:10"),
        ("It turns from 3 s to 47 s.", "47 s"),
        ("What happens between 00:12 and 00:07?", "ends before it starts"),
        ("The stretch 00:12 - 00:07 shows it.", "ends before it starts"),
    ],
)
def test_a_time_outside_the_video_is_named(text: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        check_clocks(text, within=HALF_MINUTE)


@pytest.mark.parametrize(
    ("seconds", "shown", "tenths"),
    [
        (0.0, "00:00", "00:00.0"),
        (12.76, "00:12", "00:12.7"),
        (59.99, "00:59", "00:59.9"),
        (29.9999999, "00:30", "00:30.0"),
        (0.3, "00:00", "00:00.3"),
        (754.5, "12:34", "12:34.5"),
        (3600.0, "01:00:00", "01:00:00.0"),
        (3661.25, "01:01:01", "01:01:01.2"),
    ],
)
def test_a_clock_shows_what_has_passed(seconds: float, shown: str, tenths: str) -> None:
    assert format_clock(seconds) == shown
    assert format_clock(seconds, tenths=True) == tenths


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf")])
def test_no_clock_shows_what_is_no_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="no clock"):
        format_clock(seconds)


def test_what_a_clock_shows_reads_as_the_same_tenth() -> None:
    for tenth in range(0, 72_000, 7):
        assert parse_clock(format_clock(tenth / 10, tenths=True), within=Span(start_s=0.0, end_s=7200.0)) == pytest.approx(
            tenth / 10
        )


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("He falls at 00:12 and lies there until 0:14.5.", "He falls at 10:12 and lies there until 10:14.5."),
        ("From 3 s to 5 s nobody moves.", "From 10:03 to 10:05 nobody moves."),
        ("It stops at 7 s.", "It stops at 10:07."),
        ("The clock on the wall shows 00:12.", "The clock on the wall shows 00:12."),
        ("The camera's clock says 14:05:12.", "The camera's clock says 14:05:12."),
        ("It waits for 12 seconds, and 3 people watch.", "It waits for 12 seconds, and 3 people watch."),
        ("Bus 45:10 is announced.", "Bus 45:10 is announced."),
        ("Nothing **moves**.", "Nothing **moves**."),
    ],
)
def test_times_of_a_window_that_a_text_names_move_to_the_videos_clock(text: str, moved: str) -> None:
    assert moved_clocks(text, 600.0, within=HALF_MINUTE) == moved

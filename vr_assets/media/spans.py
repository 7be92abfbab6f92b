"""Where to cut. Pure: works on measured facts, opens nothing."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from vr_assets.records.base import Span
from vr_assets.records.media import VideoFacts

# A microsecond is what facts are rounded to.
_SLACK_S = 2e-6

# A last chunk shorter than this would be one call about a frame or two: it joins the chunk before it.
_SHORTEST_LAST_S = 1.0

_SHORTEST_HIGHLIGHT_S = 2.0


def plan_chunks(facts: VideoFacts, options: Sequence[float], max_chunks: int) -> tuple[Span, ...]:
    """Chunks that cover the video without gap or overlap, each starting on a keyframe of the proxy.

    Their length is the first option that needs at most `max_chunks` of them, else the last; each boundary moves to the next
    keyframe. A rest of less than a second joins the last chunk.
    """
    length_s = facts.duration_s
    step_s = next((option for option in options if length_s / option <= max_chunks + _SLACK_S), options[-1])
    latest_s = facts.duration_s - _SHORTEST_LAST_S + _SLACK_S
    starts = [0.0]
    for number in range(1, int(length_s / step_s) + 1):
        place = bisect_left(facts.keyframe_times_s, number * step_s - _SLACK_S)
        following = facts.keyframe_times_s[place : place + 1]
        starts += [boundary_s for boundary_s in following if starts[-1] < boundary_s <= latest_s]
    return _between(starts, facts)


def plan_windows(facts: VideoFacts, longest_s: float) -> tuple[Span, ...]:
    """Stretches of about one length that cover the video without gap or overlap, each starting on a keyframe of the proxy.

    None is over `longest_s`, but where nothing new is shown for longer than that.
    """
    starts = [0.0]
    while (left_s := facts.duration_s - starts[-1]) > longest_s:
        wanted_s = starts[-1] + left_s / math.ceil(left_s / longest_s)
        place = bisect_right(facts.keyframe_times_s, wanted_s)
        # The last keyframe before the wanted cut, or the next one where that is the window's own.
        cuts_s = [cut_s for cut_s in facts.keyframe_times_s[place - 1 : place + 1] if cut_s > starts[-1]]
        if not cuts_s:
            break
        starts.append(cuts_s[0])
    return _between(starts, facts)


def highlight_span(moment_s: float, facts: VideoFacts, before_s: float, after_s: float) -> Span:
    """The stretch around an incident, from frame to frame: never outside the video, never under 2 s when the video allows it."""
    start_s = max(0.0, min(moment_s, facts.duration_s) - before_s)
    end_s = min(facts.duration_s, max(moment_s, 0.0) + after_s)
    missing_s = _SHORTEST_HIGHLIGHT_S - (end_s - start_s)
    if missing_s > 0:
        start_s = max(0.0, start_s - missing_s / 2)
        end_s = min(facts.duration_s, start_s + _SHORTEST_HIGHLIGHT_S)
        start_s = max(0.0, end_s - _SHORTEST_HIGHLIGHT_S)
    return on_frames(start_s, end_s, facts)


def on_frames(start_s: float, end_s: float, facts: VideoFacts) -> Span:
    """The least stretch that holds [start_s, end_s) and starts and ends where a frame appears, or at the video's end."""
    return _outward(start_s, end_s, facts.frame_times_s, facts)


def on_keyframes(start_s: float, end_s: float, facts: VideoFacts) -> Span:
    """The least stretch that holds [start_s, end_s) and can be cut without decoding."""
    return _outward(start_s, end_s, facts.keyframe_times_s, facts)


def sample_times(span: Span, sample_fps: float, max_frames: int) -> tuple[float, ...]:
    """Evenly spread moments: n = max(1, min(int(duration * fps), max)), at i * duration / (n + 1), i = 1..n."""
    return spread_times(span, max(1, min(int(span.duration_s * sample_fps), max_frames)))


def spread_times(span: Span, count: int) -> tuple[float, ...]:
    """`count` moments, as far from each other as the first is from the start and the last from the end."""
    return tuple(span.start_s + i * span.duration_s / (count + 1) for i in range(1, count + 1))


def frames_shown(times_s: Sequence[float], facts: VideoFacts) -> tuple[float, ...]:
    """When the frames appeared that are on show at these moments, each once, in order of time."""
    places = {max(0, bisect_right(facts.frame_times_s, time_s + _SLACK_S) - 1) for time_s in times_s}
    return tuple(facts.frame_times_s[place] for place in sorted(places))


def _between(starts: Sequence[float], facts: VideoFacts) -> tuple[Span, ...]:
    return tuple(Span(start_s=a, end_s=b) for a, b in zip(starts, [*starts[1:], facts.duration_s], strict=True))


def _outward(start_s: float, end_s: float, cuts_s: Sequence[float], facts: VideoFacts) -> Span:
    first = max(0, bisect_right(cuts_s, start_s + _SLACK_S) - 1)
    last = max(first + 1, bisect_left(cuts_s, end_s - _SLACK_S))
    return Span(start_s=cuts_s[first], end_s=cuts_s[last] if last < len(cuts_s) else facts.duration_s)

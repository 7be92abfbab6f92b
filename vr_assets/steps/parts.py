"""Long recordings in parts: where to cut, and about how many calls a part takes. Pure."""

import math
from collections.abc import Sequence
from itertools import pairwise

from vr_assets.records.base import Span
from vr_assets.settings import Asset, ModeSetting, Settings
from vr_assets.steps.asking import ASKS

SHORTEST_PART_S = 1.0
"""A part shorter than this shows nothing of its own: it joins the part before it."""

HEADER_SLACK_S = 1.0
"""Headers are often a fraction of a second off."""


def split_by_length(span: Span, length_s: float) -> tuple[Span, ...]:
    """Parts of `length_s` that cover `span`; a last one shorter than a second joins the one before it."""
    starts_s = (span.start_s + index * length_s for index in range(_count(span.duration_s, length_s)))
    return _between([*starts_s, span.end_s])


def split_at_cuts(span: Span, cuts_s: Sequence[float], *, length_s: float, shortest_s: float) -> tuple[Span, ...]:
    """Scenes that cover `span`, none longer than `length_s`.

    A scene shorter than `shortest_s` joins its shorter neighbour, the shortest first. What is too long then is split evenly, for
    nothing says where.
    """
    edges = [span.start_s, *(cut_s for cut_s in cuts_s if span.start_s < cut_s < span.end_s), span.end_s]
    while len(edges) > 2:
        lengths = [end_s - start_s for start_s, end_s in pairwise(edges)]
        place = min(range(len(lengths)), key=lengths.__getitem__)
        if lengths[place] >= shortest_s:
            break
        joins_next = place == 0 or (place + 1 < len(lengths) and lengths[place + 1] < lengths[place - 1])
        del edges[place + 1 if joins_next else place]
    return tuple(part for scene in _between(edges) for part in _evenly(scene, length_s))


def usual_calls(duration_s: float, settings: Settings) -> int:
    """About how many calls a video of this length takes, if it shows an anomaly: those take the most."""
    auto = settings.mode is ModeSetting.AUTO
    options, most = settings.chunks.chunk_duration_options, settings.chunks.max_chunks
    chunk_s = next((option for option in options if duration_s / option <= most), options[-1])
    calls = {
        Asset.FILTERED_VIDEOS: int(settings.filter.enabled or auto),
        Asset.CAPTIONS: len(ASKS[Asset.CAPTIONS]),
        Asset.CHUNK_CAPTIONS: _count(duration_s, chunk_s),
        Asset.HIGHLIGHTS: 0 if settings.mode is ModeSetting.NORMAL else len(ASKS[Asset.HIGHLIGHTS]),
        Asset.DESCRIPTIONS: len(ASKS[Asset.DESCRIPTIONS]),
        Asset.QA: len(settings.qa.qa_types),
    }
    return sum(calls.values())


def _count(duration_s: float, length_s: float) -> int:
    return max(1, math.floor((duration_s - SHORTEST_PART_S) / length_s) + 1)


def _between(edges: Sequence[float]) -> tuple[Span, ...]:
    return tuple(Span(start_s=start_s, end_s=end_s) for start_s, end_s in pairwise(edges))


def _evenly(span: Span, length_s: float) -> tuple[Span, ...]:
    count = max(1, math.ceil(span.duration_s / length_s - 1e-9))
    inner = (round(span.start_s + span.duration_s * index / count, 3) for index in range(1, count))
    return _between([span.start_s, *inner, span.end_s])

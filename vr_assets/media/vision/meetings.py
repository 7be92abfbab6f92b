"""Who touches whom, and what that does to their ways.

In a picture, what passes in front of another touches it as well. It collides only where the ways of both change as they touch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from vr_assets.media.vision.geometry import extent, gap
from vr_assets.media.vision.ways import Way
from vr_assets.records.scene import Contact

_TOUCH, _STEP_S, _PAUSE_S = 0.006, 0.125, 0.4
_PASSES_S = 0.25
_TOGETHER_S, _SLIDE = 0.8, 0.45  # Of the smaller one's size: what slides along further passes.
_BEFORE_S, _AFTER_S, _SETTLES_S = 0.6, 0.6, 0.15
_CLOSING = 0.06  # Of the longest side, a second.
_LOST, _BOTH = 0.6, 0.35  # Of the closing speed: what is lost of it at the touch, and what either one's way changes by at least.


@dataclass(frozen=True)
class Touch:
    """Two ways touch. `closing` is by how much they came nearer, `changes` how much each way's velocity changes at once; px/s."""

    start_s: float
    end_s: float
    closing: float
    rebound: float
    changes: tuple[float, float]
    slide: float


def contacts(ways: Sequence[Way], certain: Sequence[bool], longest: int) -> tuple[list[Contact], list[tuple[Contact, float]]]:
    """Contacts, in order of time, and those among them that are collisions, with their moments."""
    found: list[Contact] = []
    struck: list[tuple[Contact, float]] = []
    for one, other in combinations(range(len(ways)), 2):
        for touch in _touches(ways[one], ways[other], longest):
            hits = _collides(touch, longest)
            stays = touch.end_s - touch.start_s >= _TOGETHER_S and touch.slide <= _SLIDE * _smaller(ways[one], ways[other], touch)
            if not hits and not stays and touch.end_s - touch.start_s < _PASSES_S:
                continue
            confidence = (0.85 if certain[one] and certain[other] else 0.5) * (
                1.0 if hits or touch.end_s - touch.start_s >= 1.0 else 0.9
            )
            contact = Contact(
                start_s=round(touch.start_s, 3),
                end_s=round(touch.end_s, 3),
                one=one,
                other=other,
                confidence=round(confidence, 2),
            )
            found.append(contact)
            if hits:
                struck.append((contact, round(touch.start_s, 3)))
    return sorted(found, key=lambda contact: (contact.start_s, contact.one, contact.other)), struck


def _touches(one: Way, other: Way, longest: int) -> list[Touch]:
    start_s, end_s = max(one.start_s, other.start_s), min(one.end_s, other.end_s)
    runs: list[list[float]] = []
    for time_s in np.arange(start_s, end_s + 1e-6, _STEP_S):
        if gap(one.box(float(time_s)), other.box(float(time_s))) <= max(1.0, _TOUCH * longest):
            if runs and time_s - runs[-1][-1] <= _PAUSE_S:
                runs[-1].append(float(time_s))
            else:
                runs.append([float(time_s)])
    return [_touch(one, other, run[0], run[-1]) for run in runs if len(run) > 1]


def _touch(one: Way, other: Way, start_s: float, end_s: float) -> Touch:
    apart = np.array(_middle(other, start_s)) - np.array(_middle(one, start_s))
    towards = apart / max(1.0, float(np.hypot(*apart)))
    before = [way.velocity(start_s - _BEFORE_S, start_s - 0.05) for way in (one, other)]
    after = [way.velocity(start_s + _SETTLES_S, start_s + _SETTLES_S + _AFTER_S) for way in (one, other)]
    closing = float((before[0] - before[1]) @ towards)
    rebound = float((after[0] - after[1]) @ towards)
    changes = tuple(float(np.hypot(*(late - early))) for early, late in zip(before, after, strict=True))
    relative = [
        (np.array(_middle(other, float(time_s))) - np.array(_middle(one, float(time_s)))).tolist()
        for time_s in np.arange(start_s, end_s + 1e-6, _STEP_S)
    ]
    slide = float(np.hypot(*np.ptp(np.array(relative), axis=0)))
    return Touch(start_s, end_s, closing, rebound, (changes[0], changes[1]), slide)


def _collides(touch: Touch, longest: int) -> bool:
    fast = touch.closing >= _CLOSING * longest
    return fast and touch.rebound <= (1 - _LOST) * touch.closing and min(touch.changes) >= _BOTH * touch.closing


def _smaller(one: Way, other: Way, touch: Touch) -> float:
    return float(np.sqrt(min(extent(one.box(touch.start_s)), extent(other.box(touch.start_s)))))


def _middle(way: Way, time_s: float) -> tuple[float, float]:
    left, top, right, bottom = way.box(time_s)
    return (left + right) / 2, (top + bottom) / 2

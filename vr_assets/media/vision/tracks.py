"""Follows blobs from frame to frame.

While two bodies touch they are one blob: each is then found in it by how it looked before, so that an encounter does not end two
tracks and begin a third. What stands still for two seconds is taken into the background and waits there until it moves again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np

from vr_assets.media.vision.background import Background
from vr_assets.media.vision.blobs import Blob
from vr_assets.media.vision.colours import Image, Votes, no_votes, unlike
from vr_assets.media.vision.geometry import Box, centre, distance, extent, gap, moved, overlap

_REST_S = 2.0
_LOST_S = 0.75
_YOUNG = 4  # Sights. A blob that joins another so early was a piece of it.
BORN_IN_DOUBT_S = 1.0
_EXCHANGED = 0.9  # Of 2: glare and shade make 0.5 of one paint.
_DOUBT = 35.0  # Grey levels (rms) between a body and its former look, above which it is not recognised.
_STEADY = 15.0  # Grey levels squared that a pixel off the expected way is worth: alike bodies that pass keep their ways.
_GHOST, _CLEARLY, _TREMBLE_PX = 3, 1.5, 2.0  # Sights without motion, and contrast ratio, that tell a bare place at once.
_SETTLED = 2  # Steps after which its velocity is known.
_EDGE_PX = 2


@dataclass(frozen=True)
class Sight:
    """Where a body was. `alone` is False where it touched another."""

    time_s: float
    box: Box
    alone: bool = True


@dataclass(eq=False)
class Trail:
    """One body's way.

    `doubt_s`: how long it could not be told from what it touched. `steps`: sights since it began to move. `late_votes`: those
    for its colour since it last touched another. `hidden_s`: how long it was out of sight on its way.
    """

    sights: list[Sight]
    votes: Votes
    look: Image
    velocity: tuple[float, float] = (0.0, 0.0)
    resting: bool = False
    steps: int = 0
    doubt_s: float = 0.0
    met: set[int] = field(default_factory=set)
    late_votes: Votes = field(default_factory=no_votes)
    hidden_s: float = 0.0

    @property
    def box(self) -> Box:
        return self.sights[-1].box

    def changed_colour(self) -> bool:
        """Whether it looks otherwise after an encounter than before: then it was exchanged."""
        before = self.votes - self.late_votes
        seen_twice = min(before.sum(), self.late_votes.sum()) >= 3
        return bool(seen_twice) and unlike(before, self.late_votes) > _EXCHANGED

    def box_at(self, time_s: float) -> Box:
        """Where it should be, moving on as it did."""
        ahead = 0.0 if self.resting else time_s - self.sights[-1].time_s
        return moved(self.box, self.velocity[0] * ahead, self.velocity[1] * ahead)


class Tracker:
    """Tracks of one shot; `size` is (width, height) in pixels."""

    def __init__(self, size: tuple[int, int], background: Background) -> None:
        self._size = size
        self._longest = max(size)
        self._background = background
        self._open: list[Trail] = []
        self._closed: list[Trail] = []
        self._last_s = 0.0

    def step(self, time_s: float, frame: Image, blobs: Sequence[Blob]) -> None:
        """Take in the blobs of the next frame, largest first."""
        awake = [trail for trail in self._open if not trail.resting]
        owner = self._pair(awake, blobs, time_s)
        guests = self._merge(awake, owner, blobs, time_s)
        for index, blob in enumerate(blobs):
            if index in guests:
                self._share(guests[index], blob, frame, time_s)
            elif index in owner:
                self._follow(owner[index], blob, frame, time_s)
        for index, blob in enumerate(blobs):
            if index not in owner and not self._is_piece(blob, owner, blobs) and not self._wake(blob, time_s):
                seen = [other.box for other in awake if other.sights[-1].time_s >= self._last_s]
                apart = min((gap(blob.box, box) for box in seen), default=float(self._longest))
                # What appears beside another may be a part of it, or what came with it.
                doubt_s = BORN_IN_DOUBT_S if apart < 0.05 * self._longest else 0.0
                self._open.append(Trail([Sight(time_s, blob.box)], blob.votes.copy(), _cut(frame, blob.box), doubt_s=doubt_s))
        for index, trail in owner.items():
            self._settle([trail, *(guest for guest in guests.get(index, []) if guest is not trail)], blobs[index], frame)
        for trail in [trail for trail in self._open if trail.resting and self._background.uncovered(frame, trail.box)]:
            # It went unseen, behind or together with another: when and whereto is not known.
            self._background.forget(trail.box)
            trail.sights.append(Sight(self._last_s, trail.box))
            trail.doubt_s += BORN_IN_DOUBT_S
            self._close(trail)
        for trail in [trail for trail in self._open if not trail.resting and time_s - trail.sights[-1].time_s > _LOST_S]:
            self._close(trail)
        self._last_s = time_s

    def finish(self) -> list[Trail]:
        """All trails of the shot, in order of their first sight."""
        for trail in list(self._open):
            if trail.resting:
                trail.sights.append(Sight(self._last_s, trail.box))
            self._close(trail)
        return sorted(self._closed, key=lambda trail: (trail.sights[0].time_s, trail.box))

    def _pair(self, awake: Sequence[Trail], blobs: Sequence[Blob], time_s: float) -> dict[int, Trail]:
        """The best trail of each blob, one to one, cheapest pairs first."""
        pairs = []
        for place, trail in enumerate(awake):
            expected = trail.box_at(time_s)
            reach = self._reach(trail)
            for index, blob in enumerate(blobs):
                apart = distance(expected, blob.box)
                common = overlap(expected, blob.box) / min(extent(expected), extent(blob.box))
                if common > 0.15 or apart < reach:
                    # After an encounter the colour tells who is who; otherwise the place does.
                    odd = unlike(trail.votes, blob.votes) * (0.5 if trail.sights[-1].alone else 2.0)
                    grown = abs(float(np.log(extent(blob.box) / extent(trail.box))))
                    pairs.append((apart / reach + 1 - common + odd + grown / 2, place, index))
        owner: dict[int, Trail] = {}
        taken: set[int] = set()
        for _, place, index in sorted(pairs):
            if place not in taken and index not in owner:
                taken.add(place)
                owner[index] = awake[place]
        return owner

    def _reach(self, trail: Trail) -> float:
        wide, high = trail.box[2] - trail.box[0], trail.box[3] - trail.box[1]
        settled = trail.steps >= _SETTLED
        return max((0.05 if settled else 0.08) * self._longest, (0.6 if settled else 1.2) * max(wide, high))

    def _merge(
        self, awake: Sequence[Trail], owner: dict[int, Trail], blobs: Sequence[Blob], time_s: float
    ) -> dict[int, list[Trail]]:
        """Trails without a blob of their own that lie in another's: for each such blob, everyone in it."""
        guests: dict[int, list[Trail]] = {}
        homeless = [trail for trail in awake if all(trail is not other for other in owner.values())]
        for trail in homeless:
            expected = trail.box_at(time_s)
            shares = [(overlap(expected, blobs[index].box) / extent(expected), -index) for index in owner]
            share, index = max(shares, default=(0.0, 0))
            if share < 0.4:
                continue
            host = owner[-index]
            if len(trail.sights) < _YOUNG:
                self._open.remove(trail)
            elif len(host.sights) < _YOUNG:
                self._open.remove(host)
                owner[-index] = trail
                if -index in guests:
                    guests[-index] = [trail, *guests[-index][1:]]
            else:
                guests.setdefault(-index, [host]).append(trail)
        return {index: together for index, together in guests.items() if len(together) > 1}

    def _follow(self, trail: Trail, blob: Blob, frame: Image, time_s: float) -> None:
        self._advance(trail, Sight(time_s, blob.box))
        trail.votes += blob.votes
        if trail.met:
            trail.late_votes += blob.votes
        trail.look = _cut(frame, blob.box)

    def _share(self, together: Sequence[Trail], blob: Blob, frame: Image, time_s: float) -> None:
        for trail in together:
            trail.late_votes = no_votes()
            trail.met.update(id(other) for other in together if other is not trail)
            expected = trail.box_at(time_s)
            found, error = self._find(trail, expected, frame)
            if error > _DOUBT:
                trail.doubt_s += time_s - trail.sights[-1].time_s
                found = _inside(expected, blob.box)
            self._advance(trail, Sight(time_s, found, alone=False))

    def _find(self, trail: Trail, expected: Box, frame: Image) -> tuple[Box, float]:
        """Where the trail's look fits best, near where it should be, and by how many grey levels (rms) it differs there."""
        high, wide = trail.look.shape[:2]
        width, height = self._size
        margin = max(6, round(0.05 * self._longest))
        centre_x, centre_y = (expected[0] + expected[2]) // 2, (expected[1] + expected[3]) // 2
        left, top = max(0, centre_x - wide // 2 - margin), max(0, centre_y - high // 2 - margin)
        right, bottom = min(width, centre_x + wide // 2 + margin + 1), min(height, centre_y + high // 2 + margin + 1)
        window = frame[top:bottom, left:right]
        if window.shape[0] < high or window.shape[1] < wide:
            return expected, 255.0
        squares = cv2.matchTemplate(window, trail.look, cv2.TM_SQDIFF) / (high * wide * 3)
        # Of equal fits the one nearest to where it should be: a body of one colour fits anywhere inside a larger one.
        ys, xs = np.mgrid[: squares.shape[0], : squares.shape[1]]
        off = np.hypot(xs + left + wide / 2 - centre_x, ys + top + high / 2 - centre_y)
        best = int(np.argmin(np.maximum(squares, 0) + _STEADY * off))
        y, x = divmod(best, squares.shape[1])
        box = (left + x, top + y, left + x + wide, top + y + high)
        return box, float(np.sqrt(max(0.0, float(squares[y, x]))))

    def _advance(self, trail: Trail, sight: Sight) -> None:
        before = trail.sights[-1]
        passed = sight.time_s - before.time_s
        if passed > 0:
            dx, dy = shift(before.box, sight.box, self._size)
            keep = 0.5 if trail.steps else 0.0
            trail.velocity = (
                keep * trail.velocity[0] + (1 - keep) * dx / passed,
                keep * trail.velocity[1] + (1 - keep) * dy / passed,
            )
        trail.sights.append(sight)
        trail.steps += 1

    def _is_piece(self, blob: Blob, owner: dict[int, Trail], blobs: Sequence[Blob]) -> bool:
        """Whether a blob without a trail is a fragment of a body that was found."""
        for index, trail in owner.items():
            near = gap(blob.box, blobs[index].box) < 0.02 * self._longest
            if near and blob.area < 0.3 * blobs[index].area and len(trail.sights) >= _YOUNG:
                return True
        return False

    def _wake(self, blob: Blob, time_s: float) -> bool:
        """Whether a blob without a trail is one that rested here and begins to move."""
        for trail in self._open:
            if trail.resting and overlap(blob.box, trail.box) > 0.3 * min(extent(blob.box), extent(trail.box)):
                self._background.forget(trail.box)
                trail.resting = False
                trail.steps = 0
                trail.sights.append(Sight(self._last_s, trail.box))
                # At first only an edge of it differs from how it stood.
                whole = blob.area > 0.6 * extent(trail.box)
                self._advance(trail, Sight(time_s, blob.box if whole else trail.box))
                return True
        return False

    def _settle(self, together: Sequence[Trail], blob: Blob, frame: Image) -> None:
        """A blob in which nothing moved for two seconds becomes background; a trail that never went anywhere ends there."""
        first = together[0]
        if len(together) == 1 and len(first.sights) == _GHOST and travel(first.sights, self._size) <= _TREMBLE_PX:
            if self._background.bare(frame, blob.box, blob.mask) > _CLEARLY:
                self._background.correct(frame, blob.box, blob.mask)
                self._open.remove(first)
            return
        if not all(self._still(trail) for trail in together):
            return
        if self._background.bare(frame, blob.box, blob.mask) > _CLEARLY:
            self._background.correct(frame, blob.box, blob.mask)
            for trail in together:
                self._lose(trail)
            return
        self._background.absorb(frame, blob.box, blob.mask)
        for trail in together:
            if travel(trail.sights, self._size) < 0.04 * self._longest:
                self._open.remove(trail)
            else:
                trail.resting = True
                trail.velocity = (0.0, 0.0)

    def _lose(self, trail: Trail) -> None:
        """What was followed these last seconds is the place that it, or what it took away, has left."""
        kept = [sight for sight in trail.sights if trail.sights[-1].time_s - sight.time_s > _REST_S]
        if kept:
            trail.sights = kept
            trail.doubt_s += _REST_S
            self._close(trail)
        else:
            self._open.remove(trail)

    def _still(self, trail: Trail) -> bool:
        now = trail.sights[-1].time_s
        if now - trail.sights[0].time_s < _REST_S:
            return False
        recent = [sight.box for sight in trail.sights if now - sight.time_s <= _REST_S]
        return bool(np.ptp([centre(box) for box in recent], axis=0).max() <= 1.5 + 0.008 * self._longest)

    def _close(self, trail: Trail) -> None:
        self._open.remove(trail)
        self._closed.append(trail)


def shift(before: Box, after: Box, size: tuple[int, int]) -> tuple[float, float]:
    """How far a body moved, in pixels, told by the edges that are not cut off by the frame."""
    moves = []
    for low, length in ((0, size[0]), (1, size[1])):
        high = low + 2
        ways = []
        if min(before[low], after[low]) > _EDGE_PX:
            ways.append(after[low] - before[low])
        if max(before[high], after[high]) < length - _EDGE_PX:
            ways.append(after[high] - before[high])
        moves.append(sum(ways) / len(ways) if ways else 0.0)
    return moves[0], moves[1]


def travel(sights: Sequence[Sight], size: tuple[int, int]) -> float:
    """The longest straight distance, in pixels, between the first sight and any other, cut edges taken into account."""
    x = y = farthest = 0.0
    for before, after in pairwise(sights):
        dx, dy = shift(before.box, after.box, size)
        x, y = x + dx, y + dy
        farthest = max(farthest, float(np.hypot(x, y)))
    return farthest


def _inside(box: Box, bounds: Box) -> Box:
    """The box pushed into the bounds where it fits."""
    dx = max(0, bounds[0] - box[0]) - max(0, box[2] - bounds[2])
    dy = max(0, bounds[1] - box[1]) - max(0, box[3] - bounds[3])
    return moved(box, dx, dy)


def _cut(frame: Image, box: Box) -> Image:
    return frame[box[1] : box[3], box[0] : box[2]].copy()

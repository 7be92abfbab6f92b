"""Which videos show the same recording as an earlier one, in a batch and in the batches before it."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vr_assets.media.memo import index
from vr_assets.media.signature import SIGNATURE_VERSION, STEP_S, Steps, steps_of
from vr_assets.media.turns import takes_long
from vr_assets.records.base import Record
from vr_assets.records.video import NearDuplicate

# Bits of 64 by which picture hashes differ: at most 4 between copies of the clips tried.
_MOST_BITS = 10
# Copies may start this much earlier or later, and must share this much of the longer one.
_MOST_TRIM_S, _SHARED = 5.0, 0.8
# Shared changes of all changes. Copies (crf 35, half the size, a third of the frames, brightness x 0.8 to x 1.15, trimmed) have
# 0.75 and more, other stretches of the same camera at most 0.44 (a road, a conveyor).
_ALIKE = 0.6
# Every other step, at every other offset, finds all of those with 0.43, at a quarter of the cost.
_LIKELY, _STRIDE = 0.3, 2

_TABLES = (
    "create table if not exists batches (batch text primary key, place integer not null) without rowid",
    """
    create table if not exists videos (
        place integer, line integer, version integer, video_id text, video text, picture_hash text, signature text,
        primary key (place, line)
    ) without rowid
    """,
)


class Signed(Record):
    """A video of a batch, as near-duplicates are looked for. Without a signature it is like no other."""

    video_id: str
    video: str
    picture_hash: str
    signature: str


@takes_long
def near_duplicates(path: Path, batch: str, videos: Sequence[Signed], *, enter: bool) -> list[NearDuplicate | None]:
    """For each video the first of those that it is nearly the same as, None where it is the first itself.

    Earlier is what stands before it in its batch, and all of the batches that were entered before its own. A batch keeps its
    place when it is entered again, so its rows come out the same whatever was entered since.

    Args:
        path: the index. It may be deleted: batches then take their places anew, in the order in which they are entered.
        enter: False to only look.

    Raises:
        StorageError: the index cannot be read or written.
    """
    earlier = _entered(path, batch, videos) if enter else _earlier(path, batch)
    return _Line([*((name, signed) for name, signed in earlier), *((batch, video) for video in videos)]).verdicts(len(videos))


class _Line:
    """Videos in the order in which they came."""

    def __init__(self, videos: Sequence[tuple[str, Signed]]) -> None:
        self._videos = videos
        self._hashes = np.array([int(video.picture_hash or "0", 16) for _, video in videos], np.uint64)
        self._steps = [steps_of(video.signature) for _, video in videos]
        self._lengths = np.array([len(steps) for steps in self._steps], np.int64)

    def verdicts(self, last: int) -> list[NearDuplicate | None]:
        return [self._verdict(at) for at in range(len(self._videos) - last, len(self._videos))]

    def _verdict(self, at: int) -> NearDuplicate | None:
        first = self._first(at)
        (batch, video), own = self._videos[first], self._videos[at][1]
        # The same video in an earlier batch is no duplicate: it is the same, and its answers are there already.
        return None if video.video_id == own.video_id else NearDuplicate(video_id=video.video_id, video=video.video, batch=batch)

    def _first(self, at: int) -> int:
        """The first of the group: copies of copies are followed to where they come from."""
        while (before := self._match(at)) is not None:
            at = before
        return at

    def _match(self, at: int) -> int | None:
        """The first video before `at` that is nearly the same."""
        length = self._lengths[at]
        if not length:
            return None
        lengths = self._lengths[:at]
        alike = np.bitwise_count(self._hashes[:at] ^ self._hashes[at]) <= _MOST_BITS
        alike &= (np.minimum(lengths, length) >= _SHARED * np.maximum(lengths, length)) & (lengths > 0)
        places = np.flatnonzero(alike)
        if not places.size:
            return None
        likely = places[_likeness(self._steps[at], self._padded(places), lengths[places], stride=_STRIDE) >= _LIKELY]
        if not likely.size:
            return None
        found = likely[_likeness(self._steps[at], self._padded(likely), lengths[likely]) >= _ALIKE]
        return int(found[0]) if found.size else None

    def _padded(self, places: NDArray[np.intp]) -> NDArray[np.uint64]:
        padded = np.zeros((len(places), int(self._lengths[places].max()), 2), np.uint64)
        for row, place in zip(padded, places, strict=True):
            row[: self._lengths[place]] = self._steps[place]
        return padded


def _likeness(one: Steps, others: NDArray[np.uint64], lengths: NDArray[np.int64], *, stride: int = 1) -> NDArray[np.float64]:
    """Shared changes by all changes, at the best offset, of one video with (K, S, 2) others; rows end at their `lengths`."""
    one, others, lengths = one[::stride], others[:, ::stride], -(-lengths // stride)
    most = round(_MOST_TRIM_S / STEP_S / stride)
    least = _SHARED * np.maximum(len(one), lengths)
    ones = _running(one[None])[0]
    sums = _running(others)
    rows = np.arange(len(others))
    best = np.zeros(len(others))
    for offset in range(-most, most + 1):
        start, other_start = max(0, offset), max(0, -offset)
        shared = np.minimum(len(one) - start, lengths - other_start)
        width = int(shared.max())
        if width <= 0:
            continue
        both = others[:, other_start : other_start + width] & one[start : start + width]
        same = np.bitwise_count(both).sum(axis=(1, 2), dtype=np.int64)
        end = np.clip(shared, 0, None)
        all_of_them = ones[start + end] - ones[start] + sums[rows, other_start + end] - sums[rows, other_start] - same
        best = np.maximum(best, np.where(shared >= least, same / np.maximum(1, all_of_them), 0.0))
    return best


def _running(steps: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(K, S + 1): how many changes come before each step."""
    counts = np.bitwise_count(steps).sum(axis=2, dtype=np.int64)
    return np.concatenate([np.zeros((len(steps), 1), np.int64), np.cumsum(counts, axis=1)], axis=1)


def _entered(path: Path, batch: str, videos: Sequence[Signed]) -> list[tuple[str, Signed]]:
    """Enters a batch at its place, or at the next; what comes before it."""
    with index(path) as connection:
        connection.execute("begin immediate")
        for table in _TABLES:
            connection.execute(table)
        connection.execute(
            "insert or ignore into batches values (?, (select coalesce(max(place), 0) + 1 from batches))",
            (batch,),
        )
        (place,) = connection.execute("select place from batches where batch = ?", (batch,)).fetchone()
        connection.execute("delete from videos where place = ?", (place,))
        rows = [
            (place, line, SIGNATURE_VERSION, video.video_id, video.video, video.picture_hash, video.signature)
            for line, video in enumerate(videos)
            if video.signature
        ]
        connection.executemany("insert into videos values (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("commit")
        return _before(connection, place)


def _earlier(path: Path, batch: str) -> list[tuple[str, Signed]]:
    if not path.is_file():
        return []
    with index(path) as connection:
        known = connection.execute("select place from batches where batch = ?", (batch,)).fetchone()
        return _before(connection, known[0] if known else None)


def _before(connection: sqlite3.Connection, place: int | None) -> list[tuple[str, Signed]]:
    found = connection.execute(
        "select batch, video_id, video, picture_hash, signature from videos join batches using (place) "
        "where version = ? and (? is null or place < ?) order by place, line",
        (SIGNATURE_VERSION, place, place),
    )
    return [
        (batch, Signed(video_id=video_id, video=video, picture_hash=picture_hash, signature=signature))
        for batch, video_id, video, picture_hash, signature in found
    ]

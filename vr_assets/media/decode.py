"""Frames out of a file, each with its time on one clock: zero is the first frame shown.

Everything that reads pixels reads them here, so that two readers never disagree on when a frame is.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container.input import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vr_assets.errors import MediaError
from vr_assets.media.clock import Clock, may_leap, walk
from vr_assets.media.fields import Deinterlacer
from vr_assets.media.opening import choose_video, open_container, other_videos
from vr_assets.media.tone import is_pq, ordinary
from vr_assets.records.media import Treatment

Image = NDArray[np.uint8]

SAME_TIME_S = 5e-4
"""Times closer than this name the same frame: Matroska rounds to 1 ms, and no source shows 1000 frames a second."""

# MPEG streams have no index: a seek ends between two keyframes, and the one before has to be looked for further back.
_SEEK_BACK_S = (0.0, 4.0, 16.0, 64.0)

_MOST_SAID = 5


@dataclass(frozen=True)
class TimedFrame:
    """One picture: `image` is BGR (H, W, 3) uint8, turned as it is shown; `time_s` is when it appears."""

    time_s: float
    duration_s: float
    image: Image


@dataclass(frozen=True)
class Shown:
    """One decoded frame, still in the decoder's own format and not turned."""

    time_s: float
    duration_s: float
    frame: VideoFrame

    @property
    def quarter_turns(self) -> int:
        """Counterclockwise quarter turns that bring the frame upright."""
        return round(self.frame.rotation / 90) % 4


def frames(
    path: Path, *, start_s: float | None = None, end_s: float | None = None, longest_side_px: int | None = None
) -> Iterator[TimedFrame]:
    """The frames that appear in [start_s, end_s), in order of time; a frame that does not decode is left out.

    Pictures larger than `longest_side_px` are scaled down to it, to even sides; none is scaled up.

    Raises:
        MediaError: the file is missing, unreadable or holds no video.
    """
    with Footage(path) as footage:
        for shown in footage.shown(start_s or 0.0):
            if end_s is not None and shown.time_s >= end_s - SAME_TIME_S:
                return
            image = picture(shown, footage.shown_size(shown, longest_side_px))
            yield TimedFrame(shown.time_s, shown.duration_s, image)


def picture(shown: Shown, size: tuple[int, int]) -> Image:
    """A frame as BGR (H, W, 3) uint8, upright, at the (width, height) it is to be shown at."""
    turns = shown.quarter_turns
    width, height = size if turns % 2 == 0 else size[::-1]
    scaled = ordinary(shown.frame, width, height).reformat(width, height, "bgr24", interpolation=Interpolation.AREA, threads=1)
    return np.ascontiguousarray(np.rot90(scaled.to_ndarray().astype(np.uint8, copy=False), turns))


def scaled_size(width: int, height: int, longest_side_px: int | None) -> tuple[int, int]:
    """(width, height) with the longest side at most `longest_side_px`, both even (as 4:2:0 wants); None: as they are."""
    if longest_side_px is None:
        return width, height
    scale = min(1.0, longest_side_px / max(width, height))
    return max(2, int(width * scale / 2 + 0.5) * 2), max(2, int(height * scale / 2 + 0.5) * 2)


class Footage:
    """An open video file. A context manager, for one thread.

    Attributes:
        stream: of several the one that a player shows.
        damaged_packets: packets that did not decode so far.
        decoded_frames: those so far, with the ones between a keyframe and the first that was wanted.
        treatments: what was done so far to decoded frames so that they can be seen for what they are.
    """

    def __init__(self, path: Path) -> None:
        """Raises MediaError: the file is missing, unreadable or holds no video."""
        self._path = path
        self._open()
        self.damaged_packets = 0
        self.decoded_frames = 0
        self.treatments: set[Treatment] = set()
        self._resized = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.container.close()

    @property
    def nominal_fps(self) -> float | None:
        """Frames a second as the header says, or None."""
        rate = self.stream.average_rate or self.stream.guessed_rate
        return float(rate) if rate else None

    def shown_size(self, shown: Shown, longest_side_px: int | None = None) -> tuple[int, int]:
        """(width, height) of a frame upright and with square pixels, scaled to fit."""
        aspect = self.stream.sample_aspect_ratio or Fraction(1)
        width, height = round(shown.frame.width * aspect), shown.frame.height
        if shown.quarter_turns % 2:
            width, height = height, width
        return scaled_size(width, height, longest_side_px)

    @property
    def remarks(self) -> list[str]:
        """What a person should know of how the file was read so far: sentences."""
        said = []
        others = other_videos(self.container, self.stream)
        if others:
            left = " and ".join(f"{one.index} ({one.width}x{one.height})" for one in others)
            chosen = f"number {self.stream.index} ({self.stream.width}x{self.stream.height})"
            said.append(
                f"of its {len(others) + 1} videos {chosen} is shown, not {left}; copy each that you want to a file of its own"
            )
        for leap in self._clock.leaps[:_MOST_SAID]:
            by_s = leap.stamped_s - leap.at_s
            said += [f"its clock leaps by {by_s:+.2f} s at {leap.at_s:.2f} s; what follows is taken to follow at once"]
        if self._clock.left_out:
            said.append(f"{self._clock.left_out} frames come no later than the one before them and are left out")
        if self._resized:
            said.append(self._resized)
        return said

    def shown(self, start_s: float = 0.0) -> Iterator[Shown]:
        """Frames in order of time from the first that appears at or after `start_s`, to the end of the file."""
        following = self._from(start_s) if start_s > SAME_TIME_S else self._read()
        return (shown for shown in following if shown.time_s >= start_s - SAME_TIME_S)

    def _from(self, start_s: float) -> Iterator[Shown]:
        """Frames from one that appears at or before `start_s`."""
        zero = self._find_zero()
        if zero is None:
            return
        if not self._leaps() and (yield from self._sought(zero, start_s, lambda: self._read(sought=True))):
            return
        # An index that is missing or wrong, or several clocks, among which nothing can be sought: read from the start.
        self._reopen()
        yield from self._read()

    def zero_s(self) -> Fraction:
        """When the first frame is shown, by the file's own time stamps, which its sound shares. Moves the place of reading."""
        return (self._find_zero() or 0) * self._time_base

    def _sought(self, zero: int, start_s: float, read: Callable[[], Iterator[Shown]]) -> Generator[Shown, None, bool]:
        """What `read` gives from one that appears at or before `start_s`; whether it was reached.

        Seeks to the last keyframe before, and further back where that ends too late.
        """
        for back_s in _SEEK_BACK_S:
            at_s = start_s - back_s
            if at_s <= 0:
                break
            self.container.seek(zero + int(at_s / self._time_base), stream=self.stream, backward=True)
            reached = read()
            first = next(reached, None)
            if first is not None and first.time_s <= start_s + SAME_TIME_S:
                yield first
                yield from reached
                return True
        return False

    @property
    def _time_base(self) -> Fraction:
        return self.stream.time_base or Fraction(1, 90000)

    def _leaps(self) -> bool:
        status = self._path.stat()
        return may_leap(self.container) and _leaps_in(self._path, self.stream.index, status.st_size, status.st_mtime_ns)

    def _find_zero(self) -> int | None:
        if self._clock.zero is None:
            next(self._read(), None)
        return self._clock.zero

    def _open(self) -> None:
        self.container, self.stream = _opened(self._path)
        # AVI stores decode times; the presentation times that FFmpeg guesses for its B-frames run backwards.
        self._decode_times = self.container.format.name == "avi"
        self._clock = Clock(self.container, self.stream)

    def _reopen(self) -> None:
        self.container.close()
        self._open()

    def _read(self, *, sought: bool = False) -> Iterator[Shown]:
        """Frames from where the file is read, each whole."""
        self._clock = Clock(self.container, self.stream, zero=self._clock.zero)
        deinterlacer: Deinterlacer | None = None
        held: deque[Shown] = deque()
        for shown in self._timed(sought=sought):
            if deinterlacer is not None and not deinterlacer.takes(shown.frame):
                yield from _whole(held, deinterlacer.whole(None))
                deinterlacer = None
            if deinterlacer is None and shown.frame.interlaced_frame:
                self.treatments.add(Treatment.DEINTERLACED)
                deinterlacer = Deinterlacer(shown.frame)
            if deinterlacer is None:
                yield shown
            else:
                held.append(shown)
                yield from _whole(held, deinterlacer.whole(shown.frame))
        if deinterlacer is not None:
            yield from _whole(held, deinterlacer.whole(None))

    def _timed(self, *, sought: bool) -> Iterator[Shown]:
        size: tuple[int, int] | None = None
        for frame in self._decoded(sought=sought):
            stamp = frame.dts if self._decode_times or frame.pts is None else frame.pts
            placed = self._clock.place(stamp, frame.duration)
            if placed is None:
                continue
            if size is None:
                size = frame.width, frame.height
            if size != (frame.width, frame.height) and not self._resized:
                self._resized = (
                    f"from {placed[0]:.2f} s on the picture is {frame.width}x{frame.height}, not {size[0]}x{size[1]}; "
                    "it is shown at the first size"
                )
            if is_pq(frame):
                self.treatments.add(Treatment.TONE_MAPPED)
            yield Shown(*placed, frame)

    def _decoded(self, *, sought: bool) -> Iterator[VideoFrame]:
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.damaged_packets += 1
                packet = None
            # Where a seek has ended between two keyframes, nothing decodes before the second.
            if packet is not None and sought and not packet.is_keyframe:
                continue
            sought = False
            try:
                decoded = self.stream.decode(None) if packet is None else packet.decode()
            except av.EOFError:
                return
            except av.FFmpegError:
                self.damaged_packets += 1
                decoded = []
            self.decoded_frames += len(decoded)
            yield from decoded
            if packet is None:
                return


def _opened(path: Path) -> tuple[InputContainer, VideoStream]:
    container = open_container(path)
    stream = choose_video(container)
    if stream is None:
        container.close()
        raise MediaError(f"{path}: holds no video stream (sound or a cover picture only); take it out of the batch")
    # One thread: workers share the cores among videos, and the order of damage reports stays the same.
    stream.codec_context.thread_count = 1
    return container, stream


def _whole(held: deque[Shown], whole: Iterator[VideoFrame]) -> Iterator[Shown]:
    for frame in whole:
        yield replace(held.popleft(), frame=frame)


@lru_cache(maxsize=64)
def _leaps_in(path: Path, index: int, size_bytes: int, mtime_ns: int) -> bool:
    """Remembered, for the parts of a recording are read one by one."""
    return walk(path, index).leaps > 0

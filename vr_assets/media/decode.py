"""Frames out of a file, each with its time on one clock: zero is the first frame shown.

Everything that reads pixels reads them here, so that two readers never disagree on when a frame is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container.input import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vr_assets.errors import MediaError

Image = NDArray[np.uint8]

SAME_TIME_S = 5e-4
"""Times closer than this name the same frame: Matroska rounds to 1 ms, and no source shows 1000 frames a second."""

# MPEG streams have no index: a seek ends between two keyframes, and the one before has to be looked for further back.
_SEEK_BACK_S = (0.0, 4.0, 16.0, 64.0)


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
    scaled = shown.frame.reformat(width, height, "bgr24", interpolation=Interpolation.AREA, threads=1)
    return np.ascontiguousarray(np.rot90(scaled.to_ndarray().astype(np.uint8, copy=False), turns))


def plane_rows(plane: VideoPlane) -> Image:
    """A plane of an 8-bit planar frame as (H, W) uint8, without copying."""
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def scaled_size(width: int, height: int, longest_side_px: int | None) -> tuple[int, int]:
    """(width, height) with the longest side at most `longest_side_px`, both even (as 4:2:0 wants); None: as they are."""
    if longest_side_px is None:
        return width, height
    scale = min(1.0, longest_side_px / max(width, height))
    return max(2, int(width * scale / 2 + 0.5) * 2), max(2, int(height * scale / 2 + 0.5) * 2)


class Footage:
    """An open video file. A context manager, for one thread.

    Attributes:
        damaged_packets: packets that did not decode so far.
        decoded_frames: those so far, with the ones between a keyframe and the first that was wanted.
    """

    def __init__(self, path: Path) -> None:
        """Raises MediaError: the file is missing, unreadable or holds no video."""
        self._path = path
        self._container, self.stream = _open(path)
        # AVI stores decode times; the presentation times that FFmpeg guesses for its B-frames run backwards.
        self._decode_times = self._container.format.name == "avi"
        self._zero: int | None = None
        self.damaged_packets = 0
        self.decoded_frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._container.close()

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

    def shown(self, start_s: float = 0.0) -> Iterator[Shown]:
        """Frames in order of time from the first that appears at or after `start_s`, to the end of the file."""
        if start_s > SAME_TIME_S:
            zero = self._find_zero()
            if zero is None:
                return
            for _ in self._seeks(zero, start_s):
                reached = self._timed(sought=True)
                first = next(reached, None)
                if first is not None and first.time_s <= start_s + SAME_TIME_S:
                    if first.time_s >= start_s - SAME_TIME_S:
                        yield first
                    yield from (shown for shown in reached if shown.time_s >= start_s - SAME_TIME_S)
                    return
            # An index that is missing or wrong: read from the start.
            self._reopen()
        yield from (shown for shown in self._timed() if shown.time_s >= start_s - SAME_TIME_S)

    def keyframes(self, start_s: float = 0.0, *, apart_s: float) -> Iterator[Shown]:
        """Pictures that decode by themselves, no two closer than `apart_s`, from one at or before `start_s` where there is one.

        Costs a decode for each, and reading the packets between them. How long they are shown is not known: 0.
        """
        zero = self._find_zero()
        if zero is None:
            return
        for _ in self._seeks(zero, start_s):
            reached = self._keyframes(zero, apart_s)
            first = next(reached, None)
            if first is not None and first.time_s <= start_s + SAME_TIME_S:
                yield first
                yield from reached
                return
        self._reopen()
        yield from self._keyframes(zero, apart_s)

    def _keyframes(self, zero: int, apart_s: float) -> Iterator[Shown]:
        due_s = float("-inf")
        packets = self._container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                stamp = packet.dts if self._decode_times or packet.pts is None else packet.pts
                if not packet.is_keyframe or stamp is None:
                    continue
                time_s = float((stamp - zero) * self._time_base)
                if time_s < due_s:
                    continue
                # Each by itself: no frame waits for ones that never come, and none is made up to stand for them.
                decoded = [*packet.decode(), *self.stream.decode(None)]
                self.stream.codec_context.flush_buffers()
            except av.FFmpegError:
                self.damaged_packets += 1
                continue
            self.decoded_frames += len(decoded)
            if decoded:
                yield Shown(max(0.0, time_s), 0.0, decoded[0])
                due_s = time_s + apart_s - SAME_TIME_S

    def _seeks(self, zero: int, start_s: float) -> Iterator[None]:
        """Seeks to the last keyframe at or before a time, further back each time, for a seek may end too late."""
        for back_s in _SEEK_BACK_S:
            at_s = start_s - back_s
            if at_s > 0:
                self._container.seek(zero + int(at_s / self._time_base), stream=self.stream, backward=True)
                yield

    @property
    def _time_base(self) -> Fraction:
        return self.stream.time_base or Fraction(1, 90000)

    def _find_zero(self) -> int | None:
        if self._zero is None:
            next(self._timed(), None)
        return self._zero

    def _reopen(self) -> None:
        self._container.close()
        self._container, self.stream = _open(self._path)

    def _timed(self, *, sought: bool = False) -> Iterator[Shown]:
        nominal = Fraction(1) / (self.stream.average_rate or self.stream.guessed_rate or Fraction(25))
        last: tuple[int, int] | None = None
        for frame in self._decoded(sought=sought):
            length = frame.duration or round(nominal / self._time_base)
            ticks = frame.dts if self._decode_times or frame.pts is None else frame.pts
            if ticks is None:
                ticks = 0 if last is None else last[0] + last[1]
            if self._zero is None:
                self._zero = ticks
            if last is not None and ticks <= last[0]:
                continue
            last = ticks, length
            yield Shown(float((ticks - self._zero) * self._time_base), float(length * self._time_base), frame)

    def _decoded(self, *, sought: bool) -> Iterator[VideoFrame]:
        packets = self._container.demux(self.stream)
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


def open_container(path: Path) -> InputContainer:
    """Raises MediaError: the file is missing or no container that FFmpeg reads."""
    try:
        # FFmpeg takes what comes before a colon in a relative path for a protocol.
        return av.open(str(path.absolute()), "r")
    except av.FileNotFoundError:
        raise MediaError(f"{path}: no such file; restore it or take it out of the batch") from None
    except av.PermissionError:
        raise MediaError(f"{path}: not readable by this user; check its permissions") from None
    except av.IsADirectoryError:
        raise MediaError(f"{path}: a folder, not a video file") from None
    except (av.FFmpegError, OSError) as error:
        if path.is_file() and path.stat().st_size == 0:
            raise MediaError(f"{path}: the file is empty; copy it again") from None
        raise MediaError(f"{path}: not a video that FFmpeg can open ({_words(error)}); copy or export it again") from None


def _open(path: Path) -> tuple[InputContainer, VideoStream]:
    container = open_container(path)
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            # One thread: workers share the cores among videos, and the order of damage reports stays the same.
            stream.codec_context.thread_count = 1
            return container, stream
    container.close()
    raise MediaError(f"{path}: holds no video stream (sound or a cover picture only); take it out of the batch")


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

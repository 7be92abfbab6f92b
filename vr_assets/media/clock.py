"""One clock out of a file's time stamps.

Zero is the first frame shown, and no frame is earlier than the one before. Where recordings were put end to end, or a camera's
own clock was set, time stamps start over or leap: what follows is then taken to follow at once, as players show it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container.input import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from vr_assets.errors import MediaError
from vr_assets.media.opening import open_container

_BACK_S = 1
# FFmpeg's own limit (`-dts_delta_threshold`).
_AHEAD_S = 10

# Formats whose index holds lengths, not time stamps.
_ONE_CLOCK = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "avi"})

# AVFMT_TS_DISCONT; PyAV's own name for it does not mix with the number that its formats have.
_TS_DISCONT = 0x0200

_TICK = Fraction(1, 90_000)


@dataclass(frozen=True)
class Leap:
    """Where time stamps leap: what followed at `at_s` would have been shown at `stamped_s`. Seconds from the first frame."""

    at_s: float
    stamped_s: float


class Clock:
    """Takes the time stamps of frames in the order in which they are shown.

    Attributes:
        zero: the time stamp of the first frame, once known.
        leaps: those so far.
        left_out: how many frames so far are not later than the one before them.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, *, zero: int | None = None) -> None:
        """`zero` is given where the first frame that comes is not the video's first."""
        self._base = stream.time_base or _TICK
        self._usual = round(_usual_s(stream) / self._base)
        self._leaping = _leaping(container, self._base)
        # In streams that may restart FFmpeg guesses lengths from all time stamps, those across a leap among them.
        self._guessed = may_restart(container)
        self._shift = 0
        self._last: int | None = None
        self._due = 0
        self.zero = zero
        self.leaps: list[Leap] = []
        self.left_out = 0

    def place(self, stamp: int | None, length: int | None) -> tuple[float, float] | None:
        """When a frame appears and how long it is shown; None for one that is not later than the one before.

        A frame without a time stamp follows at once, one without a length has the usual one.
        """
        length = length or self._usual
        at = self._due if stamp is None else stamp + self._shift
        if self.zero is None:
            self.zero = at
        if self._last is not None:
            if self._leaping(at - self._last):
                self.leaps.append(Leap(self._s(self._due - self.zero), self._s(at - self.zero)))
                self._shift += self._due - at
                at = self._due
            if at <= self._last:
                self.left_out += 1
                return None
            if self._guessed:
                length = at - self._last
        self._last, self._due = at, at + length
        return self._s(at - self.zero), self._s(length)

    def _s(self, ticks: int) -> float:
        return float(ticks * self._base)


@dataclass(frozen=True)
class Walk:
    """What a stream's packets say: seconds from the first shown to the end of the last, how many there are, and how often their
    time stamps leap.
    """

    duration_s: float
    count: int
    leaps: int


def walk(path: Path, index: int) -> Walk:
    """Reads a file through, decodes nothing.

    Raises:
        MediaError: the packets of the stream do not say when they are shown.
    """
    before = first = end = 0
    last: int | None = None
    count = leaps = 0
    with open_container(path) as container:
        stream = container.streams[index]
        if not isinstance(stream, VideoStream):
            raise MediaError(f"{path}: changed while it was read; try again when it is complete")
        base = stream.time_base or _TICK
        usual, leaping = round(_usual_s(stream) / base), _leaping(container, base)
        for packet in _readable(container.demux(stream)):
            at = packet.dts if packet.pts is None else packet.pts
            if at is None or not packet.size:
                continue
            # In the order of decoding, decoding times never run back, nor do the times at which keyframes are shown.
            read = packet.dts if packet.dts is not None else at if packet.is_keyframe else last
            if last is None:
                first = end = at
            elif read is not None and leaping(read - last):
                before, leaps = before + end - first, leaps + 1
                first = end = at
            last, first, end = read, min(first, at), max(end, at + (packet.duration or usual))
            count += 1
    if before + end - first <= 0:
        raise MediaError(
            f"{path}: neither its header nor its packets say when its frames are shown; put it into a container that does, "
            "such as by `ffmpeg -r RATE -i FILE -c copy NAME.mp4`"
        )
    return Walk(float((before + end - first) * base), count, leaps)


def may_leap(container: InputContainer) -> bool:
    """Whether time stamps can leap in files of this kind."""
    return container.format.name not in _ONE_CLOCK


def may_restart(container: InputContainer) -> bool:
    """Whether this is a kind of stream that may start a new clock at any time, as broadcasts do. In others a pause is a pause."""
    return bool(container.format.flags & _TS_DISCONT)


def _leaping(container: InputContainer, base: Fraction) -> Callable[[int], bool]:
    """Whether a step from one time stamp to the next, in ticks, leads to another clock."""
    back, ahead = -_BACK_S / base, _AHEAD_S / base
    restarts = may_restart(container)
    return lambda step: step < back or (restarts and step > ahead)


def _usual_s(stream: VideoStream) -> Fraction:
    return 1 / (stream.average_rate or stream.guessed_rate or Fraction(25))


def _readable(packets: "Iterator[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
    """Those up to the first that cannot be read."""
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        yield packet

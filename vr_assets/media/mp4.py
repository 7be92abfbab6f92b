"""Writing H.264 in MP4 so that times are exact and cuts are copies."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from vr_assets.media.decode import Shown
from vr_assets.media.planes import from_planes, plane_rows
from vr_assets.media.tone import ordinary

TICKS = 90_000
"""Ticks a second in every file written here."""

_RGB = 0

# Exact on every clip tried: one thread, for the bytes depend on the thread count; no B-frames, so that packets come in the order
# in which they are shown; no keyframes but those asked for, none of them open.
_EXACT = "keyint=9999:min-keyint=1:scenecut=0:open-gop=0"
# What of the slower presets pays for itself at low rates: against veryfast half the time for a tenth to a quarter more bytes.
_WORTH_ITS_TIME = "cabac=1:no-deblock=0:aq-mode=1:8x8dct=1:subme=1:mbtree=1:rc-lookahead=10"
_X264 = {"preset": "ultrafast", "threads": "1", "bf": "0", "x264-params": f"{_EXACT}:{_WORTH_ITS_TIME}"}


def ticks(time_s: float) -> int:
    return round(time_s * TICKS)


def encodable(shown: Shown, size: tuple[int, int]) -> VideoFrame:
    """A frame as limited-range yuv420p, upright, at (width, height), both even."""
    turns = shown.quarter_turns
    width, height = size if turns % 2 == 0 else size[::-1]
    frame = ordinary(shown.frame, width, height).reformat(
        width,
        height,
        "yuv420p",
        dst_colorspace=Colorspace.ITU601 if shown.frame.colorspace == _RGB else None,
        interpolation=Interpolation.AREA,
        dst_color_range=ColorRange.MPEG,
        threads=1,
    )
    return from_planes([np.rot90(plane_rows(plane), turns) for plane in frame.planes], frame.colorspace) if turns else frame


class Mp4Writer:
    """One H.264 stream in an MP4 that starts at time zero and can be played while it loads."""

    def __init__(self, path: Path, first: VideoFrame, *, fps: float, crf: int) -> None:
        """`first` gives the size and the colours; `fps` is only the header's word."""
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(fps).limit_denominator(1001)
        stream = self._container.add_stream("libx264", rate=rate, options={**_X264, "crf": str(crf)})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.colorspace = first.colorspace
        self._stream = stream
        self._starts: list[int] = []
        self._held: list[Packet[VideoStream]] = []
        self._muxed = 0

    def write(self, frame: VideoFrame, at: int, *, keyframe: bool) -> None:
        """Adds a frame that appears at the tick `at`, later than the one before."""
        frame.pts, frame.time_base = at, Fraction(1, TICKS)
        # The decoder leaves the source's own picture types on its frames; x264 would force them.
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._starts.append(at)
        self._mux(self._stream.encode(frame))

    def close(self, end: int) -> None:
        """Ends the file; the last frame is shown until the tick `end`."""
        self._starts.append(end)
        self._mux(self._stream.encode())
        self._container.close()

    def _mux(self, packets: "Sequence[Packet[VideoStream]]") -> None:
        # A packet's duration is known when the next frame is: the last one's would otherwise be a guess.
        self._held.extend(packets)
        while self._held and self._muxed + 1 < len(self._starts):
            packet = self._held.pop(0)
            packet.duration = self._starts[self._muxed + 1] - self._starts[self._muxed]
            self._container.mux(packet)
            self._muxed += 1

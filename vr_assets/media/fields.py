"""Interlaced frames made whole.

A frame of interlaced video holds two moments, in every other row each: what moves has the teeth of a comb, also after scaling.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.filter import Graph
from av.video.frame import VideoFrame


class Deinterlacer:
    """Takes frames in order and gives each back as the moment of its first field, at full height, one or two frames later.

    FFmpeg's `bwdif`: rows that stand still are kept, rows that moved are made from their neighbours in place and time. A frame
    that is not marked as interlaced comes back as it is.
    """

    def __init__(self, first: VideoFrame) -> None:
        """`first` gives the size and format of all."""
        self._graph = Graph()
        # Workers share the cores among videos.
        self._graph.threads = 1
        source = self._graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=first.time_base or Fraction(1, 90_000)
        )
        filtering = self._graph.add("bwdif", mode="send_frame", deint="interlaced")
        self._graph.link_nodes(source, filtering, self._graph.add("buffersink")).configure()
        self._kind = _kind(first)

    def takes(self, frame: VideoFrame) -> bool:
        return _kind(frame) == self._kind

    def whole(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """What is ready once `frame` is in; None ends it."""
        self._graph.vpush(frame)
        while True:
            try:
                yield self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return


def _kind(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name

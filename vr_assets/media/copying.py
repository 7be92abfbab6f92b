"""Cutting without decoding: packets of H.264 copied from keyframe to keyframe."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container.input import InputContainer
from av.packet import Packet
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from vr_assets.errors import MediaError
from vr_assets.media.mp4 import TICKS, ticks
from vr_assets.media.opening import choose_video, open_container
from vr_assets.media.recipe import ProxyRecipe

# Containers that keep H.264 as MP4 does.
_FORMATS = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}

_IDR = 5

# 3 MB a minute, at most a few times what encoding it would come to: sending more costs more than that saves.
_COPIED_AT_MOST_BYTES_A_S = 50_000


@dataclass
class Packets:
    """A file's pictures as they are stored, which is the order in which they are shown. Times are since the first."""

    width_px: int
    height_px: int
    times_s: list[float] = field(default_factory=list)
    keyframe_times_s: list[float] = field(default_factory=list)
    size_bytes: int = 0
    _zero: int = 0

    @property
    def latest_s(self) -> float:
        return self.times_s[-1] if self.times_s else -1.0

    def take(self, packet: "Packet[VideoStream]", recipe: ProxyRecipe, *, length_bytes: int) -> bool:
        """Adds a picture, unless a copy of it could not stand in a proxy."""
        if packet.pts is None:
            return False
        if not self.times_s:
            self._zero = packet.pts
        time_s = float((packet.pts - self._zero) * packet.time_base)
        if self.times_s and (time_s <= self.latest_s or (recipe.stored and recipe.slot(time_s) == recipe.slot(self.latest_s))):
            return False
        starts_over = packet.is_keyframe and _holds_idr(bytes(packet), length_bytes)
        if not starts_over and (not self.times_s or recipe.interval(time_s) > recipe.interval(self.latest_s)):
            return False
        self.times_s.append(time_s)
        self.keyframe_times_s += [time_s] if starts_over else []
        self.size_bytes += packet.size
        return True


def exact_packets(path: Path, recipe: ProxyRecipe) -> Packets | None:
    """The packets of a video that can be cut as exactly by copying as a proxy: 8-bit H.264 with square pixels and no B-frames,
    that starts anew at the first frame of each interval and, where there are to be proxies, is about as small as one. None for
    any other. Decodes nothing, and reads no further than it must. Whether pictures are damaged, turned or interlaced is not
    looked at.

    Raises:
        MediaError: the file is missing or unreadable.
    """
    with open_container(path) as container:
        stream = _pictures(path, container)
        extradata = stream.codec_context.extradata
        if container.format.name not in _FORMATS or not extradata or not _is_plain(stream):
            return None
        if recipe.stored and max(stream.width, stream.height) > recipe.longest_side_px:
            return None
        found = Packets(stream.width, stream.height)
        try:
            for packet in container.demux(stream):
                if packet.size and not found.take(packet, recipe, length_bytes=(extradata[4] & 3) + 1):
                    return None
        except av.FFmpegError:
            return None
    too_many = recipe.stored and found.size_bytes > _COPIED_AT_MOST_BYTES_A_S * max(1.0, found.latest_s)
    return found if found.times_s and not too_many else None


def _is_plain(stream: VideoStream) -> bool:
    context = stream.codec_context
    return (
        context.name == "h264"
        and context.pix_fmt == "yuv420p"
        and context.color_range != ColorRange.JPEG
        and stream.sample_aspect_ratio in (None, 0, 1)
        and stream.width % 2 == stream.height % 2 == 0
    )


def _holds_idr(content: bytes, length_bytes: int) -> bool:
    """Whether nothing that follows a picture refers to anything before it (ITU-T H.264, table 7-1)."""
    at = 0
    while at + length_bytes < len(content):
        if content[at + length_bytes] & 31 == _IDR:
            return True
        at += length_bytes + int.from_bytes(content[at : at + length_bytes], "big")
    return False


def copy_packets(path: Path, target: Path, start_s: float, end_s: float) -> None:
    """The pictures of a file from the keyframe at `start_s` up to the keyframe (or the end) at `end_s`, as an MP4 that starts at
    zero. Its packets must be in the order in which they are shown.

    Raises:
        MediaError: there is no keyframe at `start_s`.
    """
    with open_container(path) as source, av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as copy:
        pictures = _pictures(path, source)
        base = pictures.time_base or Fraction(1, TICKS)
        zero = pictures.start_time or 0
        start, end = ticks(start_s), ticks(end_s)
        copied = copy.add_stream_from_template(pictures)
        copied.time_base = Fraction(1, TICKS)
        source.seek(zero + math.ceil(Fraction(start_s) / base), stream=pictures)
        held: Packet[VideoStream] | None = None
        for packet in source.demux(pictures):
            if packet.pts is None:
                continue
            at = ticks(float((packet.pts - zero) * base))
            # Facts are rounded to microseconds, a tick is eleven.
            if at < start - 1:
                continue
            if at >= end - 1:
                break
            if held is None:
                if not packet.is_keyframe or at > start + 1:
                    break
                start = at
            else:
                held.duration = at - start - (held.pts or 0)
                copy.mux(held)
            packet.pts = packet.dts = at - start
            packet.time_base, packet.stream, held = Fraction(1, TICKS), copied, packet
        if held is None:
            raise MediaError(f"{path}: no keyframe at {start_s:g} s any more; the file changed since it was measured")
        held.duration = end - start - (held.pts or 0)
        copy.mux(held)


def _pictures(path: Path, container: InputContainer) -> VideoStream:
    stream = choose_video(container)
    if stream is None:
        raise MediaError(f"{path}: holds no video stream; take it out of the batch")
    return stream

"""Cutting without decoding: packets of H.264 copied from keyframe to keyframe."""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container.input import InputContainer
from av.packet import Packet
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from vr_assets.errors import MediaError
from vr_assets.media.decode import SAME_TIME_S
from vr_assets.media.mp4 import TICKS, ticks
from vr_assets.media.opening import choose_video, open_container

# Containers that keep H.264 as MP4 does.
_FORMATS = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}

_IDR = 5


@dataclass(frozen=True)
class Packets:
    """A file's pictures as they are stored, which is the order in which they are shown."""

    times_s: tuple[float, ...]
    keyframe_times_s: tuple[float, ...]
    width_px: int
    height_px: int
    size_bytes: int


def exact_packets(path: Path, keyframe_interval_s: float) -> Packets | None:
    """The packets of a video that can be cut as exactly by copying as a proxy: 8-bit H.264 with square pixels and no B-frames,
    that starts anew at the first frame of each interval. None for any other. Decodes nothing, and reads the file only where its
    header leaves it possible. Whether pictures are damaged, turned or interlaced is not looked at.

    Raises:
        MediaError: the file is missing or unreadable.
    """
    with open_container(path) as container:
        stream = _pictures(path, container)
        extradata = stream.codec_context.extradata
        if container.format.name not in _FORMATS or not extradata or not _is_plain(stream):
            return None
        length_bytes = (extradata[4] & 3) + 1
        times_s: list[float] = []
        keyframes_s: list[float] = []
        size_bytes, zero, interval = 0, None, -1
        for packet in container.demux(stream):
            if not packet.size:
                continue
            if packet.pts is None or packet.pts != packet.dts:
                return None
            zero = packet.pts if zero is None else zero
            time_s = float((packet.pts - zero) * packet.time_base)
            if times_s and time_s <= times_s[-1]:
                return None
            starts_over = packet.is_keyframe and _holds_idr(bytes(packet), length_bytes)
            now = int((time_s + SAME_TIME_S) / keyframe_interval_s)
            if now > interval and not starts_over:
                return None
            interval = now
            times_s.append(time_s)
            keyframes_s += [time_s] if starts_over else []
            size_bytes += packet.size
        return Packets(tuple(times_s), tuple(keyframes_s), stream.width, stream.height, size_bytes) if times_s else None


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
            if packet.pts is None or packet.dts is None:
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
            raise MediaError(f"{path}: no keyframe at {start_s:g} s; delete the file, it is made again")
        held.duration = end - start - (held.pts or 0)
        copy.mux(held)


def _pictures(path: Path, container: InputContainer) -> VideoStream:
    stream = choose_video(container)
    if stream is None:
        raise MediaError(f"{path}: holds no video stream; take it out of the batch")
    return stream

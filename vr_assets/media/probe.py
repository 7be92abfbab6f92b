"""What a file's header says of its video."""

from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from vr_assets.errors import MediaError
from vr_assets.media.decode import Footage, open_container
from vr_assets.records.media import VideoHeader


def probe_header(path: Path) -> VideoHeader:
    """Reads the header and one frame: only the decoder knows how a picture is turned, and a file of which not even one
    frame decodes is better known before anything is paid for it.

    Raises:
        MediaError: names the file and the cure.
    """
    with Footage(path) as footage:
        first = next(footage.shown(), None)
        if first is None:
            raise MediaError(f"{path}: not one frame of its video decodes; copy or export it again")
        stream = footage.stream
        width_px, height_px = footage.shown_size(first)
        base = stream.time_base or Fraction(1)
        if stream.duration is not None and stream.duration > 0:
            duration_s, frame_count = float(stream.duration * base), stream.frames or None
        else:
            duration_s, frame_count = _packet_length(path, stream.index)
        fps = footage.nominal_fps or (frame_count or 1) / duration_s
        codec = stream.codec_context.name
    return VideoHeader(
        duration_s=round(duration_s, 6),
        fps=round(fps, 6),
        width_px=width_px,
        height_px=height_px,
        codec=codec,
        frame_count=frame_count,
    )


def _packet_length(path: Path, index: int) -> tuple[float, int]:
    """Seconds from the first packet shown to the end of the last, and how many there are. Reads the file, decodes nothing."""
    start: Fraction | None = None
    end = Fraction(0)
    count = 0
    with open_container(path) as container:
        stream = container.streams[index]
        if not isinstance(stream, VideoStream):
            raise MediaError(f"{path}: changed while it was read; try again when it is complete")
        rate = stream.average_rate or stream.guessed_rate
        packets = container.demux(stream)
        while True:
            try:
                packet: Packet[VideoStream] | None = next(packets, None)
            except av.FFmpegError:
                break
            if packet is None:
                break
            at = packet.dts if packet.pts is None else packet.pts
            if at is None or not packet.size:
                continue
            length = packet.duration * packet.time_base if packet.duration else (1 / rate if rate else Fraction(0))
            begins = at * packet.time_base
            start = begins if start is None else min(start, begins)
            end = max(end, begins + length)
            count += 1
    if start is None or end <= start:
        raise MediaError(f"{path}: neither its header nor its packets say how long it is; export it again")
    return float(end - start), count

"""What a file's header says of its video."""

from fractions import Fraction
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.clock import may_restart, walk
from vr_assets.media.decode import Footage
from vr_assets.records.media import VideoHeader


def probe_header(path: Path) -> VideoHeader:
    """Reads the header and one frame: only the decoder knows how a picture is turned, and a file of which not even one
    frame decodes is better known before anything is paid for it.

    Where the header gives no length, or none to be trusted (of streams whose clock may start over), the packets do.

    Raises:
        MediaError: names the file and the cure.
    """
    with Footage(path) as footage:
        first = next(footage.shown(), None)
        if first is None:
            raise MediaError(f"{path}: not one frame of its video decodes; copy or export it again")
        stream = footage.stream
        width_px, height_px = footage.shown_size(first)
        told = _told(footage, path.stat().st_size)
        if told is None or may_restart(footage.container):
            walked = walk(path, stream.index)
            told = walked.duration_s, walked.count
        duration_s, frame_count = told
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


def _told(footage: Footage, size_bytes: int) -> tuple[float, int | None] | None:
    """Seconds and frames as header and index say; None where they say nothing.

    An index that comes first survives a cut: what it names behind the end of the file does not count. AVI's index counts frames;
    its header holds what the recorder expected.
    """
    stream = footage.stream
    if not stream.duration or stream.duration < 0:
        return None
    base = stream.time_base or Fraction(1)
    entries = stream.index_entries
    count = there = len(entries)
    if count and entries[count - 1].pos + entries[count - 1].size > size_bytes:
        there = next(place for place, entry in enumerate(entries) if entry.pos + entry.size > size_bytes)
        end = entries[there].timestamp
    elif count and footage.container.format.name == "avi":
        end = entries[count - 1].timestamp + 1
    else:
        return float(stream.duration * base), stream.frames or None
    return (float((end - entries[0].timestamp) * base), there) if there else None

"""Content for model calls, as bytes: cuts, single frames, contact sheets. Run in media processes.

Times are seconds on the clock of the file that is read, zero at its first frame shown.
"""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from vr_assets.errors import MediaError
from vr_assets.media.decode import SAME_TIME_S, Footage, Image, picture
from vr_assets.media.drawing import contact_sheet, jpeg, labelled, labelled_frame
from vr_assets.media.mp4 import Mp4Writer, encodable, ticks
from vr_assets.records.base import format_clock

CRF_DETAIL = 23

# Frames nearer than this are reached by decoding on; a jump costs the decoding from the keyframe before.
_JUMP_S = 1.5


def copy_clip(proxy: Path, start_s: float, end_s: float) -> bytes:
    """The packets of a proxy from the keyframe at `start_s` up to the keyframe (or the end) at `end_s`, as an MP4.

    Raises:
        MediaError: there is no keyframe at `start_s`.
    """
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder, av.open(str(proxy)) as source:
        path = Path(folder) / "clip.mp4"
        stream = source.streams.video[0]
        base = stream.time_base or Fraction(1, 90000)
        first, end = round(start_s / base), round(end_s / base)
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as target:
            copied = target.add_stream_from_template(stream)
            copied.time_base = base
            source.seek(first, stream=stream)
            begun = False
            for packet in source.demux(stream):
                # Facts are rounded to microseconds, a tick is eleven.
                if packet.pts is None or packet.dts is None or packet.pts < first - 1:
                    continue
                if packet.pts >= end - 1:
                    break
                if not begun:
                    if not packet.is_keyframe or packet.pts > first + 1:
                        raise MediaError(f"{proxy}: no keyframe at {start_s:g} s; delete the file, it is made again")
                    begun, first = True, packet.pts
                packet.pts -= first
                packet.dts -= first
                packet.stream = copied
                target.mux(packet)
        return path.read_bytes()


@dataclass(frozen=True)
class Encoded:
    """A clip that was encoded anew. Size in pixels, as shown; `fps` is the most frames in a second."""

    content: bytes
    width_px: int
    height_px: int
    fps: float


def encode_clip(source: Path, start_s: float, end_s: float, longest_side_px: int, *, clock_zero_s: float | None = None) -> bytes:
    """All frames that appear in [start_s, end_s), scaled down to fit, as an MP4 that is encoded anew.

    Args:
        clock_zero_s: when the clock that is drawn into the pictures shows zero; None: none is drawn.

    Raises:
        MediaError: no frame appears at `start_s`.
    """
    return encoded(source, start_s, end_s, longest_side_px, clock_zero_s=clock_zero_s).content


def encoded(
    source: Path,
    start_s: float,
    end_s: float,
    longest_side_px: int,
    *,
    crf: int = CRF_DETAIL,
    max_fps: float | None = None,
    keyframe_s: float = 1.0,
    clock_zero_s: float | None = None,
) -> Encoded:
    """See `encode_clip`. With `max_fps`, the first frame of each 1 / max_fps seconds, at its own time.

    Raises:
        MediaError: no frame appears at `start_s`.
    """
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder, Footage(source) as footage:
        path = Path(folder) / "clip.mp4"
        writer: Mp4Writer | None = None
        fps = min(footage.nominal_fps or 25, max_fps or math.inf)
        size, group, slot = (0, 0), -1, -1
        for shown in footage.shown(start_s):
            if shown.time_s >= end_s - SAME_TIME_S:
                break
            since_s = shown.time_s - start_s + SAME_TIME_S
            if max_fps is not None and int(since_s * max_fps) == slot:
                continue
            slot = int(since_s * (max_fps or 0))
            if writer is None:
                size = footage.shown_size(shown, longest_side_px)
            frame = encodable(shown, size)
            if clock_zero_s is not None:
                frame = labelled_frame(frame, _clock(shown.time_s - clock_zero_s))
            if writer is None:
                if shown.time_s > start_s + SAME_TIME_S:
                    raise MediaError(f"{source}: no frame at {start_s:g} s any more; the file changed since it was measured")
                writer = Mp4Writer(path, frame, fps=fps, crf=crf)
            now = int(since_s / keyframe_s)
            writer.write(frame, max(0, ticks(shown.time_s - start_s)), keyframe=now > group)
            group = now
        if writer is None:
            raise MediaError(f"{source}: no frame between {start_s:g} and {end_s:g} s any more; the file changed")
        writer.close(ticks(end_s - start_s))
        return Encoded(path.read_bytes(), *size, fps)


def jpegs(path: Path, times_s: Sequence[float], longest_side_px: int, *, clock_zero_s: float | None = None) -> tuple[bytes, ...]:
    """The frames that appear at these times, in order, as JPEG; `clock_zero_s` as for `encode_clip`.

    Raises:
        MediaError: no frame appears at one of them.
    """
    pictures = images(path, times_s, longest_side_px)
    return tuple(jpeg(picture) for picture in clocked(pictures, times_s, clock_zero_s))


def sheet(path: Path, times_s: Sequence[float], columns: int, cell_px: int) -> bytes:
    """A contact sheet of the frames that appear at these times, in order, as JPEG; cells are at most `cell_px` long."""
    return jpeg(contact_sheet(images(path, times_s, cell_px), [_clock(time_s) for time_s in times_s], columns))


def clocked(pictures: Sequence[Image], times_s: Sequence[float], clock_zero_s: float | None) -> Sequence[Image]:
    """Pictures with their times drawn in, from `clock_zero_s` on; as they are where that is None."""
    if clock_zero_s is None:
        return pictures
    return [labelled(picture, _clock(time_s - clock_zero_s)) for picture, time_s in zip(pictures, times_s, strict=True)]


def images(path: Path, times_s: Sequence[float], longest_side_px: int) -> list[Image]:
    """The frames that appear at these times, in order. Raises MediaError: no frame appears at one of them."""
    found: list[Image] = []
    with Footage(path) as footage:
        following = footage.shown(times_s[0])
        at_s = times_s[0]
        for time_s in times_s:
            if time_s - at_s > _JUMP_S:
                following = footage.shown(time_s)
            shown = next((one for one in following if one.time_s >= time_s - SAME_TIME_S), None)
            if shown is None or shown.time_s > time_s + SAME_TIME_S:
                raise MediaError(f"{path}: no frame at {time_s:g} s any more; the file changed since it was measured")
            found.append(picture(shown, footage.shown_size(shown, longest_side_px)))
            at_s = time_s
    return found


def _clock(time_s: float) -> str:
    # A frame at zero may be read some microseconds before it.
    return format_clock(max(0.0, time_s), tenths=True)

"""Content for model calls, as bytes: cuts, single frames, contact sheets. Run in media processes.

Times are seconds on the clock of the file that is read, zero at its first frame shown.
"""

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.copying import copy_packets
from vr_assets.media.decode import SAME_TIME_S, Footage, Image, picture
from vr_assets.media.drawing import contact_sheet, jpeg
from vr_assets.media.mp4 import Mp4Writer, encodable, ticks
from vr_assets.media.sound import with_sound

CRF_DETAIL = 23

# Frames nearer than this are reached by decoding on; a jump costs the decoding from the keyframe before.
_JUMP_S = 1.5


def copy_clip(path: Path, start_s: float, end_s: float, *, sound: bool = False) -> bytes:
    """See `copy_packets`: a stretch of a file from keyframe to keyframe, without decoding pictures, as an MP4.

    Raises:
        MediaError: there is no keyframe at `start_s`.
    """
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder:
        clip = Path(folder) / "clip.mp4"
        copy_packets(path, clip, start_s, end_s)
        return (with_sound(clip, path, start_s, end_s) if sound else clip).read_bytes()


@dataclass(frozen=True)
class Encoded:
    """A clip that was encoded anew. Size in pixels, as shown; `fps` is the most frames in a second."""

    content: bytes
    width_px: int
    height_px: int
    fps: float


def encode_clip(source: Path, start_s: float, end_s: float, longest_side_px: int, *, sound: bool = False) -> bytes:
    """All frames that appear in [start_s, end_s), scaled down to fit, as an MP4 that is encoded anew.

    Raises:
        MediaError: no frame appears at `start_s`.
    """
    return encoded(source, start_s, end_s, longest_side_px, sound=sound).content


def encoded(
    source: Path,
    start_s: float,
    end_s: float,
    longest_side_px: int,
    *,
    crf: int = CRF_DETAIL,
    max_fps: float | None = None,
    keyframe_s: float = 1.0,
    sound: bool = False,
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
        sounding = with_sound(path, source, start_s, end_s) if sound else path
        return Encoded(sounding.read_bytes(), *size, fps)


def jpegs(path: Path, times_s: Sequence[float], longest_side_px: int) -> tuple[bytes, ...]:
    """The frames that appear at these times, in order, as JPEG.

    Raises:
        MediaError: no frame appears at one of them.
    """
    return tuple(jpeg(image) for image in images(path, times_s, longest_side_px))


def sheet(path: Path, times_s: Sequence[float], labels: Sequence[str], columns: int, cell_px: int) -> bytes:
    """A contact sheet of the frames that appear at these times, in order, as JPEG; cells are at most `cell_px` long."""
    return jpeg(contact_sheet(list(images(path, times_s, cell_px)), labels, columns))


def images(path: Path, times_s: Sequence[float], longest_side_px: int) -> Iterator[Image]:
    """The frames that appear at these times, in order, one at a time. Raises MediaError: no frame appears at one of them."""
    with Footage(path) as footage:
        following = footage.shown(times_s[0])
        at_s = times_s[0]
        for time_s in times_s:
            if time_s - at_s > _JUMP_S:
                following = footage.shown(time_s)
            shown = next((one for one in following if one.time_s >= time_s - SAME_TIME_S), None)
            if shown is None or shown.time_s > time_s + SAME_TIME_S:
                raise MediaError(f"{path}: no frame at {time_s:g} s any more; the file changed since it was measured")
            yield picture(shown, footage.shown_size(shown, longest_side_px))
            at_s = time_s

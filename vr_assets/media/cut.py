"""Content for model calls, as bytes: cuts, single frames, contact sheets. Run in media processes.

Times are seconds on the clock of the file that is read, zero at its first frame shown.
"""

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.copying import copy_packets
from vr_assets.media.decode import SAME_TIME_S, Footage, Image, picture
from vr_assets.media.drawing import contact_sheet, jpeg, labelled, labelled_frame
from vr_assets.media.mp4 import Mp4Writer, encodable, ticks
from vr_assets.media.sound import with_sound
from vr_assets.records.base import format_clock

CRF_DETAIL = 23
# What stays must bear being encoded once more by whoever trains on it.
CRF_KEPT = 18
_ANY_SIZE_PX = 1 << 16

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


def encode_clip(
    source: Path,
    start_s: float,
    end_s: float,
    longest_side_px: int,
    *,
    clock_zero_s: float | None = None,
    sound: bool = False,
) -> bytes:
    """All frames that appear in [start_s, end_s), scaled down to fit, as an MP4 that is encoded anew.

    Args:
        clock_zero_s: when the clock that is drawn into the pictures shows zero; None: none is drawn.
        sound: whether the sound of that stretch comes along, where there is any.

    Raises:
        MediaError: no frame appears at `start_s`.
    """
    return encoded(source, start_s, end_s, longest_side_px, clock_zero_s=clock_zero_s, sound=sound).content


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
        sounding = with_sound(path, source, start_s, end_s) if sound else path
        return Encoded(sounding.read_bytes(), *size, fps)


def write_part(source: Path, target: Path, start_s: float, end_s: float) -> None:
    """A stretch of a video as a file of its own, in its own size and rate, with its sound.

    Raises:
        MediaError: no frame appears at `start_s`.
    """
    target.write_bytes(encoded(source, start_s, end_s, _ANY_SIZE_PX, crf=CRF_KEPT, sound=True).content)


def jpegs(path: Path, times_s: Sequence[float], longest_side_px: int, *, clock_zero_s: float | None = None) -> tuple[bytes, ...]:
    """The frames that appear at these times, in order, as JPEG; `clock_zero_s` as for `encode_clip`.

    Raises:
        MediaError: no frame appears at one of them.
    """
    pictures = images(path, times_s, longest_side_px)
    return tuple(jpeg(picture) for picture in clocked(pictures, times_s, clock_zero_s))


def sheet(path: Path, times_s: Sequence[float], columns: int, cell_px: int, *, clock_zero_s: float = 0.0) -> bytes:
    """A contact sheet of the frames that appear at these times, in order, as JPEG; cells are at most `cell_px` long."""
    labels = [_clock(time_s - clock_zero_s) for time_s in times_s]
    return jpeg(contact_sheet(list(images(path, times_s, cell_px)), labels, columns))


def clocked(pictures: Iterable[Image], times_s: Sequence[float], clock_zero_s: float | None) -> Iterator[Image]:
    """Pictures with their times drawn in, from `clock_zero_s` on; as they are where that is None."""
    for image, time_s in zip(pictures, times_s, strict=True):
        yield image if clock_zero_s is None else labelled(image, _clock(time_s - clock_zero_s))


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


def _clock(time_s: float) -> str:
    # A frame at zero may be read some microseconds before it.
    return format_clock(max(0.0, time_s), tenths=True)

"""The one decode of a video: a small copy that can be cut without decoding, and what was measured on the way."""

import hashlib
import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.decode import SAME_TIME_S, Footage, Shown
from vr_assets.media.mp4 import TICKS, Mp4Writer, encodable, ticks
from vr_assets.media.quality import QualityMeter
from vr_assets.records.base import Record, Span
from vr_assets.records.media import VideoFacts
from vr_assets.settings import MediaSettings
from vr_assets.storage import write_atomically

# Raise it when the same settings make other pixels: all that was shown of them is asked again.
_VERSION = 1


class ProxyRecipe(Record):
    """What makes a proxy what it is."""

    longest_side_px: int
    max_fps: float
    crf: int
    version: int = _VERSION

    @classmethod
    def of(cls, settings: MediaSettings) -> "ProxyRecipe":
        return cls(longest_side_px=settings.longest_side_px, max_fps=settings.max_fps, crf=settings.crf)

    @property
    def name(self) -> str:
        """Short, for file names."""
        return hashlib.sha256(self.to_line().encode()).hexdigest()[:12]


def prepare(source: Path, proxy: Path, facts: Path, recipe: ProxyRecipe, part: Span | None) -> VideoFacts:
    """Decodes `source`, or a part of it, once, and publishes its proxy, then its facts.

    Proxy and facts have one clock: zero is the first frame shown; add the facts' `offset_s` for the source's. The proxy has a
    keyframe at its first frame and at the first frame at or after each whole second (counted from the part's start). Two
    processes may do this at the same time: both publish the same.

    Raises:
        MediaError: no frame of it decodes.
        StorageError: the files cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder, Footage(source) as footage:
        drawn = Path(folder) / "proxy.mp4"
        told = _Pass(footage, recipe, part or Span(start_s=0.0, end_s=float("1e12"))).run(drawn)
        if told is None:
            raise MediaError(_nothing(source, footage, part))
        measured = told.facts(footage, source.stat().st_size, drawn.stat().st_size, whole=part is None)
        write_atomically(proxy, drawn.read_bytes())
    write_atomically(facts, measured.to_line().encode())
    return measured


@dataclass
class _Told:
    """What a pass saw."""

    quality: QualityMeter = field(default_factory=QualityMeter)
    source_times_s: list[float] = field(default_factory=list)
    frame_times_s: list[float] = field(default_factory=list)
    keyframe_times_s: list[float] = field(default_factory=list)
    end_s: float = 0.0
    size: tuple[int, int] = (0, 0)
    proxy_size: tuple[int, int] = (0, 0)

    def facts(self, footage: Footage, source_bytes: int, proxy_bytes: int, *, whole: bool) -> VideoFacts:
        zero_s = self.frame_times_s[0]
        duration_s = self.end_s - zero_s
        remarks = footage.remarks + _damage(footage, self.source_times_s, duration_s if whole else None)
        if whole and proxy_bytes >= source_bytes:
            remarks.append(f"the proxy ({proxy_bytes} bytes) is not smaller than its source ({source_bytes} bytes)")
        return VideoFacts(
            offset_s=_s(zero_s),
            duration_s=_s(duration_s),
            fps=round(len(self.source_times_s) / duration_s, 6),
            source_frame_count=len(self.source_times_s),
            width_px=self.size[0],
            height_px=self.size[1],
            frame_times_s=tuple(_s(time_s - zero_s) for time_s in self.frame_times_s),
            keyframe_times_s=tuple(_s(time_s - zero_s) for time_s in self.keyframe_times_s),
            quality=self.quality.facts(self.end_s),
            signature=self.quality.signature(),
            source_size_bytes=source_bytes,
            proxy_size_bytes=proxy_bytes,
            proxy_width_px=self.proxy_size[0],
            proxy_height_px=self.proxy_size[1],
            damaged_packets=footage.damaged_packets,
            treatments=tuple(sorted(footage.treatments)),
            remarks=tuple(remarks),
        )


class _Pass:
    """Decodes once, keeps at most `max_fps` frames a second, writes and measures those."""

    def __init__(self, footage: Footage, recipe: ProxyRecipe, part: Span) -> None:
        self._footage = footage
        self._recipe = recipe
        self._part = part
        self._slot = -1
        self._second = -1

    def run(self, path: Path) -> _Told | None:
        told = _Told()
        writer: Mp4Writer | None = None
        for shown in self._footage.shown(self._part.start_s):
            if shown.time_s >= self._part.end_s - SAME_TIME_S:
                break
            told.source_times_s.append(shown.time_s)
            told.end_s = shown.time_s + shown.duration_s
            if not self._next(shown, self._recipe.max_fps):
                continue
            if not told.frame_times_s:
                told.size = self._footage.shown_size(shown)
                told.proxy_size = self._footage.shown_size(shown, self._recipe.longest_side_px)
            frame = encodable(shown, told.proxy_size)
            if writer is None:
                fps = min(self._footage.nominal_fps or self._recipe.max_fps, self._recipe.max_fps)
                writer = Mp4Writer(path, frame, fps=fps, crf=self._recipe.crf)
            keyframe = self._starts_second(shown)
            told.quality.add(frame, shown.time_s, detail=keyframe)
            told.frame_times_s.append(shown.time_s)
            if keyframe:
                told.keyframe_times_s.append(shown.time_s)
            writer.write(frame, ticks(shown.time_s - told.frame_times_s[0]), keyframe=keyframe)
        if writer is None:
            return None
        writer.close(ticks(told.end_s - told.frame_times_s[0]))
        return told

    def _next(self, shown: Shown, max_fps: float) -> bool:
        """Whether a frame is the first of its slot; slots start with the whole seconds, so that keyframes do too."""
        slot = int((shown.time_s - self._part.start_s + SAME_TIME_S) * max_fps)
        if slot == self._slot:
            return False
        self._slot = slot
        return True

    def _starts_second(self, shown: Shown) -> bool:
        second = int(shown.time_s - self._part.start_s + SAME_TIME_S)
        if second == self._second:
            return False
        self._second = second
        return True


def _s(time_s: float) -> float:
    return round(time_s, 6)


def _damage(footage: Footage, times_s: Sequence[float], duration_s: float | None) -> list[str]:
    remarks = []
    if footage.damaged_packets:
        usual_s = 1 / (footage.nominal_fps or TICKS)
        gaps = [(a, b) for a, b in itertools.pairwise(times_s) if b - a > 2.5 * usual_s]
        holes = "; ".join(f"nothing new is shown from {a:.2f} to {b:.2f} s" for a, b in gaps[:5])
        remarks.append(f"{footage.damaged_packets} packets do not decode" + (f": {holes}" if holes else ""))
    told = footage.stream.duration
    if duration_s is not None and told and footage.stream.time_base:
        header_s = float(told * footage.stream.time_base)
        if abs(header_s - duration_s) > max(1.0, 0.05 * header_s):
            remarks.append(f"the header says {header_s:.1f} s, {duration_s:.1f} s decode")
    return remarks


def _nothing(source: Path, footage: Footage, part: Span | None) -> str:
    if part is None:
        return f"{source}: not one frame of its video decodes; copy or export it again"
    return f"{source}: no frame between {part.start_s:g} and {part.end_s:g} s; correct start_s and end_s in the manifest"

"""The one decode of a video: a small copy that can be cut without decoding, and what was measured on the way."""

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vr_assets.errors import MediaError
from vr_assets.media.copying import Packets, copy_packets, exact_packets
from vr_assets.media.decode import SAME_TIME_S, Footage, Shown
from vr_assets.media.mp4 import TICKS, Mp4Writer, encodable, ticks
from vr_assets.media.quality import QualityMeter
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.sound import with_sound
from vr_assets.media.turns import takes_long
from vr_assets.records.base import Span
from vr_assets.records.media import Treatment, VideoFacts
from vr_assets.settings import AudioSetting
from vr_assets.storage import write_atomically


@takes_long
def prepare(source: Path, proxy: Path, facts: Path, recipe: ProxyRecipe, part: Span | None) -> VideoFacts:
    """Decodes `source`, or a part of it, once, and publishes its proxy, if the recipe wants one, then its facts.

    Proxy and facts have one clock: zero is the first frame shown; add the facts' `offset_s` for the source's. The proxy has a
    keyframe at its first frame and at the first frame at or after each whole interval (counted from the part's start). A source
    that is such a file already is copied, not encoded.

    Raises:
        MediaError: no frame of it decodes.
        StorageError: the files cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder:
        drawn = Path(folder) / "proxy.mp4"
        packets = exact_packets(source, recipe) if part is None else None
        told = _told(source, recipe, part, drawn if recipe.stored and packets is None else None)
        if packets is not None and not told.shows(packets):
            packets = None
            told = _told(source, recipe, part, drawn if recipe.stored else None)
        if packets is not None:
            told.keyframe_times_s = packets.keyframe_times_s
            if recipe.stored:
                copy_packets(source, drawn, 0.0, told.end_s)
        if recipe.stored and recipe.audio is AudioSetting.KEEP:
            drawn = with_sound(drawn, source, told.frame_times_s[0], told.end_s)
        size_bytes = drawn.stat().st_size if recipe.stored else 0
        measured = told.facts(source.stat().st_size, size_bytes, whole=part is None, copied=packets is not None)
        if recipe.stored:
            write_atomically(proxy, drawn)
    write_atomically(facts, measured.to_line().encode())
    return measured


def _told(source: Path, recipe: ProxyRecipe, part: Span | None, drawn: Path | None) -> "_Told":
    with Footage(source) as footage:
        told = _Pass(footage, recipe, part or Span(start_s=0.0, end_s=float("1e12"))).run(drawn)
        if told is None:
            raise MediaError(_nothing(source, part))
        told.damaged_packets = footage.damaged_packets
        told.treatments = tuple(sorted(footage.treatments))
        told.as_stored = told.as_stored and not (footage.remarks or footage.treatments or footage.damaged_packets)
        told.remarks = footage.remarks + _damage(
            footage, told.source_times_s, told.end_s - told.source_times_s[0] if part is None else None
        )
        return told


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
    as_stored: bool = True
    """Whether frames are shown as they are stored but for their size."""
    damaged_packets: int = 0
    treatments: tuple[Treatment, ...] = ()
    remarks: list[str] = field(default_factory=list)

    def shows(self, packets: Packets) -> bool:
        """Whether copies of the packets would show what was decoded, and when."""
        pairs = zip(packets.times_s, self.source_times_s, strict=False)
        same = len(packets.times_s) == len(self.source_times_s) and all(abs(a - b) < SAME_TIME_S for a, b in pairs)
        return same and self.as_stored

    def facts(self, source_bytes: int, proxy_bytes: int, *, whole: bool, copied: bool) -> VideoFacts:
        zero_s = self.frame_times_s[0]
        duration_s = self.end_s - zero_s
        remarks = list(self.remarks)
        if whole and not copied and proxy_bytes >= source_bytes:
            remarks.append(
                f"the proxy ({proxy_bytes} bytes) is not smaller than its source ({source_bytes} bytes), which cannot be cut at "
                "every second; a higher media.crf makes it smaller"
            )
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
            copied=copied,
            damaged_packets=self.damaged_packets,
            treatments=self.treatments,
            remarks=tuple(remarks),
        )


class _Pass:
    """Decodes once, keeps at most `max_fps` frames a second, measures those and writes them where a path is given."""

    def __init__(self, footage: Footage, recipe: ProxyRecipe, part: Span) -> None:
        self._footage = footage
        self._recipe = recipe
        self._part = part
        self._slot = -1
        self._interval = -1

    def run(self, path: Path | None) -> _Told | None:
        told = _Told()
        writer: Mp4Writer | None = None
        for shown in self._footage.shown(self._part.start_s):
            if shown.time_s >= self._part.end_s - SAME_TIME_S:
                break
            told.source_times_s.append(shown.time_s)
            told.end_s = shown.time_s + shown.duration_s
            if not self._next(shown):
                continue
            if not told.frame_times_s:
                told.size = self._footage.shown_size(shown)
                told.proxy_size = self._footage.shown_size(shown, self._recipe.longest_side_px)
            frame = encodable(shown, told.proxy_size)
            told.as_stored &= not shown.quarter_turns
            if writer is None and path is not None:
                fps = min(self._footage.nominal_fps or self._recipe.max_fps, self._recipe.max_fps)
                writer = Mp4Writer(path, frame, fps=fps, crf=self._recipe.crf)
            keyframe = self._starts_interval(shown)
            told.quality.add(frame, shown.time_s, detail=keyframe)
            told.frame_times_s.append(shown.time_s)
            if keyframe:
                told.keyframe_times_s.append(shown.time_s)
            if writer is not None:
                writer.write(frame, ticks(shown.time_s - told.frame_times_s[0]), keyframe=keyframe)
        if not told.frame_times_s:
            return None
        if writer is not None:
            writer.close(ticks(told.end_s - told.frame_times_s[0]))
        return told

    def _next(self, shown: Shown) -> bool:
        slot = self._recipe.slot(shown.time_s - self._part.start_s)
        if slot == self._slot:
            return False
        self._slot = slot
        return True

    def _starts_interval(self, shown: Shown) -> bool:
        interval = self._recipe.interval(shown.time_s - self._part.start_s)
        if interval == self._interval:
            return False
        self._interval = interval
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


def _nothing(source: Path, part: Span | None) -> str:
    if part is None:
        return f"{source}: not one frame of its video decodes; copy or export it again"
    return f"{source}: no frame between {part.start_s:g} and {part.end_s:g} s; correct start_s and end_s in the manifest"

"""The usual way to show a video to a model, and the least that any way can cost."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from benchmarks.shown import Shown
from benchmarks.used import children_cpu_s

# Suitable, anomaly or normal, global caption, dense caption: each sends the whole video, or its frames.
WHOLE_CALLS = 4

_LONG_FPS, _LONG_FRAMES = 0.5, 60
# As fast as libvpx gets.
_VP9 = ("-an", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "0", "-crf", "33")


@dataclass(frozen=True)
class Usual:
    """CPU seconds and bytes of one video; bytes are of media, before base64."""

    chunks_cpu_s: float
    frames_cpu_s: float
    sent_bytes: int

    @property
    def cpu_s(self) -> float:
        return self.chunks_cpu_s + self.frames_cpu_s


def decode_once(video: Path) -> float:
    """CPU seconds of decoding every frame, on one thread."""
    since = time.process_time()
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass
    return time.process_time() - since


def need_ffmpeg() -> None:
    if shutil.which("ffmpeg") is None:
        sys.exit("no ffmpeg on the PATH: install it (apt-get install ffmpeg), or leave the usual way out (--without-ffmpeg)")


def show_the_usual_way(video: Path, shown: Shown) -> Usual:
    """One ffmpeg for each chunk and the highlight, decoding from the start, to VP9; for long videos one for each frame, at full
    size; whole videos as they are. What is done for each of four calls alike is done once here, and counted four times.
    """
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as passing:
        folder = Path(passing)
        before = children_cpu_s()
        for number, span in enumerate([*shown.chunks, shown.highlight]):
            place = ("-ss", f"{span.start_s:.3f}", "-t", f"{span.duration_s:.3f}")
            _ffmpeg("-i", str(video), *place, *_VP9, str(folder / f"{number}.webm"))
        chunks_cpu_s = children_cpu_s() - before
        chunk_bytes = _bytes(folder, "*.webm")
        if not shown.is_long:
            return Usual(chunks_cpu_s, 0.0, chunk_bytes + WHOLE_CALLS * video.stat().st_size)
        before = children_cpu_s()
        for number, at_s in enumerate(_frame_times(shown.facts.duration_s)):
            _ffmpeg("-ss", f"{at_s:.3f}", "-i", str(video), "-frames:v", "1", "-q:v", "2", str(folder / f"{number}.jpg"))
        frames_cpu_s = children_cpu_s() - before
        return Usual(chunks_cpu_s, WHOLE_CALLS * frames_cpu_s, chunk_bytes + WHOLE_CALLS * _bytes(folder, "*.jpg"))


def _frame_times(duration_s: float) -> Sequence[float]:
    count = max(1, min(int(duration_s * _LONG_FPS), _LONG_FRAMES))
    return [number * duration_s / (count + 1) for number in range(1, count + 1)]


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(("ffmpeg", "-nostdin", "-v", "error", "-y", *arguments), check=True)


def _bytes(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern))

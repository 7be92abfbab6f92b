"""What preparing media costs: `python -m benchmarks.media cost`, `... long`, `... again`. README.md says more."""

import argparse
import asyncio
import cProfile
import json
import pstats
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drawn import draw_videos
from benchmarks.footage import FULL_HD, SMALL, clip, named, real
from benchmarks.product import common_options, endpoint, folder, given, project_at, report, run_all
from benchmarks.shown import Shown, show_all
from benchmarks.used import peak_mb
from benchmarks.usual import Usual, decode_once, need_ffmpeg, show_the_usual_way
from vr_assets.settings import Asset, Settings, environment_layer, resolve

# Cameras take turns; one clip is long enough that frames of it are sent.
_LENGTHS_S = (24, 75, 12, 20, 30, 8)
_HD_S = 20


@dataclass(frozen=True)
class Cost:
    """One video, three ways."""

    name: str
    decode_cpu_s: float
    shown: Shown
    usual: Usual | None

    @property
    def seconds(self) -> float:
        return self.shown.facts.duration_s

    @property
    def cpu_s(self) -> float:
        return sum(self.shown.cpu_s.values())

    @property
    def sent_bytes(self) -> int:
        return sum(self.shown.sent_bytes.values())


def cost(options: argparse.Namespace, root: Path) -> None:
    """CPU seconds a minute of video, and bytes sent: a bare decode, the product, and the usual way, side by side."""
    if not options.without_ffmpeg:
        need_ffmpeg()
    small = [clip(root, camera, seconds) for camera, seconds in zip(SMALL, _LENGTHS_S, strict=True)]
    large = [] if options.without_hd else [clip(root, FULL_HD, _HD_S)]
    profile = cProfile.Profile(time.process_time) if options.profile else None
    figures: dict[str, object] = {"footage": "real" if real() else "drawn only"}
    for title, videos in (("up to 768x576", small), ("1080p30 HEVC", large)):
        costs = []
        for video in videos:
            costs.append(_cost(video, _settings(options), options, profile))
            print(_line(costs[-1].name, costs[-1:]), flush=True)
        if costs:
            print(_line(title, costs))
            figures[title] = _figures(costs)
    if profile is not None:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    report(figures)


def _cost(video: Path, settings: Settings, options: argparse.Namespace, profile: cProfile.Profile | None) -> Cost:
    """The cheapest of several passes: other work on the machine makes a pass dearer, nothing makes one cheaper."""
    decode_cpu_s = min(decode_once(video) for _ in range(options.repeat))
    passes = []
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory(prefix="vr-assets-") as passing:
            if profile is not None:
                profile.enable()
            passes.append(asyncio.run(show_all(video, Path(passing), settings)))
            if profile is not None:
                profile.disable()
    shown = min(passes, key=lambda one: sum(one.cpu_s.values()))
    return Cost(video.stem, decode_cpu_s, shown, None if options.without_ffmpeg else show_the_usual_way(video, shown))


def _line(name: str, costs: Sequence[Cost]) -> str:
    minutes = sum(one.seconds for one in costs) / 60
    parts: Counter[str] = Counter()
    for one in costs:
        parts.update(one.shown.cpu_s)
    told = ", ".join(f"{what} {cpu_s / minutes:.2f}" for what, cpu_s in parts.items())
    decode = sum(one.decode_cpu_s for one in costs) / minutes
    ours = sum(one.cpu_s for one in costs) / minutes
    line = f"{name:14} {minutes:5.2f} min  decode {decode:5.2f}  ours {ours:5.2f} = {ours / decode:4.1f} x decode ({told})"
    usual = [one.usual for one in costs if one.usual is not None]
    if not usual:
        return line
    theirs = sum(one.cpu_s for one in usual) / minutes
    sent = sum(one.sent_bytes for one in costs) / 1e6, sum(one.sent_bytes for one in usual) / 1e6
    return f"{line}  usual {theirs:6.2f} = {theirs / ours:4.1f} x ours  sent {sent[0]:5.2f} of {sent[1]:6.2f} MB"


def _figures(costs: Sequence[Cost]) -> dict[str, object]:
    minutes = sum(one.seconds for one in costs) / 60
    decode, ours = sum(one.decode_cpu_s for one in costs), sum(one.cpu_s for one in costs)
    figures: dict[str, object] = {
        "minutes": round(minutes, 2),
        "decode_cpu_s_a_minute": round(decode / minutes, 3),
        "ours_cpu_s_a_minute": round(ours / minutes, 3),
        "times_decode": round(ours / decode, 2),
        "times_decode_goal": 5,
        "sent_mb_a_video": round(sum(one.sent_bytes for one in costs) / 1e6 / len(costs), 2),
    }
    usual = [one.usual for one in costs if one.usual is not None]
    if not usual:
        return figures
    theirs = sum(one.cpu_s for one in usual)
    return figures | {
        "usual_cpu_s_a_minute": round(theirs / minutes, 3),
        "share_of_usual": round(ours / theirs, 3),
        "share_of_usual_goal": 0.2,
        "usual_sent_mb_a_video": round(sum(one.sent_bytes for one in usual) / 1e6 / len(usual), 2),
    }


def long(options: argparse.Namespace, root: Path) -> None:
    """Memory and CPU seconds of one process for recordings of a quarter, half and all of so many hours."""
    figures: dict[str, object] = {"camera": options.camera, "footage": "real" if real() else "drawn only"}
    ends: list[float] = []
    for share in (0.25, 0.5, 1.0):
        seconds = options.hours * 3600 * share
        video = clip(root, named(options.camera), seconds)
        command = [sys.executable, "-m", "benchmarks.media", *(f"--set={text}" for text in options.set), "one", str(video)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ends.append(found["cpu_s"] / seconds * 60)
        figures[f"{seconds / 3600:g} h"] = found | {"cpu_s_a_minute": round(ends[-1], 3)}
        print(f"{seconds / 3600:g} h: {found}", flush=True)
    report(figures | {"dearest_minute_by_cheapest": round(max(ends) / min(ends), 2), "goal_peak_mb": 400})


def one(options: argparse.Namespace, root: Path) -> None:
    """One video in this process, for `long`."""
    shown = asyncio.run(show_all(options.video, root / "media", _settings(options)))
    parts = {what: round(cpu_s, 2) for what, cpu_s in shown.cpu_s.items()}
    print(json.dumps({"peak_mb": round(peak_mb()), "cpu_s": round(sum(shown.cpu_s.values()), 2), "parts": parts}))


def again(options: argparse.Namespace, root: Path) -> None:
    """A batch whose answers are all there: 250 rows, then those and 250 more, and so on."""
    videos = root / "tiny"
    if len(list(videos.glob("*.mp4"))) != max(options.rows):
        draw_videos(videos, max(options.rows), seconds=1.0, size=(320, 240))
    settings = {"VR_CALLS__MAX_WORKERS": "64", "VR_CALLS__PREFLIGHT": "false", **given(options)}
    figures: dict[str, object] = {}
    with folder(None) as passing:
        for count in options.rows:
            figures[f"{count} rows"] = found = _again(
                passing, _first(videos, count, passing / f"first{count}.jsonl"), count, settings
            )
            print(f"{count} rows: {found}", flush=True)
    report(figures)


def _again(root: Path, listed: Path, count: int, settings: Mapping[str, str]) -> Mapping[str, object]:
    batch = f"first{count}"
    with endpoint(root) as server:
        project = project_at(root / "project", server.url, model="loopback", settings=settings)
        project.vr("ingest", "--input-jsonl", str(listed), "--batch", batch, "--batch-size", "10000")
        first = run_all(project, [batch])
    # The endpoint is gone now, and so are the proxies: a call or a decode would show.
    proxies = project.root / "data" / "media" / "proxies"
    shutil.rmtree(proxies)
    second = run_all(project, [batch])
    if proxies.exists() or not all(
        project.statuses(batch, asset) == {"ok": count} for asset in Asset if asset is not Asset.TASK_FILES
    ):
        sys.exit(f"{count} rows: not all were answered from the journal, without a decode")
    [tree] = second.trees
    return {
        "seconds": round(tree.wall_s, 2),
        "cpu_s": round(second.cpu_s, 2),
        "peak_mb": round(tree.peak_mb),
        "processes": tree.most_processes,
        "first_seconds": round(first.trees[0].wall_s, 1),
        "first_cpu_s": round(first.cpu_s, 1),
    }


def _first(videos: Path, count: int, path: Path) -> Path:
    """A list of the first videos of a folder."""
    listed = sorted(videos.glob("*.mp4"))[:count]
    path.write_text("".join(json.dumps({"video_path": str(video)}) + "\n" for video in listed))
    return path


def _settings(options: argparse.Namespace) -> Settings:
    return resolve(("command line", environment_layer(given(options), dotenv=None))).settings


def main() -> None:
    parser = common_options(__doc__)
    kinds = parser.add_subparsers(required=True)
    of_cost = kinds.add_parser("cost", help="CPU seconds and bytes, beside a bare decode and the usual way")
    of_cost.add_argument("--repeat", type=int, default=3, help="passes; the cheapest counts")
    of_cost.add_argument("--without-ffmpeg", action="store_true", help="leave the usual way out, which takes most of the time")
    of_cost.add_argument("--without-hd", action="store_true", help="leave 1080p30 HEVC out")
    of_cost.add_argument("--profile", action="store_true", help="say which functions of the product take the time")
    of_cost.set_defaults(work=cost)
    of_long = kinds.add_parser("long", help="memory, and whether cost is linear in length")
    of_long.add_argument("--hours", type=float, default=3.0)
    of_long.add_argument("--camera", default="dock", choices=[camera.name for camera in (*SMALL, FULL_HD)])
    of_long.set_defaults(work=long)
    of_one = kinds.add_parser("one")
    of_one.add_argument("video", type=Path)
    of_one.set_defaults(work=one)
    of_again = kinds.add_parser("again", help="a batch whose answers are all in the journal")
    of_again.add_argument("--rows", type=int, nargs="+", default=[250, 500, 1000])
    of_again.set_defaults(work=again)
    options = parser.parse_args()
    with folder(options.keep) as root:
        options.work(options, root)


if __name__ == "__main__":
    main()

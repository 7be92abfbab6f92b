"""The product against an endpoint that counts: `python -m benchmarks.endpoint slots`, `... minute`. README.md says more."""

import argparse
import sys
import time
from pathlib import Path

import yaml

from benchmarks.drawn import draw_videos
from benchmarks.log import Log
from benchmarks.product import ROOT, common_options, endpoint, folder, given, project_at, report, run_all
from vr_assets_tests.end_to_end.project import Project

SECONDS = 10.0
# Ten chunks a video, so twenty-four calls.
RECIPE = {"VR_CHUNKS__CHUNK_DURATION_OPTIONS": "1", "VR_CHUNKS__MAX_CHUNKS": "10"}


def ingest(project: Project, videos: Path, batches: int) -> list[str]:
    """One folder of videos a batch; their names."""
    names = [f"b{number:02d}" for number in range(batches)]
    for name in names:
        project.vr("ingest", str(videos / name), "--batch", name)
    return names


def runs_at_once() -> int:
    """As many as dagster.yaml lets."""
    return int(yaml.safe_load((ROOT / "dagster.yaml").read_text())["concurrency"]["runs"]["max_concurrent_runs"])


def slots(options: argparse.Namespace, root: Path) -> None:
    """The share of an endpoint's slots that are busy."""
    at_once = min(options.batches, options.runs or runs_at_once())
    draw(root, options.batches, options.videos)
    settings = {"VR_CALLS__MAX_WORKERS": str(options.slots), "VR_CALLS__PREFLIGHT": "false", **RECIPE, **given(options)}
    capacity = ["--slots", str(options.slots), "--latency", str(options.median), "--sigma", str(options.sigma)]
    if options.proxies_made:
        with endpoint(root / "drawn") as warm:
            project = project_at(root / "project", warm.url, model="of-proxies", settings=settings)
            run_all(project, ingest(project, root / "drawn", options.batches), at_once=at_once)
    with endpoint(root, *capacity) as server:
        project = project_at(root / "project", server.url, model="loopback", settings=settings)
        names = ingest(project, root / "drawn", options.batches) if not options.proxies_made else batch_names(options.batches)
        # What the endpoint takes is known then, as it is to every run but the first.
        project.vr("preflight", "--endpoint", "vlm")
        runs = run_all(project, names, at_once=at_once)
        server_cpu_s = server.cpu_s
    log = Log.read(root / "requests.jsonl")
    for line in log.timeline(options.slots):
        print(line)
    report(
        {
            "batches": options.batches,
            "videos_a_batch": options.videos,
            "runs_at_once": at_once,
            "proxies": "made before" if options.proxies_made else "made by the runs",
            "slots": options.slots,
            "busy_share": round(log.busy_share(options.slots), 3),
            "goal": 0.75 if options.batches == 1 else 0.9,
            "seconds": round(log.seconds, 1),
            "answers": log.answers,
            "refused": log.refused,
            "most_in_flight": log.most_in_flight,
            "median_kb": round(log.median_bytes / 1000),
            "cpu_s": round(runs.cpu_s, 1),
            "server_cpu_s": round(server_cpu_s, 1),
        }
    )


def minute(options: argparse.Namespace, root: Path) -> None:
    """Answers a minute, and refusals, at an endpoint with a limit."""
    minutes = options.minutes
    # Twenty-four calls a video, and a tenth more of them than the endpoint will answer.
    videos = -(-int(options.limit * minutes * 1.1) // 24) + 2
    draw(root, 1, videos)
    settings = {"VR_CALLS__MAX_WORKERS": str(options.workers), "VR_CALLS__PREFLIGHT": "false", **RECIPE, **given(options)}
    capacity = ["--requests-per-minute", str(options.limit), "--window", options.window, "--says", options.says]
    with endpoint(root, *capacity, "--latency", str(options.median), "--sigma", str(options.sigma)) as server:
        project = project_at(root / "project", server.url, model="loopback", settings=settings)
        [name] = ingest(project, root / "drawn", 1)
        process = project.start("vr-assets", "run", "--batch", name)
        while not server.log.exists() and process.poll() is None:
            time.sleep(0.05)
        since = time.monotonic()
        while time.monotonic() - since < minutes * 60 + 2 and process.poll() is None:
            time.sleep(0.2)
        if process.poll() is not None:
            sys.exit(f"the run ended before its {minutes} minutes: {process.communicate()[0][-2000:]}")
        process.terminate()
        process.communicate(timeout=120)
    log = Log.read(root / "requests.jsonl")
    for number, (answers, refused) in enumerate(log.minutes(minutes), start=1):
        print(f"minute {number:2}: {answers:3} answers, {refused:3} refused")
    per_minute = log.minutes(minutes)
    later = per_minute[1:]
    report(
        {
            "limit": options.limit,
            "window": options.window,
            "says": options.says,
            "median_latency_s": options.median,
            "minutes": minutes,
            "told": settings.get("VR_VLM__REQUESTS_PER_MINUTE", "nothing"),
            "answers_a_minute": round(sum(answers for answers, _ in per_minute) / minutes, 1),
            "answers_a_minute_after_the_first": round(sum(answers for answers, _ in later) / len(later), 1),
            "goal": round(options.limit * 0.95, 1),
            "refused_share_after_the_first": round(
                sum(refused for _, refused in later) / sum(answers + refused for answers, refused in later), 4
            ),
            "refused_goal": 0.03,
        }
    )


def draw(root: Path, batches: int, videos: int) -> None:
    """Folders of videos, one a batch; drawn once where the folder is kept."""
    for number, name in enumerate(batch_names(batches)):
        folder = root / "drawn" / name
        if len(list(folder.glob("*.mp4"))) != videos:
            draw_videos(folder, videos, seconds=SECONDS, first=number * videos)


def batch_names(batches: int) -> list[str]:
    return [f"b{number:02d}" for number in range(batches)]


def main() -> None:
    parser = common_options(__doc__)
    parser.add_argument("--median", type=float, default=3.0, help="of the latency, in seconds")
    parser.add_argument("--sigma", type=float, default=0.5, help="of the latency's logarithm")
    kinds = parser.add_subparsers(required=True)
    of_slots = kinds.add_parser("slots", help="share of the slots that are busy")
    of_slots.add_argument("--batches", type=int, default=1)
    of_slots.add_argument("--videos", type=int, default=24, help="in each batch")
    of_slots.add_argument("--slots", type=int, default=64)
    of_slots.add_argument("--runs", type=int, default=0, help="at once; 0: as dagster.yaml says")
    of_slots.add_argument("--proxies-made", action="store_true", help="a first pass without latency makes the proxies")
    of_slots.set_defaults(work=slots)
    of_minutes = kinds.add_parser("minute", help="answers a minute under a limit")
    of_minutes.add_argument("--limit", type=int, default=60)
    of_minutes.add_argument("--minutes", type=int, default=10)
    of_minutes.add_argument("--workers", type=int, default=16)
    of_minutes.add_argument("--window", default="sliding", choices=["sliding", "fixed"])
    of_minutes.add_argument("--says", default="retry-after", choices=["retry-after", "x-ratelimit", "nothing"])
    of_minutes.set_defaults(work=minute)
    options = parser.parse_args()
    with folder(options.keep) as root:
        if (root / "project").exists():
            sys.exit(f"{root}/project is of another benchmark: what it asked is not asked again. Move it away.")
        (root / "requests.jsonl").unlink(missing_ok=True)
        options.work(options, root)


if __name__ == "__main__":
    main()

"""The whole graph over eleven minutes of footage, as a user starts it: `python -m benchmarks.pipeline`. README.md says more."""

from benchmarks import spied
from benchmarks.footage import eleven_minutes, real
from benchmarks.log import Log
from benchmarks.product import common_options, endpoint, folder, given, project_at, report, run_all
from vr_assets.settings import Asset

_BATCH = "minutes"


def main() -> None:
    parser = common_options(__doc__)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.5, help="of each answer, in seconds")
    parser.add_argument(
        "--profile", action="store_true", help="sample the run with py-spy, and say which functions take the time"
    )
    options = parser.parse_args()
    with folder(options.keep) as root, folder(None) as passing:
        (root / "requests.jsonl").unlink(missing_ok=True)
        videos = eleven_minutes(root)
        settings = {"VR_CALLS__MAX_WORKERS": str(options.slots), "VR_CALLS__PREFLIGHT": "false", **given(options)}
        stacks = root / "stacks.txt"
        with endpoint(root, "--slots", str(options.slots), "--latency", str(options.latency), "--sigma", "0") as server:
            project = project_at(passing, server.url, model="loopback", settings=settings)
            project.vr("ingest", *map(str, videos), "--batch", _BATCH)
            # What the endpoint takes is known then, as it is to every run but the first.
            project.vr("preflight", "--endpoint", "vlm")
            runs = run_all(project, [_BATCH], under=spied.command(stacks) if options.profile else ())
            server_cpu_s = server.cpu_s
        log = Log.read(root / "requests.jsonl")
        for line in log.timeline(options.slots):
            print(line)
        if options.profile:
            print(*spied.tables(stacks), sep="\n")
            return
        [tree] = runs.trees
        report(
            {
                "footage": "real" if real() else "drawn only",
                "videos": len(videos),
                "failed_rows": sum(project.statuses(_BATCH, asset)["failed"] for asset in Asset if asset is not Asset.TASK_FILES),
                "answers": log.answers,
                "refused": log.refused,
                "wall_s": round(tree.wall_s, 1),
                "wall_goal_s": 13,
                "cpu_s": round(runs.cpu_s, 1),
                "cpu_goal_s": 30,
                "main_cpu_s": round(tree.own_cpu_s, 1),
                "media_cpu_s": round(runs.cpu_s - tree.own_cpu_s, 1),
                "main_ms_an_answer": round(1000 * tree.own_cpu_s / log.answers, 1),
                "server_cpu_s": round(server_cpu_s, 1),
                "peak_mb": round(tree.peak_mb),
                "peak_goal_mb": 600,
                "peak_main_mb": round(tree.peak_own_mb),
                "sent_mb": round(log.sent_bytes / 1e6, 1),
                "sent_goal_mb": 80,
                "busy_share": round(log.busy_share(options.slots), 3),
                "most_in_flight": log.most_in_flight,
                "first_request_s": round(log.start - tree.started_at, 1),
                "last_answer_s": round(log.start + log.seconds - tree.started_at, 1),
            }
        )


if __name__ == "__main__":
    main()

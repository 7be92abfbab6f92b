"""A server as a process of its own."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from vr_assets.settings import Task
from vr_assets_tests.servers.capacity import Capacity, Says, Window
from vr_assets_tests.servers.faults import FaultMix
from vr_assets_tests.servers.serving import Behaviour, Dialect, Fault, ModelServer, Price, Thinking


def main(dialect: Dialect, arguments: Sequence[str] | None = None) -> None:
    """A server in a process of its own: prints its URL, then serves until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--log", type=Path, help="file that gets one JSON line a request served")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--fail", action="append", default=[], metavar="N:STATUS", help="the N-th request gets this status")
    parser.add_argument("--fail-all", type=int, metavar="STATUS", help="every other request gets this status")
    parser.add_argument("--retry-after", metavar="VALUE", help="Retry-After header of the failures")
    parser.add_argument("--drop", action="append", type=int, default=[], metavar="N", help="drop the N-th request's connection")
    parser.add_argument("--cut", action="append", type=Task, default=[], metavar="TASK", help="cut the task's replies")
    parser.add_argument("--garbage", action="append", type=Task, default=[], metavar="TASK", help="answer something else")
    parser.add_argument("--refuse", action="append", default=[], metavar="PARAMETER", help="refuse requests that set it")
    parser.add_argument("--thinking", type=Thinking, default=Thinking.NONE, choices=list(Thinking))
    parser.add_argument("--key", help="the only key to let in")
    parser.add_argument("--verdict", default="Anomaly", choices=["Anomaly", "Normal"])
    parser.add_argument("--faults", type=int, metavar="SEED", help="draw the field's mix of faults")
    parser.add_argument("--slots", type=int, help="more requests at once get 429")
    parser.add_argument("--requests-per-minute", type=int, metavar="N", help="more get 429")
    parser.add_argument("--window", type=Window, default=Window.SLIDING, choices=list(Window), help="which minute is counted")
    parser.add_argument("--says", type=Says, default=Says.RETRY_AFTER, choices=list(Says), help="how such a 429 tells the wait")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MEDIAN", help="seconds, lognormal, besides --delay")
    parser.add_argument("--sigma", type=float, default=0.5, help="sigma of --latency's logarithm")
    parser.add_argument("--seed", type=int, default=0, help="for latencies")
    parser.add_argument("--price", type=float, nargs=2, default=(0.0, 0.0), metavar=("IN", "OUT"), help="USD a million tokens")
    parser.add_argument("--lean", action="store_true", help="keep no bodies in memory")
    options = parser.parse_args(arguments)
    headers = {"Retry-After": options.retry_after} if options.retry_after else {}
    failing = (text.partition(":") for text in options.fail)
    server = ModelServer(
        dialect,
        Behaviour(
            delay_s=options.delay,
            faults={int(number): Fault(int(status), headers) for number, _, status in failing}
            | {number: Fault(drop=True) for number in options.drop},
            always=Fault(options.fail_all, headers) if options.fail_all else None,
            cut=frozenset(options.cut),
            garbage=frozenset(options.garbage),
            refuse=frozenset(options.refuse),
            thinking=options.thinking,
            key=options.key,
            verdict=options.verdict,
            mix=None if options.faults is None else FaultMix(seed=options.faults),
            capacity=Capacity(
                slots=options.slots,
                requests_per_minute=options.requests_per_minute,
                window=options.window,
                says=options.says,
                latency_median_s=options.latency,
                latency_sigma=options.sigma,
            ),
            seed=options.seed,
            price=Price(*options.price),
            lean=options.lean,
        ),
        port=options.port,
        log=options.log,
    )
    print(server.url, flush=True)
    with suppress(KeyboardInterrupt):
        server.run()

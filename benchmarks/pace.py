"""How well the pace finds what an endpoint allows, without being told.

    python benchmarks/pace.py [--only NAME]     ten simulated minutes against each kind of server
    python benchmarks/pace.py --seeds 12 [--slow]   the worst of so many runs, for servers of 60 requests a minute
    python benchmarks/pace.py --real            ten real minutes, two processes that share a file, 60 requests a sliding minute
    python benchmarks/pace.py --cost            what acquire and answered take, one process and four

Callers always have another question. `told`: refusals carry Retry-After.
"""

import argparse
import asyncio
import heapq
import itertools
import multiprocessing
import random
import socketserver
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from vr_assets.backends.limits import Limiter
from vr_assets.backends.pace import Call, Pace, Terms
from vr_assets.errors import Cause

MINUTES = 10
START = 1_000_000_020.0


class Server(Protocol):
    def takes(self, now: float) -> bool: ...

    def retry_after_s(self, now: float) -> float: ...

    def done(self) -> None: ...


@dataclass
class Sliding:
    most: int = 60
    taken: deque[float] = field(default_factory=deque)

    def takes(self, now: float) -> bool:
        while self.taken and self.taken[0] <= now - 60:
            self.taken.popleft()
        if len(self.taken) >= self.most:
            return False
        self.taken.append(now)
        return True

    def retry_after_s(self, now: float) -> float:
        return self.taken[0] + 60 - now

    def done(self) -> None:
        pass


@dataclass
class Fixed:
    most: int = 60
    minute: int = 0
    taken: int = 0

    def takes(self, now: float) -> bool:
        if int(now // 60) != self.minute:
            self.minute, self.taken = int(now // 60), 0
        self.taken += self.taken < self.most + 1
        return self.taken <= self.most

    def retry_after_s(self, now: float) -> float:
        return 60 - now % 60

    def done(self) -> None:
        pass


@dataclass
class Bucket:
    a_second: float = 1.0
    burst: float = 5.0
    left: float = 5.0
    at: float = START

    def takes(self, now: float) -> bool:
        self.left = min(self.burst, self.left + (now - self.at) * self.a_second)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def retry_after_s(self, now: float) -> float:
        return (1 - self.left) / self.a_second

    def done(self) -> None:
        pass


@dataclass
class Slots:
    most: int = 8
    taken: int = 0

    def takes(self, now: float) -> bool:
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def retry_after_s(self, now: float) -> float:
        return 1.0

    def done(self) -> None:
        self.taken -= 1


@dataclass
class Moody:
    """Refuses at random, however it is asked."""

    share: float = 0.05
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def takes(self, now: float) -> bool:
        return self.rng.random() >= self.share

    def retry_after_s(self, now: float) -> float:
        return 1.0

    def done(self) -> None:
        pass


SERVERS: dict[str, Callable[[], Server]] = {
    "sliding 60/60 s": Sliding,
    "fixed 60/60 s": Fixed,
    "bucket 1/s, 5": Bucket,
    "bucket 1/s, 30": lambda: Bucket(burst=30, left=30),
    "sliding 600": lambda: Sliding(600),
    "sliding 10": lambda: Sliding(10),
    "slots 8": Slots,
    "moody 5 %": Moody,
    "moody 20 %": lambda: Moody(0.2),
}


@dataclass
class Result:
    answers: list[int]
    refused: list[int]

    @property
    def refused_later(self) -> float:
        """Percent of the calls after the first minute."""
        return 100 * sum(self.refused[1:]) / max(1, sum(self.refused[1:]) + sum(self.answers[1:]))

    @property
    def line(self) -> str:
        a_minute = f"{sum(self.answers) / MINUTES:7.1f} a minute, least {min(self.answers[1:]):4d}"
        return f"{a_minute}; refused in the first {self.refused[0]:3d}, later {self.refused_later:4.1f} %"


def simulate(
    server: Server,
    *,
    latency_s: float,
    tell: bool,
    ceiling: int = 16,
    seed: int = 0,
    offset_s: float = 0.0,
    slow_refusal: bool = False,
) -> Result:
    """Ten minutes."""
    rng = random.Random(seed)
    pace, terms = Pace(), Terms(ceiling)
    begin = START + offset_s
    result = Result([0] * MINUTES, [0] * MINUTES)
    events: list[tuple[float, int, str, Call | None, float]] = []
    order = itertools.count()
    in_flight, now, timer = 0, begin, 0.0
    while now < begin + 60 * MINUTES:
        wait_s = pace.wait_s(now, terms)
        while in_flight < pace.places(terms) and not wait_s:
            started = pace.start(now, terms)
            in_flight += 1
            seconds = latency_s * rng.lognormvariate(0, 0.3)
            arrives = now + rng.uniform(0.005, 0.03)
            heapq.heappush(events, (arrives, next(order), "arrives", started, seconds))
            wait_s = pace.wait_s(now, terms)
        if wait_s and in_flight < pace.places(terms) and not timer > now:
            timer = now + wait_s + rng.uniform(0, 0.01)
            heapq.heappush(events, (timer, next(order), "wake", None, 0))
        now, _, kind, call, seconds = heapq.heappop(events)
        if kind == "wake" and now >= timer:
            timer = 0.0
        if call is None:
            continue
        if kind == "arrives":
            takes = server.takes(now)
            after = server.retry_after_s(now) if not takes and tell else 0.0
            ends = now + (seconds if takes or slow_refusal else 0.02)
            heapq.heappush(events, (ends, next(order), "answered" if takes else "refused", call, after))
            continue
        minute = min(MINUTES - 1, int((now - begin) // 60))
        if kind == "answered":
            server.done()
            result.answers[minute] += 1
            pace.answered(call, now, terms, in_flight=in_flight)
        else:
            result.refused[minute] += 1
            pace.failed(call, Cause.RATE_LIMITED, now, terms, retry_after_s=seconds or None)
        in_flight -= 1
    return result


class _Door(socketserver.StreamRequestHandler):
    """A line for each question: 1 or 0."""

    sliding = Sliding()
    lock = threading.Lock()

    def handle(self) -> None:
        while self.rfile.readline():
            with self.lock:
                takes = self.sliding.takes(time.time())
            self.wfile.write(b"1\n" if takes else b"0\n")


def _client(state: Path, port: int, begin: float, out: "multiprocessing.Queue[tuple[Result, float]]") -> None:
    result = Result([0] * MINUTES, [0] * MINUTES)

    async def worker(limiter: Limiter, rng: random.Random) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.time() < begin + 60 * MINUTES:
            place = await limiter.acquire()
            writer.write(b"?\n")
            takes = await reader.readline() == b"1\n"
            await asyncio.sleep(rng.lognormvariate(-0.7, 0.3) if takes else 0.02)
            minute = int((time.time() - begin) // 60)
            if minute < MINUTES:
                (result.answers if takes else result.refused)[minute] += 1
            place.answered() if takes else place.failed(Cause.RATE_LIMITED)
            if not takes:
                await asyncio.sleep(rng.uniform(0, 2))

    async def run() -> None:
        limiter = Limiter("endpoint", 16, state=state)
        await asyncio.gather(*(worker(limiter, random.Random(number)) for number in range(16)))
        limiter.close()

    asyncio.run(run())
    out.put((result, time.process_time()))


def real() -> None:
    with tempfile.TemporaryDirectory() as folder, socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Door) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = multiprocessing.get_context("spawn")
        out = context.Queue()
        given = (Path(folder) / "limits.sqlite", server.server_address[1], time.time(), out)
        clients = [context.Process(target=_client, args=given) for _ in range(2)]
        for client in clients:
            client.start()
        results = [out.get() for _ in clients]
        server.shutdown()
    answers, refused = zip(*((result.answers, result.refused) for result, _ in results), strict=True)
    both = Result([sum(minute) for minute in zip(*answers, strict=True)], [sum(minute) for minute in zip(*refused, strict=True)])
    print(both.line, both.answers, both.refused)
    for result, seconds in results:
        print(f"one run: {sum(result.answers)} answers, {seconds:.1f} s of CPU")


def _times(state: Path, calls: int, think_s: float, start: Any, out: Any) -> None:
    async def run() -> tuple[list[float], list[float]]:
        limiter = Limiter("endpoint", 64, state=state)
        took: tuple[list[float], list[float]] = [], []
        start.wait()
        for _ in range(calls):
            begun = time.perf_counter()
            place = await limiter.acquire()
            held = time.perf_counter()
            place.answered()
            took[0].append(held - begun)
            took[1].append(time.perf_counter() - held)
            await asyncio.sleep(think_s)
        limiter.close()
        return took

    out.put(asyncio.run(run()))


def cost() -> None:
    context = multiprocessing.get_context("spawn")
    for processes, think_s in itertools.product((1, 4), (0.0, 0.02)):
        with tempfile.TemporaryDirectory() as folder:
            start, out = context.Barrier(processes), context.Queue()
            given = (Path(folder) / "limits.sqlite", 500, think_s, start, out)
            running = [context.Process(target=_times, args=given) for _ in range(processes)]
            for process in running:
                process.start()
            took = [out.get() for _ in running]
        for name, all_took in zip(("acquire", "answered"), zip(*took, strict=True), strict=True):
            ms = sorted(1000 * second for one in all_took for second in one)
            said = f"mean {sum(ms) / len(ms):.2f}, median {ms[len(ms) // 2]:.2f}, p95 {ms[len(ms) * 95 // 100]:.2f} ms"
            print(f"{processes} processes, {1000 * think_s:.0f} ms between calls, {name}: {said}")


def worst(seeds: int, *, slow: bool) -> None:
    for name, latency_s, tell in itertools.product(list(SERVERS)[:3], (0.1, 2.0, 5.0), (False, True)):
        ten = [
            simulate(SERVERS[name](), latency_s=latency_s, tell=tell, seed=seed, slow_refusal=slow, offset_s=3.1 * seed)
            for seed in range(seeds)
        ]
        a_minute, later = min(sum(r.answers) / MINUTES for r in ten), max(r.refused_later for r in ten)
        print(f"{name:16} {latency_s:4.1f} s {'told' if tell else '    '} {a_minute:5.1f} a minute, refused later {later:4.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--slow", action="store_true", help="refusals take as long as answers")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--cost", action="store_true")
    args = parser.parse_args()
    if args.seeds:
        worst(args.seeds, slow=args.slow)
        return
    if args.real:
        real()
        return
    if args.cost:
        cost()
        return
    for name, make in SERVERS.items():
        if args.only not in name:
            continue
        for latency_s in (0.1, 2.0, 15.0):
            for tell in (False, True):
                for offset_s in (0.0, 37.0) if "fixed" in name else (0.0,):
                    result = simulate(make(), latency_s=latency_s, tell=tell, offset_s=offset_s, slow_refusal=args.slow)
                    print(f"{name:16} {latency_s:4.1f} s {'told' if tell else '    '} {result.line}")


if __name__ == "__main__":
    main()

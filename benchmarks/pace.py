"""How well the pace finds what an endpoint allows, without being told: `python benchmarks/pace.py` (ten minutes each, simulated).

Callers always have another question. A refused call is asked again after a full-jitter pause, as `backends` does.
"""

import argparse
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

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
    def line(self) -> str:
        later = sum(self.refused[1:]) / max(1, sum(self.refused[1:]) + sum(self.answers[1:]))
        return (
            f"{sum(self.answers) / MINUTES:7.1f} a minute, least {min(self.answers[1:]):4d}; refused in the first {self.refused[0]:3d}, "
            f"later {100 * later:4.1f} %   {self.answers} {self.refused}"
        )


def simulate(server: Server, *, latency_s: float, tell: bool, ceiling: int = 16, seed: int = 0, offset_s: float = 0.0, slow_refusal: bool = False) -> Result:
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
            call = pace.start(now, terms)
            in_flight += 1
            seconds = latency_s * rng.lognormvariate(0, 0.3)
            arrives = now + rng.uniform(0.005, 0.03)
            heapq.heappush(events, (arrives, next(order), "arrives", call, seconds))
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--slow", action="store_true")
    args = parser.parse_args()
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

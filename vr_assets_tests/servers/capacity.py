"""How much a server takes: slots, requests a minute, and how long its answers take."""

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist


class Window(StrEnum):
    """Which minute is counted: the last one, or the clock's since the first request."""

    SLIDING = "sliding"
    FIXED = "fixed"


class Says(StrEnum):
    """How a refusal tells when to come back."""

    RETRY_AFTER = "retry-after"
    RATELIMIT = "x-ratelimit"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Capacity:
    """What is too much gets a 429, and counts against nothing. None: no limit.

    `latency_median_s` and `latency_sigma` (of the logarithm) are a lognormal distribution; 0: at once.
    """

    slots: int | None = None
    requests_per_minute: int | None = None
    window: Window = Window.SLIDING
    window_s: float = 60.0
    says: Says = Says.RETRY_AFTER
    latency_median_s: float = 0.0
    latency_sigma: float = 0.5

    def latency_s(self, drawn: float) -> float:
        """The latency at a quantile in [0, 1)."""
        if not self.latency_median_s:
            return 0.0
        return self.latency_median_s * math.exp(self.latency_sigma * NormalDist().inv_cdf(min(max(drawn, 1e-9), 1 - 1e-9)))


class Gate:
    """Lets requests in, as far as a capacity goes. Not thread-safe."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._held = 0
        self._let_in: deque[float] = deque()
        self._window_start: float | None = None

    @property
    def held(self) -> int:
        """How many slots are taken."""
        return self._held

    def enter(self, now: float) -> float | None:
        """Takes a slot and None, or takes nothing and says in how many seconds it may go in; 0 where nobody can tell."""
        if (wait_s := self._minute_wait_s(now)) > 0:
            return wait_s
        if self._capacity.slots is not None and self._held >= self._capacity.slots:
            return 0.0
        self._held += 1
        if self._capacity.requests_per_minute is not None:
            self._let_in.append(now)
        return None

    def leave(self) -> None:
        """Gives a slot back."""
        self._held -= 1

    def headers(self, wait_s: float) -> dict[str, str]:
        """What a refusal says of the wait."""
        if wait_s <= 0 or self._capacity.says is Says.NOTHING:
            return {}
        if self._capacity.says is Says.RETRY_AFTER:
            return {"Retry-After": str(math.ceil(wait_s))}
        return {
            "x-ratelimit-limit-requests": str(self._capacity.requests_per_minute),
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{wait_s:.3f}s",
        }

    def _minute_wait_s(self, now: float) -> float:
        limit, window_s = self._capacity.requests_per_minute, self._capacity.window_s
        if limit is None:
            return 0.0
        if self._capacity.window is Window.SLIDING:
            while self._let_in and self._let_in[0] <= now - window_s:
                self._let_in.popleft()
            return self._let_in[0] + window_s - now if len(self._let_in) >= limit else 0.0
        if self._window_start is None or now >= self._window_start + window_s:
            start = now if self._window_start is None else self._window_start
            self._window_start = start + (now - start) // window_s * window_s
            self._let_in.clear()
        return self._window_start + window_s - now if len(self._let_in) >= limit else 0.0

"""How fast an endpoint is asked: it starts modest, goes up while answers come, and down when it is told to.

No clock and no files here: `limits.Limiter` calls it with the time, inside a transaction of `leases.Leases`.
"""

import math
from dataclasses import dataclass

from pydantic import BaseModel, Field

from vr_assets.backends.rates import MINUTE_S, LearnedRate, Quota, Tally
from vr_assets.errors import Cause

MODEST = 16
# 5xx, dropped and timed out: the endpoint struggles, and more calls would not help it.
GROWTH_PAUSE_S = 15.0
# Longer is not kept, whatever an endpoint asks for: waiting calls would look like a hang. It is asked once, and may ask again.
LONGEST_PAUSE_S = 600.0
# Refused again and again without being told for how long: a second, doubled each time, up to this.
LONGEST_SILENCE_S = 60.0
# Answers are the endpoint's mood of today: after an hour without a call it is met as a stranger.
FORGET_S = 3600.0
# Without calls for longer, though nothing held them back, a rate is counted anew.
IDLE_S = 5.0

_STRUGGLES = frozenset({Cause.SERVER_ERROR, Cause.DROPPED, Cause.TIMED_OUT, Cause.NOT_AN_ANSWER})


@dataclass(frozen=True)
class Terms:
    """What a user sets for an endpoint. Rates of 0 are none."""

    ceiling: int
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0


@dataclass(frozen=True)
class Call:
    """A call that has started. `tokens` is what was taken for it."""

    number: int
    at: float
    tokens: int


class Pace(BaseModel):
    """The pace of one endpoint over all runs. Times are seconds since 1970.

    `limit` is fractional while it grows. Calls up to number `round` were in flight, or done, when it last halved.
    """

    limit: float = float(MODEST)
    rising: bool = True
    started: int = 0
    round: int = 0
    silent: int = 0
    paused_until: float = 0.0
    no_growth_until: float = 0.0
    latency_s: float = 0.0
    busy_since: float = 0.0
    last_at: float = 0.0
    tally: Tally = Field(default_factory=Tally)
    refusals: Tally = Field(default_factory=Tally)
    rate: LearnedRate = Field(default_factory=LearnedRate)
    quota: Quota = Field(default_factory=Quota)

    def forgotten(self, now: float) -> bool:
        """Too old to be true, or from a clock that was put back since."""
        return not -GROWTH_PAUSE_S < now - self.last_at < max(FORGET_S, self.paused_until - self.last_at)

    def places(self, terms: Terms) -> int:
        return max(1, min(int(self.limit), terms.ceiling))

    def wait_s(self, now: float, terms: Terms) -> float:
        """Seconds until another call may start, if there is a place for it."""
        return max(0.0, self.due_in_s(now, terms))

    def due_in_s(self, now: float, terms: Terms) -> float:
        """The same; negative where it may have started that long ago."""
        quota_s = self.quota.due_in_s(now, requests=terms.requests_per_minute, tokens=terms.tokens_per_minute)
        return max(self.paused_until - now, self.rate.due_in_s(now), quota_s)

    def start(self, now: float, terms: Terms, *, tokens: int = 0) -> Call:
        held_until = max(self.last_at, self.paused_until, self.rate.spacing.due, self.quota.requests.due, self.quota.tokens.due)
        if now - held_until > IDLE_S:
            self.busy_since = float(int(now))
        self.last_at = now
        self.started += 1
        self.tally.forget(now - 2 * MINUTE_S)
        self.tally.add(now, 1)
        self.rate.take(now)
        self.quota.take(now, tokens, requests=terms.requests_per_minute, tokens=terms.tokens_per_minute)
        return Call(self.started, now, tokens)

    def answered(
        self, call: Call, now: float, terms: Terms, *, in_flight: int, tokens: int | None = None, pause_s: float = 0.0
    ) -> None:
        """`in_flight` counts this call too. `tokens`: what it cost, where known. `pause_s`: what the endpoint asks for."""
        self.last_at = max(self.last_at, now)
        self._pause(now, pause_s)
        self.quota.settle((call.tokens if tokens is None else tokens) - call.tokens, tokens=terms.tokens_per_minute)
        took_s = now - call.at
        self.latency_s = took_s if not self.latency_s else 0.9 * self.latency_s + 0.1 * took_s
        if call.number <= self.round:
            return
        if self.silent > 1:
            since = max(self.busy_since, now - 2 * MINUTE_S)
            # The silence may have been longer than it had to be: what once went into a minute goes into it again.
            accepted = max(self.tally.a_minute(call.at, since), self.tally.count(since, since + MINUTE_S))
            self.rate.lower(accepted, seen_s=call.at - since)
            self.limit = max(self.limit, min(self._needed(call.at - since), float(terms.ceiling)))
        self.silent = 0
        # A limit that is not used says nothing about a higher one.
        if now >= self.no_growth_until and 2 * in_flight >= self.limit < terms.ceiling:
            self.limit = min(self.limit + (1.0 if self.rising else 1.0 / self.limit), float(terms.ceiling))

    def failed(self, call: Call, cause: Cause, now: float, terms: Terms, *, retry_after_s: float | None = None) -> None:
        self.last_at = max(self.last_at, now)
        self._pause(now, retry_after_s or 0.0)
        if cause in _STRUGGLES:
            self.no_growth_until = now + GROWTH_PAUSE_S
        if cause is Cause.RATE_LIMITED:
            self._refused(call, now, terms, told=bool(retry_after_s))

    def _refused(self, call: Call, now: float, terms: Terms, *, told: bool) -> None:
        self.tally.add(call.at, -1)
        seen_s = min(now - self.busy_since, MINUTE_S)
        self.refusals.forget(now - MINUTE_S)
        self.refusals.add(now, 1)
        accepted = self.tally.a_minute(now, now - seen_s)
        refused = self.refusals.a_minute(now, now - seen_s)
        if call.number <= self.round:
            self.rate.lower(accepted, seen_s=seen_s)
            return
        self.silent += 1
        self.rate.learn(accepted, now, seen_s=seen_s, heavy=refused > 0.5 * accepted and self.refusals.started.total() > 5)
        self._halve(terms, seen_s=seen_s)
        rounds = self.silent - (4 if told else 2)
        if rounds >= 0:
            self._pause(now, self._silence_s(now, rounds))

    def _silence_s(self, now: float, rounds: int) -> float:
        """How long to wait before asking again, unless told."""
        pause_s = min(2.0**rounds, LONGEST_SILENCE_S)
        taken = [second for second, number in self.tally.started.items() if number > 0 and second > now - MINUTE_S - 1]
        if not taken:
            return pause_s
        # Most limits are for a minute: the next call may pass when the first of this minute's leaves it.
        opens_s = min(taken) + 1 + MINUTE_S - now
        return min(pause_s, max(opens_s, pause_s / 2))

    def _halve(self, terms: Terms, *, seen_s: float) -> None:
        limit = min(self.limit, float(terms.ceiling))
        self.limit = max(1.0, limit / 2, min(self._needed(seen_s), limit))
        self.rising = False
        self.round = self.started

    def _needed(self, seen_s: float) -> float:
        """Calls that a known rate keeps in flight (Little's law): where it is the rate that is refused, fewer would waste it."""
        known = self.rate.known and seen_s >= MINUTE_S / 2
        return math.ceil(self.rate.per_minute / MINUTE_S * self.latency_s) if known else 0.0

    def _pause(self, now: float, seconds: float) -> None:
        if seconds > 0:
            self.paused_until = max(self.paused_until, now + min(seconds, LONGEST_PAUSE_S))

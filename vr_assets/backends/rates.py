"""How often an endpoint may be asked: quotas that a user sets, and the rate that its refusals teach."""

import math
from collections import Counter

from pydantic import BaseModel, Field

# Quotas are kept over a sliding minute, and so are most endpoints' own.
MINUTE_S = 60.0
# How far ahead of an even spacing a call may start, so that late wake-ups are made good: a quota's burst is what is due in it.
SLACK_S = 1.0
# A few long answers may settle above their estimate; 6 s of tokens are a tenth of the minute's.
TOKEN_SLACK_S = 6.0
# The same for a learned rate: 20 ms late each time would lose 2 % of a call a second.
LEARNED_SLACK_S = 0.25
# Of the rate that was accepted while others were refused: 60 a minute are asked as 58.
BELOW = 0.97
# Seconds, at the learned rate, from a refusal until the refused rate is tried again; doubled each time it is refused again.
SHORTEST_RETURN_S = 60.0
LONGEST_RETURN_S = 240.0
# So many times the refused rate passed without a refusal: it binds no longer.
PLAINLY = 4.0
# Refusals in close succession although each lowered the rate: they come whatever the rate is.
MOST_IN_VAIN = 6
NEAR = 0.9
VAIN_S = 120.0
# Below it, counts of a minute say nothing.
LEAST = 1.0


class Spacing(BaseModel):
    """Even spacing with a small burst: the generic cell rate algorithm. `due` is when the next call would be due."""

    due: float = 0.0

    def due_in_s(self, now: float, slack_s: float) -> float:
        """Seconds until a call may start; negative where it might have started that long ago."""
        return self.due - slack_s - now

    def take(self, now: float, seconds: float) -> None:
        self.due = max(self.due, now) + seconds


class Quota(BaseModel):
    """Requests and tokens of any sliding minute: at most `slack + 60` seconds' worth start in it, whence the intervals below."""

    requests: Spacing = Field(default_factory=Spacing)
    tokens: Spacing = Field(default_factory=Spacing)
    largest: float = 0.0

    def due_in_s(self, now: float, *, requests: float, tokens: float) -> float:
        of_requests = self.requests.due_in_s(now, SLACK_S) if requests else -math.inf
        of_tokens = self.tokens.due_in_s(now, TOKEN_SLACK_S) if tokens else -math.inf
        return max(of_requests, of_tokens)

    def take(self, now: float, size: int, *, requests: float, tokens: float) -> None:
        if requests:
            self.requests.take(now, (MINUTE_S + SLACK_S) / requests)
        if tokens:
            # The call that ends a minute starts before its tokens are due, so the largest of late is kept free for it.
            self.largest = max(float(size), 0.99 * self.largest)
            self.tokens.take(now, size * self._token_s(tokens))

    def settle(self, surplus: int, *, tokens: float) -> None:
        """A call cost so many tokens more (less, where negative) than was taken for it."""
        if tokens:
            self.tokens.due += surplus * self._token_s(tokens)

    def _token_s(self, tokens: float) -> float:
        return (MINUTE_S + TOKEN_SLACK_S) / max(tokens - self.largest, tokens / 2)


class Tally(BaseModel):
    """Calls that were not refused, by the second in which they started."""

    started: Counter[int] = Field(default_factory=Counter)

    def add(self, at: float, count: int) -> None:
        self.started[int(at)] += count

    def forget(self, before: float) -> None:
        for second in [second for second in self.started if second < before]:
            del self.started[second]

    def a_minute(self, now: float, since: float) -> float:
        """The rate in the whole seconds from `since` on: a burst that lies half before it would count double."""
        return self.count(since, math.inf) * MINUTE_S / max(now - math.ceil(since), 1.0)

    def count(self, since: float, until: float) -> int:
        return sum(number for second, number in self.started.items() if since <= second < until)


class LearnedRate(BaseModel):
    """A rate that an endpoint seems to allow, in calls a minute. None is in force until it refuses.

    After a refusal at the rate W it runs at 0.97 W, comes back to W in a flat curve, and passes it ever faster: the cubic of
    RFC 9438, in the time during which the rate was what held calls back. What was seen for a short time only is tried again
    as soon; what was confirmed, ever later.
    """

    refused: float = 0.0
    proved: float = 0.0
    seen_s: float = 0.0
    held_s: float = 0.0
    return_s: float = SHORTEST_RETURN_S
    in_vain: int = 0
    ignore_until: float = 0.0
    spacing: Spacing = Field(default_factory=Spacing)

    @property
    def known(self) -> bool:
        return self.refused > 0

    @property
    def per_minute(self) -> float:
        away = self.held_s / self.return_s - 1.0
        return max(LEAST, self.refused * (1.0 + (1.0 - BELOW) * away**3))

    def due_in_s(self, now: float) -> float:
        # At high rates the slack would be a burst of many calls.
        return self.spacing.due_in_s(now, min(LEARNED_SLACK_S, 2 * MINUTE_S / self.per_minute)) if self.known else -math.inf

    def take(self, now: float) -> None:
        if not self.known:
            return
        interval_s = MINUTE_S / self.per_minute
        if now - self.spacing.due < interval_s:
            self.held_s += interval_s
        self.spacing.take(now, interval_s)
        if self.per_minute > PLAINLY * self.refused:
            self.refused = 0.0

    def lower(self, accepted: float, *, seen_s: float) -> None:
        """No more than this was accepted of late, as the rest of a refused round shows, or the first answer after a silence."""
        if self.known and LEAST <= accepted < self.refused:
            self._set(accepted, seen_s)
            self.proved, self.in_vain = accepted, 0

    def learn(self, accepted: float, now: float, *, seen_s: float, heavy: bool) -> None:
        """Calls were refused while `accepted` calls a minute, counted over `seen_s`, were not. `heavy`: a third or more were."""
        if accepted < LEAST or (now < self.ignore_until and not heavy):
            return
        if heavy or not self.known or min(self.seen_s, seen_s) < MINUTE_S:
            self._set(min(accepted, self.per_minute) if self.known else accepted, seen_s)
            self.proved, self.in_vain = self.refused, 0
            return
        again = self.held_s > self.return_s / 4
        self.proved = accepted if again else max(self.proved, accepted)
        self.in_vain = 0 if accepted > NEAR * self.proved else self.in_vain + 1
        if self.in_vain >= MOST_IN_VAIN:
            self.ignore_until, self.in_vain, self.refused = now + VAIN_S, 0, 0.0
            return
        return_s = min(2 * self.return_s, LONGEST_RETURN_S) if again else self.return_s
        self._set(max(min(accepted, self.per_minute), NEAR * self.proved), seen_s)
        self.return_s = return_s

    def _set(self, refused: float, seen_s: float) -> None:
        self.refused, self.seen_s, self.held_s = refused, seen_s, 0.0
        self.return_s = min(max(seen_s, 2.0), SHORTEST_RETURN_S)

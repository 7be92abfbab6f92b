"""What a stage asked for, counted as it goes on."""

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from vr_assets.errors import Cause
from vr_assets.records.call import Usage


@dataclass
class Paid:
    """What answers took. `cost_usd` is of the priced ones; `unpriced` counts those whose price or tokens are not known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0

    def add(self, usage: Usage, cost_usd: float | None) -> None:
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        self.cost_usd += cost_usd or 0.0
        self.unpriced += cost_usd is None


@dataclass
class Counts:
    """Answers, and the attempts it took to get them.

    `reused`: answers that were there before this run. `asked`: answers that this run was given. `attempts`: requests sent, of
    which `causes` tells the ones without an answer. `seconds`: how long each attempt with an answer took. `paid` is by video (its
    path). `most_in_flight`: to one endpoint, in this run.
    """

    reused: int = 0
    asked: int = 0
    attempts: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    paid: defaultdict[str, Paid] = field(default_factory=lambda: defaultdict(Paid))
    most_in_flight: int = 0

    @property
    def paid_in_all(self) -> Paid:
        videos = self.paid.values()
        return Paid(
            sum(one.input_tokens for one in videos),
            sum(one.output_tokens for one in videos),
            sum(one.cost_usd for one in videos),
            sum(one.unpriced for one in videos),
        )

    def latency_s(self, percentile: int) -> float | None:
        """A percentile (1 to 99) of the seconds; None without an answer."""
        if len(self.seconds) < 2:
            return self.seconds[0] if self.seconds else None
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percentile - 1]

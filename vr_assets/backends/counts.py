"""What a stage asked for, counted as it goes on."""

import statistics
from collections import Counter
from dataclasses import dataclass, field

from vr_assets.errors import Cause


@dataclass
class Counts:
    """Answers, and the attempts it took to get them.

    `reused`: answers that were there before this run. `asked`: answers that this run was given. `attempts`: requests sent, of
    which `causes` tells the ones without an answer. `seconds`: how long each attempt with an answer took. `cost_usd` is of the
    priced answers; `unpriced` counts those whose price or tokens are not known. `most_in_flight`: to one endpoint, in this run.
    """

    reused: int = 0
    asked: int = 0
    attempts: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    most_in_flight: int = 0

    def latency_s(self, percentile: int) -> float | None:
        """A percentile (1 to 99) of the seconds; None without an answer."""
        if len(self.seconds) < 2:
            return self.seconds[0] if self.seconds else None
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percentile - 1]

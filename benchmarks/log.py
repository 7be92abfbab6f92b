"""What a server's log says about how it was used."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

STEP_S = 5.0


@dataclass(frozen=True)
class Log:
    """Lines in the order in which answers went out; times are seconds since 1970."""

    lines: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "Log":
        """Without what preflight asked, before the run."""
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return cls([line for line in lines if line["task"] != "preflight"])

    @property
    def served(self) -> list[dict[str, Any]]:
        """The requests that held a slot."""
        return [line for line in self.lines if line["status"] == 200]

    @property
    def start(self) -> float:
        return float(min(line["at"] for line in self.lines))

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return float(max(line["until"] for line in self.served)) - self.start

    @property
    def answers(self) -> int:
        return len(self.served)

    @property
    def refused(self) -> int:
        return sum(line["status"] == 429 for line in self.lines)

    @property
    def most_in_flight(self) -> int:
        return max(int(line["in_flight"]) for line in self.lines)

    @property
    def median_bytes(self) -> float:
        return float(median(line["bytes"] for line in self.served if line["media"] or line["bytes"] > 50_000))

    @property
    def sent_bytes(self) -> int:
        """Of all requests' bodies, refused ones too."""
        return sum(int(line["bytes"]) for line in self.lines)

    def busy_share(self, slots: int) -> float:
        """Slot seconds that were used, of those that there were."""
        return float(sum(line["until"] - line["at"] for line in self.served)) / (slots * self.seconds)

    def timeline(self, slots: int) -> Iterator[str]:
        """A line for every few seconds: how busy the slots were, and what was asked."""
        for step in range(int(self.seconds / STEP_S) + 1):
            since = self.start + step * STEP_S
            length_s = min(STEP_S, self.seconds - step * STEP_S)
            held = sum(max(0.0, min(line["until"], since + STEP_S) - max(line["at"], since)) for line in self.served)
            share = held / (slots * length_s) if length_s else 0.0
            asked = Counter(line["task"] for line in self.lines if since <= line["at"] < since + STEP_S)
            told = ", ".join(f"{task} {count}" for task, count in asked.most_common(5))
            yield f"{step * STEP_S:6.0f} s {share:5.2f} {'#' * round(share * 40):40} {told}"

    def minutes(self, count: int) -> list[tuple[int, int]]:
        """Answers and refusals in each minute since the first request."""
        found = [[0, 0] for _ in range(count)]
        for line in self.lines:
            minute = int((line["until"] - self.start) // 60)
            if minute < count and line["status"] in (200, 429):
                found[minute][line["status"] == 429] += 1
        return [(answers, refused) for answers, refused in found]

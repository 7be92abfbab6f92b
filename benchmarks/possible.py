"""How busy one batch can keep an endpoint's slots at all: the calls wait for one another, whoever makes them.

A simulation of a client that takes no time: proxies are there, calls start at once, the ceiling starts at the product's and grows
by one an answer. What the product reaches is to be read against this figure, not against 1.
"""

import heapq
import math
import random
from collections.abc import Sequence
from statistics import mean

# The order in which waiting calls go, as in vr_assets/backends/journaled.py.
TURNS = ("screening", "caption", "moment", "clip", "description", "chunk", "question")
CAPTIONS, CHUNKS, QUESTIONS = 2, 10, 8
FIRST_CEILING = 16


def possible_share(*, videos: int, slots: int, median_s: float, sigma: float, tries: int = 40) -> float:
    """The mean busy share of so many simulated batches whose videos are all anomalies: 24 calls a video."""
    return mean(_share(videos, slots, median_s, sigma, random.Random(seed)) for seed in range(tries))


def _share(videos: int, slots: int, median_s: float, sigma: float, chance: random.Random) -> float:
    ceiling, now_s, busy_s = min(FIRST_CEILING, slots), 0.0, 0.0
    waiting = [(TURNS.index("screening"), number, "screening", number) for number in range(videos)]
    number = videos
    under_way: list[tuple[float, int, str, int]] = []
    missing = [CAPTIONS + CHUNKS] * videos
    while waiting or under_way:
        while waiting and len(under_way) < ceiling:
            _, place, what, video = heapq.heappop(waiting)
            latency_s = math.exp(chance.gauss(math.log(median_s), sigma))
            busy_s += latency_s
            heapq.heappush(under_way, (now_s + latency_s, place, what, video))
        now_s, _, what, video = heapq.heappop(under_way)
        ceiling = min(slots, ceiling + 1)
        for following in _following(what, video, missing):
            heapq.heappush(waiting, (TURNS.index(following), number, following, video))
            number += 1
    return busy_s / (slots * now_s)


def _following(what: str, video: int, missing: list[int]) -> Sequence[str]:
    match what:
        case "screening":
            return ["caption"] * CAPTIONS + ["chunk"] * CHUNKS
        case "caption" | "chunk":
            missing[video] -= 1
            return [] if missing[video] else ["moment"]
        case "moment":
            return ["clip"]
        case "clip":
            return ["description"]
        case "description":
            return ["question"] * QUESTIONS
        case _:
            return []

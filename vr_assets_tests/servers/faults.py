"""Faults as the field has them, drawn so that neither order nor timing changes which request gets which."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate


@dataclass(frozen=True)
class Fault:
    """What one request gets in place of an answer. `body` None: an error body as the dialect writes it, with `code` in it.

    `drop` closes the connection in the middle of an answer, `reset` breaks it there; `dribble_s` sends the answer byte by byte
    with that pause between two, `over_s` in pieces that take so long together; `hang_s` sends nothing until the client goes, or
    for so long. `cut` ends the answer in its middle, at the output limit; `empty` leaves no word of it. `retry_after_s` is said
    in the dialect's own way. `status` 200 with a body is an odd answer. `name` is for the log.
    """

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    code: str = ""
    message: str = "told to fail"
    drop: bool = False
    dribble_s: float = 0.0
    reset: bool = False
    over_s: float = 0.0
    hang_s: float = 0.0
    cut: bool = False
    empty: bool = False
    retry_after_s: float | None = None
    name: str = ""

    @property
    def answers(self) -> bool:
        """Whether the model answered, and only the answer's way or its end is not as it should be."""
        return self.drop or self.reset or self.cut or self.empty or self.dribble_s > 0 or self.over_s > 0


class Kind(StrEnum):
    """What goes wrong. Only `SLOW` comes through as it would have come without."""

    SERVER_ERROR = "500"
    BUSY = "429"
    BUSY_FOR = "429 that says how long"
    CUT = "cut"
    EMPTY = "empty"
    RESET = "reset"
    SLOW = "slow"
    HANG = "hang"
    BROKEN_JSON = "broken json"
    HTML_502 = "html 502"
    HTML_200 = "html 200"


# Shares of all requests; the rest, four in five, is answered.
FIELD: Mapping[Kind, float] = {
    Kind.SERVER_ERROR: 0.05,
    Kind.BUSY: 0.025,
    Kind.BUSY_FOR: 0.025,
    Kind.CUT: 0.03,
    Kind.EMPTY: 0.03,
    Kind.RESET: 0.02,
    Kind.SLOW: 0.01,
    Kind.HANG: 0.01,
    Kind.BROKEN_JSON: 0.01,
    Kind.HTML_502: 0.005,
    Kind.HTML_200: 0.005,
}

_PAGE = b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>The upstream is away.</h1></body></html>"


@dataclass(frozen=True)
class FaultMix:
    """Which fault a request gets: by its content and by how often that content was sent before.

    `retry_after_s` goes with BUSY_FOR; a SLOW answer takes `slow_s`, a HANG ends when the client goes, at the latest after
    `hang_s`. No content gets more than `most_in_a_row` faults in a row.
    """

    seed: int = 0
    shares: Mapping[Kind, float] = field(default_factory=lambda: FIELD)
    retry_after_s: float = 0.2
    slow_s: float = 1.0
    hang_s: float = 60.0
    most_in_a_row: int = 4

    def fault(self, content: str, seen: int, *, raised: bool) -> Fault | None:
        """The fault of the `seen`-th request, from 1, of one content.

        Args:
            raised: whether it has a higher output limit than the first one had; then it is not cut again.
        """
        kind = self.draw(content, seen)
        return None if kind is None or (raised and kind is Kind.CUT) else self._made(kind)

    def draw(self, content: str, seen: int) -> Kind | None:
        before = (self._drawn(content, seen - back) for back in range(1, self.most_in_a_row + 1) if seen > back)
        unlucky = [kind is not None for kind in before]
        return None if len(unlucky) == self.most_in_a_row and all(unlucky) else self._drawn(content, seen)

    def _drawn(self, content: str, seen: int) -> Kind | None:
        drawn = uniform(self.seed, content, seen)
        ends = zip(self.shares, accumulate(self.shares.values()), strict=True)
        return next((kind for kind, end in ends if drawn < end), None)

    def _made(self, kind: Kind) -> Fault:
        match kind:
            case Kind.SERVER_ERROR:
                return Fault(500, name=kind, message="internal error, drawn")
            case Kind.BUSY:
                return Fault(429, name=kind, message="too many requests, drawn")
            case Kind.BUSY_FOR:
                return Fault(429, name=kind, message="too many requests, drawn", retry_after_s=self.retry_after_s)
            case Kind.CUT:
                return Fault(200, name=kind, cut=True)
            case Kind.EMPTY:
                return Fault(200, name=kind, empty=True)
            case Kind.RESET:
                return Fault(200, name=kind, reset=True)
            case Kind.SLOW:
                return Fault(200, name=kind, over_s=self.slow_s)
            case Kind.HANG:
                return Fault(200, name=kind, hang_s=self.hang_s)
            case Kind.BROKEN_JSON:
                return Fault(200, name=kind, body=b'{"id": "1", "choices": [{"index": 0, "mess')
            case Kind.HTML_502:
                return Fault(502, {"Content-Type": "text/html"}, name=kind, body=_PAGE)
            case Kind.HTML_200:
                return Fault(200, {"Content-Type": "text/html"}, name=kind, body=_PAGE)


def uniform(*what: object) -> float:
    """A number in [0, 1) that depends on nothing else."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, what)).encode()).digest()[:7]) / 2**56

"""Several addresses of one endpoint: which of them gets the next call."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vr_assets.errors import Cause, RefusedError, TransientError

FIRST_REST_S = 5.0
LONGEST_REST_S = 300.0

# A 429 is the limiter's business: the replica is well, and busy.
_BROKEN = {Cause.DROPPED, Cause.TIMED_OUT, Cause.SERVER_ERROR, Cause.NOT_AN_ANSWER}


@dataclass
class _Replica:
    url: str
    in_flight: int = 0
    last_called: int = 0
    failures: int = 0
    rest_began_s: float = -math.inf
    due_s: float = -math.inf


class Replicas:
    """Addresses that answer alike. Used from one event loop; knows the calls of this process only.

    A call goes to the least loaded that is well. One that fails to connect, to answer in time or with sense rests for 5 s, twice
    as long after each further failure, at most 5 minutes. Then one call tries it, and others follow only when that is answered.
    With none well, the one whose rest ends first is called.

    Args:
        clock: seconds, from any start.
    """

    def __init__(self, urls: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._replicas = [_Replica(url) for url in urls]
        self._clock = clock
        self._calls = 0

    @contextmanager
    def call(self) -> Iterator[str]:
        """The address for one call. What the call raises, or that it raises nothing, says how the replica is."""
        replica = self._next()
        self._calls += 1
        replica.last_called = self._calls
        replica.in_flight += 1
        began_s = self._clock()
        try:
            yield replica.url
        except TransientError as error:
            if error.cause in _BROKEN:
                self._failed(replica, began_s)
            else:
                replica.failures = 0
            raise
        except RefusedError:
            replica.failures = 0
            raise
        else:
            replica.failures = 0
        finally:
            replica.in_flight -= 1

    def _next(self) -> _Replica:
        now_s = self._clock()
        well = [one for one in self._replicas if not one.failures or (one.due_s <= now_s and not one.in_flight)]
        if well:
            return min(well, key=lambda one: (one.in_flight, one.last_called))
        return min(self._replicas, key=lambda one: (max(one.due_s, now_s), one.in_flight))

    def _failed(self, replica: _Replica, began_s: float) -> None:
        # Calls that were under way when it fell ill fail with it: one fall, one rest.
        if replica.failures and began_s <= replica.rest_began_s:
            return
        replica.rest_began_s = self._clock()
        replica.due_s = replica.rest_began_s + min(LONGEST_REST_S, FIRST_REST_S * 2.0**replica.failures)
        replica.failures += 1

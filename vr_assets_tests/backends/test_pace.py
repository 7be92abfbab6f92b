"""The pace alone: no clock, no files."""

from collections import deque

import pytest

from vr_assets.backends.pace import Call, Pace, Terms
from vr_assets.errors import Cause

NOW = 1_000_000_000.0
LIMITED = Cause.RATE_LIMITED


def answer(pace: Pace, terms: Terms, *, calls: int, now: float = NOW) -> None:
    """As many calls as the limit allows at a time, all answered after a second."""
    for _ in range(calls):
        pace.answered(pace.start(now, terms), now + 1, terms, in_flight=pace.places(terms))


def start(pace: Pace, terms: Terms, calls: int, now: float = NOW) -> list[Call]:
    return [pace.start(now, terms) for _ in range(calls)]


def refuse(pace: Pace, call: Call, now: float = NOW) -> None:
    pace.failed(call, LIMITED, now, Terms(64))


@pytest.mark.parametrize(("ceiling", "modest"), [(1, 1), (8, 8), (16, 16), (500, 16)])
def test_it_starts_modest_and_within_the_ceiling(ceiling: int, modest: int) -> None:
    assert Pace().places(Terms(ceiling)) == modest


def test_answers_double_the_limit_in_a_round_trip_until_something_is_refused() -> None:
    pace, terms = Pace(), Terms(64)
    answer(pace, terms, calls=16)
    assert pace.places(terms) == 32
    answer(pace, terms, calls=32)
    assert pace.places(terms) == 64


def test_answers_never_lift_it_above_the_ceiling() -> None:
    pace, terms = Pace(), Terms(20)
    answer(pace, terms, calls=100)
    assert pace.places(Terms(1000)) == 20


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    pace, terms = Pace(), Terms(64)
    for _ in range(50):
        pace.answered(pace.start(NOW, terms), NOW, terms, in_flight=2)
    assert pace.places(terms) == 16


def test_after_a_refusal_it_grows_by_one_in_as_many_answers_as_it_allows() -> None:
    pace, terms = Pace(), Terms(64)
    refuse(pace, pace.start(NOW, terms))
    assert pace.places(terms) == 8
    answer(pace, terms, calls=9)
    assert pace.places(terms) == 9


def test_it_halves_once_for_all_calls_that_were_in_flight() -> None:
    pace, terms = Pace(), Terms(64)
    calls = start(pace, terms, 16)
    for call in calls:
        refuse(pace, call, NOW + 1)
    assert pace.places(terms) == 8
    refuse(pace, pace.start(NOW + 2, terms), NOW + 3)
    assert pace.places(terms) == 4


def test_answers_to_calls_from_before_a_halving_do_not_lift_the_limit() -> None:
    pace, terms = Pace(), Terms(64)
    first, *others = start(pace, terms, 16)
    refuse(pace, first)
    for call in others:
        pace.answered(call, NOW + 1, terms, in_flight=16)
    assert pace.places(terms) == 8


def test_it_never_falls_below_one() -> None:
    pace, terms = Pace(), Terms(2)
    for second in range(9):
        refuse(pace, pace.start(NOW + second, terms), NOW + second)
    assert pace.places(terms) == 1


def test_a_ceiling_below_the_limit_is_what_halves() -> None:
    pace, terms = Pace(), Terms(4)
    pace.failed(pace.start(NOW, terms), LIMITED, NOW, terms)
    assert pace.places(terms) == 2


@pytest.mark.parametrize("cause", [Cause.SERVER_ERROR, Cause.DROPPED, Cause.TIMED_OUT, Cause.NOT_AN_ANSWER])
def test_trouble_pauses_growth_for_a_while_and_lowers_nothing(cause: Cause) -> None:
    pace, terms = Pace(), Terms(64)
    pace.failed(pace.start(NOW, terms), cause, NOW, terms)
    answer(pace, terms, calls=20, now=NOW + 10)
    assert pace.places(terms) == 16
    answer(pace, terms, calls=1, now=NOW + 20)
    assert pace.places(terms) == 17


@pytest.mark.parametrize("cause", [Cause.ERRATIC, Cause.EMPTY])
def test_what_came_back_from_an_endpoint_that_works_pauses_nothing(cause: Cause) -> None:
    pace, terms = Pace(), Terms(64)
    pace.failed(pace.start(NOW, terms), cause, NOW, terms)
    answer(pace, terms, calls=1)
    assert pace.places(terms) == 17


@pytest.mark.parametrize("cause", [LIMITED, Cause.SERVER_ERROR])
def test_a_pause_that_is_asked_for_is_kept(cause: Cause) -> None:
    pace, terms = Pace(), Terms(64)
    pace.failed(pace.start(NOW, terms), cause, NOW, terms, retry_after_s=30.0)
    assert pace.wait_s(NOW, terms) == 30.0
    assert pace.wait_s(NOW + 29, terms) == 1.0
    assert pace.wait_s(NOW + 31, terms) == 0.0


def test_an_answer_may_ask_for_a_pause_and_a_shorter_one_does_not_end_it() -> None:
    pace, terms = Pace(), Terms(64)
    first, second = start(pace, terms, 2)
    pace.answered(first, NOW, terms, in_flight=2, pause_s=20.0)
    pace.answered(second, NOW, terms, in_flight=1, pause_s=5.0)
    assert pace.wait_s(NOW, terms) == 20.0


def test_a_pause_of_hours_is_cut_to_ten_minutes() -> None:
    pace, terms = Pace(), Terms(64)
    pace.failed(pace.start(NOW, terms), LIMITED, NOW, terms, retry_after_s=86_400.0)
    assert pace.wait_s(NOW, terms) == 600.0


def test_who_is_refused_again_and_again_asks_less_and_less_often() -> None:
    pace, terms, now, waits = Pace(), Terms(64), NOW, []
    for _ in range(6):
        refuse(pace, pace.start(now, terms), now)
        waits.append(pace.wait_s(now, terms))
        now += waits[-1]
    assert waits[0] < 1 <= waits[1]
    assert waits[2:] == [2.0, 4.0, 8.0, 16.0]


def test_what_it_knows_survives_the_file() -> None:
    pace, terms = Pace(), Terms(64, 60.0, 1000.0)
    for call in start(pace, terms, 8):
        pace.failed(call, LIMITED, NOW, terms)
    assert Pace.model_validate_json(pace.model_dump_json()) == pace


def test_it_is_forgotten_after_an_hour_and_when_the_clock_was_put_back() -> None:
    pace = Pace()
    pace.start(NOW, Terms(64))
    assert not pace.forgotten(NOW + 3000)
    assert pace.forgotten(NOW + 3700)
    assert pace.forgotten(NOW - 60)


class Asking:
    """One who always has another question, and asks it as soon as the pace lets; calls take no time."""

    def __init__(self, terms: Terms, *, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.terms = terms
        self.now = NOW
        self.started: list[float] = []
        self.refused: list[float] = []

    def run(self, seconds: float, *, most: int | None = None, tokens: int = 0, every: int = 0) -> None:
        """`most`: a server that allows so many in any 60 s. `every`: one that refuses each so-and-so-manieth call."""
        accepted: deque[float] = deque(at for at in self.started if at > self.now - 60)
        end = self.now + seconds
        while True:
            self.now += self.pace.wait_s(self.now, self.terms) + 0.01
            if self.now >= end:
                return
            call = self.pace.start(self.now, self.terms, tokens=tokens)
            while accepted and accepted[0] <= self.now - 60:
                accepted.popleft()
            count = len(self.started) + len(self.refused) + 1
            if (most is not None and len(accepted) >= most) or (every and count % every == 0):
                self.refused.append(self.now)
                self.pace.failed(call, LIMITED, self.now, self.terms)
            else:
                accepted.append(self.now)
                self.started.append(self.now)
                self.pace.answered(call, self.now, self.terms, in_flight=1)

    def in_a_minute(self) -> int:
        """Most calls that started within any 60 s."""
        return max(sum(at <= other < at + 60 for other in self.started) for at in self.started)


def test_a_rate_is_found_without_being_told_and_hardly_passed() -> None:
    asking = Asking(Terms(16))
    asking.run(600, most=60)
    assert len(asking.started) >= 570
    later = [at for at in asking.refused if at > NOW + 60]
    assert len(later) <= 0.03 * len(asking.started)


def test_a_rate_that_is_raised_is_found_again() -> None:
    asking = Asking(Terms(16))
    asking.run(180, most=60)
    asking.run(1200, most=600)
    before = len(asking.started)
    asking.run(60, most=600)
    assert len(asking.started) - before > 300


@pytest.mark.parametrize("every", [10, 20, 40])
def test_refusals_that_come_at_any_rate_do_not_slow_it_down_for_ever(every: int) -> None:
    asking = Asking(Terms(1))
    asking.run(120, every=every)
    before = len(asking.started)
    asking.run(120, every=every)
    assert len(asking.started) - before > 0.8 * 120 * 100 * (1 - 1 / every)


def test_a_rate_that_nobody_refuses_is_none() -> None:
    asking = Asking(Terms(16))
    asking.run(1)
    assert len(asking.started) > 90


@pytest.mark.parametrize("quota", [1.0, 7.0, 60.0, 600.0])
def test_requests_a_minute_are_kept_from_the_first_on(quota: float) -> None:
    asking = Asking(Terms(16, requests_per_minute=quota))
    asking.run(600)
    assert 0.95 * quota * 10 - 1 <= len(asking.started)
    assert asking.in_a_minute() <= quota


def test_requests_a_minute_are_spread_also_after_idling() -> None:
    asking = Asking(Terms(64, requests_per_minute=60.0))
    asking.run(60)
    asking.now += 600
    asking.started.clear()
    asking.run(5)
    assert len(asking.started) <= 7


def test_tokens_a_minute_are_kept() -> None:
    asking = Asking(Terms(16, tokens_per_minute=60_000.0))
    asking.run(600, tokens=1000)
    assert asking.in_a_minute() <= 60
    assert len(asking.started) >= 0.85 * 600


def test_what_a_call_cost_beyond_its_estimate_is_made_good() -> None:
    terms, paid, guessed = Terms(16, tokens_per_minute=60_000.0), Pace(), Pace()
    paid.start(NOW, terms, tokens=30_000)
    call = guessed.start(NOW, terms, tokens=30_000)
    guessed.answered(call, NOW, terms, in_flight=1, tokens=10_000)
    assert 0 < guessed.wait_s(NOW, terms) < paid.wait_s(NOW, terms)

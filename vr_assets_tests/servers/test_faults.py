"""The fault server does what the tests that lean on it believe."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from vr_assets_tests.servers import gemini, openai
from vr_assets_tests.servers.capacity import Capacity, Gate, Says, Window
from vr_assets_tests.servers.faults import FIELD, FaultMix, Kind, uniform
from vr_assets_tests.servers.serving import Behaviour, Dialect, ModelServer, Price, serve

MIX = FaultMix(seed=3)
CONTENTS = [f"content {number}" for number in range(4000)]


def only(kind: Kind) -> FaultMix:
    return FaultMix(shares={kind: 1.0}, most_in_a_row=100, retry_after_s=0.25, slow_s=0.2, hang_s=30)


def ask(server: ModelServer, text: str = "What is seen?", *, limit: int | None = None, timeout: float = 5) -> httpx.Response:
    """Sends a question in the dialect that the server speaks."""
    if isinstance(server.dialect, gemini.GeminiDialect):
        config = {} if limit is None else {"maxOutputTokens": limit}
        body: dict[str, Any] = {"contents": [{"parts": [{"text": text}]}], "generationConfig": config}
        return httpx.post(f"{server.url}/v1beta/models/m:generateContent", json=body, timeout=timeout)
    body = {"model": "m", "messages": [{"role": "user", "content": text}], **({} if limit is None else {"max_tokens": limit})}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=timeout)


DIALECTS = pytest.mark.parametrize(
    "dialect", [pytest.param(openai.DIALECT, id="openai"), pytest.param(gemini.DIALECT, id="gemini")]
)


@pytest.mark.parametrize("kind", FIELD)
def test_each_fault_has_its_share(kind: Kind) -> None:
    drawn = Counter(MIX.draw(content, 1) for content in CONTENTS)
    assert drawn[kind] / len(CONTENTS) == pytest.approx(FIELD[kind], abs=0.008)
    assert drawn[kind] > 0


def test_a_fault_goes_by_content_and_count_and_seed_and_by_nothing_else() -> None:
    asked = [(content, seen) for content in CONTENTS[:200] for seen in range(1, 6)]
    drawn = {one: MIX.draw(*one) for one in asked}
    random.Random(1).shuffle(asked)
    assert drawn == {one: MIX.draw(*one) for one in asked}
    assert drawn != {one: FaultMix(seed=4).draw(*one) for one in asked}


def test_nothing_gets_more_faults_in_a_row_than_the_mix_allows() -> None:
    bad = FaultMix(shares={Kind.SERVER_ERROR: 0.9}, most_in_a_row=3)
    runs = "".join(".x"[bad.draw(content, seen) is not None] for content in CONTENTS[:100] for seen in range(1, 31))
    assert "xxx" in runs
    assert all("xxxx" not in runs[start : start + 30] for start in range(0, len(runs), 30))


@DIALECTS
@pytest.mark.parametrize(
    ("kind", "status"),
    [(Kind.SERVER_ERROR, 500), (Kind.BUSY, 429), (Kind.BUSY_FOR, 429), (Kind.HTML_502, 502), (Kind.HTML_200, 200)],
)
def test_refusals_come_as_they_do_in_the_field(dialect: Dialect, kind: Kind, status: int) -> None:
    with serve(dialect, Behaviour(mix=only(kind))) as server:
        answer = ask(server)
    assert (answer.status_code, server.served[0].fault) == (status, kind)
    assert ("html" in answer.headers["content-type"]) == (kind in (Kind.HTML_502, Kind.HTML_200))
    told = answer.headers.get("retry-after") == "0.25" if dialect is openai.DIALECT else '"retryDelay": "0.25s"' in answer.text
    assert told == (kind is Kind.BUSY_FOR)


@DIALECTS
def test_a_broken_body_is_no_json(dialect: Dialect) -> None:
    with serve(dialect, Behaviour(mix=only(Kind.BROKEN_JSON))) as server, pytest.raises(json.JSONDecodeError):
        ask(server).json()


@DIALECTS
def test_an_empty_answer_says_that_it_is_whole(dialect: Dialect) -> None:
    with serve(dialect, Behaviour(mix=only(Kind.EMPTY), price=Price(1e6, 1e6))) as server:
        said = ask(server).text
    assert '"content": ""' in said or '"parts": [{"text": ""}]' in said
    assert '"stop"' in said or '"STOP"' in said
    assert server.served[0].cost_usd == server.served[0].input_tokens > 0


@DIALECTS
def test_an_answer_is_cut_until_it_is_asked_for_with_a_higher_limit(dialect: Dialect) -> None:
    with serve(dialect, Behaviour(mix=only(Kind.CUT))) as server:
        answers = [ask(server, limit=limit).text for limit in (100, 100, 200)]
    assert ["length" in answer or "MAX_TOKENS" in answer for answer in answers] == [True, True, False]
    assert [one.output_limit for one in server.served] == [100, 100, 200]
    assert [one.usable for one in server.served] == [False, False, True]
    assert len({one.content for one in server.served}) == 1
    assert server.served[0].output_tokens < server.served[2].output_tokens


@DIALECTS
def test_a_reset_connection_breaks_in_the_middle_and_was_paid_for(dialect: Dialect) -> None:
    with serve(dialect, Behaviour(mix=only(Kind.RESET), price=Price(1, 2))) as server:
        with pytest.raises(httpx.ReadError):
            ask(server)
        reset = server.served[0]
    assert reset.sent_at is None and not reset.usable
    assert reset.cost_usd == pytest.approx((reset.input_tokens + 2 * reset.output_tokens) / 1e6)


@DIALECTS
def test_a_slow_answer_arrives_whole(dialect: Dialect) -> None:
    with serve(dialect, Behaviour(mix=only(Kind.SLOW))) as server, serve(dialect) as clean:
        assert ask(server).json() == ask(clean).json()
        slow = server.served[0]
    assert slow.usable and slow.until - slow.at >= 0.19


@DIALECTS
def test_a_hang_ends_when_the_client_goes(dialect: Dialect) -> None:
    with serve(dialect, Behaviour(mix=only(Kind.HANG))) as server:
        with pytest.raises(httpx.ReadTimeout):
            ask(server, timeout=0.2)
        hung = server.served[0]
    assert hung.sent_at is None and hung.cost_usd == 0


def test_more_than_its_slots_are_refused_and_given_back() -> None:
    with serve(openai.DIALECT, Behaviour(delay_s=0.3, capacity=Capacity(slots=2))) as server, ThreadPoolExecutor(5) as pool:
        statuses = Counter(answer.status_code for answer in pool.map(lambda number: ask(server, str(number)), range(5)))
        assert statuses == {200: 2, 429: 3}
        assert ask(server, "later").status_code == 200
        assert 2 < server.most_in_flight <= 5


def test_a_client_that_asks_again_at_once_is_never_one_too_many() -> None:
    with serve(openai.DIALECT) as server, ThreadPoolExecutor(3) as pool:
        for _ in pool.map(lambda number: ask(server, str(number)), range(150)):
            pass
        assert server.most_in_flight <= 3


@pytest.mark.parametrize(
    ("window", "waits"),
    [(Window.SLIDING, [None, None, 20.0, None, 30.0]), (Window.FIXED, [None, None, 20.0, None, None])],
)
def test_a_minute_takes_so_many_requests_and_the_refused_ones_do_not_count(window: Window, waits: list[float | None]) -> None:
    gate = Gate(Capacity(requests_per_minute=2, window=window))
    assert [gate.enter(now) for now in (100.0, 130.0, 140.0, 160.0, 160.0)] == waits


@pytest.mark.parametrize(
    ("says", "name", "value"),
    [
        (Says.RETRY_AFTER, "retry-after", "60"),
        (Says.RATELIMIT, "x-ratelimit-remaining-requests", "0"),
        (Says.NOTHING, "retry-after", None),
    ],
)
def test_a_full_minute_says_when_to_come_back(says: Says, name: str, value: str | None) -> None:
    with serve(openai.DIALECT, Behaviour(capacity=Capacity(requests_per_minute=1, says=says))) as server:
        assert ask(server).status_code == 200
        assert ask(server).headers.get(name) == value


def test_latencies_have_the_median_that_was_set() -> None:
    capacity = Capacity(latency_median_s=3.0, latency_sigma=0.5)
    drawn = sorted(capacity.latency_s(uniform(1, content)) for content in CONTENTS)
    assert drawn[2000] == pytest.approx(3.0, rel=0.03)
    assert drawn[round(4000 * 0.841)] == pytest.approx(3.0 * 2.718281828**0.5, rel=0.05)

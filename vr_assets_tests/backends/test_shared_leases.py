"""Places at an endpoint, over workers on several machines that share a PostgreSQL database."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from vr_assets.backends.lease_books import Database
from vr_assets.backends.leases import Leases, endpoints_in_use
from vr_assets.backends.limits import Limiter
from vr_assets.defs.faults import told_to_dagster
from vr_assets.errors import Cause, StorageError
from vr_assets_tests.servers import serving
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.postgres import PASSWORD, Postgres, postgres
from vr_assets_tests.servers.serving import Behaviour, ModelServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres"), pytest.mark.anyio]

CEILING = 4
EXPIRES_S = 2.0
LONG_AGO = 1_000_000_000.0


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def database(server: Postgres) -> Database:
    return Database(server.database(), expires_s=EXPIRES_S)


def in_flight(database: Database) -> int:
    return sum(one.in_flight for one in endpoints_in_use(database))


def test_holders_count_each_other_and_those_of_one_run_are_one(database: Database) -> None:
    holders = [Leases("e", database, run=run) for run in ("a", "a", "b")]
    for holder, held in zip(holders, (1, 2, 3), strict=True):
        with holder.turn(LONG_AGO, held=held, waiting=1):
            pass
    with holders[0].turn(LONG_AGO, held=1, waiting=4) as turn:
        assert (turn.run.held, [(other.held, other.waiting) for other in turn.others]) == (3, [(3, 1)])
        assert turn.in_flight == 6
    assert [(one.name, one.runs, one.in_flight) for one in endpoints_in_use(database)] == [("e", 2, 6)]
    for holder in holders:
        holder.close()
    assert in_flight(database) == 0


def test_all_go_by_the_databases_clock(database: Database) -> None:
    leases = Leases("e", database)
    with leases.turn(LONG_AGO, held=0, waiting=0) as turn:
        assert abs(turn.now - time.time()) < 60
    leases.close()


def test_nobody_has_a_turn_within_anothers(database: Database) -> None:
    one, other, elsewhere = Leases("e", database), Leases("e", database, patience_s=0.1), Leases("f", database)
    with one.turn(0, held=1, waiting=0):
        with pytest.raises(StorageError, match="lock timeout"), other.turn(0, held=0, waiting=0):
            pass
        with elsewhere.turn(0, held=0, waiting=0) as turn:
            assert turn.in_flight == 0
    with other.turn(0, held=0, waiting=0) as turn:
        assert turn.in_flight == 1
    for leases in (one, other, elsewhere):
        leases.close()


def test_a_turn_that_ends_in_an_error_changes_nothing(database: Database) -> None:
    leases = Leases("e", database)
    with leases.turn(0, held=1, waiting=0) as turn:
        turn.pace.limit, turn.pace.last_at = 5.0, turn.now
    with pytest.raises(KeyError), leases.turn(0, held=1, waiting=0) as turn:
        turn.mine.held, turn.pace.limit = 7, 1.0
        raise KeyError
    assert in_flight(database) == 1
    with leases.turn(0, held=1, waiting=0) as turn:
        assert turn.pace.limit == 5.0
    leases.close()


async def test_workers_learn_from_each_others_refusals(database: Database) -> None:
    one, other = (Limiter("e", 8, state=database, run=run) for run in "ab")
    for place in [await one.acquire() for _ in range(4)]:
        place.failed(Cause.RATE_LIMITED)
    assert other.limit == 4
    for limiter in (one, other):
        limiter.close()


def test_who_holds_places_and_says_nothing_new_keeps_them(database: Database) -> None:
    leases = Leases("e", database)
    with leases.turn(0, held=3, waiting=0):
        pass
    time.sleep(1.5 * EXPIRES_S)
    assert in_flight(database) == 3
    leases.close()


def test_a_connection_that_was_cut_is_made_anew_and_nothing_held_is_lost(database: Database, server: Postgres) -> None:
    leases = Leases("e", database)
    with leases.turn(0, held=3, waiting=0):
        pass
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vr_assets leases'")
    with leases.turn(0, held=4, waiting=0) as turn:
        assert turn.in_flight == 4
    leases.close()


def test_a_step_that_found_no_database_is_tried_again() -> None:
    with pytest.raises(dg.RetryRequested), told_to_dagster(0):
        Leases("e", Database("postgresql://vr@127.0.0.1:1/nowhere"), patience_s=0.1)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param(f"postgresql://vr:{PASSWORD}@127.0.0.1:1/nowhere", "127.0.0.1:1/nowhere: cannot be used", id="nobody there"),
        pytest.param(f"postgresql://vr:{PASSWORD}@[nowhere/x", "its address cannot be read", id="no address"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StorageError, match=said) as raised:
        Leases("e", Database(url), patience_s=0.1)
    assert PASSWORD not in str(raised.value) + repr(Database(url))


# A worker on a machine of its own: it asks the endpoint, at most as often at once as it may, until its standard input ends.
_WORKER = textwrap.dedent(
    """
    import sys
    import anyio
    import httpx2
    from vr_assets.backends.lease_books import Database
    from vr_assets.backends.limits import Limiter

    url, database, name, ceiling, expires_s = *sys.argv[1:4], int(sys.argv[4]), float(sys.argv[5])
    BODY = {"model": name, "messages": [{"role": "user", "content": "Is it?"}]}

    async def work(limiter, client):
        while True:
            place = await limiter.acquire()
            try:
                await client.post(f"{url}/chat/completions", json=BODY)
            finally:
                place.release()

    async def main():
        limiter = Limiter("e", ceiling, state=Database(database, expires_s=expires_s), run=name)
        async with httpx2.AsyncClient(timeout=600) as client, anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(work, limiter, client)
            await anyio.to_thread.run_sync(sys.stdin.read)
            group.cancel_scope.cancel()
        limiter.close()

    anyio.run(main)
    """
)


@contextmanager
def worker(folder: Path, name: str, endpoint: ModelServer, database: Database) -> Iterator[subprocess.Popen[str]]:
    home = folder / name
    home.mkdir()
    arguments = [endpoint.url, database.url, name, str(CEILING), str(database.expires_s)]
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "DAGSTER_HOME": str(home), "TMPDIR": str(home)}
    process = subprocess.Popen([sys.executable, "-c", _WORKER, *arguments], cwd=home, env=env, stdin=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_machines_never_have_more_in_flight_than_the_ceiling_and_a_killed_ones_places_come_back(
    tmp_path: Path, database: Database
) -> None:
    def asked(name: str) -> int:
        return sum(one.body.get("model") == name for one in endpoint.so_far)

    with serving.serve(OpenAIDialect(), Behaviour(delay_s=0.2)) as endpoint:
        with worker(tmp_path, "one", endpoint, database) as one, worker(tmp_path, "other", endpoint, database):
            until(lambda: min(asked("one"), asked("other")) >= 10)
            assert endpoint.most_in_flight == CEILING
            one.send_signal(signal.SIGKILL)
            one.wait()
            before = asked("other")
            # All places are the other's before long, which are more than half of them.
            until(lambda: in_flight(database) == CEILING and endpoints_in_use(database)[0].runs == 1)
            until(lambda: asked("other") >= before + 12)
        assert endpoint.most_in_flight == CEILING
    assert in_flight(database) == 0

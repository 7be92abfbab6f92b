"""Killed twenty times over, under faults: each kill costs at most the calls in flight, and in the end nothing shows."""

import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from vr_assets.settings import Graph
from vr_assets_tests.end_to_end.conftest import Calm, ServerFactory
from vr_assets_tests.end_to_end.project import Project, hurried, openai_at
from vr_assets_tests.servers.faults import FaultMix
from vr_assets_tests.servers.serving import Behaviour, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 20
WORKERS = 4
# Requests that a life sees served before it is killed: twenty lives go through most of a batch, and none through all of it.
FEWEST, MOST = 2, 6


def wait_until(true: Callable[[], bool]) -> None:
    """Waits for a server's log to say something; pytest's time limit bounds it."""
    pause = threading.Event()
    while not true():
        pause.wait(0.002)


def lost(served: Sequence[Served], deaths: Sequence[int]) -> list[list[int]]:
    """For each life, which of its answers were given again to a later one: places counted back from its last answer, from 0.

    Args:
        served: in the order in which answers went out.
        deaths: the numbers of the last requests before each kill.
    """
    lives: list[list[Served]] = [[] for _ in range(len(deaths) + 1)]
    for one in served:
        lives[sum(one.number > last for last in deaths)].append(one)
    answered_last = {one.content: one.number for one in sorted(served, key=lambda one: one.number) if one.answered}
    return [
        [place for place, one in enumerate(reversed(life)) if one.answered and one.number != answered_last[one.content]]
        for life in lives
    ]


@pytest.mark.thorough
def test_twenty_kills_at_random_moments_give_no_more_answers_twice_than_calls_were_in_flight(
    serve: ServerFactory, videos: Path, calm: Calm, tmp_path: Path
) -> None:
    moments = random.Random(5)
    server = serve(Behaviour(delay_s=0.1, mix=FaultMix(seed=11)))
    project = Project.at(tmp_path, {**openai_at(server, workers=WORKERS), **hurried("openai")})
    project.vr("ingest", str(videos), "--batch", "cams")
    deaths: list[int] = []
    for _ in range(KILLS):
        kill_at = server.arrived + moments.randint(FEWEST, MOST)
        with project.live("run", "--batch", "cams") as life:
            wait_until(lambda at=kill_at, life=life: server.arrived >= at or life.ended())  # type: ignore[misc]
            assert life.kill() == -9, life.said
        # What was in flight is served, or was cut off, before the next life asks: requests tell lives apart by their numbers.
        deaths.append(max(one.number for one in server.served))
    project.vr("run", "--batch", "cams")

    twice = lost(server.served, deaths)
    assert all(len(places) <= WORKERS for places in twice), twice
    # What the model answered long before the kill was in flight no more.
    assert all(place < 2 * WORKERS for places in twice for place in places), twice
    assert any(twice), "no kill came at a moment that mattered"
    assert not twice[-1]
    for asset in Graph.VIDEOS.assets:
        assert project.statuses("cams", asset) == {"ok": 6}
    assert project.task_files("cams") == calm(videos).task_files("cams")

"""Steps on Celery workers: who is gone, and what becomes of its step."""

from collections.abc import Mapping
from typing import Any

import pytest
from celery.exceptions import WorkerLostError
from dagster_celery.make_app import make_app

from vr_assets.defs.celery_steps import HANDED_OUT_AGAIN, LOST_AFTER_S, Roll, WatchedStep, carried_out
from vr_assets_tests.servers.redis import redis_server


class Task:
    def __init__(self, id: str) -> None:
        self.id, self.state = id, "PENDING"
        self.info: Any = None
        self.revoked = False

    def start(self, worker: str) -> None:
        self.state, self.info = "STARTED", {"hostname": worker, "pid": 1}

    def ready(self) -> bool:
        return self.state in ("SUCCESS", "FAILURE")

    def get(self) -> list[str]:
        return [self.id]

    def revoke(self) -> None:
        self.revoked = True


class Surroundings:
    """Redis and the workers, as a step sees them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tasks: list[Task] = []
        self.alive: set[str] = set()
        self.redis_is_away = False
        self.told: list[str] = []
        self.step = WatchedStep(self._submit, Roll(self._carried_out, clock=lambda: self.now), self.told.append)

    def _submit(self) -> Task:
        self.tasks.append(Task(f"task {len(self.tasks)}"))
        return self.tasks[-1]

    def _carried_out(self, workers: Mapping[str, str]) -> set[str] | None:
        if self.redis_is_away:
            return None
        return {task for task, worker in workers.items() if worker in self.alive}

    def passes(self, seconds: float) -> bool:
        """Whether the step is ready then; the executor looks every second."""
        for _ in range(round(seconds)):
            self.now += 1
            if self.step.ready():
                return True
        return False


@pytest.fixture
def around() -> Surroundings:
    return Surroundings()


def test_a_step_whose_worker_answers_may_take_as_long_as_it_takes(around: Surroundings) -> None:
    around.alive.add("one@a")
    around.tasks[0].start("one@a")
    assert not around.passes(20 * LOST_AFTER_S)
    around.tasks[0].state = "SUCCESS"
    assert around.passes(1) and around.step.get() == ["task 0"]
    assert len(around.tasks) == 1 and around.told == []


def test_a_step_that_waits_for_a_free_worker_is_not_lost(around: Surroundings) -> None:
    assert not around.passes(20 * LOST_AFTER_S) and len(around.tasks) == 1


def test_a_step_whose_worker_is_gone_is_handed_out_again_and_that_is_told(around: Surroundings) -> None:
    around.alive |= {"one@a", "two@b"}
    around.tasks[0].start("one@a")
    around.passes(100)
    around.alive.discard("one@a")
    assert not around.passes(LOST_AFTER_S + 10)
    assert len(around.tasks) == 2
    assert around.told[0].startswith("Celery worker one@a took this step and has said nothing of it for 30 s")
    around.tasks[1].start("two@b")
    assert not around.passes(10 * LOST_AFTER_S)
    around.tasks[1].state = "SUCCESS"
    assert around.passes(1) and around.step.get() == ["task 1"] and len(around.told) == 1


def test_a_worker_that_was_silent_for_a_moment_keeps_its_step(around: Surroundings) -> None:
    around.tasks[0].start("one@a")
    for _ in range(5):
        around.alive.add("one@a")
        around.passes(6)
        around.alive.clear()
        assert not around.passes(LOST_AFTER_S - 10)
    assert len(around.tasks) == 1


def test_nobody_is_gone_while_redis_is_away(around: Surroundings) -> None:
    around.alive.add("one@a")
    around.tasks[0].start("one@a")
    around.passes(20)
    around.redis_is_away = True
    around.passes(10 * LOST_AFTER_S)
    around.redis_is_away = False
    assert not around.passes(LOST_AFTER_S) and len(around.tasks) == 1


def test_a_step_that_costs_one_worker_after_another_fails_and_says_so(around: Surroundings) -> None:
    for number in range(HANDED_OUT_AGAIN):
        around.tasks[number].start(f"w{number}@a")
        assert not around.passes(LOST_AFTER_S + 10)
    around.tasks[-1].start("last@a")
    assert around.passes(LOST_AFTER_S + 10)
    with pytest.raises(WorkerLostError, match=r"last@a took this step .* handed out 3 times: see the workers' logs"):
        around.step.get()
    assert len(around.tasks) == HANDED_OUT_AGAIN + 1


def test_what_is_revoked_is_the_task_that_stands(around: Surroundings) -> None:
    around.tasks[0].start("one@a")
    around.passes(LOST_AFTER_S + 10)
    around.step.revoke()
    assert [task.revoked for task in around.tasks] == [False, True]


@pytest.mark.slow
def test_redis_away_is_told_from_workers_that_are_silent() -> None:
    with redis_server() as url:
        app = make_app({"broker": url, "backend": url})
        assert carried_out(app, {"task 0": "one@a"}) == set()
    assert carried_out(app, {"task 0": "one@a"}) is None

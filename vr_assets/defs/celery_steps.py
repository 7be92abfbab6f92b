"""Steps that Celery workers carry out, each watched: one whose worker is gone is handed out again.

dagster-celery would wait for it for good, for Redis tells nobody that a worker was killed. A task says who carries it out when it
starts (`track_started`); that worker is asked now and then whether it still does. Only workers with the pool `threads` can answer
meanwhile.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

import dagster as dg
from celery import Celery
from celery.exceptions import WorkerLostError
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.plan.step import ExecutionStep
from dagster._core.execution.retries import RetryMode
from dagster_celery import celery_executor
from dagster_celery.config import DEFAULT_CONFIG
from dagster_celery.core_execution_loop import core_celery_execution_loop
from dagster_celery.executor import CELERY_CONFIG, _submit_task

# For as long places at endpoints are kept for who says nothing.
LOST_AFTER_S = 30.0
HANDED_OUT_AGAIN = 2
_ASKED_EVERY_S = 5.0
_ANSWERED_WITHIN_S = 2.0
_STARTED = "STARTED"

CONFIG: Mapping[str, Any] = {
    "worker_pool": "threads",
    "worker_concurrency": 1,
    # A step waits in Redis for whoever is free first, and not with a worker that may be killed.
    "worker_disable_prefetch": True,
    # Steps are acknowledged when they start: this is for one that was fetched by a worker which died before.
    "broker_transport_options": {**DEFAULT_CONFIG["broker_transport_options"], "visibility_timeout": 60},
    "result_expires": 7 * 86_400,
    "result_backend_always_retry": True,
}
"""What the app of workers and that of runs have in common."""


class Submitted(Protocol):
    """A task that was handed out: what `AsyncResult` is."""

    id: str
    state: str
    info: Any

    def ready(self) -> bool: ...
    def get(self) -> list[str]: ...
    def revoke(self) -> None: ...


class Roll:
    """Which tasks are being carried out.

    Args:
        ask: given tasks and their workers, the tasks that the workers say they are carrying out; None where nobody can be asked.
    """

    def __init__(
        self, ask: Callable[[Mapping[str, str]], Collection[str] | None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._workers: dict[str, str] = {}
        self._heard: dict[str, float] = {}
        self._asked = clock()

    def silent_s(self, task: str, worker: str) -> float:
        """For how long the worker has not said that it carries out the task, in seconds."""
        now = self._clock()
        self._workers[task] = worker
        self._heard.setdefault(task, now)
        if now >= self._asked + _ASKED_EVERY_S:
            self._asked = now
            heard = self._ask(self._workers)
            self._heard |= dict.fromkeys(self._heard if heard is None else heard, now)
        return now - self._heard[task]

    def drop(self, task: str) -> None:
        self._workers.pop(task, None)
        self._heard.pop(task, None)


class WatchedStep:
    """A step's task, in the place of Celery's result: a new one when its worker is gone.

    Args:
        submit: hands the step out.
        tell: is told in words what became of a worker.
    """

    def __init__(self, submit: Callable[[], Submitted], roll: Roll, tell: Callable[[str], None]) -> None:
        self._submit = submit
        self._roll = roll
        self._tell = tell
        self._task = submit()
        self._left = HANDED_OUT_AGAIN
        self._lost: WorkerLostError | None = None

    def ready(self) -> bool:
        if self._task.ready():
            self._roll.drop(self._task.id)
            return True
        if self._task.state != _STARTED:
            return False
        worker = str(self._task.info["hostname"])
        if self._roll.silent_s(self._task.id, worker) < LOST_AFTER_S:
            return False
        self._roll.drop(self._task.id)
        gone = f"Celery worker {worker} took this step and has said nothing of it for {LOST_AFTER_S:g} s"
        if not self._left:
            self._lost = WorkerLostError(
                f"{gone}; it was handed out {HANDED_OUT_AGAIN + 1} times: see the workers' logs and memory"
            )
            return True
        self._left -= 1
        self._tell(f"{gone}: handed out again, to whichever worker is free")
        self._task = self._submit()
        return False

    def get(self) -> list[str]:
        if self._lost:
            raise self._lost
        return self._task.get()

    def revoke(self) -> None:
        self._task.revoke()


class WatchingExecutor(dg.Executor):
    """dagster-celery's, with steps that are watched."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def retries(self) -> RetryMode:
        found: RetryMode = self._inner.retries
        return found

    def app_args(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._inner.app_args()
        return found

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[dg.DagsterEvent]:
        roll: Roll | None = None

        def submit(
            app: Celery, context: PlanOrchestrationContext, step: ExecutionStep, queue: str, priority: int, known: Any
        ) -> WatchedStep:
            nonlocal roll
            roll = roll or Roll(lambda tasks: carried_out(app, tasks))

            return WatchedStep(
                lambda: _submit_task(app, context, step, queue, priority, known), roll, context.for_step(step).log.warning
            )

        events: Iterator[dg.DagsterEvent] = core_celery_execution_loop(plan_context, execution_plan, step_execution_fn=submit)
        return events


def carried_out(app: Celery, workers: Mapping[str, str]) -> set[str] | None:
    """Of tasks and their workers, the tasks that the workers say they are carrying out; None while Redis is away."""
    asked = sorted(set(workers.values()))
    redis_is_away = app.connection_for_read().recoverable_connection_errors
    try:
        answers = app.control.inspect(asked, timeout=_ANSWERED_WITHIN_S, limit=len(asked)).query_task(list(workers)) or {}
    except redis_is_away:
        return None
    return {task for found in answers.values() for task in found}


@dg.executor(
    name="celery",
    config_schema=CELERY_CONFIG,
    requirements=dg.multiple_process_executor_requirements(),
)
def watching_celery_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """Steps on Celery workers."""
    return WatchingExecutor(celery_executor.executor_creation_fn(init_context))

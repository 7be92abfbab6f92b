"""The Celery app that workers run, with the same broker as the executor:
`celery -A vr_assets.defs.celery_app worker --queues dagster`.
"""

import os

from celery.signals import celeryd_after_setup
from dagster_celery.executor import CeleryExecutor
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from vr_assets.defs.celery_steps import CONFIG
from vr_assets.defs.executors import BROKER, RESULTS

app = make_app(CeleryExecutor.for_cli(broker=os.environ[BROKER], backend=os.environ[RESULTS], config_source=CONFIG).app_args())
execute_plan = create_task(app, track_started=True)


@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def _one_step_at_a_time(instance: object, **_: object) -> None:
    """A worker that could not answer while it carries out a step would be taken for dead."""
    pool, at_once = getattr(instance, "pool_cls", None), getattr(instance, "concurrency", None)
    if getattr(pool, "__module__", "") != "celery.concurrency.thread" or at_once != 1:
        raise SystemExit(
            f"A worker of vr_assets carries out one step in a thread (asked for: {pool}, {at_once} at once): start it without "
            "--pool and --concurrency, and more workers for more steps, each with a --hostname of its own"
        )

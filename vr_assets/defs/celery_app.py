"""The Celery app that workers run, with the same broker as the executor:
`celery -A vr_assets.defs.celery_app worker --queues dagster`.
"""

import os

from dagster_celery.executor import CeleryExecutor
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from vr_assets.defs.executors import BROKER, RESULTS

app = make_app(CeleryExecutor.for_cli(broker=os.environ[BROKER], backend=os.environ[RESULTS]).app_args())
execute_plan = create_task(app)

"""What carries out the steps of a run, as the environment says. Packages are imported where they are chosen."""

import dagster as dg

from vr_assets.errors import SettingsError
from vr_assets.settings import ExecutorName, environment_layer, environment_name, resolve

BROKER, RESULTS = "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"


def executor() -> dg.ExecutorDefinition:
    """The executor that the setting `executor` names. Only that one is read: what else is wrong, a run says.

    Raises:
        SettingsError: there is none of that name, or its package is not installed.
    """
    given = {name: value for name, value in environment_layer().items() if name == "executor"}
    name = resolve(("environment", given)).settings.executor
    match name:
        case ExecutorName.IN_PROCESS:
            return dg.in_process_executor
        case ExecutorName.MULTIPROCESS:
            # Each step is forked from a process that has imported everything: 0.9 s a step in place of 1.9 s.
            preloaded = {"start_method": {"forkserver": {"preload_modules": ["vr_assets.definitions"]}}}
            return dg.multiprocess_executor.configured(preloaded)
        case ExecutorName.CELERY:
            try:
                from vr_assets.defs.celery_steps import CONFIG, watching_celery_executor
            except ImportError as error:
                raise _not_installed(name) from error
            return watching_celery_executor.configured(
                {"broker": {"env": BROKER}, "backend": {"env": RESULTS}, "config_source": dict(CONFIG)}
            )
        case ExecutorName.K8S:
            try:
                from dagster_k8s import k8s_job_executor
            except ImportError as error:
                raise _not_installed(name) from error
            jobs: dg.ExecutorDefinition = k8s_job_executor
            return jobs


def _not_installed(name: ExecutorName) -> SettingsError:
    return SettingsError(f"{environment_name('executor')}={name} needs packages: pip install 'vr-assets[{name}]'")

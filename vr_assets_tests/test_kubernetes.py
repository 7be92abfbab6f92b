"""The example for Kubernetes: its names are the chart's and Kubernetes' own, its limits are those of one machine.

The models below state what the chart dagster/dagster 1.13 takes, as far as the example uses it. They are closed where its schema
takes any name: at the top, in a deployment, in postgresql and global. What the chart makes of it: test_kubernetes_chart.py.
"""

import json
import re
from pathlib import Path
from typing import Any

import dagster as dg
import dagster_k8s
import dagster_k8s.job
import dagster_k8s.models
import kubernetes.client
import pytest
import sqlalchemy
import yaml
from dagster_postgres.utils import get_conn_string
from pydantic import BaseModel, ConfigDict, Field

from vr_assets.definitions import defs
from vr_assets.settings import Asset, environment_name
from vr_assets.settings.layers import leaves

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "kubernetes"
Json = dict[str, Any]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Named(Closed):
    name: str


class Image(Closed):
    repository: str
    tag: str
    pullPolicy: str


class Switch(Closed):
    enabled: bool


class Deployment(Closed):
    name: str
    image: Image
    dagsterApiGrpcArgs: list[str]
    port: int
    includeConfigInLaunchedRuns: Switch
    env: dict[str, str]
    envSecrets: list[Named]
    podSecurityContext: Json
    securityContext: Json
    resources: Json
    volumes: list[Json]
    volumeMounts: list[Json]
    startupProbe: Json
    readinessProbe: Json
    livenessProbe: Json


class Deployments(Closed):
    includeInstance: bool
    deployments: list[Deployment]


class RunK8sConfig(Closed):
    containerConfig: Json
    podSpecConfig: Json
    jobSpecConfig: Json


class K8sRunLauncher(Closed):
    runK8sConfig: RunK8sConfig
    failPodOnRunFailure: bool


class RunLauncherConfig(Closed):
    k8sRunLauncher: K8sRunLauncher


class RunLauncher(Closed):
    type: str = Field(pattern="^K8sRunLauncher$")
    config: RunLauncherConfig


class PerValue(Closed):
    applyLimitPerUniqueValue: bool


class TagLimit(Closed):
    key: str
    value: PerValue
    limit: int


class Queue(Closed):
    maxConcurrentRuns: int
    tagConcurrencyLimits: list[TagLimit]


class QueueConfig(Closed):
    queuedRunCoordinator: Queue


class RunCoordinator(Closed):
    enabled: bool
    type: str = Field(pattern="^QueuedRunCoordinator$")
    config: QueueConfig


class RunMonitoring(Closed):
    enabled: bool
    startTimeoutSeconds: int


class RunRetries(Closed):
    enabled: bool
    maxRetries: int
    retryOnAssetOrOpFailure: bool


class Daemon(Closed):
    runCoordinator: RunCoordinator
    runMonitoring: RunMonitoring
    runRetries: RunRetries
    resources: Json


class Webserver(Closed):
    resources: Json


class Port(Closed):
    port: int


class PostgreSQL(Closed):
    enabled: bool
    postgresqlHost: str
    postgresqlUsername: str
    postgresqlDatabase: str
    postgresqlScheme: str
    service: Port


class Global(Closed):
    postgresqlSecretName: str
    dagsterInstanceConfigMap: str


class PythonLogs(Closed):
    pythonLogLevel: str
    managedPythonLoggers: list[str]


class Ticks(Closed):
    purgeAfterDays: dict[str, int]


class Retention(Closed):
    enabled: bool
    sensor: Ticks
    autoMaterialize: Ticks


class Values(Closed):
    user: Deployments = Field(alias="dagster-user-deployments")
    runLauncher: RunLauncher
    dagsterDaemon: Daemon
    dagsterWebserver: Webserver
    postgresql: PostgreSQL
    generatePostgresqlPasswordSecret: bool
    chart: Global = Field(alias="global")
    rabbitmq: Switch
    redis: Switch
    pythonLogs: PythonLogs
    retention: Retention
    telemetry: Switch

    @property
    def deployment(self) -> Deployment:
        (one,) = self.user.deployments
        return one

    @property
    def run_pods(self) -> RunK8sConfig:
        return self.runLauncher.config.k8sRunLauncher.runK8sConfig


@pytest.fixture(scope="module")
def values() -> Values:
    return Values.model_validate(yaml.safe_load((EXAMPLE / "values.yaml").read_text()))


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (EXAMPLE / "Dockerfile").read_text()


def step_resources(values: Values, asset: Asset) -> Json:
    """What the pod of a step gets: what the code location hands on, and over it what the step says."""
    from dagster_k8s.container_context import K8sContainerContext

    tags = defs.resolve_assets_def(dg.AssetKey(asset.value)).op.tags
    own = K8sContainerContext(run_k8s_config=dagster_k8s.job.get_user_defined_k8s_config(tags))
    merged = K8sContainerContext(resources=values.deployment.resources).merge(own)
    found: Json = dict(merged.run_k8s_config.container_config["resources"])
    return found


def test_what_goes_into_pods_is_what_kubernetes_knows(values: Values) -> None:
    from dagster_k8s.models import k8s_model_from_dict

    client, one, run = kubernetes.client, values.deployment, values.run_pods
    probes = [{k: v for k, v in probe.items() if k != "enabled"} for probe in (one.startupProbe, one.readinessProbe)]
    parts = [
        *((client.V1Probe, probe) for probe in (*probes, one.livenessProbe)),
        *((client.V1Volume, volume) for volume in one.volumes),
        *((client.V1VolumeMount, mount) for mount in one.volumeMounts),
        (client.V1SecurityContext, one.securityContext),
        (client.V1PodSecurityContext, one.podSecurityContext),
        *((client.V1ResourceRequirements, told.resources) for told in (one, values.dagsterDaemon, values.dagsterWebserver)),
        (client.V1JobSpec, {**run.jobSpecConfig, "template": {}}),
    ]
    for kind, part in parts:
        k8s_model_from_dict(kind, dagster_k8s.models.k8s_snake_case_dict(kind, part))
    dagster_k8s.job.UserDefinedDagsterK8sConfig(
        container_config=run.containerConfig, pod_spec_config=run.podSpecConfig, job_spec_config=run.jobSpecConfig
    )


def test_every_setting_is_one_and_no_key_is_among_them(values: Values) -> None:
    ours = {environment_name(leaf.name) for leaf in leaves()}
    assert {name for name in values.deployment.env if name.startswith("VR_")} <= ours
    assert not [name for name in values.deployment.env if re.search("KEY|SECRET|TOKEN|PASSWORD", name)]
    assert values.deployment.envSecrets


def test_runs_are_limited_and_kept_as_on_one_machine(values: Values) -> None:
    here = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    queue, runs = values.dagsterDaemon.runCoordinator.config.queuedRunCoordinator, here["concurrency"]["runs"]
    assert queue.maxConcurrentRuns == runs["max_concurrent_runs"]
    assert [one.model_dump() for one in queue.tagConcurrencyLimits] == runs["tag_concurrency_limits"]
    assert values.dagsterDaemon.runMonitoring.startTimeoutSeconds == here["run_monitoring"]["start_timeout_seconds"]
    assert values.pythonLogs.managedPythonLoggers == here["python_logs"]["managed_python_loggers"]
    assert values.retention.sensor.purgeAfterDays == here["retention"]["sensor"]["purge_after_days"]
    assert values.telemetry.enabled is here["telemetry"]["enabled"]


def test_a_run_that_met_its_budget_is_not_begun_again_with_a_new_one(values: Values) -> None:
    assert values.dagsterDaemon.runRetries.retryOnAssetOrOpFailure is False


def test_the_database_is_reached_with_the_driver_that_is_installed(values: Values) -> None:
    address = get_conn_string("dagster", "...", "db.internal", "dagster", scheme=values.postgresql.postgresqlScheme)
    assert sqlalchemy.create_engine(address).driver == "psycopg2"


def test_the_image_runs_as_the_user_that_the_pods_name_and_on_a_python_that_is_meant(values: Values, dockerfile: str) -> None:
    uid = re.search(r"^ARG UID=(\d+)$", dockerfile, re.MULTILINE)
    assert uid and int(uid[1]) == values.deployment.podSecurityContext["runAsUser"]
    assert values.run_pods.podSpecConfig["securityContext"] == values.deployment.podSecurityContext
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["${UID}:${UID}"]
    assert set(re.findall(r"^FROM python:(\S+)", dockerfile, re.MULTILINE)) == {"3.11-slim"}
    command = json.loads(dockerfile[dockerfile.index("CMD ") + 4 :])
    assert command[-2:] == values.deployment.dagsterApiGrpcArgs
    assert values.deployment.env["VR_BUCKET__CACHE_DIR"] in dockerfile


def test_steps_that_decode_get_processors_and_those_that_only_call_need_none(values: Values) -> None:
    processes = values.deployment.env["VR_MEDIA__WORKERS"]
    for asset in (Asset.CAPTIONS, Asset.HIGHLIGHTS, Asset.RAW_IMAGES, Asset.VIDEO_CAPTIONS):
        assert step_resources(values, asset)["requests"]["cpu"] == processes
    for asset in (Asset.DESCRIPTIONS, Asset.QA, Asset.TASK_FILES):
        assert step_resources(values, asset) == values.deployment.resources

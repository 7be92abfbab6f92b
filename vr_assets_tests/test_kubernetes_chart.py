"""The example for Kubernetes as the chart itself renders it: to be run before the chart's version is raised.

DAGSTER_CHART="dagster/dagster --version 1.13.27" pytest vr_assets_tests/test_kubernetes_chart.py
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import dagster_k8s.job
import dagster_k8s.models
import kubernetes.client
import pytest
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.instance.ref import InstanceRef
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

from vr_assets.backends.lease_books import Database
from vr_assets.definitions import defs
from vr_assets.defs.shared import leases_of
from vr_assets.settings import Asset

CHART = shlex.split(os.environ.get("DAGSTER_CHART", ""))
ROOT = Path(__file__).parents[1]
VALUES = ROOT / "examples" / "kubernetes" / "values.yaml"
DOCS = (ROOT / "docs" / "kubernetes.md").read_text()
RELEASE, NAMESPACE = "vr", "annotations"
STORAGES = ("run_storage", "event_log_storage", "schedule_storage")
KINDS = {"deploy": "Deployment", "svc": "Service", "job": "Job"}
NO_CLUSTER = """
{current-context: none, contexts: [{name: none, context: {cluster: none, user: none}}], users: [{name: none, user: {}}],
 clusters: [{name: none, cluster: {server: "http://127.0.0.1"}}]}
"""
Json = dict[str, Any]
Rendered = dict[tuple[str, str], Json]

pytestmark = pytest.mark.skipif(
    not (CHART and shutil.which("helm")),
    reason="wants helm, and DAGSTER_CHART: 'dagster/dagster --version 1.13.27' after `helm repo add`, or the chart's folder",
)


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    command = ["helm", "template", RELEASE, *CHART, "-n", NAMESPACE, "-f", str(VALUES), "--set", "migrate.enabled=true"]
    helm = subprocess.run(command, capture_output=True, text=True, check=False)
    assert helm.returncode == 0, helm.stderr
    given = [json.loads(json.dumps(one), object_hook=without_nulls) for one in yaml.safe_load_all(helm.stdout) if one]
    return {(one["kind"], one["metadata"]["name"]): one for one in given}


def without_nulls(part: Json) -> Json:
    return {name: value for name, value in part.items() if value is not None}


@pytest.fixture
def instance(rendered: Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InstanceRef:
    """The chart's, with no cluster and no database there."""
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", "of-a-test")
    content = yaml.safe_load(rendered["ConfigMap", f"{RELEASE}-dagster-instance"]["data"]["dagster.yaml"])
    (tmp_path / "kube.yaml").write_text(NO_CLUSTER)
    content["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(tmp_path / "kube.yaml")}
    for storage in STORAGES:
        content[storage]["config"]["should_autocreate_tables"] = False
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(content))
    return InstanceRef.from_dir(str(tmp_path))


@pytest.fixture
def step(rendered: Rendered, instance: InstanceRef) -> Json:
    """The job of a step that decodes, as Dagster makes it from what the chart hands on."""
    env = {one["name"]: one.get("value", "") for one in code_location(rendered)["containers"][0]["env"]}
    repository = RepositoryPythonOrigin(
        executable_path="python",
        code_pointer=ModuleCodePointer("vr_assets.definitions", "defs"),
        container_image=env["DAGSTER_CURRENT_IMAGE"],
        container_context=json.loads(env["DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"]),
    )
    run = dg.DagsterRun(job_name="annotate_videos", job_code_origin=JobPythonOrigin("annotate_videos", repository))
    launcher: Any = instance.run_launcher
    own = dagster_k8s.job.get_user_defined_k8s_config(defs.resolve_assets_def(dg.AssetKey(Asset.CAPTIONS.value)).op.tags)
    context = launcher.get_container_context_for_run(run)
    context = context.merge(type(context)(run_k8s_config=own))
    job_config = context.get_k8s_job_config(repository.container_image, launcher)
    job = dagster_k8s.job.construct_dagster_k8s_job(job_config, [], "step", user_defined_k8s_config=context.run_k8s_config)
    found: Json = kubernetes.client.ApiClient().sanitize_for_serialization(job)
    return found


def code_location(rendered: Rendered) -> Json:
    pod: Json = rendered["Deployment", f"{RELEASE}-dagster-user-deployments-vr-assets"]["spec"]["template"]["spec"]
    return pod


def named(part: Any, kind: str) -> Iterator[tuple[str, str]]:
    """ConfigMaps or Secrets that have to be there, with the key where one is named."""
    for key, one in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if key in {f"{kind}Ref", f"{kind}KeyRef", kind} and not one.get("optional"):
            yield one["name"], one.get("key", "")
        else:
            yield from named(one, kind)


def test_kubernetes_knows_every_field(rendered: Rendered, step: Json) -> None:
    for one in (*rendered.values(), step):
        model = getattr(kubernetes.client, f"V1{one['kind']}")
        dagster_k8s.models.k8s_model_from_dict(model, dagster_k8s.models.k8s_snake_case_dict(model, one))


def test_dagster_takes_the_instance_and_places_at_endpoints_lie_in_its_database(instance: InstanceRef) -> None:
    assert instance.run_coordinator and instance.scheduler and instance.compute_log_manager and instance.run_storage
    with dg.DagsterInstance.from_ref(instance) as opened:
        assert leases_of(opened, {}) == Database("postgresql+psycopg2://dagster:of-a-test@POSTGRES_HOST:5432/dagster")
        assert opened.run_retries_max_retries and not opened.run_retries_retry_on_asset_or_op_failure


def test_whatever_a_pod_names_is_there_or_is_made_by_hand_as_told(rendered: Rendered, step: Json) -> None:
    whole = [*rendered.values(), step]
    assert {name for name, _ in named(whole, "configMap")} <= {name for kind, name in rendered if kind == "ConfigMap"}
    told = {name: line for line in DOCS.splitlines() for name in re.findall(r"create secret generic (\S+)", line)}
    assert {name for name, _ in named(whole, "secret")} == set(told)
    for name, key in set(named(whole, "secret")):
        assert f"--from-literal={key}=" in told[name] or not key


def test_a_step_has_the_image_the_user_and_the_folder_of_the_code_location(rendered: Rendered, step: Json) -> None:
    pod, here = step["spec"]["template"]["spec"], code_location(rendered)
    for name in ("image", "imagePullPolicy", "securityContext"):
        assert pod["containers"][0][name] == here["containers"][0][name]
    for name in ("serviceAccountName", "securityContext"):
        assert pod[name] == here[name]
    assert pod["containers"][0]["resources"]["requests"]["cpu"] == "2"
    assert set(named(pod, "secret")) == set(named(here, "secret"))
    assert {one["name"] for one in pod["containers"][0]["volumeMounts"]} == {"cache"}


def test_commands_in_the_documentation_name_what_there_is(rendered: Rendered) -> None:
    told = re.findall(r"\b(deploy|svc|job)/([\w-]+)", DOCS)
    assert {kind for kind, _ in told} == set(KINDS)
    assert {(KINDS[kind], name) for kind, name in told} <= set(rendered)

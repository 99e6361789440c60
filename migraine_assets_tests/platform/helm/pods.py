"""All pods of a release: those of the chart's objects, of Ray, and of Dagster's runs.

Not here: rules for them (the tests).
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from dagster import DagsterRun
from dagster._config import process_config
from dagster._serdes import ConfigurableClassData
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import UserDefinedDagsterK8sConfig, construct_dagster_k8s_job
from dagster_k8s.launcher import K8sRunLauncher
from kubernetes.client import ApiClient

from migraine_assets.defs.executors import executor_of
from migraine_assets.settings import Settings
from migraine_assets_tests.platform.helm.rendering import NAMESPACE, RELEASE, Manifest, named, of_kind

WITH_TEMPLATES = ("Deployment", "StatefulSet", "Job")
STEP = "the step's Job"


@dataclass(frozen=True)
class Pod:
    """A pod: name for messages, labels, annotations, spec."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: dict[str, Any]
    namespace: str = NAMESPACE

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, including init containers."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def component(self) -> str:
        """The component, such as `webserver`."""
        return self.labels["app.kubernetes.io/component"]


def pods_of(objects: list[Manifest]) -> list[Pod]:
    """Return all pods of the release."""
    steps = [step_pod(objects)] if has_steps(objects) else []
    return [*_own(objects), *_of_ray(objects), run_pod(objects), *steps]


def _own(objects: list[Manifest]) -> Iterator[Pod]:
    for each in objects:
        name = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] == "CronJob":
            yield _pod(name, each["spec"]["jobTemplate"]["spec"]["template"])
        elif each["kind"] in WITH_TEMPLATES:
            pod = _pod(name, each["spec"]["template"])
            # A StatefulSet creates a claim for each pod.
            claims = [{"name": claim["metadata"]["name"]} for claim in each["spec"].get("volumeClaimTemplates", [])]
            pod.spec["volumes"] = [*pod.spec.get("volumes", []), *claims]
            yield pod
        elif each["kind"] == "Pod":
            yield _pod(name, each)


def _of_ray(objects: list[Manifest]) -> Iterator[Pod]:
    for each in of_kind(objects, "RayService"):
        cluster = each["spec"]["rayClusterConfig"]
        head = _pod("Ray head", cluster["headGroupSpec"]["template"])
        head.labels["ray.io/node-type"] = "head"
        # KubeRay adds it according to the options.
        options = cluster["autoscalerOptions"]
        beside = {
            "name": "autoscaler",
            "image": head.containers[0]["image"],
            **{key: options[key] for key in ("securityContext", "resources", "imagePullPolicy", "volumeMounts")},
            "env": options.get("env", []),
        }
        head.spec["containers"] = [*head.spec["containers"], beside]
        yield head
        for group in cluster["workerGroupSpecs"]:
            worker = _pod(f"Ray {group['groupName']}", group["template"])
            worker.labels["ray.io/node-type"] = "worker"
            yield worker


def _pod(name: str, template: Manifest) -> Pod:
    metadata = template["metadata"]
    return Pod(name, dict(metadata["labels"]), dict(metadata.get("annotations") or {}), dict(template["spec"]))


def dagster_settings(objects: list[Manifest]) -> dict[str, Any]:
    """Return the rendered dagster.yaml."""
    settings: dict[str, Any] = yaml.safe_load(named(objects, "ConfigMap", f"{RELEASE}-dagster")["data"]["dagster.yaml"])
    return settings


def launcher_of(objects: list[Manifest]) -> K8sRunLauncher:
    """Return Dagster's launcher with the rendered configuration. It connects only when it launches something."""
    cluster = {"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}], "current-context": "x"}
    context = {
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(cluster | context, file)
        file.flush()
        config = dagster_settings(objects)["run_launcher"]["config"]
        config |= {"load_incluster_config": False, "kubeconfig_file": file.name}
        return ConfigurableClassData("dagster_k8s", "K8sRunLauncher", yaml.safe_dump(config)).rehydrate(K8sRunLauncher)


def run_job(objects: list[Manifest], **tags: Any) -> Manifest:
    """Return the Job that Dagster's launcher creates for a run with these `dagster-k8s/config` tags."""
    launcher = launcher_of(objects)
    run = DagsterRun(job_name="full_pipeline", tags={"dagster-k8s/config": json.dumps(tags)} if tags else {})
    context = launcher.get_container_context_for_run(run)
    return _job(launcher, context, "run_worker")


def step_job(objects: list[Manifest], run_config: dict[str, Any] | None = None) -> Manifest:
    """Return the Job of a step, with the executor of the rendered environment and the configuration of a run."""
    variables = {each["name"]: each.get("value") for each in run_pod(objects).spec["containers"][0]["env"]}
    settings = Settings(executor="k8s_job", step_resources=json.loads(variables["MIGRAINE_STEP_RESOURCES"] or ""))
    executor = executor_of(settings)
    processed = process_config(executor.config_schema.config_type, run_config or {})
    if not processed.success:
        raise ValueError(str(processed.errors))
    mapped = executor.apply_config_mapping({"config": processed.value})
    step = UserDefinedDagsterK8sConfig.from_dict(mapped.value["config"]["step_k8s_config"])
    launcher = launcher_of(objects)
    context = K8sContainerContext.create_for_run(DagsterRun(job_name="full_pipeline"), launcher, include_run_tags=False)
    return _job(launcher, context.merge(K8sContainerContext(run_k8s_config=step)), "step_worker")


def _job(launcher: K8sRunLauncher, context: K8sContainerContext, component: str) -> Manifest:
    job = construct_dagster_k8s_job(
        context.get_k8s_job_config(None, launcher),
        ["dagster", "api"],
        "dagster-run-1",
        user_defined_k8s_config=context.run_k8s_config,
        component=component,
    )
    job.metadata.namespace = context.namespace
    # As sent to Kubernetes: camelCase, without unset fields.
    sent: Manifest = ApiClient().sanitize_for_serialization(job)
    return sent


def _of_job(name: str, job: Manifest) -> Pod:
    return replace(_pod(name, job["spec"]["template"]), namespace=job["metadata"]["namespace"])


def run_pod(objects: list[Manifest]) -> Pod:
    """Return the pod of a run."""
    return _of_job("the run's Job", run_job(objects))


def step_pod(objects: list[Manifest]) -> Pod:
    """Return the pod of a step."""
    return _of_job(STEP, step_job(objects))


def has_steps(objects: list[Manifest]) -> bool:
    """Return whether each step of a run has a pod of its own."""
    variables = {each["name"]: each.get("value") for each in run_pod(objects).spec["containers"][0]["env"]}
    return variables["MIGRAINE_EXECUTOR"] == "k8s_job"

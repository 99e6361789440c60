"""All pods of a release: those of the chart's objects, of Ray, and of Dagster's runs.

Not here: rules for them (the tests).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from dagster_k8s.job import DagsterK8sJobConfig, UserDefinedDagsterK8sConfig, construct_dagster_k8s_job
from dagster_k8s.launcher import K8sRunLauncher

from migraine_assets_tests.platform.helm.rendering import RELEASE, Manifest, named, of_kind

WITH_TEMPLATES = ("Deployment", "StatefulSet", "Job")


@dataclass(frozen=True)
class Pod:
    """A pod: name for messages, labels, spec."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, including init containers."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def component(self) -> str:
        """The component, such as `webserver`."""
        return self.labels["app.kubernetes.io/component"]


def pods_of(objects: list[Manifest]) -> list[Pod]:
    """All pods of the release."""
    return [*_own(objects), *_of_ray(objects), run_pod(objects)]


def _own(objects: list[Manifest]) -> Iterator[Pod]:
    for each in objects:
        name = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] in WITH_TEMPLATES:
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
    """The rendered dagster.yaml."""
    return yaml.safe_load(named(objects, "ConfigMap", f"{RELEASE}-dagster")["data"]["dagster.yaml"])


def run_job(objects: list[Manifest]) -> Manifest:
    """The Job that Dagster's K8sRunLauncher creates for a run with the rendered dagster.yaml."""
    config = dagster_settings(objects)["run_launcher"]["config"]
    launcher_keys = set(K8sRunLauncher.config_type()) - {"job_namespace", "load_incluster_config", "labels"}
    given = {key: config[key] for key in ("job_image", "dagster_home", "instance_config_map") if key in config}
    job = construct_dagster_k8s_job(
        DagsterK8sJobConfig(
            **given,
            image_pull_policy=config.get("image_pull_policy"),
            image_pull_secrets=config.get("image_pull_secrets"),
            service_account_name=config.get("service_account_name"),
        ),
        ["dagster", "api", "execute_run"],
        "dagster-run-1",
        user_defined_k8s_config=UserDefinedDagsterK8sConfig.from_dict(config["run_k8s_config"]),
        component="run_worker",
        labels=config["labels"],
    )
    assert set(config) - {"job_namespace", "load_incluster_config", "labels"} <= launcher_keys
    # As sent to Kubernetes: camelCase, without unset fields.
    from kubernetes.client import ApiClient

    return ApiClient().sanitize_for_serialization(job)


def run_pod(objects: list[Manifest]) -> Pod:
    """The pod of a run."""
    return _pod("the run's Job", run_job(objects)["spec"]["template"])

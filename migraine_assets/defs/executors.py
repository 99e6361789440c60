"""Executors, and the resources that a training step requests if every step runs in a pod of its own.

Not here: the run launcher (dagster.yaml), which models are heavy (`core.models.catalogue`).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from migraine_assets.core.models.estimator import Estimator
from migraine_assets.settings import Settings

# The pool of all model assets. Its limit is the number of models that train at the same time, over all runs.
TRAINING_POOL = "training"
RESOURCES = {
    "light": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "4Gi"}},
    "heavy": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "4", "memory": "8Gi"}},
}


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """The executor that `MIGRAINE_EXECUTOR` names. `migraine run` ignores it and executes in its own process."""
    match settings.executor:
        case "k8s_job":
            return _pod_executor(settings.step_resources)
        case "multiprocess":
            return dg.multiprocess_executor
        case "in_process":
            # A step in a process of its own would spend seconds on imports.
            return dg.in_process_executor


def _pod_executor(resources: Mapping[str, Mapping[str, str]] | None) -> dg.ExecutorDefinition:
    """A pod for each step, without a token of Kubernetes. `resources`: of steps that do not train a model.

    The configuration of a run can only limit how many steps run at a time. `k8s_job_executor` would also take images,
    Secrets and accounts from it, and everyone who can start a run can write its configuration.
    """
    from dagster_k8s import k8s_job_executor

    steps: dict[str, Any] = {"pod_spec_config": {"automount_service_account_token": False}}
    if resources:
        steps["container_config"] = {"resources": resources}

    def pods(config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "step_k8s_config": steps}

    schema = {"max_concurrent": dg.Field(dg.IntSource, is_required=False)}
    executor: dg.ExecutorDefinition = k8s_job_executor.configured(pods, name="k8s", config_schema=schema)
    return executor


def training_tags(estimator: Estimator) -> dict[str, Any]:
    """The tags of a training step: the resources that its pod requests."""
    weight = "heavy" if estimator.heavy else "light"
    return {"dagster-k8s/config": {"container_config": {"resources": RESOURCES[weight]}}}

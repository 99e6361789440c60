"""Executors, and the resources that a training step requests if every step runs in a pod of its own.

Not here: the run launcher (dagster.yaml), which models are heavy (`core.models.catalogue`).
"""

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
            from dagster_k8s import k8s_job_executor

            return k8s_job_executor
        case "multiprocess":
            return dg.multiprocess_executor
        case "in_process":
            # A step in a process of its own would spend seconds on imports.
            return dg.in_process_executor


def training_tags(estimator: Estimator) -> dict[str, Any]:
    """The tags of a training step: the resources that its pod requests."""
    weight = "heavy" if estimator.heavy else "light"
    return {"dagster-k8s/config": {"container_config": {"resources": RESOURCES[weight]}}}

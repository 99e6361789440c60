"""How the steps of a run are executed, and what a step asks of the cluster where each has a pod of its own.

Here belong executors, resources and the pool. Not here: where runs are started (dagster.yaml).
"""

from typing import Any

import dagster as dg

from migraine_assets.core.models.estimator import Estimator
from migraine_assets.settings import Settings

# The pool of all model assets: its limit says how many are trained at a time, over all runs.
TRAINING_POOL = "training"
# Trees, kernels and neighbours: they take most of a run, and all processors that they are given.
HEAVY = frozenset({"random_forest", "gradient_boosting", "xgboost", "lightgbm", "svm", "knn"})
RESOURCES = {
    "light": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "4Gi"}},
    "heavy": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "4", "memory": "8Gi"}},
}


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """What `MIGRAINE_EXECUTOR` names. `migraine run` executes in its own process whatever it says."""
    match settings.executor:
        case "k8s_job":
            from dagster_k8s import k8s_job_executor

            return k8s_job_executor
        case "multiprocess":
            return dg.multiprocess_executor
        case "in_process":
            # A step that starts a process of its own waits seconds for imports.
            return dg.in_process_executor


def training_tags(estimator: Estimator) -> dict[str, Any]:
    """What the pod of a model's step asks for, where each step has one."""
    weight = "heavy" if estimator.key in HEAVY else "light"
    return {"dagster-k8s/config": {"container_config": {"resources": RESOURCES[weight]}}}

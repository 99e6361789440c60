"""Executors, and the resources that a training step requests if every step runs in a pod of its own.

Not here: the run launcher (dagster.yaml), which models are heavy (`core.models.catalogue`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from migraine_assets.core.models.estimator import Estimator
from migraine_assets.defs.run_owner import lock_owner
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store
from migraine_assets.stores.store_lock import hold_store

# Longer than a training run.
WAIT_SECONDS = 6 * 3600.0

# The pool of all model assets. Its limit is the number of models that train at the same time, over all runs.
TRAINING_POOL = "training"
RESOURCES = {
    "light": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "4Gi"}},
    "heavy": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "4", "memory": "8Gi"}},
}


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """Return the executor that `MIGRAINE_EXECUTOR` names. `migraine run` ignores it and executes in its own process."""
    match settings.executor:
        case "k8s_job":
            return _locking(_pod_executor(settings.step_resources), settings)
        case "multiprocess":
            return _locking(dg.multiprocess_executor, settings)
        case "in_process":
            # A step in a process of its own would spend seconds on imports.
            return _locking(dg.in_process_executor, settings)


class LockingExecutor(dg.Executor):
    """An executor that runs like `inner` while it holds the lock of the store."""

    def __init__(self, inner: dg.Executor, settings: Settings) -> None:
        self._inner, self._settings = inner, settings

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Wait for runs of other homes and for commands, then execute the run."""
        store, owner = Store(self._settings.store_location), lock_owner(plan_context.dagster_run)
        with hold_store(store, owner, wait_seconds=WAIT_SECONDS, on_wait=plan_context.log.info):
            yield from self._inner.execute(plan_context, execution_plan)

    @property
    def retries(self) -> Any:
        """The retry mode of the inner executor."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """The step dependencies of the inner executor."""
        return self._inner.step_dependency_config


def _locking(inner: dg.ExecutorDefinition, settings: Settings) -> dg.ExecutorDefinition:
    make = inner.executor_creation_fn
    if make is None:
        raise TypeError(f"the executor '{inner.name}' cannot be created")
    return dg.ExecutorDefinition(
        name=inner.name,
        config_schema=inner.config_schema,  # type: ignore[arg-type]  # Dagster's own form of a schema
        requirements=inner.get_requirements,
        executor_creation_fn=lambda context: LockingExecutor(make(context), settings),
        description=inner.description,
    )


def _pod_executor(resources: Mapping[str, Mapping[str, str]] | None) -> dg.ExecutorDefinition:
    """Return an executor with a pod for each step, without a Kubernetes token.

    `resources`: of steps that do not train a model. The configuration of a run can only limit how many steps run at a
    time: `k8s_job_executor` itself would also read images, Secrets and accounts from it, and everyone who can start a
    run can write its configuration.
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
    """Return the tags of a training step: the resources that its pod requests."""
    weight = "heavy" if estimator.heavy else "light"
    return {"dagster-k8s/config": {"container_config": {"resources": RESOURCES[weight]}}}

"""Experiments in MLflow, one per task: a parent run for each Dagster run, with a child run for each model and baseline.

Everything is logged by run id, never to MLflow's "active run", so that concurrent steps do not interfere. Only the
modules of `stores.tracking` import mlflow, and only inside functions.

Not here: the connection (`stores.tracking.connection`), registered models (`stores.tracking.models`).
"""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from migraine_assets.stores.tracking.connection import (
    Connection,
    TrackingUnavailable,
    attempt,
    set_environment,
)
from migraine_assets.stores.tracking.models import MODELS, RegisteredModels
from migraine_assets.stores.tracking.payload import Artifact, DatasetInfo, log_payload

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = [
    "EXPERIMENTS",
    "MODELS",
    "Artifact",
    "DatasetInfo",
    "Tracker",
    "TrackingUnavailable",
    "attempt",
    "prepare_experiments",
    "set_environment",
]

# dagster-mlflow's resource finds the MLflow run of a Dagster run by this tag. Only the parent has it, so the tracker
# and the resource share one run, whichever creates it.
PARENT_TAG = "dagster_run_id"
RUN_TAG = "dagster.run_id"
# The experiment of each task. Earlier versions logged both to "migraine".
EXPERIMENTS = {"attack": "migraine-attack", "severity": "migraine-severity"}
# Without this query, MLflow's UI opens its pages for language models.
UI_VIEW = "?workflowType=machine_learning"
# MLflow shows this tag as the description of an experiment or run.
NOTE_TAG = "mlflow.note.content"
_TAGS = {
    # Without this tag, MLflow shows the experiment page for language models.
    "mlflow.experimentKind": "custom_model_development",
    NOTE_TAG: (
        "Each run of the pipeline has a run here, with the scores of its champion and the report. Below it is a "
        "run for each model and baseline: select several to compare their parameters and metrics."
    ),
}


class Tracker:
    """A client for an experiment. Every method raises `TrackingUnavailable` if MLflow is unavailable."""

    def __init__(self, uri: str, *, experiment: str = EXPERIMENTS["attack"], artifact_root: str | None = None) -> None:
        self.connection = Connection(uri, artifact_root=artifact_root)
        self.models = RegisteredModels(self.connection)
        self.experiment = experiment
        self._experiment_id: str | None = None

    def of(self, task: str) -> "Tracker":
        """Return the tracker of a task's experiment, with the same connection."""
        tracker = copy.copy(self)
        tracker.experiment, tracker._experiment_id = EXPERIMENTS[task], None
        return tracker

    def prepare(self) -> str:
        """Create the store and the experiment if necessary, and return its id. Safe with concurrent processes."""
        if self._experiment_id is None:
            with self.connection.client() as client, self.connection.exclusive():
                self._experiment_id = self._find_or_create_experiment(client)
        return self._experiment_id

    def parent_run(self, dagster_run_id: str, job_name: str) -> str:
        """Return the id of the MLflow run of a Dagster run, which the first caller creates.

        A tracking server cannot be locked, so concurrent callers agree on the oldest run.
        """
        experiment = self.prepare()
        with self.connection.client() as client, self.connection.exclusive():
            if parents := self._parents(client, dagster_run_id):
                client.set_tag(parents[0], RUN_TAG, dagster_run_id)
                return parents[0]
            tags = {PARENT_TAG: dagster_run_id, RUN_TAG: dagster_run_id}
            created: str = client.create_run(experiment, run_name=job_name, tags=tags).info.run_id
            oldest = self._parents(client, dagster_run_id)[0]
            if oldest != created:
                client.delete_run(created)
            return oldest

    def log_model_run(
        self,
        parent: str,
        name: str,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        artifacts: Mapping[str, Artifact] | None = None,
        dataset: DatasetInfo | None = None,
        tags: Mapping[str, str] | None = None,
        failed: bool = False,
    ) -> str:
        """Log a model as a finished (or failed) child of `parent`, and return its run id.

        If there is a finished child with the same name and tags, its id is returned and nothing is logged.
        """
        experiment = self.prepare()
        with self.connection.client() as client:
            all_tags = {
                "mlflow.parentRunId": parent,
                RUN_TAG: client.get_run(parent).data.tags.get(PARENT_TAG, ""),
                **(tags or {}),
            }
            if not failed and (existing := _finished_child(client, experiment, name=name, tags=all_tags)):
                return existing
            run_id: str = client.create_run(experiment, run_name=name, tags=all_tags).info.run_id
            log_payload(
                client,
                run_id,
                params=params or {},
                metrics=metrics or {},
                artifacts=artifacts or {},
                dataset=dataset,
            )
            client.set_terminated(run_id, status="FAILED" if failed else "FINISHED")
        return run_id

    def log(
        self,
        run_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        artifacts: Mapping[str, Artifact] | None = None,
        dataset: DatasetInfo | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log parameters, metrics, artifacts, the data set and tags to a run, usually the parent."""
        with self.connection.client() as client:
            for key, value in (tags or {}).items():
                client.set_tag(run_id, key, value)
            log_payload(
                client,
                run_id,
                params=params or {},
                metrics=metrics or {},
                artifacts=artifacts or {},
                dataset=dataset,
            )

    def finish(self, parent: str, *, failed: bool = False) -> None:
        """End the parent. Children that are still running are marked as killed, because their process was killed."""
        experiment = self.prepare()
        with self.connection.client() as client:
            orphans = client.search_runs(
                [experiment], f"tags.`mlflow.parentRunId` = '{parent}' and attributes.status = 'RUNNING'"
            )
            for orphan in orphans:
                client.set_terminated(orphan.info.run_id, status="KILLED")
            client.set_terminated(parent, status="FAILED" if failed else "FINISHED")

    def running_parents(self) -> dict[str, str]:
        """Return the MLflow run ids of parents that have not ended, by Dagster run id."""
        experiment = self.prepare()
        with self.connection.client() as client:
            running = client.search_runs([experiment], f"attributes.status = 'RUNNING' and tags.{PARENT_TAG} != ''")
        return {run.data.tags[PARENT_TAG]: run.info.run_id for run in running}

    def _parents(self, client: "MlflowClient", dagster_run_id: str) -> list[str]:
        runs = client.search_runs([str(self._experiment_id)], f"tags.{PARENT_TAG} = '{dagster_run_id}'")
        return [run.info.run_id for run in sorted(runs, key=lambda run: (run.info.start_time, run.info.run_id))]

    def _find_or_create_experiment(self, client: "MlflowClient") -> str:
        from mlflow.exceptions import MlflowException

        experiment = client.get_experiment_by_name(self.experiment)
        if experiment is None:
            root = self.connection.artifact_root
            location = f"{root.rstrip('/')}/{self.experiment}" if root else None
            try:
                return str(client.create_experiment(self.experiment, artifact_location=location, tags=_TAGS))
            except MlflowException as error:
                # On a server, another process may have created it.
                experiment = client.get_experiment_by_name(self.experiment)
                if experiment is None:
                    raise error
        return str(experiment.experiment_id)


def prepare_experiments(uri: str, *, artifact_root: str | None = None) -> dict[str, str]:
    """Create the store and the experiments of both tasks if necessary, and return the experiment ids by task."""
    tracker = Tracker(uri, artifact_root=artifact_root)
    return {task: tracker.of(task).prepare() for task in EXPERIMENTS}


def _finished_child(client: "MlflowClient", experiment: str, *, name: str, tags: Mapping[str, str]) -> str | None:
    parent = tags["mlflow.parentRunId"]
    finished = client.search_runs(
        [experiment],
        f"tags.`mlflow.parentRunId` = '{parent}' and attributes.run_name = '{name}' and attributes.status = 'FINISHED'",
    )
    return next((run.info.run_id for run in finished if tags.items() <= run.data.tags.items()), None)

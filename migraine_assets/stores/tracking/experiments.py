"""Experiments in MLflow: one parent run per Dagster run, one child per model.

Here belong runs and what is logged to them, by run id only: nothing is an "active run", so that steps in one or
many processes cannot mix. Not here: the way to the store (`tracking_connection`), models (`tracking_models`).
With those two and `tracking_database` the only code that imports mlflow, and only when it is called.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from migraine_assets.stores.tracking.connection import (
    Connection,
    TrackingUnavailable,
    attempt,
    settle_environment,
)
from migraine_assets.stores.tracking.models import MODELS, RegisteredModels
from migraine_assets.stores.tracking.payload import Artifact, DatasetInfo, log_payload

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = [
    "MODELS",
    "Artifact",
    "DatasetInfo",
    "Tracker",
    "TrackingUnavailable",
    "attempt",
    "settle_environment",
]

# The tag by which dagster-mlflow's resource looks for the run of a Dagster run: only the parent carries it, so
# that whoever comes first, this tracker or that resource, makes the run that both use.
PARENT_TAG = "dagster_run_id"
RUN_TAG = "dagster.run_id"
# Without it MLflow's page of an experiment is about language models.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


class Tracker:
    """The experiments of one store. Every method raises `TrackingUnavailable` where MLflow is not there."""

    def __init__(self, uri: str, *, experiment: str = "migraine", artifact_root: str | None = None) -> None:
        self.connection = Connection(uri, artifact_root=artifact_root)
        self.models = RegisteredModels(self.connection)
        self.experiment = experiment
        self._experiment_id: str | None = None

    def prepare(self) -> str:
        """Make store and experiment where they are missing; the experiment's id. Safe among processes."""
        if self._experiment_id is None:
            with self.connection.client() as client, self.connection.exclusive():
                self._experiment_id = self._find_or_make_experiment(client)
        return self._experiment_id

    def parent_run(self, dagster_run_id: str, job_name: str) -> str:
        """The id of the MLflow run of a Dagster run, made by whoever asks first.

        On a server, where nothing can be locked, two that ask at the same moment agree on the older run.
        """
        experiment = self.prepare()
        with self.connection.client() as client, self.connection.exclusive():
            if found := self._parents(client, dagster_run_id):
                client.set_tag(found[0], RUN_TAG, dagster_run_id)
                return found[0]
            tags = {PARENT_TAG: dagster_run_id, RUN_TAG: dagster_run_id}
            made: str = client.create_run(experiment, run_name=job_name, tags=tags).info.run_id
            first = self._parents(client, dagster_run_id)[0]
            if first != made:
                client.delete_run(made)
            return first

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
        """Log one model as a finished (or failed) child of `parent`; its run id.

        A step that is repeated with the same tags finds the child that it finished before.
        """
        experiment = self.prepare()
        with self.connection.client() as client:
            own = {
                "mlflow.parentRunId": parent,
                RUN_TAG: client.get_run(parent).data.tags.get(PARENT_TAG, ""),
                **(tags or {}),
            }
            if not failed and (found := _finished_child(client, experiment, name=name, tags=own)):
                return found
            run_id: str = client.create_run(experiment, run_name=name, tags=own).info.run_id
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
        """Add to a run, in most cases the parent: figures, the report, the data set."""
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
        """End the parent; a child that is still running belonged to a process that died: marked killed."""
        experiment = self.prepare()
        with self.connection.client() as client:
            orphans = client.search_runs(
                [experiment], f"tags.`mlflow.parentRunId` = '{parent}' and attributes.status = 'RUNNING'"
            )
            for orphan in orphans:
                client.set_terminated(orphan.info.run_id, status="KILLED")
            client.set_terminated(parent, status="FAILED" if failed else "FINISHED")

    def running_parents(self) -> dict[str, str]:
        """Parents that have not ended, {Dagster run id: MLflow run id}, so that dead ones can be finished."""
        experiment = self.prepare()
        with self.connection.client() as client:
            running = client.search_runs([experiment], f"attributes.status = 'RUNNING' and tags.{PARENT_TAG} != ''")
        return {run.data.tags[PARENT_TAG]: run.info.run_id for run in running}

    def _parents(self, client: "MlflowClient", dagster_run_id: str) -> list[str]:
        found = client.search_runs([str(self._experiment_id)], f"tags.{PARENT_TAG} = '{dagster_run_id}'")
        return [run.info.run_id for run in sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))]

    def _find_or_make_experiment(self, client: "MlflowClient") -> str:
        from mlflow.exceptions import MlflowException

        found = client.get_experiment_by_name(self.experiment)
        if found is None:
            root = self.connection.artifact_root
            location = f"{root.rstrip('/')}/{self.experiment}" if root else None
            try:
                return str(client.create_experiment(self.experiment, artifact_location=location, tags=_KIND))
            except MlflowException as error:
                # On a server somebody else may have been faster.
                found = client.get_experiment_by_name(self.experiment)
                if found is None:
                    raise error
        return str(found.experiment_id)


def _finished_child(client: "MlflowClient", experiment: str, *, name: str, tags: Mapping[str, str]) -> str | None:
    parent = tags["mlflow.parentRunId"]
    finished = client.search_runs(
        [experiment],
        f"tags.`mlflow.parentRunId` = '{parent}' and attributes.run_name = '{name}' and attributes.status = 'FINISHED'",
    )
    same = (run.info.run_id for run in finished if tags.items() <= run.data.tags.items())
    return next(same, None)

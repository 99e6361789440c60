"""The Dagster resource that gives assets access to the store, reports, parameters and MLflow.

Nothing is opened before it is used. Not here: the environment (`settings`), parameters (`params`).
"""

import datetime as dt
from functools import cached_property
from pathlib import Path

import dagster as dg

from migraine_assets.core.tasks import Task
from migraine_assets.defs.run_owner import PROCESS_TAG, this_process
from migraine_assets.params import Params, load_params
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store
from migraine_assets.stores.tracking.experiments import Tracker


class Workspace(dg.ConfigurableResource[None]):
    """The locations of all state: store, reports, landing folder, parameters and experiments.

    `mlflow_address` and `reports_address`: the addresses of the MLflow UI and of the reports in a browser; None if
    unknown.
    """

    store_uri: str
    reports: str
    landing: str
    tracking_uri: str
    artifact_root: str
    params_path: str | None = None
    source: str | None = None
    mapping: str | None = None
    mlflow_address: str | None = None
    reports_address: str | None = None

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Tag the run with this process, so that a killed run can be detected."""
        if context.run is not None and context.instance is not None:
            context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: this_process()})

    @cached_property
    def _store(self) -> Store:
        return Store(self.store_uri)

    @property
    def store(self) -> Store:
        """The content-addressed store."""
        return self._store

    def params(self) -> Params:
        """Return the parameters. The file is read on each call, so that the next run uses an edit."""
        return load_params(Path(self.params_path) if self.params_path else None)

    @cached_property
    def _trackers(self) -> dict[Task, Tracker]:
        # One connection: a run waits for an unavailable server once.
        tracker = Tracker(self.tracking_uri, artifact_root=self.artifact_root)
        return {"attack": tracker.of("attack"), "severity": tracker.of("severity")}

    def tracker(self, task: Task) -> Tracker:
        """Return the MLflow experiment of a task: one object per run."""
        return self._trackers[task]


def today() -> dt.date:
    """Return the current day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def workspace_from(settings: Settings) -> Workspace:
    """Return the workspace that the settings describe."""
    return Workspace(
        store_uri=settings.store_location,
        reports=str(settings.reports),
        landing=str(settings.landing),
        tracking_uri=settings.tracking_uri,
        artifact_root=settings.artifact_root,
        params_path=str(settings.params) if settings.params else None,
        source=settings.source,
        mapping=settings.mapping,
        mlflow_address=settings.mlflow_address,
        reports_address=settings.reports_address,
    )

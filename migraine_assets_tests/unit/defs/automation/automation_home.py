"""A store, a Dagster instance with real runs, and the sensor that publishes their status."""

from pathlib import Path

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._utils.error import SerializableErrorInfo

from migraine_assets.defs.automation.status_sensor import operations_figures
from migraine_assets.defs.resources import workspace_from
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.pipeline_status import (
    PipelineStatus,
    read_pipeline_status,
)
from migraine_assets.stores.store import Store


@dg.op(config_schema={"fails": dg.Field(bool, default_value=False)})
def work(context: dg.OpExecutionContext) -> None:
    if context.op_config["fails"]:
        raise ValueError("requested failure")


@dg.job
def nightly() -> None:
    work()


@dg.sensor(job=nightly, minimum_interval_seconds=45)
def watcher() -> None: ...


@dg.schedule(job=nightly, cron_schedule="0 4 * * *")
def daily() -> None: ...


class AutomationHome:
    """A store, an instance and a code location around the sensor."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.workspace = workspace_from(Settings(home=home))
        self.store: Store = self.workspace.store
        self.instance = instance
        self.definitions = dg.Definitions(
            jobs=[nightly],
            sensors=[operations_figures, watcher],
            schedules=[daily],
            resources={"workspace": self.workspace},
        )

    def run(self, *, fails: bool = False, tags: dict[str, str] | None = None) -> None:
        config = {"ops": {"work": {"config": {"fails": fails}}}}
        nightly.execute_in_process(config, instance=self.instance, raise_on_error=False, tags=tags)

    def published(self) -> PipelineStatus:
        """Evaluate the sensor once and return the published status."""
        repository, resources = self.definitions.get_repository_def(), {"workspace": self.workspace}
        context = dg.build_sensor_context(self.instance, repository_def=repository, resources=resources)
        assert isinstance(operations_figures(context), dg.SkipReason)
        status = read_pipeline_status(self.store)
        assert status is not None
        return status

    def switched_on(self, name: str, kind: InstigatorType, status: InstigatorStatus) -> None:
        """Add Dagster's own record of a sensor or schedule."""
        repository = self.definitions.get_repository_def()
        location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="m"), location_name="here")
        origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, repository.name), name)
        data = (
            SensorInstigatorData(min_interval=45)
            if kind == InstigatorType.SENSOR
            else ScheduleInstigatorData("* * * * *")
        )
        self.instance.add_instigator_state(InstigatorState(origin, kind, status, data))

    def tick(self, name: str, status: TickStatus, when: float) -> None:
        [state] = [state for state in self.instance.all_instigator_state() if state.name == name]
        origin, kind = state.instigator_origin_id, state.instigator_type
        error = SerializableErrorInfo("requested failure", [], None) if status == TickStatus.FAILURE else None
        data = TickData(origin, name, kind, status, when, run_ids=[], error=error, selector_id=state.selector_id)
        self.instance.create_tick(data)

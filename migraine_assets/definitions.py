"""The Dagster code location, which assembles assets, checks, jobs, sensors, schedules and resources.

Not here: the definitions themselves (`defs`).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from migraine_assets.defs.alerting.sensors import alert_sensors, on_by_default
from migraine_assets.defs.assets.champions import champion_assets
from migraine_assets.defs.assets.evaluation import evaluation_assets
from migraine_assets.defs.assets.features import features
from migraine_assets.defs.assets.folds import folds
from migraine_assets.defs.assets.models import model_assets
from migraine_assets.defs.assets.preprocessed_diary import preprocessed_diary
from migraine_assets.defs.assets.raw_diary import raw_diary
from migraine_assets.defs.assets.validated_diary import validation
from migraine_assets.defs.automation.schedules import automation_schedules
from migraine_assets.defs.automation.sensors import automation_sensors
from migraine_assets.defs.automation.status_sensor import operations_figures
from migraine_assets.defs.checks.diary import raw_diary_checks, validated_diary_checks
from migraine_assets.defs.checks.features import features_checks, folds_checks
from migraine_assets.defs.code_versions import with_code_versions
from migraine_assets.defs.executors import executor_of
from migraine_assets.defs.forecasts import forecast_assets
from migraine_assets.defs.io_managers import ReferenceIOManager
from migraine_assets.defs.jobs import JOBS
from migraine_assets.defs.mlflow_resource import mlflow_of_run
from migraine_assets.defs.monitoring.assets import monitoring_assets
from migraine_assets.defs.monitoring.checks import monitoring_checks
from migraine_assets.defs.resources import workspace_from
from migraine_assets.settings import Settings
from migraine_assets.stores.file_modes import restrict


def build_defs(*, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Return all definitions, with resources from the environment; `resources` replaces resources by name."""
    settings = Settings()
    workspace = (resources or {}).get("workspace") or workspace_from(settings)
    default = {
        "workspace": workspace,
        "io_manager": ReferenceIOManager(workspace=workspace),
        "mlflow": mlflow_of_run.configured(
            {"tracking_uri": workspace.tracking_uri, "artifact_root": workspace.artifact_root}
        ),
    }
    assets = [raw_diary, validation, preprocessed_diary, features, folds]
    first = workspace.params().monitoring.first_day
    return dg.Definitions(
        assets=with_code_versions(
            [
                *assets,
                *model_assets(),
                *evaluation_assets(),
                *champion_assets(),
                *forecast_assets(first),
                *monitoring_assets(first),
            ]
        ),
        asset_checks=[raw_diary_checks, validated_diary_checks, features_checks, folds_checks, *monitoring_checks()],
        jobs=JOBS,
        sensors=[
            operations_figures,
            *automation_sensors(on=settings.automation),
            *alert_sensors(running=on_by_default(settings)),
        ],
        schedules=automation_schedules(on=settings.automation),
        resources={**default, **(resources or {})},
        executor=executor_of(settings),
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """Return the definitions, which Dagster loads in each process of a run."""
    restrict(group=Settings().group_access)
    return build_defs()

"""The asset `forecasts`: each night, the forecast of the next day for every participant of the newest delivery.

Here belong the asset and the check that counts participants without a forecast. Not here: forecasting
(`prediction.forecasts`), records (`prediction.forecast_log`), the schedule (`defs.automation.schedules`).
"""

import datetime as dt
from typing import Any

import dagster as dg

from migraine_assets.defs.forecast_shards import delivered_shards
from migraine_assets.defs.forecast_webhooks import NightForWebhooks
from migraine_assets.defs.refs import DiaryRef, current
from migraine_assets.defs.resources import Workspace, today
from migraine_assets.errors import DataRefused
from migraine_assets.prediction.forecast_log import Logged, NightIds, log_forecasts
from migraine_assets.prediction.forecasts import forecast_shards
from migraine_assets.prediction.model_set import ModelSet, promoted_models
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.settings import Settings
from migraine_assets.stores.signing_secret import shared_secret

GROUP = "g7_forecasts"
OWNERS = ["team:ml"]
NAME, CHECK = "forecasts", "participants_have_forecasts"


def forecast_assets(first_day: dt.date) -> list[dg.AssetsDefinition]:
    """Return the asset, with a partition for each day (UTC) from `first_day` to today."""
    check = dg.AssetCheckSpec(
        CHECK, asset=NAME, description="Participants without a forecast, by reason. Fails if there are no forecasts."
    )

    @dg.asset(
        name=NAME,
        partitions_def=dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), end_offset=1),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"onnx"},
        deps=["preprocessed_diary", ["champions", "attack"], ["champions", "severity"]],
        check_specs=[check],
        description=(
            "Forecasts made on the day, of the next day of every participant in the newest delivery: the day itself, "
            "or the day after the end of a diary that ends earlier. They are prediction records like those of the "
            "service: monitored, compared with outcomes of later diaries, and replayable. Running a day again replaces "
            "its records."
        ),
    )
    def forecasts(  # type: ignore[no-untyped-def]  # Dagster would read the annotation as one output of two
        context: dg.AssetExecutionContext, workspace: Workspace
    ):
        return _materialize(workspace, dt.date.fromisoformat(context.partition_key))

    return [forecasts]


def _materialize(workspace: Workspace, day: dt.date) -> dg.MaterializeResult[Any]:
    store, diary = workspace.store, current(workspace.store, "preprocessed_diary")
    if diary is None:
        raise DataRefused("No diary was delivered yet. Materialize 'preprocessed_diary' first.")
    if diary.delivery.first_day is None:
        raise DataRefused("The newest delivery has no dates, so there is no next day to forecast.")
    # The secret of the service. With another one, feedback on these IDs would be refused.
    secret = shared_secret(store, configured=Settings().signing_secret)
    models = promoted_models(store)
    ids = NightIds(secret, day, _about(diary, models))
    predictor = Predictor(lambda: models, make_ids=ids.make, secret=secret)
    delivered = delivered_shards(store, diary, models)
    shards = forecast_shards(delivered, predictor, today=today(), day=day, earlier=True)
    night = NightForWebhooks.of(diary.delivery.source, Settings(), day=day)
    logged = log_forecasts(store, night.passing(shards), day=day, secret=secret)
    simulated = any(model.champion.simulated for model in models.tasks.values())
    queued = night.queue(store, simulated=simulated, now=dt.datetime.now(dt.UTC))
    return _result(logged, models, diary, day, queued=queued)


def _about(diary: DiaryRef, models: ModelSet) -> str:
    bundles = [model.bundle.hash for task in models.tasks.values() for model in task.all]
    return ":".join((diary.frame.version, *sorted(bundles)))


def _result(
    logged: Logged, models: ModelSet, diary: DiaryRef, day: dt.date, *, queued: int
) -> dg.MaterializeResult[Any]:
    counts = ", ".join(f"{count:,} {reason}" for reason, count in logged.without.items())
    summary = f"{logged.forecasts:,} of {logged.participants:,} participants have a forecast made on {day}."
    reasons = f" Without: {counts}." if counts else ""
    if logged.earlier:
        reasons = f" {logged.earlier:,} diaries end earlier: the forecast is of the day after.{reasons}"
    champions = {task: model.champion for task, model in models.tasks.items()}
    metadata: dict[str, Any] = {
        "summary": summary + reasons,
        "dagster/row_count": logged.forecasts,
        "participants": logged.participants,
        "without a forecast": dict(logged.without),
        "diaries that end earlier": logged.earlier,
        "diary": diary.delivery.description,
        "simulated model": any(model.simulated for model in champions.values()),
        **{f"{task} model": f"{m.manifest.algorithm} {m.bundle.hash}" for task, m in champions.items()},
        **({"forecasts for webhooks": queued} if queued else {}),
        **({} if logged.mean_risk is None else {"mean risk": logged.mean_risk}),
    }
    check = dg.AssetCheckResult(
        check_name=CHECK,
        passed=logged.forecasts > 0,
        severity=dg.AssetCheckSeverity.WARN,
        description=summary + reasons,
        metadata=dict(logged.without),
    )
    return dg.MaterializeResult(metadata=metadata, check_results=[check])

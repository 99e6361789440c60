"""The Dagster jobs: the full pipeline, retraining, nightly forecasts, daily monitoring and the weekly report.

Not here: when they run (`defs.automation`).
"""

import dagster as dg

# The assets of single days.
_DAILY = dg.AssetSelection.groups("monitoring", "g7_forecasts")
FULL_PIPELINE = dg.define_asset_job(
    "full_pipeline",
    selection=dg.AssetSelection.all() - _DAILY,
    description=(
        "The full pipeline, from the source to the champions. 'Materialize all' on this page starts it at once. The "
        "daily assets (forecasts, monitoring) are not part of it, so no day has to be chosen."
    ),
)
RETRAIN = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("features").downstream() - _DAILY,
    description="From the preprocessed diary to the champions, without reading the source again.",
)
MONITORING = dg.define_asset_job(
    "monitoring",
    selection=dg.AssetSelection.groups("monitoring"),
    description="Monitoring of one day (UTC): collect the predictions, compare them with the model, and report.",
)
FORECASTS = dg.define_asset_job(
    "nightly_forecasts",
    selection=dg.AssetSelection.groups("g7_forecasts"),
    description="The forecasts made on one day (UTC), from the entries of the day before, for every participant.",
)
WEEKLY_REPORT = dg.define_asset_job(
    "weekly_report",
    selection=dg.AssetSelection.assets("monitoring_report"),
    description="The monitoring report of one day, from existing results.",
)
JOBS = (FULL_PIPELINE, RETRAIN, FORECASTS, MONITORING, WEEKLY_REPORT)

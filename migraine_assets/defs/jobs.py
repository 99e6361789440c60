"""The jobs: the whole way, training anew on the diary that is there, and looking at what the service saw."""

import dagster as dg

FULL_PIPELINE = dg.define_asset_job(
    "full_pipeline",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("monitoring"),
    description="From the source to the champions.",
)
RETRAIN = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("features").downstream() - dg.AssetSelection.groups("monitoring"),
    description="From the preprocessed diary to the champions, without reading the source again.",
)
MONITORING = dg.define_asset_job(
    "monitoring",
    selection=dg.AssetSelection.groups("monitoring"),
    description="One day (UTC) of what the service saw: collected, held against the model, and reported.",
)
WEEKLY_REPORT = dg.define_asset_job(
    "weekly_report",
    selection=dg.AssetSelection.assets("monitoring_report"),
    description="The page of a day, from what was found.",
)
JOBS = (FULL_PIPELINE, RETRAIN, MONITORING, WEEKLY_REPORT)

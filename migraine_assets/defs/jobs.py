"""The jobs: the whole way, and training anew on the diary that is there."""

import dagster as dg

FULL_PIPELINE = dg.define_asset_job(
    "full_pipeline",
    selection=dg.AssetSelection.all(),
    description="From the source to the champions.",
)
RETRAIN = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("features").downstream(),
    description="From the preprocessed diary to the champions, without reading the source again.",
)
JOBS = (FULL_PIPELINE, RETRAIN)

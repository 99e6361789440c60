"""The asset `features`: one row of model inputs per diary day, with the targets.

Not here: what a feature is (`core.features.table`), what a target is (`core.features.labels`), the split
(`defs.assets.folds`).
"""

import dagster as dg

from migraine_assets.core.contract import Contract
from migraine_assets.core.features.matrix import feature_rows
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.core.features.table import recipe_of
from migraine_assets.defs.metadata import frame_metadata
from migraine_assets.defs.refs import DiaryRef, FeaturesRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.stores.assets.frames import read_frame, write_frame

OWNERS = ["team:ml"]
GROUP = "g2_features"


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"numpy", "parquet"},
    description="One row of model inputs per diary day, with the targets to predict from it.",
)
def features(workspace: Workspace, preprocessed_diary: DiaryRef) -> dg.MaterializeResult[FeaturesRef]:
    frame = read_frame(workspace.store, preprocessed_diary.frame)
    delivery = preprocessed_diary.delivery
    recipe = recipe_of(Contract(preprocessed_diary.fields), preprocessed_diary.cleaning, delivery.outcome.attack)
    rows = feature_rows(frame, horizon=delivery.horizon, plan=compile_recipe(recipe), outcome=delivery.outcome)
    value = FeaturesRef(
        frame=write_frame(workspace.store, "features", rows.frame),
        delivery=delivery,
        names=rows.names,
        severity_kind=rows.severity_kind,
        code_version=recipe.version,
        steps=preprocessed_diary.steps,
        recipe=recipe,
    )
    descriptions = {feature.name: feature.description for feature in recipe.features}
    attacks = int(rows.frame["target_attack"].sum())
    summary = f"{len(rows.names)} features of {len(rows.frame):,} days; {attacks:,} attacks to predict"
    return dg.MaterializeResult(
        value=value,
        data_version=dg.DataVersion(value.frame.version),
        metadata=frame_metadata(value.frame, rows.frame, summary=summary, descriptions=descriptions),
    )

"""Code versions of the assets, from the source text of the modules that compute them."""

from collections.abc import Sequence

import dagster as dg

from migraine_assets.defs.recall import code_version

# The modules behind the assets of each group.
MODULES: dict[str, tuple[str, ...]] = {
    "g1_diary": (
        "migraine_assets.sources",
        "migraine_assets.core.contract",
        "migraine_assets.core.validation",
        "migraine_assets.core.validation_rules",
        "migraine_assets.core.preprocess",
    ),
    "g2_features": (
        "migraine_assets.core.contract",
        "migraine_assets.core.diary",
        "migraine_assets.core.diary_frame",
        "migraine_assets.core.daily",
        "migraine_assets.core.windows",
        "migraine_assets.core.feature",
        "migraine_assets.core.feature_rows",
        "migraine_assets.core.feature_table",
        "migraine_assets.core.features",
        "migraine_assets.core.labels",
        "migraine_assets.core.folds",
    ),
    "g3_classifiers": ("migraine_assets.core", "migraine_assets.stores"),
    "g4_regressors": ("migraine_assets.core", "migraine_assets.stores"),
    "g5_evaluation": ("migraine_assets.core", "migraine_assets.report", "migraine_assets.stores"),
    "g6_champions": ("migraine_assets.core.promotion", "migraine_assets.stores"),
    "monitoring": ("migraine_assets.core.monitoring", "migraine_assets.stores.monitoring"),
}


def with_code_versions(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The same assets, each with its code version: the UI shows what is older than its code."""
    return [asset.map_asset_specs(_versioned) for asset in assets]


def _versioned(spec: dg.AssetSpec) -> dg.AssetSpec:
    return spec.replace_attributes(code_version=code_version(*MODULES[spec.group_name or ""]))

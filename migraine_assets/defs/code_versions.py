"""Code versions of the assets, from the source text of the modules that compute them."""

from collections.abc import Sequence

import dagster as dg

from migraine_assets.defs.caching import code_version

# The modules behind the assets of each group.
MODULES: dict[str, tuple[str, ...]] = {
    "g1_diary": (
        "migraine_assets.sources",
        "migraine_assets.core.contract",
        "migraine_assets.core.diary.validation",
        "migraine_assets.core.diary.rules",
        "migraine_assets.core.diary.preprocess",
    ),
    "g2_features": (
        "migraine_assets.core.contract",
        "migraine_assets.core.features.diary",
        "migraine_assets.core.features.from_frame",
        "migraine_assets.core.features.daily",
        "migraine_assets.core.features.windows",
        "migraine_assets.core.features.operations",
        "migraine_assets.core.features.matrix",
        "migraine_assets.core.features.table",
        "migraine_assets.core.features.engine",
        "migraine_assets.core.features.labels",
        "migraine_assets.core.evaluation.folds",
    ),
    "g3_classifiers": ("migraine_assets.core", "migraine_assets.stores"),
    "g4_regressors": ("migraine_assets.core", "migraine_assets.stores"),
    "g5_evaluation": ("migraine_assets.core", "migraine_assets.report", "migraine_assets.stores"),
    "g6_champions": ("migraine_assets.core.evaluation.gate", "migraine_assets.stores"),
    "monitoring": ("migraine_assets.core.monitoring", "migraine_assets.stores.monitoring"),
}


def with_code_versions(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The same assets, each with its code version: the UI shows what is older than its code."""
    return [asset.map_asset_specs(_versioned) for asset in assets]


def _versioned(spec: dg.AssetSpec) -> dg.AssetSpec:
    return spec.replace_attributes(code_version=code_version(*MODULES[spec.group_name or ""]))

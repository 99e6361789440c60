"""A small bundle for tests: a graph of three features, written by hand."""

from typing import Any

import msgspec
import numpy as np

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.table import default_recipe
from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.stores.bundles.export.graph import Graph
from migraine_assets.stores.bundles.manifest import (
    MODEL_FILE,
    Agreement,
    Calibration,
    Manifest,
    TrainingCounts,
    outcome_of,
    sha256,
)

FEATURES = ("attack_today", "stress_level", "sleep_hours")


def example_model(*, weight: float = 1.0, width: int = 3, output: str = "probability") -> bytes:
    """Return the graph of sigmoid(weight * sum of the features)."""
    graph = Graph()
    wide = graph.cast("features", np.float64)
    total = graph.add("MatMul", wide, graph.doubles(np.full((width, 1), weight)))
    graph.cast(graph.add("Sigmoid", total), np.float32, output=output)
    return graph.serialize(source="features", width=width, result=output)


def example_manifest(model: bytes = b"model", **changes: Any) -> Manifest:
    """Return a manifest for `example_model`."""
    recipe = default_recipe().narrowed(FEATURES)
    plain = Manifest(
        task="attack",
        algorithm="logistic_regression",
        explanation_rows=1280,
        used="LogisticRegression",
        params={"C": 0.05},
        seed=7,
        horizon=1,
        outcome=outcome_of("attack", None, CONTRACT, horizon=1),
        contract=recipe.fields,
        cleaning=recipe.cleaning,
        quantities=recipe.quantities,
        features=recipe.features,
        features_version="f1",
        data_version="d1",
        calibration=Calibration(slope=1.0, intercept=0.0),
        threshold=0.3,
        conformal=None,
        bounds=None,
        base_rate=0.2,
        metrics={"roc_auc": IntervalRecord(value=0.7, ci_low=0.6, ci_high=None)},
        reference=(FeatureReference("stress_level", (1.0, 5.5), (3, 4, 1), 2),),
        training=TrainingCounts(rows=100, participants=10, folds=5, attacks=20),
        agreement=Agreement(rows=10, maximum=0.0, quantile_999=0.0),
        libraries={"numpy": "2"},
        notes=("ConvergenceWarning: müde",),
        files={MODEL_FILE: sha256(model)},
    )
    return msgspec.structs.replace(plain, **changes)

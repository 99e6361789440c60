"""Packing of a fitted model into a bundle: graph, agreement check, manifest.

This module needs the training libraries, so the service never imports it. Not here: writing bundles
(`stores.bundles.bundles`).
"""

from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import numpy as np

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.core.features.outcome import OutcomeDefinition
from migraine_assets.core.features.plan import Recipe
from migraine_assets.core.metrics.interval import Scores, interval_record
from migraine_assets.core.models.training import FittedModel, TrainingSet
from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.stores.bundles.export.export import to_onnx
from migraine_assets.stores.bundles.manifest import (
    MODEL_FILE,
    OUTPUT,
    Calibration,
    Conformal,
    Manifest,
    TrainingCounts,
    outcome_of,
    sha256,
)
from migraine_assets.stores.bundles.parity import compare

LIBRARIES = ("lightgbm", "numpy", "onnx", "onnxruntime", "scikit-learn", "scipy", "xgboost")


@dataclass(frozen=True)
class Context:
    """Facts that the bundle records besides the fit. `recipe`: the recipe that computed the training rows."""

    horizon: int
    severity_kind: str | None
    recipe: Recipe
    data_version: str
    metrics: Scores
    reference: tuple[FeatureReference, ...]
    outcome: OutcomeDefinition = field(default_factory=OutcomeDefinition)
    own_rate_days: float | None = None


@dataclass(frozen=True)
class Packed:
    """A manifest and its graph, for `stores.bundles.bundles.write_bundle`."""

    manifest: Manifest
    model: bytes


def pack(fitted: FittedModel, data: TrainingSet, context: Context) -> Packed:
    """Export `fitted`, compare the predictions of both, and build the manifest.

    Raises `BundleRefused` if the predictions disagree.
    """
    model, task = to_onnx(fitted, data.names), fitted.estimator.task
    agreement = compare(fitted, model, data.X, output=OUTPUT[task])
    definition = context.outcome
    also = {ATTACK if task == "attack" else SEVERITY, *(() if definition.attack.plain else (definition.attack.field,))}
    recipe = context.recipe.narrowed(data.names, also=also)
    manifest = Manifest(
        task=task,
        algorithm=fitted.estimator.key,
        used=fitted.used,
        params=dict(fitted.params),
        seed=fitted.seed,
        horizon=context.horizon,
        outcome=outcome_of(
            task,
            context.severity_kind,
            context.recipe.contract,
            horizon=context.horizon,
            definition=definition,
            own_rate_days=context.own_rate_days if task == "attack" else None,
        ),
        contract=recipe.fields,
        cleaning=recipe.cleaning,
        quantities=recipe.quantities,
        features=recipe.features,
        features_version=context.recipe.version,
        data_version=context.data_version,
        calibration=Calibration(**asdict(fitted.calibration)) if fitted.calibration else None,
        threshold=fitted.threshold,
        conformal=Conformal(**asdict(fitted.conformal)) if fitted.conformal else None,
        bounds=fitted.bounds,
        explanation_rows=fitted.estimator.explanation_rows,
        base_rate=float(data.y.mean()),
        metrics={name: interval_record(interval) for name, interval in context.metrics.items()},
        reference=context.reference,
        training=_counts(fitted, data),
        agreement=agreement,
        libraries={name: version(name) for name in LIBRARIES},
        notes=fitted.notes,
        files={MODEL_FILE: sha256(model)},
    )
    return Packed(manifest, model)


def _counts(fitted: FittedModel, data: TrainingSet) -> TrainingCounts:
    attacks = int(data.y.sum()) if fitted.estimator.task == "attack" else None
    return TrainingCounts(len(data.y), len(np.unique(data.participant)), len(np.unique(data.fold)), attacks)

"""From a fitted model to what is written: graph, agreement check, manifest.

Here belongs the composition; needs the training libraries, so the service never imports it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from migraine_assets.core.models.training import FittedModel, TrainingSet
from migraine_assets.stores.bundles.export.export import to_onnx
from migraine_assets.stores.bundles.manifest import FORMAT, MODEL_FILE, OUTPUT, Manifest, sha256
from migraine_assets.stores.bundles.parity import compare

LIBRARIES = ("lightgbm", "numpy", "onnx", "onnxruntime", "scikit-learn", "scipy", "xgboost")


@dataclass(frozen=True)
class Context:
    """What the bundle records and the fit does not know. `metrics` and `reference` are JSON-able."""

    horizon: int
    severity_kind: str | None
    features_version: str
    data_version: str
    metrics: Mapping[str, Any]
    reference: Mapping[str, Any]


@dataclass(frozen=True)
class Packed:
    """Manifest and graph, ready for `stores.bundles.bundles.write_bundle`."""

    manifest: Manifest
    model: bytes


def pack(fitted: FittedModel, data: TrainingSet, context: Context) -> Packed:
    """Export `fitted`, compare both predictions, describe it. Raises `BundleRefused` where they disagree."""
    model = to_onnx(fitted, data.names)
    agreement = compare(fitted, model, data.X, output=OUTPUT[fitted.estimator.task])
    manifest = Manifest(
        format=FORMAT,
        task=fitted.estimator.task,
        algorithm=fitted.estimator.key,
        used=fitted.used,
        params=dict(fitted.params),
        seed=fitted.seed,
        horizon=context.horizon,
        severity_kind=context.severity_kind,
        features=data.names,
        features_version=context.features_version,
        data_version=context.data_version,
        calibration=asdict(fitted.calibration) if fitted.calibration else None,
        threshold=fitted.threshold,
        conformal=asdict(fitted.conformal) if fitted.conformal else None,
        bounds=fitted.bounds,
        base_rate=float(data.y.mean()),
        metrics=dict(context.metrics),
        reference=dict(context.reference),
        training=_counts(fitted, data),
        agreement=asdict(agreement),
        libraries={name: version(name) for name in LIBRARIES},
        notes=fitted.notes,
        files={MODEL_FILE: sha256(model)},
    )
    return Packed(manifest, model)


def _counts(fitted: FittedModel, data: TrainingSet) -> dict[str, int]:
    counts = {
        "rows": len(data.y),
        "participants": len(np.unique(data.participant)),
        "folds": len(np.unique(data.fold)),
    }
    return {**counts, "attacks": int(data.y.sum())} if fitted.estimator.task == "attack" else counts

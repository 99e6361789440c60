"""The same data, parameters and code give the same bundle hash, even in another process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.models.catalogue import TABLE, find
from migraine_assets.stores.bundles.bundles import load_bundle, write_bundle
from migraine_assets.stores.bundles.manifest import Calibration, Conformal, TrainingCounts, sha256
from migraine_assets.stores.bundles.pack import Context, Packed, pack
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.training_data import NAMES, RECIPE, fitted, training_set

CONTEXT = Context(
    horizon=1,
    severity_kind=None,
    recipe=RECIPE,
    data_version="d1",
    metrics={"roc_auc": Interval(np.float64(0.7))},
    reference=(),
)


def packed(task: str, key: str) -> Packed:
    """Return the packed model, trained on the set of its task."""
    model = next(row for row in TABLE if (row.task, row.key) == (task, key))
    return pack(fitted(model), training_set(model.task), CONTEXT)


@pytest.mark.parametrize(("task", "key"), [("attack", "random_forest"), ("severity", "lightgbm")])
def test_the_bundle_predicts_what_the_fitted_model_predicts(tmp_path: Path, task: str, key: str) -> None:
    exported, store = packed(task, key), Store(str(tmp_path))
    bundle = load_bundle(store, write_bundle(store, exported.manifest, exported.model))
    model = fitted(next(row for row in TABLE if (row.task, row.key) == (task, key)))
    data = training_set(model.estimator.task)
    assert np.allclose(bundle.predict(data.X), model.train_prediction, atol=1e-5)


def test_the_manifest_describes_the_trained_model() -> None:
    manifest, model = packed("attack", "svm").manifest, fitted(find("attack", "svm"))
    data = training_set("attack")
    assert (manifest.algorithm, manifest.used) == ("svm", "SVC (RBF kernel)")
    assert manifest.names == NAMES
    assert manifest.params == {"C": 0.1, "gamma": 0.003, "n_components": 200}
    assert manifest.training == TrainingCounts(rows=500, participants=40, folds=4, attacks=int(data.y.sum()))
    assert manifest.base_rate == data.y.mean()
    assert manifest.threshold == model.threshold
    assert model.calibration is not None
    assert manifest.calibration == Calibration(model.calibration.slope, model.calibration.intercept)
    assert manifest.conformal is None
    assert manifest.agreement.maximum < 1e-5
    assert set(manifest.libraries) >= {"scikit-learn", "onnxruntime"}


def test_a_severity_bundle_keeps_its_interval_and_range() -> None:
    manifest, model = packed("severity", "ridge").manifest, fitted(find("severity", "ridge"))
    assert model.conformal is not None
    assert manifest.conformal == Conformal(0.9, model.conformal.quantile)
    assert manifest.bounds == (0.0, 10.0)
    assert manifest.calibration is None
    assert manifest.threshold is None
    assert manifest.training.attacks is None


def test_another_process_gives_every_bundle_the_same_hash() -> None:
    code = (
        "from migraine_assets_tests.unit.stores.bundles.test_pack import *\n"
        "print(*(sha256(packed(row.task, row.key).manifest.canonical()) for row in TABLE), sep='\\n')"
    )
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert other == [sha256(packed(row.task, row.key).manifest.canonical()) for row in TABLE]


def test_other_data_or_code_gives_another_hash() -> None:
    import dataclasses

    plain = packed("severity", "ridge").manifest
    changed = dataclasses.replace(CONTEXT, data_version="d2")
    other = pack(fitted(find("severity", "ridge")), training_set("severity"), changed).manifest
    assert sha256(plain.canonical()) != sha256(other.canonical())

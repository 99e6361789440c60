"""A graph whose predictions differ from the trained model is refused, even if the difference is small."""

import dataclasses

import numpy as np
import pytest

from migraine_assets.core.models.calibration import Sigmoid
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.models.training import FittedModel
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.export.export import to_onnx
from migraine_assets.stores.bundles.parity import compare, probe
from migraine_assets_tests.support.training_data import NAMES, fitted, training_set

X = training_set("attack").X


def _with(model: FittedModel, calibration: Sigmoid) -> bytes:
    return to_onnx(dataclasses.replace(model, calibration=calibration), NAMES)


def test_an_inverted_score_is_refused() -> None:
    model = fitted(find("attack", "svm"))
    assert model.calibration is not None
    turned = Sigmoid(-model.calibration.slope, model.calibration.intercept)
    with pytest.raises(BundleRefused, match="The exported svm differs from the trained one"):
        compare(model, _with(model, turned), X, output="probability")


@pytest.mark.parametrize(("shift", "refused"), [(1e-7, False), (1e-3, True)])
def test_the_tolerance_lies_between_rounding_and_a_difference(shift: float, refused: bool) -> None:
    model = fitted(find("attack", "xgboost"))
    assert model.calibration is not None
    moved = Sigmoid(model.calibration.slope, model.calibration.intercept + shift)
    if refused:
        with pytest.raises(BundleRefused, match=r"allowed 0\.001 and 0\.0001"):
            compare(model, _with(model, moved), X, output="probability")
    else:
        assert compare(model, _with(model, moved), X, output="probability").maximum < 1e-6


def test_an_answer_that_is_no_number_is_refused() -> None:
    model = fitted(find("attack", "naive_bayes"))
    with pytest.raises(BundleRefused):
        compare(model, _with(model, Sigmoid(float("nan"), 0.0)), X, output="probability")


def test_the_sample_has_real_sparse_wild_and_empty_rows() -> None:
    rows = probe(X, seed=1)
    missing = np.isnan(rows).mean(axis=1)
    assert missing[-1] == 1.0
    assert missing[400:800].mean() > 0.75
    assert np.nanmax(np.abs(rows[800:1200])) > 2 * np.nanmax(np.abs(X))
    assert np.array_equal(rows, probe(X, seed=1), equal_nan=True)
    assert len(probe(X[:10], seed=1)) == 31

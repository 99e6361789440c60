"""Training: out-of-fold predictions do not use their own fold, and equal arguments give equal models."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from migraine_assets.core.models.calibration import UNCALIBRATED
from migraine_assets.core.models.catalogue import CLASSIFIERS, REGRESSORS, TABLE, find
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.training import TimeOrder, fit_model, out_of_fold
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets_tests.support.training_data import fitted, label, training_set


@pytest.mark.parametrize("model", CLASSIFIERS, ids=label)
def test_a_classifier_finds_the_signal_without_learning_the_rows_by_heart(model: Estimator) -> None:
    result, data = fitted(model), training_set("attack")
    validated, trained = roc_auc_score(data.y, result.oof), roc_auc_score(data.y, result.train_prediction)
    assert validated > 0.7
    # With only five hundred rows, the limit is higher than the usual 0.10.
    assert trained - validated < 0.15
    assert 0.0 < result.oof.min() < result.oof.max() < 1.0
    assert result.oof.mean() == pytest.approx(data.y.mean(), abs=0.03)
    assert result.threshold is not None
    assert 0.0 < result.threshold < 1.0


@pytest.mark.parametrize("model", REGRESSORS, ids=label)
def test_a_regressor_finds_the_signal_and_states_its_interval(model: Estimator) -> None:
    result, data = fitted(model), training_set("severity")
    assert np.corrcoef(data.y, result.oof)[0, 1] > 0.5
    assert result.conformal is not None
    assert (np.abs(data.y - result.oof) <= result.conformal.quantile).mean() == pytest.approx(0.9, abs=0.01)
    assert result.calibration is None
    assert result.threshold is None


@pytest.mark.parametrize("model", TABLE, ids=label)
def test_rows_without_any_value_are_predicted_too(model: Estimator) -> None:
    p = fitted(model).predict(np.full((2, 8), np.nan, dtype=np.float32))
    assert p.shape == (2,)
    assert p.dtype == np.float64
    assert np.isfinite(p).all()


@pytest.mark.parametrize("key", ["logistic_regression", "xgboost", "lightgbm", "knn"])
def test_a_fold_is_predicted_without_its_own_rows(key: str) -> None:
    model, data = find("attack", key), training_set("attack")
    outside = data.fold == 1
    changed = dataclasses.replace(
        data, y=np.where(outside, 1 - data.y, data.y), X=np.where(outside[:, None], data.X * 2, data.X)
    )
    before, after = (out_of_fold(model, rows, model.params(), seed=0, threads=1) for rows in (data, changed))
    again = out_of_fold(model, dataclasses.replace(changed, X=data.X), model.params(), seed=0, threads=1)
    assert np.array_equal(before[outside], again[outside])
    assert not np.array_equal(before[~outside], after[~outside])


@pytest.mark.parametrize("model", TABLE, ids=label)
def test_the_same_arguments_give_the_same_model(model: Estimator) -> None:
    first, again = fitted(model), fit_model(model, training_set(model.task), seed=3)
    assert np.array_equal(first.oof, again.oof)
    assert np.array_equal(first.train_prediction, again.train_prediction)
    assert (first.calibration, first.threshold, first.conformal) == (
        again.calibration,
        again.threshold,
        again.conformal,
    )


@pytest.mark.parametrize("key", ["random_forest", "xgboost", "lightgbm", "gradient_boosting"])
def test_the_number_of_threads_does_not_change_the_model(key: str) -> None:
    """The last bits of a forest that predicts in parallel differ between runs, and so would the bundle's hash."""
    model = find("attack", key)
    result = fit_model(model, training_set("attack"), seed=3, threads=2)
    assert np.array_equal(result.oof, fitted(model).oof)
    assert result.calibration == fitted(model).calibration


def test_a_severity_stays_within_the_outcomes_of_training() -> None:
    model = fitted(find("severity", "linear"))
    wild = np.full((2, 8), 1e6, dtype=np.float32) * np.array([[1], [-1]], dtype=np.float32)
    assert model.bounds == (0.0, 10.0)
    assert set(model.predict(wild)) <= {0.0, 10.0}


def test_without_calibration_the_raw_log_odds_are_kept() -> None:
    result = fit_model(find("attack", "logistic_regression"), training_set("attack"), calibrate=False)
    assert result.calibration == UNCALIBRATED
    assert np.allclose(
        result.predict(training_set("attack").X), result.pipeline.predict_proba(training_set("attack").X)[:, 1]
    )


def test_a_library_that_does_not_converge_is_noted_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    result = fit_model(find("attack", "logistic_regression"), training_set("attack"), params={"max_iter": 1})
    assert len(result.notes) == 1
    assert result.notes[0].startswith("ConvergenceWarning: lbfgs failed to converge")
    assert capfd.readouterr() == ("", "")


def test_above_its_limit_the_support_vector_machine_is_approximated() -> None:
    svm = find("attack", "svm")
    assert svm.substitute is not None
    small = dataclasses.replace(svm, substitute=dataclasses.replace(svm.substitute, limit=300))
    result = fit_model(small, training_set("attack"))
    assert result.used.startswith("Nystroem")
    assert roc_auc_score(training_set("attack").y, result.oof) > 0.7


def test_a_row_limit_bounds_what_is_fitted_and_is_recorded() -> None:
    knn = dataclasses.replace(find("attack", "knn"), row_limit=120)
    result = fit_model(knn, training_set("attack"))
    assert len(result.pipeline[-1].reference_) <= 120
    assert result.used == "NearestNeighbors on 120 of 500 rows"


def test_the_clock_is_the_callers() -> None:
    ticks = iter((10.0, 12.5))
    model = find("severity", "ridge")
    assert fit_model(model, training_set("severity"), clock=lambda: next(ticks)).seconds == 2.5


def test_unknown_hyperparameters_are_refused_before_anything_is_fitted() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'alpha'"):
        fit_model(find("severity", "ridge"), training_set("severity"), params={"alfa": 1.0})


def test_one_class_outside_a_fold_is_refused_with_the_fold() -> None:
    data = training_set("attack")
    lonely = dataclasses.replace(data, y=(data.fold == 2).astype(np.float64))
    with pytest.raises(DataRefused, match="'svm' cannot be trained: all rows outside fold 2"):
        fit_model(find("attack", "svm"), lonely)


def test_a_single_fold_is_refused() -> None:
    data = training_set("severity")
    with pytest.raises(DataRefused, match="at least 2 folds"):
        fit_model(find("severity", "ridge"), dataclasses.replace(data, fold=np.zeros_like(data.fold)))


@pytest.mark.parametrize(("task", "key"), [("attack", "logistic_regression"), ("severity", "ridge")])
def test_folds_in_time_are_predicted_from_earlier_days_only(task: str, key: str) -> None:
    """The labels of later days may be anything: no prediction of an earlier one changes."""
    data, model = training_set(task), find(task, key)  # type: ignore[arg-type]
    day = np.arange(len(data.y))
    fold = (day * 4 // len(day)).astype(np.int8)
    ordered = dataclasses.replace(data, fold=fold, order=TimeOrder(day, day + 3))
    later = dataclasses.replace(ordered, y=np.where(fold == 3, data.y[::-1], data.y))
    raw, changed = (out_of_fold(model, each, model.params(), seed=1, threads=1) for each in (ordered, later))
    assert np.isnan(raw[fold == 0]).all()
    assert np.isfinite(raw[fold > 0]).all()
    np.testing.assert_array_equal(raw, changed)
    found = fit_model(model, ordered)
    assert np.isnan(found.oof).tolist() == (fold == 0).tolist()
    if task == "attack":
        order = np.argsort(raw[fold > 0], kind="stable")
        assert (np.diff(found.oof[fold > 0][order]) >= 0).all(), "calibration leaves the order of the days"

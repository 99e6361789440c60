"""The search is off by default, never lowers its own score, is deterministic, and has a time limit."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import log_loss

from migraine_assets.core.models.catalogue import TABLE, find
from migraine_assets.core.models.early_stopping import MAX_ROUNDS
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import collected_warnings
from migraine_assets.core.models.tuning import TuningSettings, score, tune
from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.support.training_data import label, training_set

BOOSTERS = [model for model in TABLE if model.early_stopping]


def test_the_search_is_off_by_default() -> None:
    tuned = tune(find("attack", "xgboost"), training_set("attack"), settings=TuningSettings())
    assert tuned.trials == ()
    assert tuned.params == find("attack", "xgboost").params()


@pytest.mark.parametrize("key", ["logistic_regression", "knn", "naive_bayes"])
def test_the_best_trial_wins_and_the_first_is_the_starting_point(key: str) -> None:
    model = find("attack", key)
    tuned = tune(model, training_set("attack"), settings=TuningSettings(trials=4))
    assert len(tuned.trials) == 5
    assert tuned.trials[0].params == model.params()
    assert tuned.params == max(tuned.trials, key=lambda trial: trial.score).params
    assert not tuned.cut


@pytest.mark.parametrize("model", BOOSTERS, ids=label)
def test_a_booster_gets_its_rounds_by_early_stopping(model: Estimator) -> None:
    tuned = tune(model, training_set(model.task), settings=TuningSettings(trials=1, folds=2))
    assert model.early_stopping is not None
    assert 1 <= int(tuned.trials[1].params[model.early_stopping.parameter]) < MAX_ROUNDS


@pytest.mark.parametrize("key", ["xgboost", "lightgbm", "gradient_boosting"])
def test_early_stopping_finds_a_number_of_rounds_that_few_others_beat(key: str) -> None:
    model, data = find("attack", key), training_set("attack", rows=800)
    learn, validation = data.rows(data.fold != 0), data.rows(data.fold == 0)
    params, early = model.params({"learning_rate": 0.3}), model.early_stopping
    assert early is not None
    with collected_warnings(1):
        rounds = early.best_rounds(model.build(params, 800, seed=0), learn.X, learn.y, validation.X, validation.y)

    def loss(number: int) -> float:
        with collected_warnings(1):
            pipeline = model.build(params | {early.parameter: number}, 800, seed=0).fit(learn.X, learn.y)
        return float(log_loss(validation.y, 1 / (1 + np.exp(-model.score(pipeline, validation.X)))))

    assert loss(rounds) < loss(rounds * 8)
    assert loss(rounds) <= loss(max(1, rounds // 4))


def test_two_searches_choose_the_same() -> None:
    model, data = find("severity", "lightgbm"), training_set("severity")
    first, again = (tune(model, data, settings=TuningSettings(trials=2, folds=2), seed=5) for _ in range(2))
    assert first == again


def test_the_time_budget_ends_the_search_and_is_recorded() -> None:
    ticks = itertools.count(0, 10)
    tuned = tune(
        find("severity", "ridge"),
        training_set("severity"),
        settings=TuningSettings(trials=50, seconds=25),
        clock=lambda: float(next(ticks)),
    )
    assert len(tuned.trials) == 3
    assert tuned.cut


def test_a_model_without_ranges_is_left_alone() -> None:
    assert tune(find("severity", "linear"), training_set("severity"), settings=TuningSettings(trials=9)).trials == ()


def test_the_starting_point_is_checked() -> None:
    with pytest.raises(ConfigurationError, match="alfa"):
        tune(find("severity", "ridge"), training_set("severity"), settings=TuningSettings(1), params={"alfa": 1})


def test_a_fold_with_one_class_counts_as_chance() -> None:
    assert score(find("attack", "svm"), np.zeros(3), np.arange(3.0)) == 0.5
    assert score(find("severity", "ridge"), np.zeros(2), np.array([3.0, -3.0])) == -3.0

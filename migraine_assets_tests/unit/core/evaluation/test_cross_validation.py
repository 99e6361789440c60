"""A model is evaluated on the training part only: scores, the lead over each baseline, flags."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.evaluation.cross_validation import (
    CrossValidated,
    Scorer,
    baseline_predictions,
    baseline_threshold,
    train_and_score,
)
from migraine_assets.core.evaluation.datasets import TaskData, task_data
from migraine_assets.core.evaluation.flags import LIMITS
from migraine_assets.core.evaluation.folds import TEST, TRAIN
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.models.threshold import choose_threshold
from migraine_assets.core.tasks import Task

NAMES = (
    "stress_level",
    "attack_last",
    "attacks_28d",
    "observed_28d",
    "severity_last",
    "severity_mean_28d",
    "attack_today",
)


def _data(task: Task, *, seed: int = 3, leak: bool = False) -> TaskData:
    random, people, days = np.random.default_rng(seed), 20, 40
    stress = random.normal(size=people * days)
    attack = (random.random(people * days) < 1 / (1 + np.exp(1 - 0.9 * stress))).astype(float)
    severity = np.clip(5 + stress + random.normal(0, 0.5, people * days), 0, 10)
    y = attack if task == "attack" else severity
    table = pd.DataFrame(
        {
            "participant_id": np.repeat([f"p{person}" for person in range(people)], days),
            "date": np.tile(pd.date_range("2024-01-01", periods=days).to_numpy(), people),
            **{name: random.integers(0, 2, people * days).astype(np.float32) for name in NAMES},
            f"target_{task}": y,
        }
    ).assign(stress_level=(y if leak else stress).astype(np.float32))
    person = np.repeat(np.arange(people), days)
    part = np.where(person < 16, TRAIN, TEST).astype(np.int8)
    fold = np.where(part == TRAIN, person % 4, -1).astype(np.int8)
    return task_data(task, table, names=NAMES, part=part, fold=fold, severity_kind="severity", horizon=1, cut_day=None)


def _judge(task: Task, data: TaskData, key: str) -> CrossValidated:
    return train_and_score(find(task, key), data, params={}, seed=1, threads=1, replicates=50, horizon=1, limits=LIMITS)


@pytest.mark.parametrize(
    ("task", "key", "metric"), [("attack", "naive_bayes", "roc_auc"), ("severity", "ridge", "rmse")]
)
def test_a_model_that_has_learnt_leads_over_the_base_rate(task: Task, key: str, metric: str) -> None:
    judged = _judge(task, _data(task), key)
    assert set(judged.lead) == {"base_rate", "persistence", "personal_rate"}
    assert judged.lead["base_rate"].ci_low > 0
    assert judged.cv[metric].ci_low < judged.cv[metric].value < judged.cv[metric].ci_high
    assert np.isnan(judged.train[metric].ci_low), "an interval of the in-sample score would say nothing"
    assert not any(flag.bars for flag in judged.flags)


def test_a_leak_bars_the_model() -> None:
    judged = _judge("attack", _data("attack", leak=True), "logistic_regression")
    assert [flag.name for flag in judged.flags if flag.bars and flag.name.startswith("too_good")]


def test_noise_is_flagged_as_no_better_than_the_baselines() -> None:
    data = _data("attack")
    random = np.random.default_rng(9)
    shuffled = replace(data, train=replace(data.train, y=random.permutation(data.train.y)))
    names = {flag.name for flag in _judge("attack", shuffled, "naive_bayes").flags}
    assert "underfitting" in names
    assert any(name.endswith("than_base_rate") for name in names)


def test_judging_never_looks_at_the_test_part() -> None:
    data = _data("attack")
    other = replace(data, test=replace(data.test, y=1 - data.test.y, X=data.test.X * 0))
    one, two = (_judge("attack", rows, "naive_bayes") for rows in (data, other))
    assert one.cv == two.cv
    assert one.flags == two.flags


def test_judging_twice_gives_the_same() -> None:
    one, two = (_judge("severity", _data("severity"), "random_forest") for _ in range(2))
    assert one.cv == two.cv
    assert one.lead == two.lead


def test_baselines_are_fitted_on_the_training_part() -> None:
    data = _data("attack")
    train, test = baseline_predictions(data)
    assert np.allclose(test["base_rate"], data.train.y.mean())
    assert {key: len(predictions) for key, predictions in train.items()} == dict.fromkeys(train, len(data.train.y))
    assert {key: len(predictions) for key, predictions in test.items()} == dict.fromkeys(test, len(data.test.y))


def test_a_baseline_gets_its_threshold_by_the_rule_for_models() -> None:
    """At a threshold of 0.5, a calibrated baseline of a rare outcome predicts no attack: recall and F1 would be 0."""
    data = _data("attack")
    train, _ = baseline_predictions(data)
    for prediction in train.values():
        threshold = baseline_threshold(data, prediction)
        assert threshold == choose_threshold(data.train.y, prediction)
        scores = Scorer(data, 50).train(prediction, threshold)
        assert scores["recall"].value > 0
        assert scores["f1"].value >= Scorer(data, 50).train(prediction, None)["f1"].value
    severity = _data("severity")
    assert baseline_threshold(severity, baseline_predictions(severity)[0]["base_rate"]) is None


def test_every_prediction_is_scored_on_the_same_draws() -> None:
    data = _data("attack")
    scorer = Scorer(data, 50)
    _, test = baseline_predictions(data)
    whole, half = (scorer.test(test["personal_rate"] * factor, None) or {} for factor in (1.0, 0.5))
    assert whole["roc_auc"] == half["roc_auc"], "ranks do not change with the scale"
    assert whole["brier"] != half["brier"]
    assert scorer.test(None, None) is None

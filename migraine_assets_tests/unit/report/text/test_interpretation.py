"""The sentences follow from the numbers, including unfavorable ones."""

import math
from dataclasses import replace
from typing import Any

import pytest

from migraine_assets.core.evaluation.results import ModelRow, Part, TaskEvaluation
from migraine_assets.core.evaluation.selection import Ranking
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.report.text.interpretation import calibration, gap, headline
from migraine_assets.report.text.question import heading, question

GOOD = {
    "roc_auc": Interval(0.80, 0.77, 0.83),
    "within_person_auc": Interval(0.58, 0.55, 0.61),
    "calibration_slope": Interval(1.0, 0.9, 1.1),
    "calibration_intercept": Interval(0.0, -0.1, 0.1),
}
OWN = {"personal_rate": {"test": {"roc_auc": Interval(0.78), "rmse": Interval(2.0)}}}


def _evaluation(test: dict[str, Interval] | None = None, **changes: Any) -> TaskEvaluation:
    row = ModelRow("lightgbm", "lightgbm", 1.0, None, None, GOOD if test is None else test)
    evaluation = TaskEvaluation(
        task="attack",
        severity_kind="severity",
        horizon=1,
        train=Part(1000, 100),
        test=Part(1234, 27),
        flow=(),
        rows=(row,),
        baselines=OWN,
        ranking=Ranking(("lightgbm",), ()),
    )
    return replace(evaluation, **changes)


def _text(evaluation: TaskEvaluation) -> str:
    return " ".join(headline(evaluation))


def test_the_first_sentence_names_the_participants_and_the_interval() -> None:
    first = headline(_evaluation())[0]
    assert "27 participants that no model was trained on" in first
    assert "LightGBM" in first
    assert "0.800 (95 % interval 0.770 to 0.830)" in first


@pytest.mark.parametrize(
    ("gain", "phrase"),
    [
        (Interval(0.02, 0.01, 0.03), "more than chance would explain"),
        (Interval(0.02, -0.01, 0.05), "do not show a difference between the model and that simple rule"),
        (Interval(-0.02, -0.05, 0.01), "0.020 worse"),
        (Interval(-0.02, -0.03, -0.01), "the simple rule is the better forecast"),
        (Interval(0.02), "too few participants for an interval"),
    ],
)
def test_the_gain_over_the_own_rate_is_interpreted_by_its_interval(gain: Interval, phrase: str) -> None:
    text = _text(_evaluation(gain=gain))
    assert phrase in text
    assert "personal rate, 0.780" in text


def test_an_unknown_gain_is_not_mentioned() -> None:
    assert "participant’s own past" not in _text(_evaluation())


@pytest.mark.parametrize(("half", "phrase"), [(0.08, "wide"), (0.015, "narrow"), (0.04, "")])
def test_a_wide_interval_is_called_wide(half: float, phrase: str) -> None:
    text = _text(_evaluation({**GOOD, "roc_auc": Interval(0.8, 0.8 - half, 0.8 + half)}))
    assert [word for word in ("wide", "narrow") if f"interval is {word}" in text] == ([phrase] if phrase else [])


def test_ranking_participants_is_distinguished_from_forecasting_days() -> None:
    assert "among the days of a single participant" in _text(_evaluation())
    near = {**GOOD, "within_person_auc": Interval(0.79, 0.7, 0.85)}
    assert "a single participant" not in _text(_evaluation(near))


@pytest.mark.parametrize(
    ("slope", "intercept", "phrase"),
    [
        (Interval(1, 0.9, 1.1), Interval(0, -0.1, 0.1), "no miscalibration"),
        (Interval(0.5, 0.4, 0.6), Interval(0, -0.1, 0.1), "too extreme"),
        (Interval(1.5, 1.4, 1.6), Interval(0, -0.1, 0.1), "not extreme enough"),
        (Interval(1, 0.9, 1.1), Interval(0.3, 0.2, 0.4), "too low"),
        (Interval(1, 0.9, 1.1), Interval(-0.3, -0.4, -0.2), "too high"),
        (Interval(math.nan), Interval(0, -0.1, 0.1), ""),
    ],
)
def test_calibration_in_words(slope: Interval, intercept: Interval, phrase: str) -> None:
    text = calibration({"calibration_slope": slope, "calibration_intercept": intercept})
    assert phrase in text
    assert bool(text) is bool(phrase)


def test_a_severity_model_that_explains_nothing() -> None:
    scores = {"mae": Interval(1.8, 1.7, 1.9), "rmse": Interval(2.2), "r2": Interval(-0.03, -0.1, 0.02)}
    text = _text(_evaluation(scores, task="severity"))
    assert "mean absolute error of 1.80" in text
    assert "attack days" in text
    assert "explains none of the variance" in text
    assert "R² −0.03" in text
    better = _text(_evaluation({**scores, "r2": Interval(0.12, 0.05, 0.2)}, task="severity"))
    assert "explains 12\u202f% of the variance" in better


def test_without_a_champion_the_reason_is_given() -> None:
    failed = ModelRow("svm", "svm", 1.0, None, None, None, error="no")
    none = Ranking((), ())
    assert "every model failed" in _text(_evaluation(ranking=none, rows=(failed,)))
    assert "no model met the bar" in _text(_evaluation(ranking=none))
    assert "no model was trained" in _text(_evaluation(ranking=none, rows=()))
    both = _text(_evaluation(ranking=none, rows=(failed, *_evaluation().rows)))
    assert "1 of 2 models failed" in both


def test_a_champion_without_a_test_part() -> None:
    assert "no test part" in _text(_evaluation({}))


def test_the_question_depends_on_horizon_and_target() -> None:
    assert "tomorrow" in heading(_evaluation())
    assert "attack today" in question(_evaluation(horizon=0))
    assert "tomorrow" not in heading(_evaluation(horizon=0)) + question(_evaluation(horizon=0))
    burden = _evaluation(task="severity", severity_kind="burden")
    assert "next seven days" in question(burden)
    assert "attack days only" in question(_evaluation(task="severity"))


def test_the_gap_is_training_minus_validation() -> None:
    row = ModelRow("knn", "knn", 1.0, {"roc_auc": Interval(0.7)}, {"roc_auc": Interval(0.95)}, None)
    assert gap(row, "roc_auc") == pytest.approx(0.25)
    assert math.isnan(gap(row, "r2"))


@pytest.mark.parametrize(
    ("area", "phrase"),
    [
        (Interval(0.51, 0.44, 0.59), "not clearly better than chance"),
        (Interval(0.44, 0.40, 0.48), "worse than chance"),
        (Interval(0.60, 0.55, 0.65), ""),
        (Interval(0.60), ""),
    ],
)
def test_a_model_no_better_than_chance(area: Interval, phrase: str) -> None:
    evaluation = _evaluation({**GOOD, "roc_auc": area}, gain=Interval(0.1, 0.02, 0.2))
    chance = [sentence for sentence in headline(evaluation) if sentence.endswith("than chance (0.5).")]
    assert len(chance) == bool(phrase)
    assert all(phrase in sentence for sentence in chance)
    assert ("more than chance would explain" in _text(evaluation)) is (not phrase)


def test_rows_without_history_are_compared_with_the_base_rate() -> None:
    base = {"test": {"roc_auc": Interval(0.5, 0.5, 0.5)}}
    evaluation = _evaluation(
        horizon=0, gain=Interval(0.2, 0.1, 0.3), baselines={"personal_rate": base, "base_rate": dict(base)}
    )
    assert "participant’s own past" not in _text(evaluation)
    assert "than that of the base rate (these rows have no history), 0.500" in _text(evaluation)


def test_an_explained_variance_that_may_be_zero() -> None:
    known = {"mae": Interval(1.4, 1.2, 1.6), "r2": Interval(0.19, -0.1, 0.38)}
    assert "19\u202f% of the variance, a share that may be zero" in _text(_evaluation(known, task="severity"))
    sure = {**known, "r2": Interval(0.19, 0.1, 0.38)}
    assert "may be zero" not in _text(_evaluation(sure, task="severity"))

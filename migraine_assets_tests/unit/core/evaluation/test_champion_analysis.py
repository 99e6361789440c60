"""The analysis compares champion and challenger with the baselines on test rows, without changing the selection."""

from dataclasses import replace

import numpy as np
import pytest

from migraine_assets.core.evaluation.baselines import BASELINES
from migraine_assets.core.evaluation.champion_analysis import POINTS, ScoredRows, assemble
from migraine_assets.core.evaluation.results import ModelRow, Part, TaskEvaluation
from migraine_assets.core.evaluation.selection import Ranking
from migraine_assets.core.metrics.bootstrap import Floats
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.metrics.metrics import score_attack, score_severity
from migraine_assets.core.models.calibration import Conformal
from migraine_assets_tests.unit.report.simulated import attack_evaluation, severity_evaluation

PEOPLE, DAYS = 12, 30


def _bare(task: str, *, champion: str | None = "good") -> TaskEvaluation:
    conformal = Conformal(0.9, 1.0) if task == "severity" else None
    return TaskEvaluation(
        task="severity" if task == "severity" else "attack",
        severity_kind="severity",
        horizon=1,
        train=Part(1, 1),
        test=Part(PEOPLE * DAYS, PEOPLE),
        flow=(),
        rows=(
            ModelRow("good", "good", 1.0, None, None, None, threshold=0.5, conformal=conformal),
            ModelRow("other", "other", 1.0, None, None, None),
        ),
        baselines={},
        ranking=Ranking((champion, "other") if champion else (), ()),
    )


def _rows(task: str) -> ScoredRows:
    generator = np.random.default_rng(5)
    n = PEOPLE * DAYS
    score = generator.normal(size=n)
    y = (score + generator.normal(size=n) > 0).astype(float) if task == "attack" else 5 + score
    good = 1 / (1 + np.exp(-score)) if task == "attack" else y + generator.uniform(-1.5, 1.5, n)
    blind = np.full(n, y.mean())
    return ScoredRows(
        X=score[:, None].astype(np.float32),
        y=y,
        participant=np.repeat(np.arange(PEOPLE), DAYS),
        predictions={"good": good, "other": blind, **dict.fromkeys(BASELINES, blind)},
        dimensions={"Sex": np.where(np.arange(n) < n / 2, "F", "M").astype(object)},
    )


def _predict(X: np.ndarray) -> Floats:
    return X[:, 0].astype(np.float64)


def test_the_gain_is_the_difference_of_the_scores_and_positive_is_better() -> None:
    rows = _rows("attack")
    evaluation = assemble(_bare("attack"), rows, predict=None, inputs={})
    mine = score_attack(rows.y, rows.predictions["good"], rows.participant, threshold=0.5)["roc_auc"]
    assert evaluation.gain.value == pytest.approx(mine.value - 0.5)
    assert evaluation.gain.ci_low > 0


def test_a_gain_that_is_known_is_not_computed_again() -> None:
    known = Interval(0.125, 0.1, 0.15)
    assert assemble(replace(_bare("attack"), gain=known), _rows("attack"), predict=None, inputs={}).gain == known


def test_for_an_error_less_is_better() -> None:
    rows = _rows("severity")
    evaluation = assemble(_bare("severity"), rows, predict=None, inputs={})
    mine, own = (
        score_severity(rows.y, rows.predictions[key], rows.participant)["rmse"].value
        for key in ("good", "personal_rate")
    )
    assert evaluation.gain.value == pytest.approx(own - mine)


def test_curves_are_those_of_the_chosen_two_then_the_baselines() -> None:
    evaluation = assemble(_bare("attack"), _rows("attack"), predict=None, inputs={})
    assert [curves.key for curves in evaluation.curves] == ["good", "other", *BASELINES]


def test_the_confusion_matrix_counts_every_test_row_once() -> None:
    evaluation = assemble(_bare("attack"), _rows("attack"), predict=None, inputs={})
    matrix = evaluation.confusion
    assert matrix is not None
    assert matrix.threshold == 0.5
    cells = (matrix.true_negatives, matrix.false_positives, matrix.false_negatives, matrix.true_positives)
    assert sum(cells) == PEOPLE * DAYS


def test_what_the_model_does_not_use_has_no_importance() -> None:
    rows = replace(_rows("attack"), X=np.random.default_rng(1).normal(size=(PEOPLE * DAYS, 2)).astype(np.float32))
    evaluation = assemble(_bare("attack"), rows, predict=_predict, inputs={"used": (0,), "unused": (1,)})
    rises = {item.name: item.rise for item in evaluation.importance}
    assert rises["unused"] == 0
    assert rises["used"] != 0


def test_coverage_is_the_share_of_rows_within_the_promised_width() -> None:
    rows = _rows("severity")
    residuals = assemble(_bare("severity"), rows, predict=None, inputs={}).residuals
    assert residuals is not None
    assert residuals.coverage is not None
    inside = np.abs(rows.predictions["good"] - rows.y) <= 1.0
    assert residuals.coverage.observed.value == pytest.approx(inside.mean())
    assert residuals.coverage.observed.bounded
    assert residuals.counts.sum() == rows.y.size
    assert residuals.bias.value == pytest.approx((rows.predictions["good"] - rows.y).mean())
    assert residuals.observed.size <= POINTS


def test_without_a_promise_there_is_no_coverage() -> None:
    bare = _bare("severity")
    bare = replace(bare, rows=tuple(replace(row, conformal=None) for row in bare.rows))
    residuals = assemble(bare, _rows("severity"), predict=None, inputs={}).residuals
    assert residuals is not None
    assert residuals.coverage is None


@pytest.mark.parametrize("case", ["no champion", "no rows", "not scored"])
def test_with_nothing_to_show_the_evaluation_comes_back_as_it_was(case: str) -> None:
    bare = _bare("attack", champion=None if case == "no champion" else "good")
    rows = _rows("attack")
    if case == "no rows":
        empty = np.empty(0)
        rows = ScoredRows(rows.X[:0], empty, rows.participant[:0], dict.fromkeys(rows.predictions, empty))
    if case == "not scored":
        rows = replace(rows, predictions={})
    assert assemble(bare, rows, predict=_predict, inputs={"a": (0,)}) is bare


def test_one_class_gives_an_evaluation_without_claims_instead_of_an_error() -> None:
    rows = _rows("attack")
    evaluation = assemble(_bare("attack"), replace(rows, y=np.zeros(rows.y.size)), predict=_predict, inputs={"a": (0,)})
    assert np.isnan(evaluation.gain.value)
    assert evaluation.importance == ()
    assert all(group.reason for group in evaluation.subgroups)


def test_the_same_seed_gives_the_same_evaluation() -> None:
    first, again = (
        assemble(_bare("severity"), _rows("severity"), predict=_predict, inputs={"a": (0,)}) for _ in range(2)
    )
    assert first.gain == again.gain
    assert first.importance == again.importance
    assert first.subgroups == again.subgroups


def test_models_are_listed_best_first_and_failed_ones_last() -> None:
    evaluation = attack_evaluation(participants=15, days=20, failed={"lightgbm": "MemoryError: 3 GB"})
    keys = [row.key for row in evaluation.ranked()]
    assert tuple(keys[: len(evaluation.ranking.order)]) == evaluation.ranking.order
    assert keys[-1] == "lightgbm"
    assert {row.key for row in evaluation.rows} == set(keys)


def test_a_severity_evaluation_has_residuals_and_no_curves() -> None:
    evaluation = severity_evaluation(participants=15)
    assert evaluation.residuals is not None
    assert evaluation.curves == ()
    assert evaluation.confusion is None
    assert {group.events for group in evaluation.subgroups} == {None}

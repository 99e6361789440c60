"""The best two models are selected, barred models have a reason, and a champion is replaced only by a model as good."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.core.evaluation.gate import GateSettings, gate
from migraine_assets.core.evaluation.selection import Result, lead, meets_bar, rank
from migraine_assets.core.metrics.bootstrap import Floats, resample
from migraine_assets.core.metrics.interval import Interval, Scores
from migraine_assets.core.metrics.metrics import attack_draws, severity_draws
from migraine_assets.core.tasks import Task

LEAK = Flag("too_good_to_be_true", "It knows the answer.", bars=True)
NOTE = Flag("overfitting", "A gap.")


def _classifier(
    key: str, roc_auc: float, *, brier: float = 0.2, half: float = 0.02, flags: tuple[Flag, ...] = ()
) -> Result:
    cv = {"roc_auc": Interval(roc_auc, roc_auc - half, roc_auc + half), "brier": Interval(brier)}
    return Result(key, cv, {"base_rate": Interval(roc_auc - 0.5)}, flags)


def _regressor(key: str, rmse: float, ahead: float, *, mae: float = 1.0) -> Result:
    return Result(
        key,
        {"rmse": Interval(rmse), "mae": Interval(mae)},
        {"base_rate": Interval(ahead, ahead - 1, ahead + 1)},
    )


def test_classifiers_are_ranked_by_roc_auc() -> None:
    ranking = rank([_classifier("a", 0.7), _classifier("b", 0.8), _classifier("c", 0.75)], task="attack")
    assert (ranking.order, ranking.champion, ranking.challenger) == (("b", "c", "a"), "b", "c")


def test_regressors_are_ranked_by_rmse() -> None:
    ranking = rank([_regressor("a", 2.2, 0.1), _regressor("b", 2.1, 0.2)], task="severity")
    assert ranking.order == ("b", "a")


def test_ties_go_to_the_better_second_score_and_then_by_name() -> None:
    tied = [_classifier("z", 0.7, brier=0.18), _classifier("b", 0.7), _classifier("a", 0.7)]
    assert rank(tied, task="attack").order == ("z", "a", "b")
    assert rank(tied[::-1], task="attack").order == ("z", "a", "b")
    both = [_regressor("a", 2.0, 0.1, mae=1.5), _regressor("b", 2.0, 0.1, mae=1.4)]
    assert rank(both, task="severity").order == ("b", "a")


def test_barred_and_failed_models_are_left_out_with_their_reasons() -> None:
    failed = Result("f", {}, {}, failed="out of memory")
    results = [_classifier("leak", 0.95, flags=(LEAK,)), failed, _classifier("ok", 0.72, flags=(NOTE,))]
    ranking = rank(results, task="attack")
    assert (ranking.champion, ranking.challenger) == ("ok", None)
    reasons = {refusal.key: refusal.reasons for refusal in ranking.refused}
    assert reasons == {"leak": ("It knows the answer.",), "f": ("It was not trained: out of memory",)}


def test_no_model_is_champion_where_none_meets_the_bar() -> None:
    ranking = rank([_classifier("a", 0.51), _classifier("b", 0.49)], task="attack")
    assert (ranking.champion, ranking.order) == (None, ())
    assert len(ranking.refused) == 2


@pytest.mark.parametrize(
    ("roc_auc", "half", "good"), [(0.55, 0.04, True), (0.55, 0.05, False), (0.55, float("nan"), False)]
)
def test_a_classifier_is_better_than_chance_beyond_noise(roc_auc: float, half: float, good: bool) -> None:
    decision = meets_bar(_classifier("a", roc_auc, half=half), task="attack")
    assert decision.accepted == good
    assert good or "not clearly above 0.5" in decision.reasons[0]


@pytest.mark.parametrize(("ahead", "good"), [(0.01, True), (0.0, False), (-0.1, False), (float("nan"), False)])
def test_a_regressor_is_better_than_the_mean(ahead: float, good: bool) -> None:
    decision = meets_bar(_regressor("a", 2.0, ahead), task="severity")
    assert decision.accepted == good
    assert good or "not below that of the training mean" in decision.reasons[0]


def test_a_result_without_scores_is_refused_and_not_an_error() -> None:
    assert not meets_bar(Result("a", {}, {}), task="attack").accepted
    assert not meets_bar(Result("a", {}, {}), task="severity").accepted


def _test_rows(seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return outcomes, their true probabilities, and participants: 40 days of each of 40 people."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(40), 40)
    linear = generator.normal(-1, 1, 40)[group] + generator.normal(0, 0.7, group.size)
    p = 1 / (1 + np.exp(-linear))
    return (generator.random(p.size) < p).astype(np.float64), p, group.astype(np.float64)


def _blur(p: Floats, amount: float) -> Floats:
    noise = np.random.default_rng(9).normal(0, amount, p.size)
    return 1 / (1 + np.exp(-(np.log(p / (1 - p)) + noise)))


@pytest.mark.parametrize(
    ("task", "score", "accepted"),
    [
        ("attack", {"roc_auc": Interval(0.61, 0.55, 0.67)}, True),
        ("attack", {"roc_auc": Interval(0.555, 0.48, 0.63)}, False),
        ("attack", {}, False),
        ("severity", {"r2": Interval(0.1, 0.02, 0.2)}, True),
        ("severity", {"r2": Interval(0.1, -0.02, 0.2)}, False),
    ],
)
def test_the_first_champion_is_clearly_better_than_chance(task: Task, score: Scores, accepted: bool) -> None:
    y, p, group = _test_rows()
    decision = gate(task, y, p, None, group, validation=score)
    assert (decision.accepted, decision.outcome) == (accepted, "first" if accepted else "refused")
    assert accepted or "not clearly better than chance" in decision.reasons[0]


def test_the_same_bundle_changes_nothing() -> None:
    y, p, group = _test_rows()
    decision = gate("attack", y, p, p, group, same_bundle=True)
    assert (decision.accepted, decision.outcome) == (False, "unchanged")


def test_a_better_model_is_accepted() -> None:
    y, p, group = _test_rows()
    decision = gate("attack", y, p, _blur(p, 1.0), group)
    assert (decision.accepted, decision.outcome) == (True, "accepted")
    assert decision.figures["roc_auc"].ci_low > 0


def test_a_worse_model_is_refused_and_that_is_a_result() -> None:
    y, p, group = _test_rows()
    decision = gate("attack", y, _blur(p, 1.0), p, group)
    assert (decision.accepted, decision.outcome) == (False, "refused")
    assert "not better than that of the champion" in decision.reasons[0]
    assert decision.figures["roc_auc"].value < 0


def test_equal_predictions_do_not_lose() -> None:
    y, p, group = _test_rows()
    assert gate("attack", y, p, p.copy(), group).accepted


def test_a_loss_within_noise_keeps_the_incumbent_unless_a_margin_allows_it() -> None:
    y, p, group = _test_rows()
    slightly = _blur(p, 0.1)
    strict = gate("attack", y, slightly, p, group)
    assert -0.01 < strict.figures["roc_auc"].value < 0
    assert not strict.accepted
    assert gate("attack", y, slightly, p, group, settings=GateSettings(margin=0.02)).accepted
    assert not gate("attack", y, _blur(p, 1.5), p, group, settings=GateSettings(margin=0.02)).accepted


def test_ranking_as_well_with_spoilt_probabilities_is_refused() -> None:
    """ROC-AUC does not show this: the order is right, but every probability is wrong."""
    y, p, group = _test_rows()
    decision = gate("attack", y, np.sqrt(p), p, group)
    assert decision.figures["roc_auc"].value == 0
    assert not decision.accepted
    assert "Brier" in decision.reasons[0]


def test_a_model_that_has_lost_its_calibration_is_refused_with_its_figure() -> None:
    y, p, group = _test_rows()
    decision = gate("attack", y, p**0.6, p, group)
    assert not decision.accepted
    assert any("calibration is clearly worse" in reason for reason in decision.reasons)
    assert decision.figures["calibration"].ci_high < 0


def test_a_group_that_would_be_served_badly_is_named_although_the_whole_is_as_good() -> None:
    y, p, group = _test_rows()
    sex = np.array(["F" if person % 4 else None for person in group], dtype=object)
    other = np.where(sex == "F", y * 0.2 + p * 0.8, 1 - p)
    decision = gate("attack", y, other, p, group, groups={"Sex": sex})
    assert not decision.accepted
    assert any(reason.startswith("Predictions for Sex None would become worse") for reason in decision.reasons)
    assert gate("attack", y, p.copy(), p, group, groups={"Sex": sex}).accepted


def test_a_group_of_very_few_people_decides_nothing() -> None:
    y, p, group = _test_rows()
    few = np.array(["few" if person < 3 else "many" for person in group], dtype=object)
    other = np.where(few == "few", 1 - p, y * 0.3 + p * 0.7)
    assert not [r for r in gate("attack", y, other, p, group, groups={"Kind": few}).reasons if "Kind" in r]


def test_severity_is_judged_by_rmse() -> None:
    generator = np.random.default_rng(0)
    y, group = generator.normal(5, 2, 400), np.repeat(np.arange(20), 20)
    near, far = y + generator.normal(0, 1, 400), y + generator.normal(0, 2, 400)
    assert gate("severity", y, near, far, group).accepted
    decision = gate("severity", y, far, near, group)
    assert not decision.accepted
    assert "RMSE" in decision.reasons[0]


@pytest.mark.parametrize("spoilt", ["candidate", "incumbent", "outcomes"])
def test_what_cannot_be_compared_is_refused(spoilt: str) -> None:
    y, p, group = _test_rows()
    broken = np.full_like(p, np.nan)
    new, old = (broken if spoilt == side else p for side in ("candidate", "incumbent"))
    decision = gate("attack", np.ones_like(y) if spoilt == "outcomes" else y, new, old, group)
    assert (decision.accepted, decision.outcome) == (False, "refused")
    assert "cannot be compared" in decision.reasons[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1), st.floats(0, 1))
def test_of_two_models_at_most_one_displaces_the_other(seed: int, one: float, other: float) -> None:
    """Without a margin, two models cannot replace each other in turns unless their scores are equal."""
    y, p, group = _test_rows(seed)
    a, b = _blur(p, one), _blur(p, other)
    few = GateSettings(replicates=20)
    forth, back = (gate("attack", y, x, z, group, settings=few) for x, z in ((a, b), (b, a)))
    assert not (forth.accepted and back.accepted) or forth.figures["roc_auc"].value == 0


def test_a_lead_is_above_zero_for_the_better_in_both_tasks() -> None:
    y, p, group = _test_rows()
    draw = resample(group, replicates=20)
    good, poor = (attack_draws(y, x, draw, threshold=0.5) for x in (p, _blur(p, 2.0)))
    assert lead("attack", good, poor).ci_low > 0
    near, off = (severity_draws(y, x, draw) for x in (y * 0.9, y * 0.1))
    assert lead("severity", near, off).ci_low > 0


def test_a_decision_is_plain_json() -> None:
    y, p, group = _test_rows()
    text = json.dumps(gate("attack", y, p, p, group).to_json(), allow_nan=False)
    assert json.loads(text)["figures"]["roc_auc"] == {"value": 0.0, "ci_low": 0.0, "ci_high": 0.0}


@pytest.mark.parametrize(("own", "last", "accepted"), [(0.05, 0.01, True), (0.05, -0.01, False), (0.0, 0.05, False)])
def test_a_model_of_one_person_must_beat_every_baseline(own: float, last: float, *, accepted: bool) -> None:
    """With the whole interval of its lead: the best of several models is often above chance by luck."""
    leads = {"personal_rate": Interval(0.1, own, 0.2), "persistence": Interval(0.1, last, 0.2)}
    result = dataclasses.replace(_classifier("a", 0.64), lead=leads)
    assert meets_bar(result, task="attack").accepted
    decision = meets_bar(result, task="attack", one_person=True)
    assert decision.accepted is accepted
    assert accepted or "is not clearly better than that of the" in decision.reasons[0]

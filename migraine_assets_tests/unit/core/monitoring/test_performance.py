import msgspec
import numpy as np
import pytest

from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.metrics.metrics import score_attack, score_severity
from migraine_assets.core.monitoring.estimated_performance import METRICS, estimated_metrics
from migraine_assets.core.monitoring.performance import compare_estimate, estimated_performance, realized_performance
from migraine_assets.core.monitoring.performance_result import Performance, metric_intervals


def world(seed: int, people: int = 80, days: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return participants, calibrated probabilities, and outcomes drawn from these."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), days)
    p = 1 / (1 + np.exp(-(rng.normal(size=people)[who] + rng.normal(size=who.size) - 1)))
    return who, p, (rng.random(who.size) < p).astype(float)


def own_test(seed: int = 100) -> dict[str, Interval]:
    who, p, y = world(seed, people=200)
    return score_attack(y, p, who, threshold=0.4)


def test_an_unchanged_model_raises_an_alarm_on_few_days() -> None:
    reference, alarms = own_test(), 0
    for seed in range(30):
        who, p, y = world(seed)
        alarms += realized_performance("attack", y, p, who, reference=reference, threshold=0.4).alarms
    assert alarms <= 1


def test_a_changed_relation_is_a_degradation_with_its_metrics() -> None:
    who, p, y = world(1)
    performance = realized_performance(
        "attack", np.random.default_rng(2).permutation(y), p, who, reference=own_test(), threshold=0.4
    )
    assert performance.status == "degraded"
    assert any(reason.startswith("ROC-AUC") and "a drop of" in reason for reason in performance.reasons)


def test_probabilities_that_are_too_high_are_reported_although_their_order_is_right() -> None:
    who, p, y = world(3)
    performance = realized_performance("attack", y, p**0.3, who, reference={}, threshold=0.4)
    assert performance.status == "degraded"
    assert "too high" in performance.reasons[0]


def test_a_larger_error_of_severities_is_a_degradation() -> None:
    rng = np.random.default_rng(4)
    who, truth = np.repeat(np.arange(50), 10), rng.uniform(0, 10, 500)
    reference = score_severity(truth, truth + rng.normal(0, 1, 500), who)
    good, bad = (
        realized_performance(
            "severity", truth, truth + rng.normal(0, spread, 500), who, reference=reference, threshold=0.5
        )
        for spread in (1, 2)
    )
    assert (good.status, bad.status) == ("none", "degraded")
    assert "RMSE" in bad.reasons[0]


@pytest.mark.parametrize(("people", "days"), [(0, 0), (5, 40), (40, 1)])
def test_too_few_outcomes_are_too_little_data(people: int, days: int) -> None:
    who, p, y = world(5, people, days)
    performance = realized_performance("attack", 1 - y, p, who, reference=own_test(), threshold=0.4, pending=7)
    assert (performance.status, performance.pending) == ("too little data", 7)
    assert estimated_performance(p, who, threshold=0.4, reference=own_test()).status == "too little data"


def test_outcomes_without_attacks_are_too_little_data() -> None:
    who, p, y = world(6)
    performance = realized_performance("attack", 0 * y, p, who, reference=own_test(), threshold=0.4)
    assert performance.status == "too little data"


def test_calibrated_probabilities_imply_the_realized_metrics() -> None:
    who, p, y = world(7, people=600)
    promised, realized = estimated_metrics(p, who, threshold=0.4), score_attack(y, p, who, threshold=0.4)
    for name in METRICS[:-1]:
        assert promised[name].value == pytest.approx(realized[name].value, abs=0.015), name
    assert promised["attack_rate"].value == pytest.approx(y.mean(), abs=0.015)


def test_the_estimated_roc_auc_is_that_of_all_pairs() -> None:
    p = np.array([0.1, 0.1, 0.5, 0.9])
    weight = np.outer(p, 1 - p)
    right = (p[:, None] > p[None, :]) + 0.5 * (p[:, None] == p[None, :])
    expected = (weight * right).sum() / weight.sum()
    area = estimated_metrics(p, np.arange(4), threshold=0.5)["roc_auc"].value
    assert area == pytest.approx(expected)


def test_an_estimate_is_at_most_suspected() -> None:
    who, _, _ = world(8)
    estimate = estimated_performance(np.full(who.size, 0.5), who, threshold=0.4, reference=own_test())
    assert estimate.status == "suspected"


def test_an_estimate_is_compared_with_the_realized_metric() -> None:
    who, p, y = world(9)
    promised = metric_intervals(estimated_performance(p, who, threshold=0.4, reference={}).metrics)
    comparison = compare_estimate(promised, score_attack(y, p, who, threshold=0.4))
    broken = compare_estimate(promised, score_attack(np.random.default_rng(1).permutation(y), p, who, threshold=0.4))
    assert comparison["roc_auc"].held
    assert not broken["roc_auc"].held


def test_a_performance_comes_back_from_json() -> None:
    who, p, y = world(10)
    performance = realized_performance("attack", y, p, who, reference=own_test(), threshold=0.4)
    again = msgspec.json.decode(msgspec.json.encode(performance), type=Performance)
    assert again == performance
    assert metric_intervals(again.metrics)["roc_auc"] == score_attack(y, p, who, threshold=0.4)["roc_auc"]


def test_the_performance_of_one_person_is_judged_over_weeks() -> None:
    """Its ROC-AUC is the one within a person, not that within a week."""
    _, p, y = world(5, people=1, days=84)
    weeks = np.arange(84) // 7
    found = realized_performance("attack", y, p, weeks, reference={}, threshold=0.4, unit="weeks")
    metrics = metric_intervals(found.metrics)
    assert metrics["within_person_auc"] == metrics["roc_auc"]
    assert metrics["roc_auc"].bounded
    few = realized_performance("attack", y[:30], p[:30], weeks[:30], reference={}, threshold=0.4, unit="weeks")
    assert few.reasons == ("30 outcomes of 5 weeks; at least 50 outcomes of 10 weeks are needed.",)

"""Warnings in words for clinicians: the parts add up, and each rate is a share of the right days."""

from dataclasses import replace

import pytest

from migraine_assets.core.metrics.curves import ConfusionMatrix
from migraine_assets.report.text.clinical import in_words, warning_rates
from migraine_assets_tests.unit.report.simulated import attack_evaluation, severity_evaluation

COUNTS = ConfusionMatrix(
    threshold=0.22, true_positives=812, false_positives=1386, false_negatives=354, true_negatives=1674
)


def test_a_hundred_days_of_warnings() -> None:
    evaluation = replace(attack_evaluation(participants=6, days=20), confusion=COUNTS)
    assert in_words(evaluation) == (
        "Of 100 days, the model warns on 52: 19 of these warnings are right. It misses 9 of 28 attacks.",
    )


def test_each_rate_is_a_share_of_its_days() -> None:
    values = {rate.name: rate.value for rate in warning_rates(COUNTS)}
    assert values == {
        "Sensitivity": "70\u202f%",
        "Specificity": "55\u202f%",
        "PPV": "37\u202f%",
        "NPV": "83\u202f%",
        "Warnings a month": "16",
    }


@pytest.mark.parametrize("field", ["true_positives", "false_positives", "false_negatives", "true_negatives"])
def test_a_rate_without_days_is_unknown_and_no_error(field: str) -> None:
    empty = ConfusionMatrix(threshold=0.5, true_positives=0, false_positives=0, false_negatives=0, true_negatives=0)
    assert {rate.value for rate in warning_rates(empty)} == {"–"}
    only = replace(empty, **{field: 10})
    assert all(rate.value for rate in warning_rates(only))
    assert in_words(replace(attack_evaluation(participants=6, days=20), confusion=empty)) == ()


def test_severity_is_off_by_points_beside_the_personal_rate() -> None:
    (sentence,) = in_words(severity_evaluation(participants=12))
    assert "points on average. The personal rate alone is off by" in sentence


def test_the_report_begins_with_words_and_only_then_statistics() -> None:
    evaluation = attack_evaluation(participants=12, days=15)
    assert in_words(evaluation)
    assert in_words(replace(evaluation, confusion=None)) == ()

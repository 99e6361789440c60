"""The limits follow from the data and the question."""

from dataclasses import replace

import pytest

from migraine_assets.core.evaluation.results import Part, TaskEvaluation
from migraine_assets.report.text.caveats import ALWAYS, limits
from migraine_assets_tests.unit.report.simulated import attack_evaluation, severity_evaluation


@pytest.fixture(scope="module")
def attack() -> TaskEvaluation:
    return attack_evaluation(participants=12, days=20)


def test_few_participants_are_named(attack: TaskEvaluation) -> None:
    assert "only 12 participants" in limits(attack)[0]
    many = limits(replace(attack, test=Part(9000, 300)))
    assert not any("has only" in limit for limit in many)


def test_groups_too_small_to_be_scored_are_named(attack: TaskEvaluation) -> None:
    small = [group for group in attack.subgroups if group.reason]
    assert small
    sentence = next(limit for limit in limits(attack) if "too small" in limit)
    assert all(f"{group.dimension}: {group.label}" in sentence for group in small)


def test_a_same_day_question_is_not_a_forecast(attack: TaskEvaluation) -> None:
    assert any("Same-day" in limit for limit in limits(replace(attack, horizon=0)))
    assert not any("Same-day" in limit for limit in limits(attack))


def test_severity_is_conditional_and_burden_is_not() -> None:
    severity = severity_evaluation(participants=12)
    assert any("conditional" in limit for limit in limits(severity))
    assert not any("conditional" in limit for limit in limits(replace(severity, severity_kind="burden")))


def test_general_limits_are_always_included(attack: TaskEvaluation) -> None:
    assert set(ALWAYS) <= set(limits(attack))

"""Checks of the feature table: every kind of leak fails, and features of earlier days do not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from migraine_assets.core.contract import names
from migraine_assets.core.features.table import FEATURES
from migraine_assets.core.quality.features import (
    features_finite,
    no_input_nearly_the_outcome,
    no_outcome_among_inputs,
    null_features,
)
from migraine_assets.core.quality.finding import Finding
from migraine_assets.core.quality.settings import QualitySettings

SETTINGS = QualitySettings()
RNG = np.random.default_rng(7)
PERSON = np.repeat(np.arange(40), 25)
ATTACK = (RNG.random(1000) < 0.3).astype(np.float64)
NOISE = RNG.normal(size=1000)

Floats = NDArray[np.float64]


def _leak(column: Floats, *, attack: Floats = ATTACK, person: NDArray[np.int64] = PERSON) -> Finding:
    matrix = np.column_stack([NOISE[: len(column)], column]).astype(np.float32)
    return no_input_nearly_the_outcome(
        matrix, ("noise", "suspect"), attack=attack, participant=person, settings=SETTINGS
    )


def test_null_is_legal_and_infinite_is_blocked_by_name() -> None:
    matrix = np.array([[1, np.nan, np.inf], [2, 3, 4]], dtype=np.float32)
    assert features_finite(matrix[:, :2], ("a", "b")).passed
    finding = features_finite(matrix, ("a", "b", "c"))
    assert (finding.passed, finding.blocking) == (False, True)
    assert "c: 1 value" in finding.reason
    assert finding.rows[2] == ("c", "0", "1")


@pytest.mark.parametrize("name", [*names("outcome", "key"), "source_row", "target_attack", "target_severity"])
def test_an_outcome_a_target_or_a_key_among_the_inputs_is_blocked(name: str) -> None:
    finding = no_outcome_among_inputs(("sleep_hours", name))
    assert (finding.passed, finding.blocking) == (False, True)
    assert name in finding.reason


def test_the_features_of_this_project_are_legal_inputs() -> None:
    assert no_outcome_among_inputs([feature.name for feature in FEATURES]).passed


LEAKS = {
    "the outcome": ATTACK,
    "its negative": -ATTACK,
    "the outcome and a little noise": ATTACK + 0.1 * NOISE,
    "the outcome, known on half of the days": np.where(NOISE > 0, ATTACK, np.nan),
    "known on attack days only": np.where(ATTACK == 1, NOISE, np.nan),
    "null on attack days only": np.where(ATTACK == 1, np.nan, NOISE),
}


@pytest.mark.parametrize("column", LEAKS.values(), ids=LEAKS)
def test_an_input_that_nearly_is_the_outcome_is_blocked_by_name(column: Floats) -> None:
    finding = _leak(column)
    assert (finding.passed, finding.blocking) == (False, True)
    assert "suspect" in finding.reason
    assert "noise" not in finding.reason


def test_a_leak_in_a_flat_table_is_blocked_too() -> None:
    assert not _leak(ATTACK, person=np.arange(1000)).passed


HONEST = {
    "noise": NOISE**2,
    "half a leak": ATTACK + NOISE,
    "null at random": np.where(NOISE > 0, np.nan, 1.0),
    "null throughout": np.full(1000, np.nan),
    "the outcome on ten attacks": np.where(np.cumsum(ATTACK) <= 10, ATTACK, np.nan),
}


@pytest.mark.parametrize("column", HONEST.values(), ids=HONEST)
def test_an_honest_input_passes(column: Floats) -> None:
    assert _leak(column).passed


def test_a_personal_rate_that_separates_people_but_not_days_is_honest() -> None:
    always = (PERSON % 2).astype(np.float64)
    attack = np.where(np.arange(1000) % 25 == 0, 1 - always, always)
    rate = always + 0.01 * NOISE
    assert _leak(rate, attack=np.where(np.arange(1000) % 100 == 0, attack, always)).passed
    assert not _leak(attack, attack=attack).passed


def test_unknown_outcomes_are_not_looked_at() -> None:
    attack = np.where(NOISE > 1, np.nan, ATTACK)
    assert not _leak(ATTACK, attack=attack).passed
    assert _leak(NOISE**3, attack=np.full(1000, np.nan)).passed


def test_a_leak_is_seen_in_a_sample_of_many_rows() -> None:
    few = QualitySettings(leak_max_rows=200)
    matrix = ATTACK[:, None].astype(np.float32)
    finding = no_input_nearly_the_outcome(matrix, ("suspect",), attack=ATTACK, participant=PERSON, settings=few)
    assert not finding.passed


def test_inputs_that_are_never_known_are_named_and_blocked_where_all_are() -> None:
    matrix = np.array([[np.nan, 1], [np.nan, np.nan]], dtype=np.float32)
    some = null_features(matrix, ("a", "b"))
    assert some.passed
    assert "always null: a" in some.reason
    assert not null_features(matrix[:, :1], ("a",)).passed

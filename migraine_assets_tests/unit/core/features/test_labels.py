import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.labels import attack_label, burden_label, label_day, severity_label, target_day
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition
from migraine_assets_tests.unit.core.diaries import MONDAY, changed, diaries, person, undated


def on(diary: Diary, row: int, ahead: int, column: str) -> float:
    """Return the value `ahead` days after the day of the row; NaN if the diary does not have it."""
    same = (diary.participant == diary.participant[row]) & (diary.day == diary.day[row] + ahead)
    return float(diary.values(column)[same][0]) if same.any() else np.nan


@settings(max_examples=60, deadline=None)
@given(diary=diaries(), horizon=st.integers(0, 7))
def test_attack_and_severity_are_those_of_the_target_day(diary, horizon):
    attack = [on(diary, row, horizon, "migraine_occurrence") for row in range(len(diary))]
    severity = [on(diary, row, horizon, "migraine_severity") for row in range(len(diary))]
    np.testing.assert_array_equal(attack_label(diary, horizon), attack)
    expected = np.where(np.array(attack) == 1, severity, np.nan)
    np.testing.assert_array_equal(severity_label(diary, horizon), expected)


@settings(max_examples=60, deadline=None)
@given(diary=diaries())
def test_burden_counts_the_next_seven_days_where_all_are_known(diary):
    coming = [[on(diary, row, ahead, "migraine_occurrence") for ahead in range(1, 8)] for row in range(len(diary))]
    np.testing.assert_array_equal(burden_label(diary), np.array(coming).sum(axis=1))


@settings(max_examples=30, deadline=None)
@given(diary=diaries(), day=st.integers(MONDAY, MONDAY + 100))
def test_a_label_does_not_look_beyond_its_label_day(diary, day):
    """Temporal validation depends on this: a change of later days does not change labels that are known by then."""
    later = changed(diary, diary.day > day, ["migraine_occurrence", "migraine_severity"])
    for settled, label in (
        (label_day(diary, 1) <= day, lambda diary: attack_label(diary, 1)),
        (label_day(diary, 1) <= day, lambda diary: severity_label(diary, 1)),
        (label_day(diary, 1, burden=True) <= day, burden_label),
    ):
        np.testing.assert_array_equal(label(diary)[settled], label(later)[settled])


def test_the_next_row_is_not_the_next_day():
    diary = person([0, 2, 3], migraine_occurrence=[0, 1, 0])
    np.testing.assert_array_equal(attack_label(diary, 1), [np.nan, 0, np.nan])


def test_the_next_participant_is_not_the_next_day():
    diary = Diary(np.array([0, 1]), np.array([5, 6]), True, {"migraine_occurrence": np.array([0.0, 1.0])})
    assert np.isnan(attack_label(diary, 1)).all()


def test_a_severity_on_a_day_without_an_attack_is_no_label():
    diary = person([0, 1], migraine_occurrence=[0, None], migraine_severity=[0, 4])
    assert np.isnan(severity_label(diary, 0)).all()


@pytest.mark.parametrize(
    ("outcomes", "days", "expected"),
    [
        ([0, 1, 1, 0, 0, 0, 0, 1], range(8), 3),
        ([1, 0, 0, 0, 0, 0, 0, 0], range(8), 0),
        ([0, 1, 1, 0, None, 0, 0, 1], range(8), np.nan),
        ([0, 1, 1, 0, 0, 0, 0], range(7), np.nan),
        ([0, 1, 1, 0, 0, 0, 0, 1], [0, 1, 2, 3, 4, 5, 6, 8], np.nan),
    ],
)
def test_burden_by_hand(outcomes, days, expected):
    np.testing.assert_equal(burden_label(person(days, migraine_occurrence=outcomes))[0], expected)


def test_days_of_target_and_label():
    diary = person([0, 1])
    assert target_day(diary, 0).tolist() == [MONDAY, MONDAY + 1]
    assert target_day(diary, 1).tolist() == label_day(diary, 1).tolist() == [MONDAY + 1, MONDAY + 2]
    assert label_day(diary, 1, burden=True).tolist() == [MONDAY + 7, MONDAY + 8]


def test_undated_rows_have_a_same_day_label_and_no_day():
    diary = undated(2, migraine_occurrence=[1, 0], migraine_severity=[6, None])
    np.testing.assert_array_equal(attack_label(diary, 0), [1, 0])
    np.testing.assert_array_equal(severity_label(diary, 0), [6, np.nan])
    assert np.isnan(burden_label(diary)).all()
    assert label_day(diary, 0, burden=True).tolist() == [0, 0]


@pytest.mark.parametrize("label", [attack_label, severity_label, target_day, label_day])
def test_a_horizon_that_cannot_be_is_refused(label):
    with pytest.raises(ValueError, match="undated"):
        label(undated(1), 1)
    with pytest.raises(ValueError, match="not 8"):
        label(person([0]), 8)


def test_a_label_is_a_copy():
    diary = person([0], migraine_occurrence=[1])
    attack_label(diary, 0)[0] = 0.0
    assert diary.columns["migraine_occurrence"][0] == 1.0


@settings(max_examples=60, deadline=None)
@given(diary=diaries(), horizon=st.integers(2, 7))
def test_a_window_has_the_worst_of_its_days_and_is_known_only_if_all_of_them_are(diary, horizon):
    ahead = range(1, horizon + 1)
    attack = np.array([[on(diary, row, k, "migraine_occurrence") for k in ahead] for row in range(len(diary))])
    severity = np.array([[on(diary, row, k, "migraine_severity") for k in ahead] for row in range(len(diary))])
    attack, severity = attack.reshape(-1, horizon), severity.reshape(-1, horizon)
    window = OutcomeDefinition(window="any")
    np.testing.assert_array_equal(attack_label(diary, horizon, window), attack.max(axis=1))
    of_attacks = np.where(attack == 0, -1, np.where(attack == 1, severity, np.nan)).max(axis=1)
    expected = np.where(attack.max(axis=1) == 1, of_attacks, np.nan)
    np.testing.assert_array_equal(severity_label(diary, horizon, window), expected)


def test_a_window_with_a_gap_is_unknown_even_if_an_attack_is_known():
    """Otherwise gaps would remove only windows without an attack, and the attack rate would be too high."""
    rng = np.random.default_rng(1)
    present = rng.random(20_000) < 0.7
    attack = (rng.random(20_000) < 0.2).astype(float)
    full, holed = (
        person(range(20_000), migraine_occurrence=attack),
        person(np.flatnonzero(present).tolist(), migraine_occurrence=attack[present]),
    )
    window = OutcomeDefinition(window="any")
    rate, of_holed = (np.nanmean(attack_label(diary, 3, window)) for diary in (full, holed))
    assert of_holed == pytest.approx(rate, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(diary=diaries(), horizon=st.integers(0, 7), free=st.integers(1, 4))
def test_an_onset_is_known_only_after_days_that_are_known_to_be_free(diary, horizon, free):
    expected = []
    for row in range(len(diary)):
        before = [on(diary, row, horizon - back, "migraine_occurrence") for back in range(1, free + 1)]
        expected.append(on(diary, row, horizon, "migraine_occurrence") if all(x == 0 for x in before) else np.nan)
    outcome = OutcomeDefinition(AttackDefinition(free_days=free))
    np.testing.assert_array_equal(attack_label(diary, horizon, outcome), expected)


def test_an_onset_in_a_window_follows_free_days_before_the_window():
    diary = person(range(6), migraine_occurrence=[0, 0, 1, 1, 0, 0])
    outcome = OutcomeDefinition(AttackDefinition(free_days=1), "any")
    np.testing.assert_array_equal(attack_label(diary, 2, outcome), [1, 1, np.nan, np.nan, np.nan, np.nan])


@settings(max_examples=30, deadline=None)
@given(diary=diaries(), day=st.integers(MONDAY, MONDAY + 100), horizon=st.integers(1, 7))
def test_no_label_of_any_outcome_looks_beyond_its_label_day(diary, day, horizon):
    later = changed(diary, diary.day > day, ["migraine_occurrence", "migraine_severity"])
    settled = label_day(diary, horizon) <= day
    for outcome in (
        OutcomeDefinition(AttackDefinition("migraine_severity", 4.0)),
        OutcomeDefinition(AttackDefinition(free_days=2)),
        OutcomeDefinition(window="any"),
        OutcomeDefinition(AttackDefinition("migraine_severity", 4.0, (), 1), "any"),
    ):
        for label in (attack_label, severity_label):
            known, changed_later = (label(each, horizon, outcome)[settled] for each in (diary, later))
            np.testing.assert_array_equal(known, changed_later)

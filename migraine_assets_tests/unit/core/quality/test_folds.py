"""Checks of the split; each has a split that fails it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.core.quality.folds import both_classes, forward_in_time, participants_disjoint

PERSON = np.repeat(np.arange(6), 4)
DAY = np.tile(np.arange(4), 6) + np.where(PERSON == 5, 10, 0)
PART = np.where(PERSON == 5, 2, 1).astype(np.int8)
FOLD = np.where(PERSON == 5, -1, PERSON).astype(np.int8)
ATTACK = (np.arange(24) % 2).astype(np.float64)


def _changed(array: NDArray[np.int8], row: int, value: int) -> NDArray[np.int8]:
    changed = array.copy()
    changed[row] = value
    return changed


def test_a_good_split_passes() -> None:
    assert participants_disjoint(PERSON, PART, FOLD).passed
    assert forward_in_time(PART, DAY, DAY + 1, dated=True).passed
    assert both_classes(ATTACK, PART, FOLD).passed


def test_a_participant_in_training_and_test_is_blocked() -> None:
    finding = participants_disjoint(PERSON, _changed(PART, 23, 1), _changed(FOLD, 23, 0))
    assert (finding.passed, finding.blocking) == (False, True)
    assert "In both training and test part: 1 participant." in finding.reason


def test_a_participant_in_two_folds_is_blocked() -> None:
    assert "In more than one fold: 1 participant." in participants_disjoint(PERSON, PART, _changed(FOLD, 0, 3)).reason


@pytest.mark.parametrize(("row", "fold"), [(0, -1), (23, 2)])
def test_a_fold_outside_training_or_a_training_row_without_one_is_blocked(row: int, fold: int) -> None:
    assert "not the training rows" in participants_disjoint(PERSON, PART, _changed(FOLD, row, fold)).reason


def test_a_training_outcome_on_the_first_day_tested_is_blocked() -> None:
    assert forward_in_time(PART, DAY, DAY + 6, dated=True).passed
    finding = forward_in_time(PART, DAY, DAY + 7, dated=True)
    assert (finding.passed, finding.blocking) == (False, True)
    assert (
        finding.reason == "5 training outcomes on or after the first test day, 1970-01-11; the last is of 1970-01-11."
    )


def test_undated_rows_and_empty_parts_have_no_order_to_keep() -> None:
    assert forward_in_time(PART, DAY * 0, DAY * 0, dated=False).passed
    assert forward_in_time(np.ones_like(PART), DAY, DAY, dated=True).passed


@pytest.mark.parametrize(("name", "rows"), [("test", PART == 2), ("fold 3", FOLD == 3)])
@pytest.mark.parametrize("outcome", [0.0, 1.0, np.nan])
def test_a_set_of_one_class_is_blocked_by_name(name: str, rows: NDArray[np.bool_], outcome: float) -> None:
    finding = both_classes(np.where(rows, outcome, ATTACK), PART, FOLD)
    assert (finding.passed, finding.blocking) == (False, True)
    assert f"Only one outcome in {name}:" in finding.reason


def test_no_folds_at_all_are_blocked() -> None:
    assert "no folds" in both_classes(ATTACK, PART, np.full_like(FOLD, -1)).reason
    assert not both_classes(ATTACK[:0], PART[:0], FOLD[:0]).passed


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(-1, 3)), max_size=20))
def test_disjoint_is_what_a_plain_loop_finds(rows: list[tuple[int, int, int]]) -> None:
    person, part, fold = (np.array([row[k] for row in rows], dtype=np.int64) for k in range(3))
    parts: dict[int, set[int]] = {}
    folds: dict[int, set[int]] = {}
    for who, in_part, in_fold in rows:
        parts.setdefault(who, set()).add(in_part)
        folds.setdefault(who, set()).update({in_fold} - {-1})
    good = (
        not any({1, 2} <= parts_of_person for parts_of_person in parts.values())
        and not any(len(parts_of_person) > 1 for parts_of_person in folds.values())
        and all((in_fold >= 0) == (in_part == 1) for _, in_part, in_fold in rows)
    )
    assert participants_disjoint(person, part, fold).passed is good


def test_a_split_in_time_shares_its_participant_and_keeps_the_order_of_its_folds() -> None:
    day, part = np.arange(12), np.array([1] * 8 + [0] + [2] * 3, dtype=np.int8)
    fold = np.array([0, 0, 0, 0, 1, 1, 2, 2, -1, -1, -1, -1], dtype=np.int8)
    assert participants_disjoint(np.zeros(12, np.int64), part, fold, forward=True).passed
    assert forward_in_time(part, day, day + 1, dated=True, fold=fold).passed
    found = forward_in_time(part, day, day + 1, dated=True, fold=_changed(fold, 1, 2))
    assert (found.passed, found.blocking) == (False, True)
    assert "Fold 2 begins on 1970-01-02, not after the fold before it" in found.reason

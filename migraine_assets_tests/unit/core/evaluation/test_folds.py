"""The split separates participants, follows the order of time, loses no row, and ignores the order of rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.core.evaluation.folds import TEST, TRAIN, UNUSED, Folds, FoldSettings, assign
from migraine_assets.errors import DataRefused

LENIENT = FoldSettings(least_attacks=0)
REAL = Path(__file__).resolve().parents[4] / "../shared/data/kostecki_dillon.csv"

Names = NDArray[np.object_]
Cohort = tuple[Names, NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]


def _cohort(first_days: list[int], length: int | list[int] = 30, *, unknown: float = 0.1, seed: int = 0) -> Cohort:
    """Return names, days, has_label and attacks of participants who joined on `first_days`."""
    generator = np.random.default_rng(seed)
    lengths = np.broadcast_to(length, len(first_days)).tolist()
    who = np.repeat(np.array([f"p{k}" for k in range(len(first_days))], dtype=object), lengths)
    day = np.concatenate([first + np.arange(n) for first, n in zip(first_days, lengths, strict=True)])
    attack = (generator.random(day.size) < 0.4).astype(np.float64)
    attack[generator.random(day.size) < unknown] = np.nan
    return who, day.astype(np.int64), ~np.isnan(attack), attack


def _assign(cohort: Cohort, *, dated: bool = True, ahead: int = 1, settings: FoldSettings = LENIENT) -> Folds:
    who, day, has_label, attack = cohort
    return assign(who, day, has_label, attack=attack, dated=dated, ahead=ahead, settings=settings)


def _reorder(cohort: Cohort, rows: NDArray[np.generic]) -> Cohort:
    """Return the chosen rows, by position or by mask."""
    who, day, has_label, attack = cohort
    return who[rows], day[rows], has_label[rows], attack[rows]


COHORTS = st.builds(
    _cohort,
    st.lists(st.integers(0, 60), min_size=5, max_size=12),
    st.integers(15, 40),
    unknown=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 99),
)


@settings(max_examples=60, deadline=None)
@given(COHORTS, st.booleans(), st.sampled_from([0, 1, 7]))
def test_people_are_apart_time_runs_forward_and_rows_add_up(cohort: Cohort, dated: bool, ahead: int) -> None:
    try:
        folds = _assign(cohort, dated=dated, ahead=ahead)
    except DataRefused:
        return
    who, day, has_label, attack = cohort
    train, test = folds.part == TRAIN, folds.part == TEST
    assert not set(who[train]) & set(who[test])
    assert (has_label[train | test]).all()
    if dated:
        assert folds.cut_day is not None
        assert day[train].max() + ahead < folds.cut_day <= day[test].min()
    else:
        assert (train | test == has_label).all()
    counts = {count.part: count for count in folds.counts}
    assert sum(count.rows for count in folds.counts) == has_label.sum()
    assert counts["train"].rows == train.sum()
    assert counts["test"].attacks == attack[test].sum()
    assert counts["unused"].rows == (has_label & (folds.part == UNUSED)).sum()


@settings(max_examples=40, deadline=None)
@given(COHORTS, st.booleans(), st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(cohort: Cohort, dated: bool, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(cohort[0].size)
    shuffled = _reorder(cohort, order)
    try:
        one = _assign(cohort, dated=dated)
    except DataRefused:
        with pytest.raises(DataRefused):
            _assign(shuffled, dated=dated)
        return
    other = _assign(shuffled, dated=dated)
    assert (other.part == one.part[order]).all()
    assert (other.fold == one.fold[order]).all()
    assert other.counts == one.counts


@settings(max_examples=40, deadline=None)
@given(COHORTS)
def test_folds_are_of_training_participants_whole(cohort: Cohort) -> None:
    try:
        folds = _assign(cohort)
    except DataRefused:
        return
    train = folds.part == TRAIN
    assert (folds.fold[~train] == -1).all()
    by_person = pd.Series(folds.fold[train]).groupby(cohort[0][train]).nunique()
    assert (by_person == 1).all()
    used = np.unique(folds.fold[train])
    assert used.tolist() == list(range(min(5, len(by_person))))


def test_those_who_joined_last_test() -> None:
    folds = _assign(_cohort([0, 90, 10, 100, 20, 30, 40, 50, 60, 70]))
    who = _cohort([0, 90, 10, 100, 20, 30, 40, 50, 60, 70])[0]
    assert set(who[folds.part == TEST]) == {"p1", "p3"}
    assert folds.cut_day == 90


def test_who_joined_on_the_same_day_is_drawn_by_name_and_seed() -> None:
    cohort = _cohort([0] * 20, 60)
    testers = [
        frozenset(cohort[0][_assign(cohort, settings=FoldSettings(seed=seed)).part == TEST]) for seed in (1, 1, 2, 3)
    ]
    assert testers[0] == testers[1]
    assert len(set(testers)) == 3
    assert all(len(group) == 4 for group in testers)


def test_a_concurrent_cohort_is_cut_late_and_the_remainder_counted() -> None:
    """Of the labeled days of 200 participants in 180 days, 60 % are for training, 5 % for the test, 35 % are unused."""
    folds = _assign(_cohort([19_000] * 200, 180, unknown=0), settings=FoldSettings())
    shares = {count.part: count.rows / (200 * 180) for count in folds.counts}
    assert shares == pytest.approx({"train": 0.6, "test": 0.05, "unused": 0.35}, abs=0.01)


def test_people_who_stopped_early_are_still_tested() -> None:
    """One diary of several years must not move the cut after the last day of those who joined last."""
    first, length = [0, 0, 0, 0, 0, 0, 0, 0, 5, 6], [2000] + [60] * 9
    folds = _assign(_cohort(first, length, unknown=0), settings=FoldSettings())
    who = _cohort(first, length, unknown=0)[0]
    assert set(who[folds.part == TEST]) == {"p8", "p9"}
    assert next(count.rows for count in folds.counts if count.part == "test") >= 0.25 * 120 - 2


def test_training_rows_of_a_longer_label_end_before_the_cut() -> None:
    cohort = _cohort([0] * 20, 60)
    folds = _assign(cohort)
    week = folds.training(cohort[1] + 7)
    assert cohort[1][week].max() + 7 < (folds.cut_day or 0)
    assert 0 < week.sum() < (folds.part == TRAIN).sum()


def test_an_undated_source_has_no_cut_and_leaves_nothing_unused() -> None:
    cohort = _cohort(list(range(50)), 1, unknown=0)
    folds = _assign(cohort, dated=False, ahead=0)
    assert folds.cut_day is None
    assert (folds.part == TEST).sum() == 10
    assert (folds.part == TRAIN).sum() == 40
    assert folds.training(cohort[1]).sum() == 40


def test_participants_without_a_label_do_not_test() -> None:
    cohort = _cohort([0, 0, 0, 0, 0, 50, 60], 30)
    cohort[3][cohort[0] == "p6"] = np.nan
    cohort[2][cohort[0] == "p6"] = False
    folds = _assign(cohort)
    assert set(cohort[0][folds.part == TEST]) >= {"p5"}
    assert "p6" not in set(cohort[0][folds.part != UNUSED])


@pytest.mark.parametrize("people", [0, 1, 3])
def test_too_few_people_are_refused(people: int) -> None:
    cohort = _cohort([0] * 4)
    keep = np.isin(cohort[0], [f"p{k}" for k in range(people)])
    with pytest.raises(DataRefused, match=f"{people} participant.*at least 4 are needed.*more participants"):
        _assign(_reorder(cohort, keep))


def test_participants_whose_next_day_is_never_known_get_a_reason() -> None:
    who, day, _, attack = _cohort([0] * 9)
    with pytest.raises(DataRefused, match="enough participants, but the day after each row is missing"):
        _assign((who, day, np.zeros(day.size, dtype=np.bool_), attack))


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_class_is_refused(outcome: float) -> None:
    who, day, has_label, attack = _cohort([0] * 10, 60, unknown=0)
    with pytest.raises(DataRefused, match=r"The train part .*5 of each kind of day are needed"):
        _assign((who, day, has_label, np.full_like(attack, outcome)), settings=FoldSettings())


def test_a_test_part_without_attacks_is_refused() -> None:
    who, day, has_label, attack = _cohort([0] * 8 + [100, 101], 60, unknown=0)
    attack[day >= 100] = 0
    with pytest.raises(DataRefused, match="The test part has 2 participant"):
        _assign((who, day, has_label, attack), settings=FoldSettings())


@pytest.mark.skipif(not REAL.exists(), reason="kostecki_dillon.csv is not next to the checkout")
def test_real_patients_who_joined_over_years_leave_hardly_a_row_unused() -> None:
    diary = pd.read_csv(REAL).drop_duplicates(["id", "dos"]).sort_values(["id", "dos"])
    by_patient = diary.groupby("id")
    attack = (diary.headache == "yes").astype(float).groupby(diary.id).shift(-1)
    tomorrow = attack.where(by_patient.dos.shift(-1) == diary.dos + 1).to_numpy(dtype=np.float64)
    who = np.array([str(patient) for patient in diary.id], dtype=np.object_)
    day, known = diary.dos.to_numpy(dtype=np.int64), np.asarray(~np.isnan(tomorrow), dtype=np.bool_)
    folds = _assign((who, day, known, tomorrow.astype(np.float64)), settings=FoldSettings())
    rows = {count.part: count.rows for count in folds.counts}
    total = sum(rows.values())
    assert rows["train"] > 0.75 * total
    assert rows["test"] > 0.20 * total
    assert rows["unused"] < 0.02 * total

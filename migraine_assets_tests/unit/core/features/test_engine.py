import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.engine import (
    BLOCK_ROWS,
    FEATURES,
    NAMES,
    available,
    compute,
    compute_last,
    select,
)
from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets_tests.unit.core.diaries import changed, diaries, part, person, random_diary, undated

HORIZONS = st.sampled_from([0, 1, 3])


def bits(table: NDArray[np.float32]) -> NDArray[np.uint32]:
    return table.view(np.uint32)


def history(diary: Diary, row: int) -> Diary:
    """Return the history that the service gets for `row`: the row and the 28 days before it."""
    age = diary.day[row] - diary.day
    return part(diary, (diary.participant == diary.participant[row]) & (age >= 0) & (age <= LOOK_BACK))


def by_rows(diary: Diary, horizon: int) -> NDArray[np.float32]:
    rows = [compute_last(history(diary, row), horizon=horizon) for row in range(len(diary))]
    return np.array(rows, dtype=np.float32)


@settings(max_examples=25, deadline=None)
@given(diary=diaries(), horizon=HORIZONS)
def test_the_online_row_is_the_batch_row_bit_for_bit(diary, horizon):
    """28 days of one participant are enough: older rows, other participants and the number of rows do not matter."""
    np.testing.assert_array_equal(bits(by_rows(diary, horizon)), bits(compute(diary, horizon=horizon)))


@settings(max_examples=40, deadline=None)
@given(diary=diaries(), horizon=HORIZONS, block_rows=st.integers(1, 70))
def test_the_block_size_does_not_change_a_bit(diary, horizon, block_rows):
    blocks = compute(diary, horizon=horizon, block_rows=block_rows)
    np.testing.assert_array_equal(bits(blocks), bits(compute(diary, horizon=horizon)))


def test_the_online_row_is_the_batch_row_in_a_diary_of_several_blocks():
    """It is long enough for vector instructions, their remainders, and a block that ends within a participant."""
    diary = random_diary(people=5, days=1200, seed=3)
    rows = [*range(BLOCK_ROWS - 30, BLOCK_ROWS + 30), *range(0, len(diary), 97)]
    for horizon in (0, 1):
        online = np.array([compute_last(history(diary, row), horizon=horizon) for row in rows])
        np.testing.assert_array_equal(bits(online), bits(compute(diary, horizon=horizon)[rows]))


@pytest.mark.parametrize("most", [1, 4, 12])
def test_many_participants_of_a_few_days_do_not_influence_each_other(most):
    """A nearly empty calendar, as in a batch of the service, is summed in a different way than a full one."""
    rng = np.random.default_rng(most)
    diary = random_diary(people=200, days=30, seed=most)
    chosen = np.concatenate([rng.permutation(np.flatnonzero(diary.participant == k))[:most] for k in range(200)])
    few = part(diary, np.isin(np.arange(len(diary)), chosen))
    for horizon in (0, 1):
        np.testing.assert_array_equal(bits(by_rows(few, horizon)), bits(compute(few, horizon=horizon)))


@settings(max_examples=40, deadline=None)
@given(diary=diaries(), at=st.floats(0, 1))
def test_a_same_day_prediction_does_not_read_the_outcome_of_its_day(diary, at):
    row = int(at * (len(diary) - 1))
    today = (diary.participant == diary.participant[row]) & (diary.day >= diary.day[row])
    other = changed(diary, today, sorted(CONTRACT.withheld))
    np.testing.assert_array_equal(bits(compute(other, horizon=0)[row]), bits(compute(diary, horizon=0)[row]))


@settings(max_examples=40, deadline=None)
@given(diary=diaries(), at=st.floats(0, 1), horizon=HORIZONS)
def test_no_prediction_reads_a_later_day(diary, at, horizon):
    row = int(at * (len(diary) - 1))
    later = changed(diary, diary.day > diary.day[row], list(diary.columns))
    np.testing.assert_array_equal(
        bits(compute(later, horizon=horizon)[row]), bits(compute(diary, horizon=horizon)[row])
    )


def test_a_next_day_prediction_reads_the_outcome_of_its_day():
    """Otherwise the two tests above could pass with features that read no column."""
    calm, attack = (compute(person([0], migraine_occurrence=[outcome]), horizon=1) for outcome in (0, 1))
    assert calm[0, select(["attack_today", "attacks_7d"])].tolist() == [0, 0]
    assert attack[0, select(["attack_today", "attacks_7d"])].tolist() == [1, 1]


@settings(max_examples=30, deadline=None)
@given(diary=diaries(), horizon=HORIZONS)
def test_values_are_finite_or_the_one_null_and_zero_has_no_sign(diary, horizon):
    table = compute(diary, horizon=horizon)
    assert table.dtype == np.float32
    assert table.shape == (len(diary), len(NAMES))
    assert not np.isinf(table).any()
    assert np.unique(bits(table[np.isnan(table)])).size <= 1
    assert not np.signbit(table[table == 0]).any()


def test_another_null_or_a_signed_zero_in_the_diary_gives_the_same_bits():
    """JSON, Arrow and arithmetic each produce a different NaN, and a difference of equal numbers may be -0.0."""
    plain = person([0], temperature_change=[0.0], humidity=[np.nan])
    signed = person([0], temperature_change=[-0.0], humidity=[np.copysign(np.nan, -1.0)])
    np.testing.assert_array_equal(bits(compute(signed, horizon=1)), bits(compute(plain, horizon=1)))


def test_the_largest_values_that_a_diary_takes_stay_finite():
    diary = person([0, 1], stress_level=[1e9, -1e9], sleep_hours=[1e9, 1e9])
    assert not np.isinf(compute(diary, horizon=1)).any()


def test_undated_rows_are_computed_independently():
    diary = undated(3, stress_level=[1, 2, 3], migraine_occurrence=[1, 1, 1])
    row = compute(part(diary, slice(1, 2)), horizon=0)
    np.testing.assert_array_equal(bits(compute(diary, horizon=0)[1:2]), bits(row))


def test_an_empty_diary_has_no_rows():
    assert compute(person([]), horizon=1).shape == (0, len(NAMES))


@pytest.mark.parametrize("function", [compute, compute_last])
def test_a_horizon_that_cannot_be_is_refused(function):
    with pytest.raises(ValueError, match="not 8"):
        function(person([0]), horizon=8)
    with pytest.raises(ValueError, match="undated"):
        function(undated(1), horizon=1)


@pytest.mark.parametrize("diary", [person([]), undated(2)])
def test_the_last_row_is_asked_of_one_participant(diary):
    with pytest.raises(ValueError, match="one participant"):
        compute_last(diary, horizon=0)


def test_select_gives_the_columns_in_the_order_asked():
    assert [NAMES[column] for column in select(["attacks_28d", "age"])] == ["attacks_28d", "age"]


def test_select_names_what_does_not_exist():
    with pytest.raises(ValueError, match=r"feature: shoe_size, hat\."):
        select(["age", "shoe_size", "hat"])


def test_available_are_the_features_with_something_to_compute_from():
    diary = person([0, 1], stress_level=[1, 2], missed_meals=[None, 1], humidity=[None, None])
    names = available(diary)
    assert {"stress_level", "stress_mean_7d", "stress_x_sleep", "trigger_count", "target_weekend"} <= set(names)
    assert {"humidity", "attacks_28d", "sleep_hours", "age"}.isdisjoint(names)


def test_without_dates_no_feature_with_a_history_is_available():
    assert "stress_mean_7d" not in available(undated(1, stress_level=[5]))
    assert "target_weekend" not in available(undated(1, stress_level=[5]))
    assert "stress_level" in available(undated(1, stress_level=[5]))


@settings(max_examples=25, deadline=None)
@given(diary=diaries(), horizon=HORIZONS)
def test_what_is_not_available_is_null_or_counts_nothing(diary, horizon):
    missing = [row.name for row in FEATURES if row.name not in available(diary)]
    table = compute(diary, horizon=horizon)[:, select(missing)]
    assert (np.isnan(table) | (table == 0)).all()


def test_importing_the_features_imports_numpy_and_nothing_heavier():
    program = (
        "import sys, migraine_assets.core.features.engine, migraine_assets.core.features.labels; "
        "print(*sorted({name.split('.')[0] for name in sys.modules}), sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = set(run.stdout.split())
    assert {"numpy", "migraine_assets"} <= imported
    assert {"pandas", "scipy", "sklearn", "pandera", "pyarrow", "pydantic", "dagster"}.isdisjoint(imported)

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from migraine_assets.core.features.nan_math import at_least, at_most, count_known, count_of, total_known, where_flag

NUMBERS = st.one_of(st.just(float("nan")), st.sampled_from([0.0, 1.0, -0.0, 0.5]), st.floats(-1e9, 1e9))
ROWS = st.lists(st.lists(NUMBERS, min_size=1, max_size=12), min_size=1, max_size=5).filter(
    lambda rows: len({len(row) for row in rows}) == 1
)


def same(one: float, many: float) -> bool:
    return (math.isnan(one) and math.isnan(many)) or one == many


@given(value=NUMBERS, limit=st.floats(-1e9, 1e9))
def test_a_limit_holds_for_a_number_as_for_an_array(value, limit):
    for function in (at_most, at_least):
        assert same(function(value, limit), float(function(np.array([value]), limit)[0]))


@given(rows=ROWS)
def test_counts_and_totals_of_one_day_are_those_of_many_days(rows):
    """`rows`: days with the same fields; the array form has a column for each field."""
    columns = list(np.array(rows).T)
    for function in (count_known, lambda values: count_of(values, 1.0), total_known):
        of_many = function(columns)
        assert all(same(function(row), float(of_many[day])) for day, row in enumerate(rows))


def test_nothing_known_is_no_count_of_nothing():
    assert math.isnan(count_known([float("nan"), float("nan")]))
    assert count_of([float("nan"), 1.0], 1.0) == 1.0
    assert total_known([float("nan")]) == 0.0


@given(flag=st.sampled_from([0.0, 1.0, float("nan")]), value=NUMBERS)
def test_a_flag_decides_for_a_number_as_for_an_array(flag, value):
    assert same(where_flag(flag, value), float(where_flag(np.array([flag]), np.array([value]))[0]))

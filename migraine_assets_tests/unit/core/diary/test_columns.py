"""Columns become arrays from every dtype that a frame can have."""

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.columns import codes, known, numbers


@pytest.mark.parametrize("dtype", ["float64", "Float64", "Int64", "object", "float32"])
def test_null_is_nan_in_every_dtype(dtype: str) -> None:
    values = numbers(pd.DataFrame({"x": pd.Series([1, None, 3], dtype=dtype)}), "x")
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [1, np.nan, 3])
    assert known(values).tolist() == [1, 3]


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_text_is_coded_in_order_of_appearance_and_null_is_minus_one(dtype: str) -> None:
    code, values = codes(pd.Series(["b", None, "a", "b"], dtype=dtype))
    assert [values[c] if c >= 0 else None for c in code] == ["b", None, "a", "b"]
    assert code[1] == -1
    assert sorted(values) == ["a", "b"]


def test_text_among_numbers_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="seven"):
        numbers(pd.DataFrame({"x": [1, "seven"]}), "x")

"""Rows are sampled with a seed, without replacement, and in the proportion of the classes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.models.training import subsample


def test_below_the_limit_every_row_is_kept() -> None:
    y = np.array([0.0, 1.0, 0.0])
    assert subsample(y, 3, seed=1, by_class=True).tolist() == [0, 1, 2]
    assert subsample(y, None, seed=1, by_class=False).tolist() == [0, 1, 2]


@settings(max_examples=50)
@given(seed=st.integers(0, 99), n=st.integers(20, 500), share=st.floats(0.05, 0.95), limit=st.integers(10, 100))
def test_a_draw_is_ascending_unique_and_in_proportion(seed: int, n: int, share: float, limit: int) -> None:
    y = (np.random.default_rng(seed).random(n) < share).astype(np.float64)
    rows = subsample(y, limit, seed=seed, by_class=True)
    assert (np.diff(rows) > 0).all()
    assert len(rows) <= max(limit, 2) or n <= limit
    if n > limit and 0 < y.sum() < n:
        assert abs(y[rows].sum() - limit * y.mean()) <= 1


def test_a_rare_class_keeps_a_row() -> None:
    y = np.zeros(1000)
    y[500] = 1.0
    assert y[subsample(y, 10, seed=0, by_class=True)].sum() == 1


def test_the_seed_decides_the_rows() -> None:
    y = np.arange(100.0)
    first, again, other = (subsample(y, 20, seed=seed, by_class=False) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)

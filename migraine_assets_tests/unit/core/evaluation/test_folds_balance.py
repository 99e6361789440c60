"""Folds are balanced in rows and attacks, and do not depend on the order of participants."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.evaluation.folds import balanced_folds


def test_equal_participants_are_dealt_evenly() -> None:
    fold = balanced_folds(np.full(23, 10), np.full(23, 2), np.arange(23), folds=5)
    assert sorted(np.bincount(fold).tolist()) == [4, 4, 5, 5, 5]


def test_attacks_are_balanced_too() -> None:
    """If only rows were balanced, the five participants with all the attacks could be in one fold."""
    attacks = np.array([10] * 5 + [0] * 20)
    fold = balanced_folds(np.full(25, 10), attacks, np.arange(25), folds=5)
    assert np.bincount(fold, attacks).tolist() == [10.0] * 5
    assert np.bincount(fold).tolist() == [5] * 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=2, max_size=60),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_no_fold_is_heavier_than_the_lightest_by_more_than_one_participant(
    people: list[tuple[int, float]], folds: int, seed: int
) -> None:
    rows = np.array([n for n, _ in people])
    attacks = np.array([round(n * share) for n, share in people])
    draw = np.arange(rows.size)
    fold = balanced_folds(rows, attacks, draw, folds=folds)
    shares = np.bincount(fold, rows, folds) / rows.sum()
    hits = np.bincount(fold, attacks, folds) / max(1, attacks.sum())
    load = np.maximum(shares, hits)
    largest = np.maximum(rows / rows.sum(), attacks / max(1, attacks.sum())).max()
    assert load.max() <= load.min() + largest + 1e-12
    order = np.random.default_rng(seed).permutation(rows.size)
    shuffled = balanced_folds(rows[order], attacks[order], draw[order], folds=folds)
    assert shuffled.tolist() == fold[order].tolist()

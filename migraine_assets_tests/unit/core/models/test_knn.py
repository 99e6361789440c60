"""Nearest neighbors: the result of scikit-learn if distances differ, and the earlier row if they are equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from migraine_assets.core.models.knn import NearestNeighbors


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), wanted=st.integers(1, 30))
def test_the_votes_are_those_of_the_ordinary_classifier_where_no_distances_tie(seed: int, wanted: int) -> None:
    random = np.random.default_rng(seed)
    X, y, queries = random.normal(size=(60, 4)), random.integers(0, 2, 60), random.normal(size=(20, 4))
    y[:2] = 0, 1
    votes = KNeighborsClassifier(wanted, algorithm="brute").fit(X, y).predict_proba(queries)[:, 1] * wanted
    share = NearestNeighbors(wanted).fit(X, y).predict_proba(queries)[:, 1]
    assert share == pytest.approx((votes + 1) / (wanted + 2))


def test_among_equally_near_rows_the_earlier_ones_vote() -> None:
    X, y = np.array([[1.0], [-1.0], [1.0], [0.0]]), np.array([1, 0, 0, 1])
    share = NearestNeighbors(2).fit(X, y).predict_proba(np.array([[0.0]]))[0, 1]
    assert share == pytest.approx((2 + 1) / (2 + 2))


def test_ties_do_not_depend_on_the_last_bits_of_a_sum() -> None:
    random = np.random.default_rng(5)
    X, y = random.integers(0, 3, (300, 6)) / 3.0, random.integers(0, 2, 300)
    model = NearestNeighbors(25).fit(X, y)
    again = NearestNeighbors(25).fit(X[:, ::-1], y)
    assert np.array_equal(model.predict_proba(X), again.predict_proba(X[:, ::-1]))


def test_more_neighbours_than_rows_means_all_rows() -> None:
    model = NearestNeighbors(100).fit(np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1]))
    assert model.predict_proba(np.array([[9.0]]))[0, 1] == pytest.approx(3 / 5)
    assert model.predict(np.array([[9.0]])).tolist() == [1]


def test_a_wild_value_is_cut_so_that_the_other_columns_still_count() -> None:
    X, y = np.array([[0.0, 0.0], [0.0, 5.0]]), np.array([0, 1])
    share = NearestNeighbors(1).fit(X, y).predict_proba(np.array([[1e9, 5.0]]))[0, 1]
    assert share == pytest.approx(2 / 3)


def test_no_rows_give_no_answers() -> None:
    model = NearestNeighbors(1).fit(np.array([[0.0], [1.0]]), np.array([0, 1]))
    assert model.predict_proba(np.empty((0, 1))).shape == (0, 2)

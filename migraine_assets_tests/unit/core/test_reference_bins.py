"""Bins cover every value, are never empty in the reference, survive JSON, and need only NumPy."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from migraine_assets.core.reference_bins import (
    BINS,
    bin_counts,
    bin_edges,
    bin_indices,
    psi,
    psi_noise,
    reference,
    reference_from_json,
    references,
)

VALUES = st.lists(st.one_of(st.floats(allow_nan=True, width=32), st.integers(-3, 3).map(float)), max_size=80)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_every_value_is_counted_and_no_bin_is_empty(values: list[float]) -> None:
    array = np.array(values, dtype=np.float32)
    bins = reference("x", array)
    assert sum(bins.counts) + bins.missing == array.size
    assert bins.missing == int((~np.isfinite(array)).sum())
    assert len(bins.counts) == len(bins.edges) + 1 <= BINS
    assert sorted(set(bins.edges)) == list(bins.edges)
    assert all(bins.counts) or np.isfinite(array).sum() == 0
    assert (bin_counts(bins.edges, array) == bins.all_counts).all()


@given(VALUES, st.lists(st.floats(-9, 9), max_size=12, unique=True))
def test_the_bin_of_a_value_is_the_first_whose_edge_is_not_below_it(values: list[float], edges: list[float]) -> None:
    array, edges = np.array(values, dtype=np.float64), sorted(edges)
    places, known = bin_indices(edges, array), np.isfinite(array)
    assert (places[known] == np.searchsorted(edges, array[known], side="left")).all()
    assert (places[~known] == len(edges) + 1).all()


def test_few_values_have_a_bin_each() -> None:
    bins = reference("flag", [0.0, 1.0, 1.0, np.nan])
    assert (bins.edges, bins.counts, bins.missing) == ((0.5,), (1, 2), 1)


def test_quantiles_of_a_spread_feature_are_even() -> None:
    assert reference("x", np.arange(1000)).counts == (100,) * 10


def test_a_feature_that_is_mostly_zero_keeps_zeros_apart() -> None:
    """Tied quantiles become one edge; two equal edges would form a bin that is always empty."""
    values = np.concatenate([np.zeros(600), np.arange(1, 401)])
    bins = reference("alcohol", values)
    assert bins.edges[0] == 0
    assert bins.counts[0] == 600


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [2.0, 2.0]])
def test_without_spread_there_is_one_bin(values: list[float]) -> None:
    assert bin_edges(values) == ()
    assert len(reference("x", values).counts) == 1


def test_a_reference_survives_json() -> None:
    items = references(np.array([[0.1, 1], [0.7, np.nan], [0.3, 0]], dtype=np.float32), ["a", "b"])
    assert [item.name for item in items] == ["a", "b"]
    assert tuple(reference_from_json(json.loads(json.dumps(item.to_json()))) for item in items) == items


def test_values_beyond_the_reference_fall_in_the_outer_bins() -> None:
    assert bin_counts((0.0, 1.0), [-99.0, 99.0, 0.0, 1.0, np.inf]).tolist() == [2, 1, 1, 1]


def test_psi_is_zero_for_equal_shares_and_grows_with_distance() -> None:
    assert psi([100, 200], [100, 200]) == 0
    assert psi([1000, 2000], [100, 200]) < 1e-3
    assert psi([100, 100], [150, 50]) < psi([100, 100], [190, 10])
    assert psi([100, 100], [150, 50]) == pytest.approx(psi([150, 50], [100, 100]))


def test_psi_of_an_empty_bin_is_finite_and_of_no_rows_unknown() -> None:
    expected = (100.5 / 201 - 0.5 / 101) * np.log((100.5 / 201) / (0.5 / 101))
    expected += (100.5 / 201 - 100.5 / 101) * np.log((100.5 / 201) / (100.5 / 101))
    assert psi([100, 100], [0, 100]) == pytest.approx(expected)
    assert np.isnan(psi([100, 100], [0, 0]))


@pytest.mark.parametrize("bins", [2, 5, 11])
def test_psi_noise_is_the_chi_squared_point(bins: int) -> None:
    exact = chi2.ppf(0.95, bins - 1) * (1 / 1000 + 1 / 50)
    assert psi_noise(bins, 1000, 50) == pytest.approx(exact, rel=0.03)


def test_psi_noise_is_exceeded_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    limit, exceeded = psi_noise(10, 2000, 500), 0
    for _ in range(400):
        before, after = (generator.multinomial(n, [0.1] * 10) for n in (2000, 500))
        exceeded += psi(before, after) > limit
    assert 8 <= exceeded <= 35


@pytest.mark.parametrize(("bins", "before", "after"), [(1, 10, 10), (5, 0, 10), (5, 10, 0)])
def test_psi_noise_without_freedom_or_rows_is_unknown(bins: int, before: int, after: int) -> None:
    assert np.isnan(psi_noise(bins, before, after))


def test_a_server_can_import_it_without_anything_heavy() -> None:
    code = (
        "import sys, migraine_assets.core.reference_bins\n"
        "print([name for name in ('pandas', 'scipy', 'sklearn', 'pandera') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"

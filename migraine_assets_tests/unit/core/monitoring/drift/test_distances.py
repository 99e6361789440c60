import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from migraine_assets.core.monitoring.drift.distances import jensen_shannon, ks_binned, ks_exact
from migraine_assets.core.reference_bins import bin_counts, bin_edges

NUMBERS = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=40)
COUNTS = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of scipy's p-value, which is not used
@given(NUMBERS, NUMBERS)
def test_the_exact_distance_equals_scipys_even_with_ties(reference: list[float], current: list[float]) -> None:
    expected = stats.ks_2samp(reference, current, method="exact").statistic
    assert ks_exact(np.sort(reference), current) == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from((1, 2, 3)), st.floats(-0.3, 0.3), st.integers(100, 1500))
def test_the_block_search_of_a_long_window_gives_scipys_distance(
    seed: int, digits: int, shift: float, rows: int
) -> None:
    """The largest difference may lie inside a block, at a spike of equal values or at a gap."""
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=700), rng.normal(size=rows) + shift
    current[: rng.integers(0, rows // 4)] = rng.normal()
    reference[: rng.integers(0, 200)] = rng.normal()
    reference, current = np.sort(reference.round(digits)), current.round(digits)
    expected = stats.ks_2samp(reference, current, method="asymp").statistic
    assert ks_exact(reference, current) == pytest.approx(expected, abs=1e-12)


@given(NUMBERS, NUMBERS)
def test_the_binned_distance_never_exceeds_the_exact_one(reference: list[float], current: list[float]) -> None:
    edges = bin_edges(reference)
    binned = ks_binned(bin_counts(edges, reference)[:-1], bin_counts(edges, current)[:-1])
    assert binned <= ks_exact(np.sort(reference), current) + 1e-12


@given(COUNTS, COUNTS)
def test_the_jensen_shannon_distance_equals_scipys(before: list[int], after: list[int]) -> None:
    assert jensen_shannon(before, after) == pytest.approx(jensenshannon(before, after, base=2), abs=1e-7)


def test_missing_values_are_ignored() -> None:
    assert ks_exact(np.array([1.0, 2.0]), [np.nan, 1.0, 2.0]) == 0
    assert np.isnan(ks_exact(np.array([1.0]), [np.nan]))
    assert np.isnan(ks_exact(np.array([]), [1.0]))


def test_the_distance_of_an_empty_distribution_is_nan() -> None:
    assert np.isnan(ks_binned([0, 0], [1, 2]))
    assert np.isnan(jensen_shannon([1, 2], [0, 0]))

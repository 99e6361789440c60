import math

import numpy as np
import pytest
from scipy import stats

from migraine_assets.core.monitoring.drift.chance import (
    EffectiveSampleSize,
    effective_sample_size,
    intraclass_correlation,
    js_critical_value,
    ks_critical_value,
    participant_sample_size,
    psi_critical_value,
    share_critical_value,
)
from migraine_assets.core.monitoring.drift.distances import jensen_shannon, ks_binned
from migraine_assets.core.reference_bins import psi


def by_person(rng: np.random.Generator, people: int, days: int, *, alike: bool) -> np.ndarray:
    """Return counts in two bins; `alike`: all rows of a participant are in the same bin."""
    chosen = rng.random((people, 1 if alike else days)) < 0.5
    ones = np.broadcast_to(chosen, (people, days)).sum(axis=1)
    return np.column_stack([days - ones, ones]).astype(np.float64)


def test_identical_days_count_as_one_row_per_participant() -> None:
    counts = by_person(np.random.default_rng(1), 40, 30, alike=True)
    sizes = effective_sample_size(counts, reference_rows=3000, reference_participants=100)
    assert sizes.current == pytest.approx(40, rel=0.01)
    assert sizes.reference == pytest.approx(100, rel=0.01)


def test_independent_days_count_almost_fully() -> None:
    counts = by_person(np.random.default_rng(1), 400, 10, alike=False)
    assert effective_sample_size(counts, reference_rows=4000, reference_participants=400).current > 2500


def test_few_participants_widen_the_limit_of_the_correlation() -> None:
    rng = np.random.default_rng(3)
    few, many = (intraclass_correlation(by_person(rng, people, 10, alike=False)) for people in (8, 800))
    assert few > many


def test_the_intraclass_correlation_follows_its_definition() -> None:
    """The variance of a share between participants, over that of independent rows, for each bin and each edge."""
    rng = np.random.default_rng(4)
    counts = np.array([rng.multinomial(rng.integers(5, 40), rng.dirichlet((2, 3, 5))) for _ in range(50)], dtype=float)
    sizes, effects = counts.sum(axis=1), []
    for inside in ([0], [1], [2], [0, 1]):
        mine = counts[:, inside].sum(axis=1)
        share = mine.sum() / sizes.sum()
        between = sum((one - size * share) ** 2 for one, size in zip(mine, sizes, strict=True)) * 50 / 49
        effects.append(between / (sizes.sum() * share * (1 - share)))
    days = (sizes**2).sum() / sizes.sum()
    estimate = (max(effects) - 1) / (days - 1)
    error = math.sqrt(2 / 49) * (1 - estimate) * (estimate + 1 / days)
    assert intraclass_correlation(counts) == pytest.approx(estimate + error, rel=1e-12)


@pytest.mark.parametrize(("level", "people"), [(0.05, 4), (1e-3, 30), (1e-5, 5000)])
def test_critical_values_are_those_of_scipys_distributions(level: float, people: int) -> None:
    sizes = EffectiveSampleSize(current=300, reference=2000, participants=people)
    spread, normal = 1 / 300 + 1 / 2000, stats.norm.isf(level / 2)
    tail = stats.t.isf(level / 2, people - 1) / normal
    assert psi_critical_value(10, sizes, level=level) == pytest.approx(stats.chi2.isf(level, 9) * spread * tail**2)
    assert share_critical_value(0.2, sizes, level=level) == pytest.approx(normal * math.sqrt(0.16 * spread) * tail)


def test_one_row_per_participant_carries_no_information_about_the_correlation() -> None:
    counts = by_person(np.random.default_rng(1), 50, 1, alike=False)
    assert intraclass_correlation(counts) == 1
    assert effective_sample_size(counts, reference_rows=1000, reference_participants=20) == EffectiveSampleSize(
        50, 20, 50
    )


def test_an_empty_window_has_no_rows_and_infinite_critical_values() -> None:
    sizes = effective_sample_size(np.zeros((3, 2)), reference_rows=10, reference_participants=5)
    assert not sizes.known
    points = (
        psi_critical_value(2, sizes, level=0.1),
        ks_critical_value(sizes, level=0.1),
        share_critical_value(0.5, sizes, level=0.1),
    )
    assert all(point == math.inf for point in points)


def test_unequal_numbers_of_rows_lower_the_effective_number_of_participants() -> None:
    assert participant_sample_size(np.array([10.0, 10.0]), reference_participants=9).current == 2
    assert 1 < participant_sample_size(np.array([100.0, 1.0]), reference_participants=9).current < 1.1


@pytest.mark.parametrize("rows", [200, 2000])
def test_chance_exceeds_each_critical_value_with_its_probability(rows: int) -> None:
    """Rows are independent, so only the statistics are tested."""
    rng, sizes, share = np.random.default_rng(5), EffectiveSampleSize(rows, rows, 10_000), np.full(6, 1 / 6)
    points = {"psi": psi_critical_value(6, sizes, level=0.1), "js": js_critical_value(6, sizes, level=0.1)}
    beyond = dict.fromkeys(("psi", "js", "ks", "share"), 0)
    for _ in range(800):
        before, after = rng.multinomial(rows, share, 2)
        beyond["psi"] += psi(before, after) > points["psi"]
        beyond["js"] += jensen_shannon(before, after) > points["js"]
        beyond["ks"] += ks_binned(before, after) > ks_critical_value(sizes, level=0.1)
        beyond["share"] += abs(before[0] - after[0]) / rows > share_critical_value(1 / 6, sizes, level=0.1)
    assert 50 <= beyond["psi"] <= 115
    assert 50 <= beyond["js"] <= 115
    assert beyond["ks"] <= 95  # six bins detect less than the distance itself
    assert 50 <= beyond["share"] <= 115

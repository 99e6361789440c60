"""Reference bins of features and predictions, and the population stability index (PSI) between two sets of counts.

This module bins, counts and compares. It needs only NumPy, because the service imports it. Not here: the limits of
drift (`core.monitoring.limits`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10

# The name of the reference bins of the model's own output in a bundle.
MODEL_OUTPUT = "score"

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class FeatureReference:
    """The distribution of one feature in the training data.

    k `edges` define k + 1 bins; a value belongs to the first bin with an upper edge at or above it. `counts`: number of
    rows in each bin. `missing`: number of rows without a finite value.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int

    @property
    def all_counts(self) -> Counts:
        """Number of rows in each bin, followed by the number of rows without a value: int64[k + 2]."""
        return np.array([*self.counts, self.missing], dtype=np.int64)

    @property
    def typical(self) -> float:
        """A value in the bin of the median; 0.0 if there is only one bin."""
        if not self.edges:
            return 0.0
        middle = int(np.searchsorted(np.cumsum(self.counts), sum(self.counts) / 2))
        low, high = self.edges[max(middle - 1, 0)], self.edges[min(middle, len(self.edges) - 1)]
        return (low + high) / 2

    def to_json(self) -> dict[str, Any]:
        """Return the reference as a dictionary of lists and numbers."""
        return asdict(self) | {"edges": list(self.edges), "counts": list(self.counts)}


def reference_from_json(figures: Mapping[str, Any]) -> FeatureReference:
    """Return the reference that `FeatureReference.to_json` wrote."""
    edges, counts = tuple(map(float, figures["edges"])), tuple(map(int, figures["counts"]))
    return FeatureReference(str(figures["name"]), edges, counts, int(figures["missing"]))


def bin_edges(values: ArrayLike, *, bins: int = BINS) -> tuple[float, ...]:
    """Return the inner edges of at most `bins` bins for the finite values in `values` [n]. No bin is empty.

    With at most `bins` distinct values, each value has a bin, and the edges are midway between the values. Otherwise
    the edges are the distinct quantiles.
    """
    known = np.asarray(values, dtype=np.float64)
    known = np.sort(known[np.isfinite(known)])
    if known.size == 0:
        return ()
    distinct = known[np.append(True, known[1:] != known[:-1])]
    if distinct.size <= bins:
        return tuple(((distinct[1:] + distinct[:-1]) / 2).tolist())
    # Order statistics are not interpolated, so every edge is a value of the data and no bin is empty.
    positions = np.arange(1, bins) * known.size // bins - 1
    edges = np.unique(known[np.maximum(positions, 0)])
    return tuple(edges[edges < known[-1]].tolist())


def bin_indices(edges: Sequence[float], values: ArrayLike) -> NDArray[np.intp]:
    """Return the index of the bin of each value in `values` [n]: intp[n]; len(edges) + 1 if it is not finite."""
    array = np.asarray(values, dtype=np.float64)
    indices = np.zeros(array.shape, dtype=np.intp)
    # With few edges, comparing all values is much faster than a binary search for unordered values.
    for edge in edges:
        indices += array > edge
    indices[~np.isfinite(array)] = len(edges) + 1
    return indices


def bin_counts(edges: Sequence[float], values: ArrayLike) -> Counts:
    """Return the number of `values` [n] in each bin, then of values that are not finite: int64[len(edges) + 2]."""
    return np.bincount(bin_indices(edges, values), minlength=len(edges) + 2)


def reference(name: str, values: ArrayLike, *, bins: int = BINS) -> FeatureReference:
    """Return the reference of one feature, or of a model's output, from its training values [n]."""
    edges = bin_edges(values, bins=bins)
    *counts, missing = bin_counts(edges, values).tolist()
    return FeatureReference(name, edges, tuple(counts), missing)


def references(matrix: NDArray[np.float32], names: Sequence[str], *, bins: int = BINS) -> tuple[FeatureReference, ...]:
    """Return the reference of each column of `matrix` float32[n, F]."""
    return tuple(reference(name, matrix[:, k], bins=bins) for k, name in enumerate(names))


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Return the population stability index of two vectors of counts over the same bins; 0 means equal shares.

    Each count is increased by 0.5 to keep the index finite if a bin is empty. NaN if either vector sums to 0.
    """
    before, after = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if before.sum() == 0 or after.sum() == 0:
        return float("nan")
    p = (before + 0.5) / (before + 0.5).sum()
    q = (after + 0.5) / (after + 0.5).sum()
    return float(np.sum((q - p) * np.log(q / p)))


def psi_noise(bins: int, expected_rows: int, actual_rows: int, *, level: float = 0.05) -> float:
    """Return the PSI that chance exceeds with probability `level`: a quantile of chi2(bins - 1) times (1/n + 1/m).

    Yurdakul 2018 (Western Michigan University); the chi-squared quantile is that of Wilson & Hilferty 1931. To test
    several features together, divide `level` by their number.
    """
    freedom = bins - 1
    if freedom < 1 or expected_rows < 1 or actual_rows < 1:
        return float("nan")
    spread = 2 / (9 * freedom)
    cube_root = 1 - spread + NormalDist().inv_cdf(1 - level) * math.sqrt(spread)
    return freedom * max(0.0, cube_root) ** 3 * (1 / expected_rows + 1 / actual_rows)

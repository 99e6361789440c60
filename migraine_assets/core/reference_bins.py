"""Reference bins of features and scores, for drift: where they lie, how full they were, how far apart two are.

A serving replica imports this module, so it needs NumPy and nothing heavier. Not here: which drift raises an
alarm.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class FeatureReference:
    """The distribution of one feature in the training part.

    A value belongs to the first bin whose upper edge is not below it, so k `edges` make k + 1 bins; `counts`
    are the rows in each, `missing` the rows without a value.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int

    @property
    def all_counts(self) -> Counts:
        """Rows in each bin, the missing ones last: int64[k + 2]."""
        return np.array([*self.counts, self.missing], dtype=np.int64)

    def to_json(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return asdict(self) | {"edges": list(self.edges), "counts": list(self.counts)}


def reference_from_json(figures: Mapping[str, Any]) -> FeatureReference:
    """The inverse of `FeatureReference.to_json`."""
    edges, counts = tuple(map(float, figures["edges"])), tuple(map(int, figures["counts"]))
    return FeatureReference(str(figures["name"]), edges, counts, int(figures["missing"]))


def bin_edges(values: ArrayLike, *, bins: int = BINS) -> tuple[float, ...]:
    """Inner edges for `values` [n] (nulls and infinities apart): at most `bins` bins, none of them empty.

    With few different values (at most `bins`) each has its own bin, the edges midway between them; otherwise
    edges are the quantiles, tied ones once only.
    """
    known = np.asarray(values, dtype=np.float64)
    known = np.sort(known[np.isfinite(known)])
    if known.size == 0:
        return ()
    distinct = known[np.append(True, known[1:] != known[:-1])]
    if distinct.size <= bins:
        return tuple(((distinct[1:] + distinct[:-1]) / 2).tolist())
    # An order statistic, not an interpolation: an edge is a value that occurs, so no bin is empty.
    places = np.arange(1, bins) * known.size // bins - 1
    edges = np.unique(known[np.maximum(places, 0)])
    return tuple(edges[edges < known[-1]].tolist())


def bin_places(edges: Sequence[float], values: ArrayLike) -> NDArray[np.intp]:
    """The bin of each of `values` [n]: intp[n]; len(edges) + 1 where there is no finite value."""
    array = np.asarray(values, dtype=np.float64)
    places = np.zeros(array.shape, dtype=np.intp)
    # A search of unordered values misses every branch; to compare all of them with few edges is many times quicker.
    for edge in edges:
        places += array > edge
    places[~np.isfinite(array)] = len(edges) + 1
    return places


def bin_counts(edges: Sequence[float], values: ArrayLike) -> Counts:
    """Rows of `values` [n] in each bin, those without a finite value last: int64[len(edges) + 2]."""
    return np.bincount(bin_places(edges, values), minlength=len(edges) + 2)


def reference(name: str, values: ArrayLike, *, bins: int = BINS) -> FeatureReference:
    """Bins and counts of one feature, or of a model's scores, from training rows `values` [n]."""
    edges = bin_edges(values, bins=bins)
    *counts, missing = bin_counts(edges, values).tolist()
    return FeatureReference(name, edges, tuple(counts), missing)


def references(matrix: NDArray[np.float32], names: Sequence[str], *, bins: int = BINS) -> tuple[FeatureReference, ...]:
    """A reference for each column of `matrix` float32[n, F]."""
    return tuple(reference(name, matrix[:, k], bins=bins) for k, name in enumerate(names))


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """Population stability index of two vectors of counts over the same bins; 0 means equal shares.

    Each count is smoothed by 0.5, so that an empty bin is not infinitely surprising. NaN where either is empty.
    """
    before, after = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if before.sum() == 0 or after.sum() == 0:
        return float("nan")
    p = (before + 0.5) / (before + 0.5).sum()
    q = (after + 0.5) / (after + 0.5).sum()
    return float(np.sum((q - p) * np.log(q / p)))


def psi_noise(bins: int, expected_rows: int, actual_rows: int, *, level: float = 0.05) -> float:
    """The PSI that chance alone exceeds with probability `level`: chi2(bins - 1) (1/n + 1/m).

    Yurdakul 2018 (Western Michigan University); the chi-squared point by Wilson & Hilferty 1931. For several
    features at once divide `level` by their number.
    """
    freedom = bins - 1
    if freedom < 1 or expected_rows < 1 or actual_rows < 1:
        return float("nan")
    spread = 2 / (9 * freedom)
    cube_root = 1 - spread + NormalDist().inv_cdf(1 - level) * math.sqrt(spread)
    return freedom * max(0.0, cube_root) ** 3 * (1 / expected_rows + 1 / actual_rows)

"""A k-nearest-neighbors classifier whose prediction does not depend on the order of floating-point sums.

Most values of a diary are integers, so many rows have equal distances, and two implementations can choose different
neighbors. Here distances are rounded to a grid, and ties go to the earlier reference row. The exported graph does the
same. Only the builder imports this module, because it needs scikit-learn.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

# Standardized features are clipped to +-REACH, so that one extreme value cannot dominate a distance.
REACH = 8.0
# Squared distances are rounded to steps of 1/GRID, far above rounding errors and far below real differences.
GRID = float(2**20)
_CHUNK = 512


class NearestNeighbors(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A classifier with P(attack) = (votes + 1) / (n + 2): `votes` of the `n` nearest rows are attacks (Laplace)."""

    def __init__(self, n_neighbors: int = 150) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> "NearestNeighbors":
        """Store `X` float64[r, F] and its labels 0/1 int64[r] as the reference set."""
        self.classes_ = np.unique(y)
        self.reference_ = np.clip(X, -REACH, REACH)
        self.label_ = np.asarray(y, dtype=np.float64)
        self.n_used_ = min(self.n_neighbors, len(y))
        return self

    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of no attack and of an attack, float64[n, 2]."""
        parts = [self._votes(X[start : start + _CHUNK]) for start in range(0, len(X), _CHUNK)]
        share = (np.concatenate([*parts, np.empty(0)]) + 1.0) / (self.n_used_ + 2.0)
        return np.column_stack([1.0 - share, share])

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return 1 if the probability of an attack is above 0.5, else 0: int64[n]."""
        return np.asarray(self.predict_proba(X)[:, 1] > 0.5, dtype=np.int64)

    def _votes(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        distance = self._distance(np.clip(X, -REACH, REACH))
        last = np.partition(distance, self.n_used_ - 1, axis=1)[:, self.n_used_ - 1, None]
        near = distance <= last
        crowded = near.sum(axis=1) > self.n_used_
        near[crowded] = _earliest(distance[crowded], last[crowded], self.n_used_)
        return np.asarray(near @ self.label_, dtype=np.float64)

    def _distance(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        squares = (self.reference_**2).sum(axis=1)
        exact = (X**2).sum(axis=1)[:, None] + (squares - 2.0 * (X @ self.reference_.T))
        return np.asarray(np.rint(exact * GRID), dtype=np.float64)


def _earliest(distance: NDArray[np.float64], last: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    """Return a mask of the `count` nearest reference rows of each row; ties at distance `last` go to the earliest."""
    closer, tied = distance < last, distance == last
    room = count - closer.sum(axis=1)[:, None]
    return np.asarray(closer | (tied & (np.cumsum(tied, axis=1) <= room)), dtype=np.bool_)

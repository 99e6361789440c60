"""K nearest neighbours whose answer does not depend on the order of floating-point sums.

Here belongs this one model. It exists because diaries are full of whole numbers: many rows are equally far
away, and two libraries then choose different neighbours. Distances are rounded to a grid, ties go to the
earlier reference row, and the exported graph does the same. Imported only where the model is built: it needs
scikit-learn.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

# Standardized features are cut here, so that one wild value cannot decide alone who is near.
REACH = 8.0
# Squared distances are compared in steps of 1/GRID, far above rounding error and far below any real difference.
GRID = float(2**20)
_CHUNK = 512


class NearestNeighbours(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """The smoothed share of attacks, (votes + 1) / (n + 2), among the nearest reference rows (Laplace)."""

    def __init__(self, n_neighbors: int = 150) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> "NearestNeighbours":
        """Keep X, float64[r, F], and its labels 0/1 as the reference set."""
        self.classes_ = np.unique(y)
        self.reference_ = np.clip(X, -REACH, REACH)
        self.label_ = np.asarray(y, dtype=np.float64)
        self.n_used_ = min(self.n_neighbors, len(y))
        return self

    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64[n, 2]: the probabilities of no attack and of an attack."""
        parts = [self._votes(X[start : start + _CHUNK]) for start in range(0, len(X), _CHUNK)]
        share = (np.concatenate([*parts, np.empty(0)]) + 1.0) / (self.n_used_ + 2.0)
        return np.column_stack([1.0 - share, share])

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """int64[n]: 1 where an attack is the likelier answer."""
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


def _earliest(distance: NDArray[np.float64], last: NDArray[np.float64], wanted: int) -> NDArray[np.bool_]:
    closer, tied = distance < last, distance == last
    room = wanted - closer.sum(axis=1)[:, None]
    return np.asarray(closer | (tied & (np.cumsum(tied, axis=1) <= room)), dtype=np.bool_)

"""The number of boosting rounds by early stopping, one function per library.

A row of `core.models.catalogue` refers to one of the `EarlyStopping` below. Not here: the search that uses them
(`core.models.tuning`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A search may use more rounds than the default. It stops after `PATIENCE` rounds without improvement.
MAX_ROUNDS = 600
PATIENCE = 30

Matrix = NDArray[np.float32]
Labels = NDArray[Any]
Rounds = Callable[[Any, Matrix, Labels, Matrix, Labels], int]


@dataclass(frozen=True)
class EarlyStopping:
    """Early stopping of one library.

    `parameter`: name of the hyperparameter for the number of rounds. `rounds`: function that determines the number.
    """

    parameter: str
    rounds: Rounds

    def best_rounds(self, pipeline: Any, X: Matrix, y: Labels, X_val: Matrix, y_val: Labels) -> int:
        """Return the number of rounds with the best score on the validation rows.

        `pipeline`, an unfitted imputer and booster, is fitted on `X` float32[n, F] and `y` [n].
        """
        impute, model = pipeline[:-1], pipeline[-1]
        imputed = impute.fit_transform(X)
        return self.rounds(model, imputed, y, impute.transform(X_val), y_val)


def _histogram(model: Any, X: Matrix, y: Labels, X_val: Matrix, y_val: Labels) -> int:
    model.set_params(max_iter=MAX_ROUNDS, early_stopping=True, n_iter_no_change=PATIENCE)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    # The first entry is the score without any tree.
    return max(1, int(np.argmax(model.validation_score_)))


def _xgboost(model: Any, X: Matrix, y: Labels, X_val: Matrix, y_val: Labels) -> int:
    model.set_params(n_estimators=MAX_ROUNDS, early_stopping_rounds=PATIENCE)
    model.fit(X, y, eval_set=[(X_val, y_val)], verbose=False)
    return int(model.best_iteration) + 1


def _lightgbm(model: Any, X: Matrix, y: Labels, X_val: Matrix, y_val: Labels) -> int:
    from lightgbm import early_stopping

    model.set_params(n_estimators=MAX_ROUNDS)
    model.fit(X, y, eval_X=X_val, eval_y=y_val, callbacks=[early_stopping(PATIENCE, verbose=False)])
    return max(1, int(model.best_iteration_))


HISTOGRAM = EarlyStopping("max_iter", _histogram)
XGBOOST = EarlyStopping("n_estimators", _xgboost)
LIGHTGBM = EarlyStopping("n_estimators", _lightgbm)

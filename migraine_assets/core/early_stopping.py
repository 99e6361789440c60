"""How many rounds a booster needs, found on rows that it does not learn from.

Here belong the three libraries' ways to stop early. Not here: which rows are held out, and the search
(`core.tuning`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A search may go beyond a model's default number of rounds, and stops when so many rounds brought nothing.
MAX_ROUNDS = 600
PATIENCE = 30

Matrix = NDArray[np.float32]
Labels = NDArray[Any]


def best_rounds(pipeline: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    """The number of rounds at which the unfitted booster `pipeline`, fitted on X, y, was best on the held-out
    rows.
    """
    impute, model = pipeline[:-1], pipeline[-1]
    learned = impute.fit_transform(X)
    return _WAYS[type(model).__name__.removesuffix("Classifier").removesuffix("Regressor")](
        model, learned, y, impute.transform(held_X), held_y
    )


def _histogram(model: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    model.set_params(max_iter=MAX_ROUNDS, early_stopping=True, n_iter_no_change=PATIENCE)
    model.fit(X, y, X_val=held_X, y_val=held_y)
    # The first entry is the score before any tree.
    return max(1, int(np.argmax(model.validation_score_)))


def _xgboost(model: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    model.set_params(n_estimators=MAX_ROUNDS, early_stopping_rounds=PATIENCE)
    model.fit(X, y, eval_set=[(held_X, held_y)], verbose=False)
    return int(model.best_iteration) + 1


def _lightgbm(model: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    from lightgbm import early_stopping

    model.set_params(n_estimators=MAX_ROUNDS)
    model.fit(X, y, eval_X=held_X, eval_y=held_y, callbacks=[early_stopping(PATIENCE, verbose=False)])
    return max(1, int(model.best_iteration_))


_WAYS: dict[str, Callable[[Any, Matrix, Labels, Matrix, Labels], int]] = {
    "HistGradientBoosting": _histogram,
    "XGB": _xgboost,
    "LGBM": _lightgbm,
}

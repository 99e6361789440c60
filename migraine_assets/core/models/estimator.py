"""What one model is: its name, how it is built, what limits it. The table of models is `core.models.catalogue`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.models.builders import Constructor, Setup
from migraine_assets.core.models.hyperparameters import Params, Range, Value, resolve
from migraine_assets.core.models.raw_scores import Score
from migraine_assets.core.tasks import Task


@dataclass(frozen=True)
class Substitute:
    """What runs in a model's name above `limit` training rows, because the model itself does not scale."""

    limit: int
    construct: Constructor
    runs: str


@dataclass(frozen=True, eq=False)
class Estimator:
    """One model.

    `row_limit`: it is fitted on at most so many rows, drawn with the seed and stratified by outcome.
    `scaled`: its inputs are standardized. `early`: the hyperparameter that early stopping chooses in a search.
    """

    key: str
    task: Task
    construct: Constructor
    runs_as: str
    score: Score
    defaults: Mapping[str, Value]
    space: tuple[Range, ...] = ()
    scaled: bool = False
    row_limit: int | None = None
    substitute: Substitute | None = None
    early: str | None = None
    note: str = field(default="Fitted on all rows.")

    def params(self, overrides: Mapping[str, object] | None = None) -> Params:
        """The defaults with `overrides`; `ConfigurationError` names an unknown or unusable one."""
        return resolve(self.key, self.defaults, overrides or {})

    def build(self, params: Params, n_rows: int, *, seed: int, threads: int = 1) -> Any:
        """An unfitted pipeline (imputer, scaler where it matters, model) for `n_rows` training rows."""
        fitted_rows = min(n_rows, self.row_limit or n_rows)
        model = self._constructor(n_rows)(Setup(params, fitted_rows, seed, threads))
        return _pipeline(model, scaled=self.scaled)

    def runs(self, n_rows: int) -> str:
        """What is really run on `n_rows` training rows, as it is recorded with the bundle."""
        above = self.substitute is not None and n_rows > self.substitute.limit
        name = self.substitute.runs if self.substitute and above else self.runs_as
        limited = self.row_limit is not None and n_rows > self.row_limit
        return f"{name} on {self.row_limit:,} of {n_rows:,} rows" if limited else name

    def _constructor(self, n_rows: int) -> Constructor:
        above = self.substitute is not None and n_rows > self.substitute.limit
        return self.substitute.construct if self.substitute and above else self.construct


def _pipeline(model: Any, *, scaled: bool) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    steps: list[tuple[str, Any]] = [("impute", SimpleImputer(strategy="median", keep_empty_features=True))]
    if scaled:
        # Imputing is exact in single precision; sums and products are not, so they are done in double.
        steps += [("widen", FunctionTransformer(_double)), ("scale", StandardScaler(copy=False))]
    return Pipeline([*steps, ("model", model)])


def _double(X: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(X, dtype=np.float64)

"""The type of one row of the table of models (`core.models.catalogue`), and the pipeline that it builds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.models.builders import Builder, BuildSettings
from migraine_assets.core.models.early_stopping import EarlyStopping
from migraine_assets.core.models.hyperparameters import Params, Range, Value, resolve
from migraine_assets.core.models.raw_scores import Score
from migraine_assets.core.tasks import Task

Library = Literal["scikitlearn", "xgboost", "lightgbm"]


@dataclass(frozen=True)
class Substitute:
    """The estimator that replaces a model with more than `limit` training rows, because the model does not scale."""

    limit: int
    builder: Builder
    runs_as: str
    exporter: str


@dataclass(frozen=True, eq=False)
class Estimator:
    """One model: its data, and the functions that build, score and export it.

    Parameters
    ----------
    key : the name in asset keys, params.yaml and bundles.
    title : the name in reports.
    builder : builds the unfitted estimator.
    runs_as : the class of that estimator, as recorded in the bundle.
    score : the raw score of a fitted pipeline, before calibration.
    exporter : the name of the function in `stores.bundles.export.export.EXPORTERS` that writes the ONNX graph.
    defaults, space : hyperparameters, and the ranges that a search draws from.
    scaled : whether inputs are standardized.
    row_limit : the model is fitted on at most this many rows, drawn with the seed and stratified by outcome.
    substitute : the estimator that replaces the model above a number of rows.
    early_stopping : how a search determines the number of boosting rounds; None for a model without rounds.
    serial_scoring : whether to score on one thread, because several threads would sum in a varying order.
    heavy : whether training needs several CPUs and much memory.
    explanation_rows : number of rows that an explanation of one prediction may score, so that it takes at most 50 ms on
        one thread. It is lower for models that compare each row with many stored rows.
    library : the library that fits the model, for the icon in Dagster's UI. note : treatment of large data, for the
    description of the asset.
    """

    key: str
    task: Task
    title: str
    builder: Builder
    runs_as: str
    score: Score
    exporter: str
    defaults: Mapping[str, Value]
    space: tuple[Range, ...] = ()
    scaled: bool = False
    row_limit: int | None = None
    substitute: Substitute | None = None
    early_stopping: EarlyStopping | None = None
    serial_scoring: bool = False
    heavy: bool = False
    explanation_rows: int = 1280
    library: Library = "scikitlearn"
    note: str = "Fitted on all rows."

    def params(self, overrides: Mapping[str, object] | None = None) -> Params:
        """Return the defaults updated with `overrides`.

        Raises `ConfigurationError` for an unknown name or an invalid value.
        """
        return resolve(self.key, self.defaults, overrides or {})

    def build(self, params: Params, n_rows: int, *, seed: int, threads: int = 1) -> Any:
        """Return an unfitted scikit-learn pipeline (imputer, optional scaler, model) for `n_rows` training rows."""
        fitted_rows = min(n_rows, self.row_limit or n_rows)
        model = self._variant(n_rows).builder(BuildSettings(params, fitted_rows, seed, threads))
        return _pipeline(model, scaled=self.scaled)

    def exporter_for(self, n_rows: int) -> str:
        """Return the name of the exporter for the estimator that is fitted on `n_rows` training rows."""
        return self._variant(n_rows).exporter

    def runs(self, n_rows: int) -> str:
        """Describe the estimator that is fitted on `n_rows` training rows, as recorded in the bundle."""
        name = self._variant(n_rows).runs_as
        limited = self.row_limit is not None and n_rows > self.row_limit
        return f"{name} on {self.row_limit:,} of {n_rows:,} rows" if limited else name

    def _variant(self, n_rows: int) -> "Estimator | Substitute":
        return self.substitute if self.substitute is not None and n_rows > self.substitute.limit else self


def _pipeline(model: Any, *, scaled: bool) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    steps: list[tuple[str, Any]] = [("impute", SimpleImputer(strategy="median", keep_empty_features=True))]
    if scaled:
        # Imputation is exact in single precision; sums and products are not, so scaling runs in double precision.
        steps += [("widen", FunctionTransformer(_double)), ("scale", StandardScaler(copy=False))]
    return Pipeline([*steps, ("model", model)])


def _double(X: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(X, dtype=np.float64)
